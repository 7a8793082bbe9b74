//! Whether the files of volumes and snapshots are what their rows say. It repairs nothing.

use super::{qcow2, work};
use crate::db::{self, Db};
use std::collections::HashSet;
use std::io;
use std::path::Path;

/// Compare every layer with its file; one sentence for each thing that should not be.
pub fn check(db: &Db, data_dir: &Path) -> Result<Vec<String>, db::Error> {
    let dir = data_dir.join("volumes");
    let files: HashSet<String> = work::present(&dir).unwrap_or_default().into_iter().collect();
    let layers = db.read(db::volumes::all_layers)?;
    // Rows of files that are being removed, and may be gone.
    let unused: HashSet<String> = db.read(db::volumes::layers_unused)?.into_iter().map(|l| l.name).collect();
    let mut problems = Vec::new();
    // Where volumes have no files, none is missing.
    for layer in layers.iter().filter(|l| l.made && !files.is_empty() && !unused.contains(&l.name)) {
        let path = dir.join(&layer.name);
        match qcow2::base_of(&path) {
            Ok(base) if base.as_deref() == layer.base.as_ref().map(Path::new) => {}
            Ok(base) => {
                let is = base.map_or("nothing".to_owned(), |base| base.display().to_string());
                let should = layer.base.as_deref().unwrap_or("nothing");
                problems.push(format!("{}: stands on {is} instead of {should}", path.display()));
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => problems.push(format!("{}: is missing", path.display())),
            Err(e) => problems.push(format!("{}: {e}", path.display())),
        }
    }
    for volume in db.read(db::volumes::on_snapshots)? {
        problems.push(format!("volume {volume}: is written to where a snapshot is kept"));
    }
    let known: HashSet<&str> = layers.iter().map(|l| l.name.as_str()).collect();
    for name in files.iter().filter(|name| !known.contains(name.as_str())) {
        problems.push(format!("{}: belongs to no volume and no snapshot", dir.join(name).display()));
    }
    Ok(problems)
}
