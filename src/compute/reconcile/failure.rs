//! Steps that could not be done: which count as a try, and what becomes of the row.

use crate::compute::change;
use crate::compute::driver;
use crate::compute::state::{Desired, Observed};
use crate::db::instances::InstanceRow;
use crate::{clock, db, network, volumes};

/// Tries to build or start a machine before the API says that it failed.
const TRIES: i64 = 4;

/// Why a step could not be done.
#[derive(Debug, thiserror::Error)]
pub(super) enum StepError {
    #[error(transparent)]
    Db(#[from] db::Error),
    #[error(transparent)]
    Driver(#[from] driver::Error),
    /// The hypervisor does not tell how the machine is: nothing was tried, so nothing counts as a failed try.
    #[error("looking at the machine: {0}")]
    Unseen(#[source] driver::Error),
    #[error(transparent)]
    Network(#[from] network::Error),
    /// A disk or card of a machine that runs could not be changed: nothing to count against the machine.
    #[error("a device: {0}")]
    Device(#[source] driver::Error),
    /// The guest has not let go of a volume or a card yet.
    #[error("the guest still holds {0}")]
    HeldByGuest(String),
    /// Too soon after another device left it: the guest would take the new one for the old.
    #[error("the guest is still letting go of another device")]
    TooSoon,
    /// A volume's file is being worked on: nothing was tried, either.
    #[error("volumes: {0}")]
    Volumes(#[from] volumes::Error),
    #[error("image: {0}")]
    Image(#[from] crate::images::Error),
    #[error("instance folder: {0}")]
    Folder(#[from] std::io::Error),
    #[error("its network interface is gone")]
    NoInterface,
    #[error("its root volume is gone")]
    NoRoot,
}

impl StepError {
    /// Another try would give the same.
    fn is_final(&self) -> bool {
        match self {
            StepError::Driver(driver::Error::Refused(_)) | StepError::NoInterface | StepError::NoRoot => true,
            StepError::Network(network::Error::RangeTaken(..)) => true,
            // Deregistered between the launch and its first disk.
            StepError::Image(e) => e.status() < 500,
            StepError::Driver(driver::Error::Failed(_))
            | StepError::Unseen(_)
            | StepError::Db(_)
            | StepError::Network(_)
            | StepError::Volumes(_)
            | StepError::Device(_)
            | StepError::HeldByGuest(_)
            | StepError::TooSoon
            | StepError::Folder(_) => false,
        }
    }

    /// Whether something was tried that may be given up, rather than waited for.
    pub(super) fn is_a_try(&self) -> bool {
        match self {
            StepError::Unseen(_)
            | StepError::Volumes(_)
            | StepError::Device(_)
            | StepError::HeldByGuest(_)
            | StepError::TooSoon => false,
            StepError::Db(_)
            | StepError::Driver(_)
            | StepError::Network(_)
            | StepError::Image(_)
            | StepError::Folder(_)
            | StepError::NoInterface
            | StepError::NoRoot => true,
        }
    }
}

/// Look at the row again after a while, the longer the more `failures` there were in a row.
pub(super) fn postpone(row: &mut InstanceRow, failures: u32) {
    let seconds = 1i64 << failures.saturating_sub(1).min(6);
    row.not_before = clock::now_ms() + seconds * 1000;
}

/// A step failed: try again later, or give up. Only tries to bring a machine up are ever given up, and never one that runs.
pub(super) fn failed_try(row: &mut InstanceRow, e: &StepError) {
    row.attempt += 1;
    if row.desired == Desired::Running.text() && (e.is_final() || row.attempt >= TRIES) {
        tracing::error!(attempt = row.attempt, error = %e, "giving up");
        if row.observed == Observed::Running.text() {
            // What failed is a reboot.
            (row.reboot, row.deadline, row.attempt, row.not_before) = (false, 0, 0, 0);
            return;
        }
        // A machine that never ran is taken back, one that had run stays stopped with its disk.
        let desired = if row.boot_id.is_empty() { Desired::Terminated } else { Desired::Stopped };
        let code = "Server.InternalError";
        change::begin(row, desired, code, &format!("{code}: {e}"), code);
        row.generation += 1;
        return;
    }
    tracing::warn!(attempt = row.attempt, error = %e, "a step failed, trying again");
    postpone(row, row.attempt as u32);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(observed: Observed, boot_id: &str) -> InstanceRow {
        InstanceRow {
            id: "i-1".into(),
            desired: Desired::Running.text().into(),
            observed: observed.text().into(),
            generation: 1,
            boot_id: boot_id.into(),
            ..InstanceRow::default()
        }
    }

    fn failed() -> driver::Error {
        driver::Error::Failed("on purpose".into())
    }

    #[test]
    fn what_is_waited_for_is_no_try_and_is_waited_for_ever_longer() {
        for e in [StepError::Unseen(failed()), StepError::HeldByGuest("vol-1".into()), StepError::TooSoon] {
            assert!(!e.is_a_try() && !e.is_final());
        }
        let mut row = row(Observed::Running, "boot");
        for (failures, seconds) in [(1, 1), (2, 2), (7, 64), (1000, 64)] {
            let before = clock::now_ms();
            postpone(&mut row, failures);
            assert!((seconds * 1000..=clock::now_ms() - before + seconds * 1000).contains(&(row.not_before - before)));
        }
        assert_eq!((row.desired.as_str(), row.generation, row.attempt), ("running", 1, 0));
    }

    #[test]
    fn a_launch_that_fails_is_taken_back_and_a_start_leaves_the_instance_stopped() {
        for (boot_id, desired) in [("", "terminated"), ("boot", "stopped")] {
            let mut row = row(Observed::Off, boot_id);
            for _ in 0..TRIES {
                assert_eq!(row.desired, "running");
                failed_try(&mut row, &StepError::Driver(failed()));
            }
            assert_eq!((row.desired.as_str(), row.reason_code.as_str()), (desired, "Server.InternalError"));
        }
    }

    #[test]
    fn a_reboot_that_fails_leaves_a_running_instance_running() {
        let mut row = row(Observed::Running, "boot");
        row.reboot = true;
        for _ in 0..TRIES {
            failed_try(&mut row, &StepError::Driver(failed()));
        }
        assert_eq!((row.desired.as_str(), row.reboot), ("running", false));
    }
}
