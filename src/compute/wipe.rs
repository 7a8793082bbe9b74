//! A cloud without instances.

use super::folder::Folder;
use super::state::Desired;
use super::{Compute, change};
use crate::db;

impl Compute {
    /// Terminate every instance of every account, protected ones too, wait until they are gone, and forget them.
    pub async fn wipe(&self) -> Result<(), db::Error> {
        self.db
            .write(|c| {
                for mut row in db::instances::alive(c)? {
                    change::user(&mut row, Desired::Terminated);
                    change::write(c, &mut row)?;
                }
                Ok::<_, db::Error>(())
            })
            .await?;
        self.wake();
        while !self.db.read(db::instances::alive)?.is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        let gone = self.db.read(|c| db::instances::gone_before(c, i64::MAX))?;
        for id in &gone {
            if let Err(e) = Folder::new(&self.dir, id).remove() {
                tracing::warn!(instance = id, error = %e, "removing a folder");
            }
        }
        self.db.write(db::volumes::wipe).await?;
        self.volumes.wake();
        self.db.write(db::launch_templates::wipe).await?;
        self.db.write(db::placement_groups::wipe).await?;
        self.db.write(db::compute_records::wipe).await?;
        self.db.write(db::account_settings::wipe).await?;
        self.db.write(db::instances::wipe).await
    }
}
