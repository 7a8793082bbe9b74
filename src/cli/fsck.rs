//! `novella fsck`: whether the database and the files agree. It repairs nothing.

use super::Outcome;
use crate::db::Db;
use crate::objects::Store;
use crate::{compute, images, volumes};
use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    place: super::Place,
}

pub fn run(args: Args) -> Outcome {
    let dir = args.place.dir()?;
    if !file(&dir).exists() {
        return Err(format!("{} is no data directory: it has no novella.db", dir.display()).into());
    }
    // A server would make what this looks at a moving target.
    let _lock = super::serve::lock(&dir)?;
    let problems = look(&dir, &mut std::io::stdout())?;
    Ok(if problems == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn file(dir: &Path) -> PathBuf {
    dir.join("novella.db")
}

/// Say every problem to `out`; their number.
fn look(dir: &Path, out: &mut dyn Write) -> Result<usize, Box<dyn Error>> {
    let db = Db::open(&file(dir))?;
    let mut problems: Vec<String> = db.damage()?;
    problems.extend(Store::open(db.clone(), dir)?.check()?.iter().map(ToString::to_string));
    problems.extend(images::check::check(&db, dir)?);
    problems.extend(compute::check::check(&db, dir)?);
    problems.extend(volumes::check::check(&db, dir)?);
    db.close();
    for problem in &problems {
        writeln!(out, "{problem}")?;
    }
    match problems.len() {
        0 => writeln!(out, "{}: no problems", dir.display())?,
        1 => writeln!(out, "{}: 1 problem", dir.display())?,
        n => writeln!(out, "{}: {n} problems", dir.display())?,
    }
    Ok(problems.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_data_directory_is_clean_until_something_is_missing_or_too_much() {
        let dir = tempfile::tempdir().unwrap();
        Db::open(&file(dir.path())).unwrap().close();
        assert_eq!(look(dir.path(), &mut Vec::new()).unwrap(), 0);

        let strangers = ["images/0000abcd", "instances/i-0123456789abcdef0", "objects/ab"];
        for path in strangers {
            std::fs::create_dir_all(dir.path().join(path)).unwrap();
        }
        std::fs::write(dir.path().join("objects/ab/abcd-stray"), b"x").unwrap();
        std::fs::write(dir.path().join("images/.1.part"), b"x").unwrap();
        std::fs::create_dir_all(dir.path().join("volumes")).unwrap();
        std::fs::write(dir.path().join("volumes/vol-1.0"), b"x").unwrap();
        let mut said = Vec::new();
        assert_eq!(look(dir.path(), &mut said).unwrap(), 5);
        let said = String::from_utf8(said).unwrap();
        for name in ["0000abcd", "i-0123456789abcdef0", "abcd-stray", ".1.part", "vol-1.0", "5 problems"] {
            assert!(said.contains(name), "{name}: {said}");
        }
        assert_eq!(look(dir.path(), &mut Vec::new()).unwrap(), 5, "nothing was repaired");
    }
}
