//! One suite that every driver passes: what the calls promise, whatever is behind them.

use super::fake::Fake;
use super::libvirt::{EMULATOR, Libvirt};
use super::{Disk, Driver, Event, Machine, MachineSpec, Power};
use crate::compute::state::Off;
use crate::volumes::qcow2;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// A machine with nothing to boot: its BIOS runs and waits.
fn bare(dir: &Path, id: &str) -> MachineSpec {
    MachineSpec {
        id: id.into(),
        uuid: super::machine_uuid("here", id),
        cores: 1,
        threads: 1,
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
    assert!(driver.screen(id, false).is_err() && driver.interrupt(id).is_err());
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

    let screen = driver.screen(id, true).unwrap();
    assert_eq!(screen.pixels.len(), usize::from(screen.width) * usize::from(screen.height) * 3);
    driver.interrupt(id).unwrap();
    assert_eq!(driver.observe(id).unwrap(), Machine::Running);
    with_disks(dir, &*driver, id);

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

/// Disks come to a running machine, grow, move on to other files, and go. Every call is made twice.
fn with_disks(dir: &Path, driver: &dyn Driver, id: &str) {
    let (first, second) = (dir.join("first"), dir.join("second"));
    qcow2::create(&first, None, 1 << 20).unwrap();
    qcow2::create(&second, Some(qcow2::Base { path: &first, format: "qcow2" }), 1 << 20).unwrap();
    let serial = "vol0123456789abcdef0".into();
    let disk = Disk { path: first.clone(), format: "qcow2", target: "vdb".into(), serial, read_only: false };
    let has = |driver: &dyn Driver| driver.disks(id).unwrap();
    assert!(has(driver).is_empty());
    for _ in 0..2 {
        driver.attach_disk(id, &disk).unwrap();
        assert_eq!(has(driver), [("vdb".to_owned(), first.clone())]);
    }
    for _ in 0..2 {
        driver.grow_disk(id, "vdb", 2 << 20).unwrap();
    }
    for _ in 0..2 {
        driver.switch_disk(id, "vdb", &second).unwrap();
        assert_eq!(has(driver), [("vdb".to_owned(), second.clone())]);
    }
    assert!(driver.switch_disk(id, "vdc", &second).is_err(), "there is no such disk");
    // No guest runs that could let go of it, so it goes with a reset.
    let mut tries = 0;
    while !driver.detach_disk(id, "vdb").unwrap() {
        driver.power(id, Power::Reset).unwrap();
        tries += 1;
        assert!(tries < 60, "a reset machine keeps its disk");
    }
    assert!(driver.detach_disk(id, "vdb").unwrap());
    assert!(has(driver).is_empty());
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
