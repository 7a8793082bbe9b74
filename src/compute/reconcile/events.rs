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
                        if self.work.busy.lock().expect("no panic while held").contains(&id) {
                            self.work.missed.lock().expect("no panic while held").insert(id);
                        } else {
                            self.look_again(&id).await;
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

    /// Look at an instance that something happened to, if that is not what its row already says.
    pub(super) async fn look_again(self: &Arc<Self>, id: &str) {
        let (compute, id) = (self.clone(), id.to_owned());
        let looked = tokio::task::spawn_blocking(move || {
            let Some(row) = compute.db.read(|c| db::instances::get(c, &id))? else { return Ok(()) };
            let Some(driver) = compute.driver.as_deref() else { return Ok(()) };
            let seen = match driver.observe(&id) {
                Ok(machine) => seen(machine),
                // Let a worker meet the error.
                Err(_) => return compute.db.write_blocking(move |c| db::instances::touch(c, &id)),
            };
            if row.observed == Observed::Gone.text() || seen.text() == row.observed {
                return Ok(());
            }
            compute.db.write_blocking(move |c| db::instances::touch(c, &id))
        });
        if let Ok(Err(e)) = looked.await {
            tracing::error!(error = %e, "after an event");
        }
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
