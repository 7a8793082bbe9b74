//! What the loop clears away now and then.

use super::advance::seen;
use super::failure::StepError;
use crate::compute::folder::{self, Folder};
use crate::compute::{Compute, VISIBLE_AFTER_END};
use crate::db::instances::InstanceRow;
use crate::{clock, db};
use std::collections::HashMap;
use std::time::Duration;

/// How long a base image may lie unused (nova's default).
const BASE_AGE: Duration = Duration::from_secs(24 * 3600);

impl Compute {
    /// Remove what belongs to nobody: machines and folders without a row, rows of long ago.
    pub(super) fn sweep(&self) -> Result<(), StepError> {
        let Some(driver) = self.driver.as_deref() else { return Ok(()) };
        // What is there is listed before the rows are read: a launch writes its row before anything else.
        let machines = driver.list()?;
        let folders = folder::present(&self.dir)?;
        let alive: HashMap<String, InstanceRow> =
            self.db.read(db::instances::alive)?.into_iter().map(|row| (row.id.clone(), row)).collect();
        for (id, machine) in machines {
            match alive.get(&id) {
                None => {
                    tracing::warn!(instance = id, "removing a machine that no row knows");
                    driver.remove(&id)?;
                }
                // No event told of this: have a worker look at it.
                Some(row) if row.settled == row.generation && row.observed != seen(machine).text() => {
                    self.db.write_blocking(move |c| db::instances::touch(c, &id))?;
                }
                Some(_) => {}
            }
        }
        let in_use = self.bases_in_use()?;
        for base in self.images.age_bases(&in_use, BASE_AGE)? {
            tracing::info!(base, "removed a base image that nothing used for long");
        }
        let limit = clock::now_ms() - VISIBLE_AFTER_END.as_millis() as i64;
        let old = self.db.read(|c| db::instances::gone_before(c, limit))?;
        for id in old {
            Folder::new(&self.dir, &id).remove()?;
            self.db.write_blocking(move |c| {
                db::tags::forget(c, &id)?;
                db::instances::delete(c, &id)
            })?;
        }
        self.db.write_blocking(move |c| db::instances::forget_tokens(c, limit - 24 * 3_600_000))?;
        self.sweep_spot()?;
        self.sweep_fleets()?;
        self.sweep_dedicated()?;
        self.sweep_reservations()?;
        for id in folders {
            if self.db.read(|c| db::instances::get(c, &id))?.is_none() {
                tracing::warn!(instance = id, "removing a folder that no row knows");
                Folder::new(&self.dir, &id).remove()?;
            }
        }
        Ok(())
    }
}
