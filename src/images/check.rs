//! Whether the images' folders are what their rows say. It repairs nothing.

use super::folder::Folder;
use super::{Error, Select, State};
use crate::db::{self, Db};
use std::collections::HashSet;
use std::fs;
use std::path::Path;

/// Compare every row with its folder; one sentence for each thing that should not be. `data_dir` need not be complete.
/// While a server works on images, a file that is being written shows up.
pub fn check(db: &Db, data_dir: &Path) -> Result<Vec<String>, Error> {
    let root = data_dir.join("images");
    let folder = Folder::at(root.clone());
    let mut problems = Vec::new();
    let mut known = HashSet::new();
    for image in db.read(|c| db::images::select(c, &Select::default()))? {
        known.insert(folder.of(&image.id));
        if !matches!(image.state, State::Available | State::Disabled) {
            continue;
        }
        if image.root_volume().is_some() {
            problems.extend(db.read(|c| super::on_volumes::missing(c, &image))?);
            continue;
        }
        let size = image.file.as_ref().map_or(0, |f| f.size);
        match fs::metadata(folder.image(&image.id)) {
            Ok(there) if there.len() == size => {}
            Ok(there) => {
                problems.push(format!("image {}: {size} bytes are expected, {} are there", image.id, there.len()))
            }
            Err(e) => problems.push(format!("image {}: its file is missing ({e})", image.id)),
        }
        if let Err(e) = fs::metadata(folder.of(&image.id).join("info.json")) {
            problems.push(format!("image {}: info.json is missing ({e})", image.id));
        }
    }
    let Ok(entries) = fs::read_dir(&root) else { return Ok(problems) };
    for entry in entries {
        let path = entry.map_err(|e| Error::Io(root.display().to_string(), e))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.ends_with(".part") {
            problems.push(format!("{}: an unfinished image", path.display()));
        } else if !name.starts_with('.') && !known.contains(&path) {
            problems.push(format!("{}: belongs to no image", path.display()));
        }
    }
    Ok(problems)
}
