//! Whether the instances' folders are what their rows say. It repairs nothing.

use super::folder::{self, Folder};
use super::spec::Spec;
use super::state::Observed;
use crate::db::{self, Db};
use crate::volumes::qcow2;
use std::collections::HashSet;
use std::io;
use std::path::Path;

/// Compare every instance that lives with its folder; one sentence for each thing that should not be.
pub fn check(db: &Db, data_dir: &Path) -> Result<Vec<String>, db::Error> {
    let root = data_dir.join("instances");
    let mut problems = db.read(db::instances::miscounts)?;
    for row in db.read(db::instances::alive)? {
        if Spec::parse(&row.spec)?.root_volume {
            continue; // Its disks are volumes.
        }
        let disk = Folder::new(&root, &row.id).disk();
        match qcow2::base_of(&disk) {
            Ok(Some(base)) if base != Path::new(super::NO_BASE) && !base.exists() => {
                problems.push(format!("instance {}: its disk stands on {}, which is missing", row.id, base.display()));
            }
            Ok(_) => {}
            // Its folder is still to be made.
            Err(e) if e.kind() == io::ErrorKind::NotFound && row.observed == Observed::Absent.text() => {}
            Err(e) => problems.push(format!("instance {}: {}: {e}", row.id, disk.display())),
        }
    }
    let rows: HashSet<String> = db.read(db::instances::ids)?;
    for id in folder::present(&root).unwrap_or_default() {
        if !rows.contains(&id) {
            problems.push(format!("{}: belongs to no instance", root.join(&id).display()));
        }
    }
    Ok(problems)
}
