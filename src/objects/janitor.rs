//! Takes away the bytes that nothing refers to any more.
//!
//! First what an earlier process left staged: with a row it is settled, without one removed. Then, whenever a commit
//! made garbage: blobs go first and their rows in `garbage` after them, so a crash in between only repeats work.

use super::Store;
use super::error::Result;
use crate::db::objects::{Place, PlaceKind, bytes as db_bytes, uploads, versions};
use std::sync::Arc;

/// Bodies that go with one commit.
const BATCH: usize = 256;

/// Run until the task is dropped.
pub async fn run(store: Arc<Store>) {
    tokio::join!(settle(&store), tidy(&store));
}

/// Settle what was committed. All that comes while one lot is settled is the next lot.
async fn settle(store: &Arc<Store>) {
    loop {
        store.settle.notified().await;
        let names = std::mem::take(&mut *store.settling.lock().expect("no panic while held"));
        let blobs = store.blobs.clone();
        let lot = tokio::task::spawn_blocking(move || {
            for name in names {
                if let Err(e) = blobs.settle(&name) {
                    tracing::warn!(blob = name, error = %e, "settling a blob failed; the next start does it");
                }
            }
        });
        if let Err(e) = lot.await {
            tracing::error!(error = %e, "the janitor of objects failed");
        }
    }
}

async fn tidy(store: &Arc<Store>) {
    loop {
        let pass = store.clone();
        match tokio::task::spawn_blocking(move || recover(&pass).and_then(|()| collect(&pass))).await {
            Ok(Ok(())) => {}
            Ok(Err(e)) => tracing::error!(error = ?e, "the janitor of objects could not finish; it tries again later"),
            Err(e) => tracing::error!(error = %e, "the janitor of objects failed"),
        }
        store.pins.janitor.notified().await;
    }
}

/// Settle or remove what an earlier process left staged.
pub fn recover(store: &Store) -> Result<()> {
    let left = std::mem::take(&mut *store.leftovers.lock().expect("no panic while held"));
    for name in left {
        if store.db.read(|c| versions::refers(c, PlaceKind::File, &name))? {
            store.blobs.settle(&name)?;
        } else {
            tracing::info!(blob = name, "removing a body that was never finished");
            store.blobs.remove(&name)?;
        }
    }
    Ok(())
}

/// Take away all garbage that nobody is reading.
pub fn collect(store: &Store) -> Result<()> {
    let mut after = String::new();
    loop {
        let bodies = store.db.read(|c| db_bytes::garbage(c, &after, BATCH))?;
        let Some((last, _)) = bodies.last() else { return Ok(()) };
        after = last.clone();
        let mut gone = Vec::new();
        for (body, kind) in bodies {
            if store.pins.holds(&body) {
                continue;
            }
            match kind {
                PlaceKind::File => store.blobs.remove(&body)?,
                PlaceKind::Parts => remove_parts(store, &body)?,
                PlaceKind::Empty | PlaceKind::Inline => {}
            }
            gone.push(body);
        }
        store.db.write_blocking(move |c| db_bytes::forget_garbage(c, &gone))?;
    }
}

fn remove_parts(store: &Store, upload: &str) -> Result<()> {
    let mut number = 0;
    loop {
        let parts = store.db.read(|c| uploads::parts(c, upload, number, BATCH))?;
        let Some(last) = parts.last() else { return Ok(()) };
        number = last.number;
        for part in &parts {
            match &part.place {
                Place::File(name) => store.blobs.remove(name)?,
                Place::Empty | Place::Inline(_) | Place::Parts(_) => {}
            }
        }
    }
}
