//! Changes of mind about instances that are there. Each writes what is desired from now on, wakes the loop and returns.

mod edit;
mod interfaces;
mod power;
mod profiles;
mod volumes;

pub use edit::{Edit, PlacementEdit};
pub use interfaces::left_by_elastic;
pub use power::Change;
pub(super) use power::{guest_went_off, user};

use super::Error;
use super::state::Desired;
use crate::db::instances::InstanceRow;
use crate::{clock, db};

/// The rows of these instances of an account, or an error that names those that are not there.
pub(super) fn owned(c: &db::Conn, account: &str, region: &str, ids: Vec<String>) -> Result<Vec<InstanceRow>, Error> {
    let mut rows = Vec::new();
    let mut missing = Vec::new();
    for id in ids {
        match db::instances::get(c, &id)? {
            Some(row) if row.account == account && row.region == region => rows.push(row),
            Some(_) | None => missing.push(id),
        }
    }
    if missing.is_empty() { Ok(rows) } else { Err(Error::NotFound(missing)) }
}

/// Write a row with its new intent. The loop may hold an older copy, whose write must not win.
pub(super) fn write(c: &db::Conn, row: &mut InstanceRow) -> Result<(), db::Error> {
    let generation = row.generation;
    row.generation += 1;
    row.changed_at = clock::now_ms();
    db::instances::update(c, row, generation)?;
    Ok(())
}

/// A new intent: deadlines, tries and postponements of the old one are void.
pub(super) fn begin(row: &mut InstanceRow, desired: Desired, code: &str, message: &str, transition: &str) {
    row.desired = desired.text().into();
    (row.force, row.reboot, row.deadline) = (false, false, 0);
    (row.attempt, row.not_before) = (0, 0);
    (row.reason_code, row.reason_message, row.transition) = (code.into(), message.into(), transition.into());
}
