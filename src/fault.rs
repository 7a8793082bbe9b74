//! Places where a test may stop the process, as a power cut would.
//!
//! Every effect that outlives the process (a commit, a file published, a libvirt call) announces itself
//! with [`effect`] just before it happens. With `[testing] stop_at_effect = k` the process is killed
//! at the k-th one; the crash tests do that for every k and check the invariants after a new start.

use std::sync::atomic::{AtomicU64, Ordering};

static COUNT: AtomicU64 = AtomicU64::new(0);
static STOP_AT: AtomicU64 = AtomicU64::new(0);

/// Die at the `k`-th effect from now on; 0 turns it off.
pub fn stop_at(k: u64) {
    COUNT.store(0, Ordering::SeqCst);
    STOP_AT.store(k, Ordering::SeqCst);
}

/// Announce an effect. Does nothing unless a test asked for a stop.
pub fn effect(what: &'static str) {
    let stop = STOP_AT.load(Ordering::Relaxed);
    if stop == 0 {
        return;
    }
    let n = COUNT.fetch_add(1, Ordering::SeqCst) + 1;
    if n == stop {
        eprintln!("stopped at effect {n}: {what}");
        // SIGKILL rather than abort: no handler, no core, as after a power cut.
        let _ = nix::sys::signal::kill(nix::unistd::Pid::this(), nix::sys::signal::Signal::SIGKILL);
    }
}
