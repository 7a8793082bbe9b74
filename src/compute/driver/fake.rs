//! The simulated hypervisor: machines are names in a map that outlives the process in a file of its own.
//!
//! It is the specification of [`Driver`](super::Driver), makes launches instant for tests of API clients, and
//! its effects count as faults do, so the crash tests can stop between any two of them. The file grows by a line
//! at every change, as libvirt would keep its domains when our process dies.

use super::{Capacity, Disk, Driver, Error, Event, Machine, MachineSpec, NicSpec, Picture, Power, Watcher};
use crate::compute::state::Off;
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// The simulated host. `file` keeps its machines.
pub struct Fake {
    file: Option<PathBuf>,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    /// Name -> whether it runs, and why it is off when it does not.
    machines: BTreeMap<String, Machine>,
    /// Name -> target -> file. Of a root disk that is the instance's own file the host's file says nothing: it comes and goes with its
    /// machine.
    disks: BTreeMap<String, BTreeMap<String, PathBuf>>,
    /// Cards that were plugged into running machines; launched machines have none, so nobody asks after a restart.
    nics: BTreeMap<String, Vec<NicSpec>>,
    watcher: Option<Watcher>,
    /// `file`, once something was written.
    open: Option<File>,
}

/// A line's state when the machine is undefined.
const GONE: &str = "gone";

fn state_text(machine: Machine) -> &'static str {
    match machine {
        Machine::Running => "running",
        Machine::Halted => "halted",
        Machine::Off(Off::Guest) => "guest",
        Machine::Off(Off::Crashed) => "crashed",
        Machine::Off(Off::Plain) | Machine::Absent => "off",
    }
}

impl Fake {
    /// A host whose machines live in `file` (a name and a state a line, of which the last counts; and between them a name, `disk`,
    /// a target and its file, if it has one), or nowhere.
    pub fn open(file: Option<PathBuf>) -> Fake {
        let text = file.as_ref().and_then(|f| std::fs::read_to_string(f).ok()).unwrap_or_default();
        let (mut machines, mut disks) = (BTreeMap::new(), BTreeMap::<String, BTreeMap<String, PathBuf>>::new());
        for (name, state) in text.lines().filter_map(|line| line.split_once(' ')) {
            if let Some(disk) = state.strip_prefix("disk ") {
                let has = disks.entry(name.to_owned()).or_default();
                match disk.split_once(' ') {
                    Some((target, path)) => drop(has.insert(target.to_owned(), path.into())),
                    None => drop(has.remove(disk)),
                }
                continue;
            }
            let machine = match state {
                "running" => Machine::Running,
                "halted" => Machine::Halted,
                "guest" => Machine::Off(Off::Guest),
                "crashed" => Machine::Off(Off::Crashed),
                GONE => {
                    machines.remove(name);
                    disks.remove(name);
                    continue;
                }
                _ => Machine::Off(Off::Plain),
            };
            machines.insert(name.to_owned(), machine);
        }
        Fake { file, inner: Mutex::new(Inner { machines, disks, ..Inner::default() }) }
    }

    fn change(&self, effect: &'static str, id: &str, to: Option<Machine>) -> Result<(), Error> {
        let mut inner = self.inner.lock().expect("no panic while held");
        crate::fault::effect(effect);
        match to {
            Some(machine) => inner.machines.insert(id.to_owned(), machine),
            None => {
                inner.disks.remove(id);
                inner.nics.remove(id);
                inner.machines.remove(id)
            }
        };
        self.write(&mut inner, &format!("{id} {}\n", to.map_or(GONE, state_text)))
    }

    fn write(&self, inner: &mut Inner, line: &str) -> Result<(), Error> {
        let Some(path) = &self.file else { return Ok(()) };
        let mut append = || -> std::io::Result<()> {
            let file = match &mut inner.open {
                Some(file) => file,
                closed => closed.insert(OpenOptions::new().create(true).append(true).open(path)?),
            };
            file.write_all(line.as_bytes())
        };
        append().map_err(|e| Error::Failed(format!("writing {}: {e}", path.display())))
    }

    /// Change the disks of a machine, and note what is different afterwards.
    fn set_disks<T>(
        &self,
        id: &str,
        job: impl FnOnce(&mut BTreeMap<String, PathBuf>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut inner = self.inner.lock().expect("no panic while held");
        let before = inner.disks.get(id).cloned().unwrap_or_default();
        let mut after = before.clone();
        let done = job(&mut after)?;
        let own = |target: &String| {
            let file = after.get(target).or(before.get(target));
            file.and_then(|file| file.file_name()).is_some_and(|name| name == "disk")
        };
        let targets = before.keys().chain(after.keys()).filter(|target| !own(target));
        let line = |target: &String| match (before.get(target), after.get(target)) {
            (then, now) if then == now => String::new(),
            (_, Some(path)) => format!("{id} disk {target} {}\n", path.display()),
            (_, None) => format!("{id} disk {target}\n"),
        };
        let lines: String = targets.map(line).collect();
        if !lines.is_empty() {
            crate::fault::effect("fake disks");
            self.write(&mut inner, &lines)?;
        }
        inner.disks.insert(id.to_owned(), after);
        Ok(done)
    }

    fn of_running<T>(
        &self,
        id: &str,
        job: impl FnOnce(&mut BTreeMap<String, PathBuf>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        match self.observe(id)? {
            Machine::Running | Machine::Halted => self.set_disks(id, job),
            Machine::Off(_) | Machine::Absent => Err(Error::Failed(format!("{id} does not run"))),
        }
    }

    /// The guest powers itself off, as a person at its console would make it.
    pub fn guest_powers_off(&self, id: &str) {
        let _ = self.change("fake guest off", id, Some(Machine::Off(Off::Guest)));
        if let Some(watch) = &self.inner.lock().expect("no panic while held").watcher {
            watch(Event::Changed(id.to_owned()));
        }
    }
}

impl Driver for Fake {
    fn capacity(&self) -> Result<Capacity, Error> {
        Ok(Capacity { vcpus: 1 << 20, memory_mib: 1 << 32 })
    }

    fn list(&self) -> Result<Vec<(String, Machine)>, Error> {
        let inner = self.inner.lock().expect("no panic while held");
        Ok(inner.machines.iter().map(|(k, v)| (k.clone(), *v)).collect())
    }

    fn observe(&self, id: &str) -> Result<Machine, Error> {
        let inner = self.inner.lock().expect("no panic while held");
        Ok(inner.machines.get(id).copied().unwrap_or(Machine::Absent))
    }

    fn define(&self, spec: &MachineSpec) -> Result<String, Error> {
        if self.observe(&spec.id)? == Machine::Absent {
            self.change("define", &spec.id, Some(Machine::Off(Off::Plain)))?;
        }
        let wanted: BTreeMap<String, PathBuf> = spec.disks.iter().map(|d| (d.target.clone(), d.path.clone())).collect();
        self.set_disks(&spec.id, |disks| {
            *disks = wanted;
            Ok(())
        })?;
        Ok(super::libvirt::domain_xml::render(spec))
    }

    fn power(&self, id: &str, power: Power) -> Result<(), Error> {
        let to = match (self.observe(id)?, power) {
            (Machine::Absent, _) => return Err(Error::Failed(format!("no machine {id}"))),
            (Machine::Off(_) | Machine::Halted, Power::On) => Machine::Running,
            (Machine::Running, Power::Halt) => Machine::Halted,
            (Machine::Running | Machine::Halted, Power::Off) => Machine::Off(Off::Plain),
            (Machine::Running, Power::AskOff) => Machine::Off(Off::Guest),
            (Machine::Running, Power::AskReboot | Power::Reset) => {
                if let Some(watch) = &self.inner.lock().expect("no panic while held").watcher {
                    watch(Event::Rebooted(id.to_owned()));
                }
                return Ok(());
            }
            (Machine::Running, Power::On)
            | (Machine::Halted, Power::Halt | Power::AskOff | Power::AskReboot | Power::Reset)
            | (Machine::Off(_), Power::Halt | Power::Off | Power::AskOff | Power::AskReboot | Power::Reset) => {
                return Ok(());
            }
        };
        self.change("power", id, Some(to))?;
        if let Some(watch) = &self.inner.lock().expect("no panic while held").watcher {
            watch(Event::Changed(id.to_owned()));
        }
        Ok(())
    }

    fn screen(&self, id: &str, _wake: bool) -> Result<Picture, Error> {
        self.of_running(id, |_| Ok(()))?;
        // A text screen on which nothing was written.
        let (width, height) = (720, 400);
        Ok(Picture { width, height, pixels: vec![0; usize::from(width) * usize::from(height) * 3] })
    }

    fn interrupt(&self, id: &str) -> Result<(), Error> {
        self.of_running(id, |_| Ok(()))
    }

    fn disks(&self, id: &str) -> Result<Vec<(String, PathBuf)>, Error> {
        self.of_running(id, |disks| Ok(disks.clone().into_iter().collect()))
    }

    fn attach_disk(&self, id: &str, disk: &Disk) -> Result<(), Error> {
        self.of_running(id, |disks| {
            disks.entry(disk.target.clone()).or_insert_with(|| disk.path.clone());
            Ok(())
        })
    }

    fn detach_disk(&self, id: &str, target: &str) -> Result<bool, Error> {
        self.of_running(id, |disks| {
            disks.remove(target);
            Ok(true)
        })
    }

    fn switch_disk(&self, id: &str, target: &str, to: &Path) -> Result<(), Error> {
        let none = || Error::Failed(format!("{id} has no disk {target}"));
        self.of_running(id, |disks| {
            *disks.get_mut(target).ok_or_else(none)? = to.to_owned();
            Ok(())
        })
    }

    fn grow_disk(&self, id: &str, target: &str, _bytes: u64) -> Result<(), Error> {
        let none = || Error::Failed(format!("{id} has no disk {target}"));
        self.of_running(id, |disks| disks.get(target).map(drop).ok_or_else(none))
    }

    fn nics(&self, id: &str) -> Result<Vec<NicSpec>, Error> {
        let inner = self.inner.lock().expect("no panic while held");
        Ok(inner.nics.get(id).cloned().unwrap_or_default())
    }

    fn attach_nic(&self, id: &str, nic: &NicSpec) -> Result<(), Error> {
        self.detach_nic(id, nic)?;
        let mut inner = self.inner.lock().expect("no panic while held");
        inner.nics.entry(id.to_owned()).or_default().push(nic.clone());
        Ok(())
    }

    fn detach_nic(&self, id: &str, nic: &NicSpec) -> Result<bool, Error> {
        let mut inner = self.inner.lock().expect("no panic while held");
        inner.nics.entry(id.to_owned()).or_default().retain(|has| has.mac != nic.mac);
        Ok(true)
    }

    fn remove(&self, id: &str) -> Result<(), Error> {
        match self.observe(id)? {
            Machine::Absent => Ok(()),
            Machine::Off(_) | Machine::Running | Machine::Halted => self.change("undefine", id, None),
        }
    }

    fn watch(&self, watcher: Watcher) -> Result<(), Error> {
        self.inner.lock().expect("no panic while held").watcher = Some(watcher);
        Ok(())
    }

    fn is_real(&self) -> bool {
        false
    }
}
