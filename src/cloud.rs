//! The cloud: every room opened once and put together, for the protocols above.

use crate::config::Config;
use crate::db::{self, Db};
use crate::iam::Iam;

/// All rooms.
pub struct Cloud {
    pub config: Config,
    pub db: Db,
    pub iam: Iam,
}

impl Cloud {
    /// Open every room below the configuration's data directory.
    pub fn open(config: Config) -> Result<Cloud, db::Error> {
        let db = Db::open(&config.data_dir.join("novella.db"))?;
        let (iam, _first) = Iam::open(&db, &config.accounts)?;
        Ok(Cloud { config, db, iam })
    }
}
