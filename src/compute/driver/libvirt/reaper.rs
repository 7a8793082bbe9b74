//! Collecting QEMU's dead processes.
//!
//! With the embedded driver every QEMU detaches from us and is an orphan. libvirt, ending a guest, waits until its
//! process id is gone, which needs somebody to `wait` for it. So we become the child subreaper and collect QEMU
//! processes that nobody else waits for: a zombie that is still there after a grace period has no waiter, for libvirt and
//! the async runtime collect their own children at once.

use nix::errno::Errno;
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid, waitpid};
use nix::unistd::Pid;
use std::sync::OnceLock;
use std::time::Duration;

/// How long a dead process may wait for its own waiter.
const GRACE: Duration = Duration::from_millis(20);

/// Become the subreaper and start collecting; later calls do nothing.
pub fn start() {
    static STARTED: OnceLock<()> = OnceLock::new();
    STARTED.get_or_init(|| {
        if let Err(e) = nix::sys::prctl::set_child_subreaper(true) {
            tracing::warn!(error = %e, "cannot become the child subreaper: stopping guests may take seconds");
            return;
        }
        std::thread::Builder::new().name("reaper".into()).spawn(run).expect("the operating system gives a thread");
    });
}

fn run() {
    loop {
        match waitid(Id::All, WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT) {
            Ok(WaitStatus::Exited(pid, _) | WaitStatus::Signaled(pid, ..)) => {
                std::thread::sleep(GRACE);
                if is_qemu(pid) {
                    let _ = waitpid(pid, Some(WaitPidFlag::WNOHANG));
                }
            }
            Err(Errno::ECHILD) => std::thread::sleep(Duration::from_millis(200)),
            Ok(_) | Err(_) => std::thread::sleep(GRACE),
        }
    }
}

/// Whether `pid` is a zombie of QEMU. `/proc/PID/stat`: `pid (comm) state …`.
fn is_qemu(pid: Pid) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| {
        let comm = stat.split_once('(').map_or("", |(_, rest)| rest);
        comm.starts_with("qemu") && comm.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with('Z'))
    })
}
