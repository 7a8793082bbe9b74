//! Collecting QEMU's dead processes.
//!
//! With the embedded driver every QEMU detaches from us and is an orphan. libvirt, ending a guest, waits until its
//! process id is gone, which needs somebody to `wait` for it. So we become the child subreaper and collect those QEMU
//! processes for which nobody else waits. What was detached has a session of its own, unlike our children: those of libvirt (it asks
//! QEMU what it can do) and our own `qemu-img`, whose waiters want to know how they ended, however late they come to ask.

use nix::errno::Errno;
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid, waitpid};
use nix::unistd::{Pid, getsid};
use std::sync::OnceLock;
use std::time::Duration;

/// How long to wait for the waiter of a dead process that is not ours to collect.
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
    let ours = getsid(None).map_or(0, Pid::as_raw);
    loop {
        match waitid(Id::All, WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT) {
            Ok(WaitStatus::Exited(pid, _) | WaitStatus::Signaled(pid, ..)) => {
                let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
                match is_detached_qemu(&stat, ours) {
                    true => drop(waitpid(pid, Some(WaitPidFlag::WNOHANG))),
                    false => std::thread::sleep(GRACE),
                }
            }
            Err(Errno::ECHILD) => std::thread::sleep(Duration::from_millis(200)),
            Ok(_) | Err(_) => std::thread::sleep(GRACE),
        }
    }
}

/// Whether this is a zombie of a QEMU that was detached. `/proc/PID/stat`: `pid (comm) state ppid pgrp session …`.
fn is_detached_qemu(stat: &str, our_session: i32) -> bool {
    let Some((_, rest)) = stat.split_once('(') else { return false };
    let Some((comm, rest)) = rest.rsplit_once(')') else { return false };
    let mut fields = rest.split_whitespace();
    let (state, session) = (fields.next(), fields.nth(2).and_then(|text| text.parse::<i32>().ok()));
    comm.starts_with("qemu") && state == Some("Z") && session.is_some_and(|session| session != our_session)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_detached_ones_are_collected() {
        for (stat, detached) in [
            ("71 (qemu-system-x86) Z 9 70 70 0 -1", true),
            ("71 (qemu) odd) name) Z 9 70 70 0 -1", true),
            ("71 (qemu-system-x86) S 9 70 70 0 -1", false),
            ("71 (qemu-system-x86) Z 9 9 5 0 -1", false),
            ("71 (qemu-img) Z 9 9 5 0 -1", false),
            ("71 (novella) Z 9 70 70 0 -1", false),
            ("", false),
        ] {
            assert_eq!(is_detached_qemu(stat, 5), detached, "{stat}");
        }
    }
}
