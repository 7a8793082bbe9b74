//! One suite that every driver passes: what the calls promise, whatever is behind them.

use super::fake::Fake;
use super::libvirt::{EMULATOR, Libvirt};
use super::{Driver, Event, Machine, MachineSpec, Power};
use crate::compute::state::Off;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// A machine with nothing to boot: its BIOS runs and waits.
fn bare(dir: &Path, id: &str) -> MachineSpec {
    MachineSpec {
        id: id.into(),
        uuid: super::machine_uuid("here", id),
        vcpus: 1,
        memory_mib: 32,
        accelerated: false,
        kernel: None,
        disks: Vec::new(),
        nics: Vec::new(),
        console_log: dir.join(format!("{id}.log")),
    }
}

fn heard(events: &Receiver<Event>, id: &str) {
    while let Ok(event) = events.recv_timeout(Duration::from_secs(60)) {
        if event == Event::Changed(id.into()) {
            return;
        }
    }
    panic!("no event of {id}");
}

/// `reopen` gives a new driver on the same host, as after a restart of the server.
fn conforms(dir: &Path, reopen: &dyn Fn() -> Box<dyn Driver>) {
    let driver = reopen();
    let (tx, events) = channel();
    driver.watch(Box::new(move |e| drop(tx.send(e)))).unwrap();
    let id = "i-00000000000000001";
    let spec = bare(dir, id);

    assert!(driver.capacity().unwrap().vcpus > 0);
    assert_eq!(driver.observe(id).unwrap(), Machine::Absent);
    assert!(driver.power(id, Power::On).is_err(), "what is absent cannot be switched on");
    driver.remove(id).unwrap();

    let xml = driver.define(&spec).unwrap();
    assert!(xml.contains(id));
    driver.define(&spec).unwrap();
    assert_eq!(driver.observe(id).unwrap(), Machine::Off(Off::Plain));
    driver.power(id, Power::Off).unwrap();

    driver.power(id, Power::On).unwrap();
    driver.power(id, Power::On).unwrap();
    assert_eq!(driver.observe(id).unwrap(), Machine::Running);
    heard(&events, id);
    driver.power(id, Power::Reset).unwrap();
    assert_eq!(driver.observe(id).unwrap(), Machine::Running);
    assert_eq!(driver.list().unwrap(), [(id.to_owned(), Machine::Running)]);

    driver.power(id, Power::Halt).unwrap();
    driver.power(id, Power::Halt).unwrap();
    assert_eq!(reopen().observe(id).unwrap(), Machine::Halted, "whoever comes next knows that it stands still");
    driver.power(id, Power::On).unwrap();

    // A new driver finds what the first one made.
    let again = reopen();
    assert_eq!(again.observe(id).unwrap(), Machine::Running);

    driver.power(id, Power::Off).unwrap();
    driver.power(id, Power::Off).unwrap();
    assert_eq!(driver.observe(id).unwrap(), Machine::Off(Off::Plain));
    heard(&events, id);
    driver.power(id, Power::Halt).unwrap();
    assert_eq!(driver.observe(id).unwrap(), Machine::Off(Off::Plain), "what is off cannot stand still");
    driver.power(id, Power::On).unwrap();
    driver.remove(id).unwrap();
    driver.remove(id).unwrap();
    assert_eq!(driver.observe(id).unwrap(), Machine::Absent);
    assert!(driver.list().unwrap().is_empty());
}

#[test]
fn the_simulated_host_conforms() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("machines");
    conforms(dir.path(), &|| Box::new(Fake::open(Some(file.clone()))));
}

#[test]
fn qemu_under_embedded_libvirt_conforms() {
    if !Path::new(EMULATOR).exists() || !nix::unistd::geteuid().is_root() {
        eprintln!("SKIPPED: needs QEMU and root");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("libvirt");
    // One process has one embedded root: both drivers share it, and so do the two installations.
    conforms(dir.path(), &|| Box::new(Libvirt::embedded(&root, "here").unwrap()));
    let (ours, theirs) = (Libvirt::embedded(&root, "here").unwrap(), Libvirt::embedded(&root, "there").unwrap());
    let id = "i-00000000000000001";
    ours.define(&bare(dir.path(), id)).unwrap();
    assert_eq!(ours.list().unwrap().len(), 1);
    assert!(theirs.list().unwrap().is_empty(), "machines of others on the same libvirt are not ours");
    ours.remove(id).unwrap();
}
