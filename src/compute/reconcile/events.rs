//! What the hypervisor tells by itself: a machine went on or off, a guest rebooted. An event only makes the loop look.

use super::advance::seen;
use crate::compute::Compute;
use crate::compute::driver::Event;
use crate::compute::state::Observed;
use crate::db;
use std::sync::Arc;

impl Compute {
    /// Turn the driver's events into looks at rows.
    pub(super) fn listen(self: Arc<Self>) {
        let Some(driver) = self.driver.clone() else { return };
        let (tx, mut events) = tokio::sync::mpsc::unbounded_channel();
        let watcher = move |event| drop(tx.send(event));
        if let Err(e) = driver.watch(Box::new(watcher)) {
            tracing::warn!(error = %e, "no events from the hypervisor: changes are seen late");
            return;
        }
        tokio::spawn(async move {
            while let Some(event) = events.recv().await {
                match event {
                    Event::Changed(id) => {
                        if self.leave_to_worker(&id) {
                            continue;
                        }
                        let compute = self.clone();
                        let looked = tokio::task::spawn_blocking(move || compute.look_again(&id)).await;
                        if !looked.unwrap_or(true) {
                            continue;
                        }
                    }
                    Event::Rebooted(id) => self.rebooted(id).await,
                    Event::All => {
                        if let Err(e) = self.db.write(db::instances::touch_all).await {
                            tracing::error!(error = %e, "cannot look at the instances");
                        }
                    }
                }
                self.wake();
            }
        });
    }

    /// Whether the instance has a worker, which is told that something happened: it looks again when it is done.
    fn leave_to_worker(&self, id: &str) -> bool {
        let busy = self.work.busy.lock().expect("no panic while held");
        let has_worker = busy.contains(id);
        if has_worker {
            self.work.missed.lock().expect("no panic while held").insert(id.to_owned());
        }
        has_worker
    }

    /// Look at an instance that something happened to. `true`: it is not what its row says, so there is work. Blocks.
    pub(super) fn look_again(&self, id: &str) -> bool {
        let touch = || {
            let id = id.to_owned();
            self.db.write_blocking(move |c| db::instances::touch(c, &id)).map(|()| true)
        };
        let look = || {
            let Some(row) = self.db.read(|c| db::instances::get(c, id))? else { return Ok(false) };
            let Some(driver) = self.driver.as_deref() else { return Ok(false) };
            match driver.observe(id) {
                Ok(_) if row.observed == Observed::Gone.text() => Ok(false),
                Ok(machine) if seen(machine).text() == row.observed => Ok(false),
                // Let a worker meet the error, too.
                Ok(_) | Err(_) => touch(),
            }
        };
        look().unwrap_or_else(|e: db::Error| {
            tracing::error!(error = %e, "after an event");
            true
        })
    }

    /// The guest went through a reset: a wanted reboot is done.
    async fn rebooted(&self, id: String) {
        let done = self.db.write(move |c| match db::instances::get(c, &id)? {
            Some(mut row) if row.reboot => {
                let generation = row.generation;
                (row.reboot, row.deadline, row.not_before) = (false, 0, 0);
                row.generation += 1;
                db::instances::update(c, &row, generation).map(drop)
            }
            Some(_) | None => Ok(()),
        });
        if let Err(e) = done.await {
            tracing::error!(error = %e, "after a guest's reboot");
        }
    }
}
