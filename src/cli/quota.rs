//! `novella quota …`: how much accounts may have, with or without a running server.

use crate::db::Db;
use crate::db::quotas;
use std::io::Write;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    place: super::Place,
    /// Of this account only (12 digits); else of every account that has no value of its own
    #[arg(long)]
    account: Option<String>,
    /// Which quota is set; without it, all are listed
    name: Option<String>,
    /// A number, or `default`
    #[arg(requires = "name")]
    value: Option<String>,
}

pub fn run(args: Args) -> super::Outcome {
    let dir = args.place.dir()?;
    std::fs::create_dir_all(&dir)?;
    let db = Db::open(&dir.join("novella.db"))?;
    let account = args.account.filter(|id| !id.is_empty());
    if let Some(bad) = account.as_ref().filter(|id| id.len() != 12 || !id.bytes().all(|b| b.is_ascii_digit())) {
        return Err(format!("--account {bad:?}: an account id has 12 digits").into());
    }
    let known = |name: &str| quotas::ALL.iter().find(|line| line.name == name);
    if let Some(name) = &args.name {
        let line = known(name).ok_or_else(|| format!("there is no quota {name:?}; `novella quota` lists them"))?;
        if let Some(value) = &args.value {
            let number = match value.as_str() {
                "default" => None,
                text => Some(text.parse::<u32>().map_err(|_| format!("{text:?}: a number, or default"))?.into()),
            };
            let account = account.clone();
            db.write_blocking(move |c| quotas::set(c, account.as_deref(), line.name, number))?;
        }
    }
    let mut out = std::io::stdout();
    for line in quotas::ALL.iter().filter(|line| args.name.as_deref().is_none_or(|name| name == line.name)) {
        let limit = db.read(|c| quotas::limit(c, account.as_deref().unwrap_or_default(), line.quota))?;
        writeln!(out, "{}\t{limit}\t{}", line.name, line.about)?;
    }
    db.close();
    Ok(ExitCode::SUCCESS)
}
