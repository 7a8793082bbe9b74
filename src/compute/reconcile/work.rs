//! What the loop keeps in memory, and how it is called.

use crate::compute::Compute;
use crate::compute::spec::Spec;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Instant;
use tokio::sync::{Notify, Semaphore};

/// Machines that are being worked on at once.
const WORKERS: usize = 8;

/// What the loop keeps in memory; all of it can be lost.
pub(in crate::compute) struct Work {
    pub(super) wake: Notify,
    pub(super) workers: Arc<Semaphore>,
    /// Instances that have a worker.
    pub(super) busy: Mutex<HashSet<String>>,
    /// Instances of which an event came while they had a worker.
    pub(super) missed: Mutex<HashSet<String>>,
    /// How often in a row work on an instance had to wait for something that no try of ours makes better.
    pub(super) waits: Mutex<HashMap<String, u32>>,
    /// When a device left an instance's machine last.
    pub(super) pulled: Mutex<HashMap<String, Instant>>,
    /// Spot requests and fleets are to be looked at. There may be thousands, which most passes have nothing to do with.
    pub(super) tend: AtomicBool,
    /// At the last look one of them wanted room that no host had.
    pub(super) wants_room: AtomicBool,
}

impl Default for Work {
    fn default() -> Self {
        Work {
            wake: Notify::new(),
            workers: Arc::new(Semaphore::new(WORKERS)),
            busy: Mutex::default(),
            missed: Mutex::default(),
            waits: Mutex::default(),
            pulled: Mutex::default(),
            tend: AtomicBool::new(true),
            wants_room: AtomicBool::new(true),
        }
    }
}

impl Compute {
    /// Have the loop look at the rows now.
    pub fn wake(&self) {
        self.work.wake.notify_one();
    }

    /// Have the loop look at spot requests and fleets, too.
    pub fn tend(&self) {
        self.work.tend.store(true, Relaxed);
        self.wake();
    }

    /// An instance with this spec is in another state: those who launched it are told, and if it has `ended`, those who want room.
    pub(in crate::compute) fn tell_launchers(&self, spec: &Spec, ended: bool) {
        let options = &spec.options;
        if options.spot.is_some() || options.fleet.is_some() || ended && self.work.wants_room.load(Relaxed) {
            self.tend();
        }
    }
}
