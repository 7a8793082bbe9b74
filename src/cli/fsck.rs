//! `novella fsck`: does every object have its bytes, and do all bytes belong to something? It repairs nothing.

use super::{Outcome, Place};
use crate::db::Db;
use crate::objects::Store;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    place: Place,
}

pub fn run(args: Args) -> Outcome {
    let dir = args.place.dir()?;
    let database = dir.join("novella.db");
    if !database.exists() {
        return Err(format!("no cloud in {}", dir.display()).into());
    }
    let problems = Store::open(Db::open(&database)?, &dir)?.check()?;
    for problem in &problems {
        println!("{problem}");
    }
    if problems.is_empty() {
        println!("Objects and their bytes agree.");
        Ok(ExitCode::SUCCESS)
    } else {
        println!(
            "{} problems. Unfinished blobs are normal while a server runs; its next start removes them.",
            problems.len()
        );
        Ok(ExitCode::FAILURE)
    }
}
