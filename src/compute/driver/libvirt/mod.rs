//! The real hypervisor: QEMU guests through libvirt.
//!
//! The default is libvirt's embedded driver below the data directory (`qemu:///embed?root=…`): no daemon, its own
//! `qemu.conf`, nothing of the user's libvirt touched. Guests outlive this process and are found again by name when the
//! same root is opened. A daemon's URI (`qemu:///system`, `qemu+unix://…`) works the same.
//!
//! libvirt's event loop has one thread for the process ([`events`]); with the embedded driver QEMU's processes
//! are this one's orphans and [`reaper`] collects them, since libvirt waits for a dead guest to leave the process table.

mod disks;
pub mod domain_xml;
mod events;
mod live;
mod nics;
pub mod reaper;
mod screen;

use super::{Capacity, Disk, Driver, Error, Machine, MachineSpec, NicSpec, Picture, Power, Watcher};
use crate::compute::state::Off;
use std::path::{Path, PathBuf};
use virt::connect::Connect;
use virt::domain::{
    Domain, DomainPausedReason, DomainPausedReasonEnum, DomainShutoffReason, DomainShutoffReasonEnum, DomainState,
    DomainStateEnum, DomainStateReason, DomainStateReasonEnum,
};
use virt::error::{Error as VirtError, ErrorNumber, ErrorNumberEnum};
use virt::sys;

/// Settings of the embedded QEMU driver: guests run as us, no security driver, no cgroups, console logs written
/// without a log daemon.
const QEMU_CONF: &str = "\
# Written by novella at every start. Guests of the embedded driver run as the server's own user.
user = \"root\"
group = \"root\"
dynamic_ownership = 0
security_driver = \"none\"
cgroup_controllers = [ ]
namespaces = [ ]
stdio_handler = \"file\"
";

/// The program that carries machines.
pub const EMULATOR: &str = "/usr/bin/qemu-system-x86_64";

/// A connection to one libvirt.
pub struct Libvirt {
    conn: Connect,
    installation: String,
}

/// The URI of the embedded driver below `root`.
pub fn embedded_uri(root: &Path) -> String {
    format!("qemu:///embed?root={}", root.display())
}

impl Libvirt {
    /// Open the embedded driver with its state below `root` (made if absent).
    pub fn embedded(root: &Path, installation: &str) -> Result<Libvirt, Error> {
        let conf: PathBuf = root.join("etc/qemu.conf");
        std::fs::create_dir_all(root.join("etc"))
            .and_then(|()| std::fs::write(&conf, QEMU_CONF))
            .map_err(|e| Error::Failed(format!("writing {}: {e}", conf.display())))?;
        forget_unborn(root).map_err(|e| Error::Failed(format!("in {}: {e}", root.display())))?;
        reaper::start();
        Self::open(&embedded_uri(root), installation)
    }

    /// Open any libvirt URI, for the machines of one installation.
    pub fn open(uri: &str, installation: &str) -> Result<Libvirt, Error> {
        events::start_loop().map_err(|e| failed("starting libvirt's event loop", &e))?;
        let conn = Connect::open(Some(uri)).map_err(|e| failed(&format!("opening {uri}"), &e))?;
        Ok(Libvirt { conn, installation: installation.to_owned() })
    }

    /// Ask for the emulator's capabilities: libvirt probes QEMU once, for seconds, and remembers it.
    pub fn warm(&self) -> Result<(), Error> {
        self.conn
            .domain_capabilities(Some(EMULATOR), Some("x86_64"), Some("q35"), Some("qemu"), 0)
            .map(drop)
            .map_err(|e| failed("asking for QEMU's capabilities", &e))
    }

    fn find(&self, id: &str) -> Result<Option<Domain>, Error> {
        match self.conn.lookup_domain_by_name(id) {
            Ok(domain) => Ok(Some(domain)),
            Err(e) if is_absent(&e) => Ok(None),
            Err(e) => Err(failed(&format!("looking for {id}"), &e)),
        }
    }
}

fn is_absent(e: &VirtError) -> bool {
    matches!(e.code(), ErrorNumberEnum::Known(ErrorNumber::NoDomain))
}

fn failed(what: &str, e: &VirtError) -> Error {
    Error::Failed(format!("{what}: {}", e.message()))
}

/// Take away what libvirt below `root` noted of machines whose QEMU had not begun when our process was killed.
///
/// libvirt notes a machine before it makes the process, with process id 0, and lets QEMU begin only after it has noted the real
/// one. A note with 0 it reads at the next start as a machine that is being started, by nobody: such a machine can
/// neither be started nor destroyed any more.
fn forget_unborn(root: &Path) -> std::io::Result<()> {
    let notes = match std::fs::read_dir(root.join("run/qemu")) {
        Ok(notes) => notes,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(e),
    };
    for note in notes {
        let path = note?.path();
        if path.extension().is_some_and(|e| e == "xml") && is_unborn(&std::fs::read_to_string(&path)?) {
            tracing::warn!(note = %path.display(), "forgetting a start that was cut off");
            crate::fault::effect("forget a start");
            std::fs::remove_file(&path)?;
        }
    }
    Ok(())
}

fn is_unborn(note: &str) -> bool {
    let status = note.find("<domstatus ").map(|at| &note[at..]).unwrap_or_default();
    let status = status.split('>').next().unwrap_or_default();
    status.contains("pid='0'")
}

/// Whether libvirt is between making the machine's process and letting it run. We look at a machine while nobody starts it, so
/// the start is one in which an earlier process of ours was killed. libvirt takes such a machine down soon after it opens, and
/// tells of it by no event.
fn is_starting(domain: &Domain) -> Result<bool, VirtError> {
    let (_, reason) = domain.state()?;
    Ok(matches!(
        reason,
        DomainStateReasonEnum::Known(DomainStateReason::Paused(DomainPausedReasonEnum::Known(
            DomainPausedReason::StartingUp
        )))
    ))
}

/// Switch a machine on. When its last process ended a moment ago, libvirt may still be about to look after that, and then ends
/// the new one in its place: what is off again is begun once more.
fn start(domain: &Domain) -> Result<(), VirtError> {
    let Err(e) = domain.create() else { return Ok(()) };
    match machine(domain)? {
        Machine::Off(_) => {
            tracing::debug!(error = %e.message(), "starting again");
            domain.create()
        }
        Machine::Absent | Machine::Running | Machine::Halted => Err(e),
    }
}

/// Whether somebody asked for the pause: the others are QEMU's own, and end as they came.
fn is_halted(reason: &DomainStateReasonEnum) -> bool {
    matches!(
        reason,
        DomainStateReasonEnum::Known(DomainStateReason::Paused(DomainPausedReasonEnum::Known(
            DomainPausedReason::User
        )))
    )
}

fn machine(domain: &Domain) -> Result<Machine, VirtError> {
    let (state, reason) = domain.state()?;
    let DomainStateEnum::Known(state) = state else { return Ok(Machine::Running) };
    Ok(match state {
        DomainState::Paused if is_halted(&reason) => Machine::Halted,
        DomainState::Running
        | DomainState::Blocked
        | DomainState::Paused
        | DomainState::PMSuspended
        | DomainState::Shutdown
        | DomainState::NoState => Machine::Running,
        DomainState::Crashed => Machine::Off(Off::Crashed),
        DomainState::Shutoff => Machine::Off(match reason {
            DomainStateReasonEnum::Known(DomainStateReason::Shutoff(DomainShutoffReasonEnum::Known(why))) => {
                match why {
                    DomainShutoffReason::Shutdown => Off::Guest,
                    DomainShutoffReason::Crashed | DomainShutoffReason::Failed => Off::Crashed,
                    // It went while nobody watched: more likely by its own will than by a fault, and a guest
                    // that is left off loses nothing.
                    DomainShutoffReason::Daemon => Off::Guest,
                    DomainShutoffReason::Unknown
                    | DomainShutoffReason::Destroyed
                    | DomainShutoffReason::Migrated
                    | DomainShutoffReason::Saved
                    | DomainShutoffReason::FromSnapshot => Off::Plain,
                }
            }
            _ => Off::Plain,
        }),
    })
}

impl Driver for Libvirt {
    fn capacity(&self) -> Result<Capacity, Error> {
        let node = self.conn.node_info().map_err(|e| failed("asking for the host's size", &e))?;
        Ok(Capacity { vcpus: node.cpus, memory_mib: node.memory / 1024 })
    }

    fn list(&self) -> Result<Vec<(String, Machine)>, Error> {
        let all = self.conn.list_all_domains(0).map_err(|e| failed("listing machines", &e))?;
        let mut found = Vec::with_capacity(all.len());
        for domain in all {
            // A domain may go between the listing and the look: then it is simply not there.
            let look = || Ok((domain.name()?, domain.uuid_string()?, machine(&domain)?));
            match look() {
                Ok((name, uuid, state)) if uuid == super::machine_uuid(&self.installation, &name) => {
                    found.push((name, state));
                }
                Ok(_) => {}
                Err(e) if is_absent(&e) => {}
                Err(e) => return Err(failed("looking at a machine", &e)),
            }
        }
        Ok(found)
    }

    fn observe(&self, id: &str) -> Result<Machine, Error> {
        let Some(domain) = self.find(id)? else { return Ok(Machine::Absent) };
        let look = || {
            if is_starting(&domain)? {
                tracing::warn!(instance = id, "taking down a start that was cut off");
                crate::fault::effect("destroy");
                // What counts is what the machine is afterwards: libvirt may have taken it down first.
                if let Err(e) = domain.destroy() {
                    tracing::debug!(error = %e.message(), "destroy");
                }
                if is_starting(&domain)? {
                    return Ok(None);
                }
            }
            machine(&domain).map(Some)
        };
        match look() {
            Ok(Some(machine)) => Ok(machine),
            Ok(None) => Err(Error::Failed(format!("{id} stays between off and on after a start that was cut off"))),
            Err(e) if is_absent(&e) => Ok(Machine::Absent),
            Err(e) => Err(failed(&format!("looking at {id}"), &e)),
        }
    }

    fn define(&self, spec: &MachineSpec) -> Result<String, Error> {
        let xml = domain_xml::render(spec);
        crate::fault::effect("define");
        self.conn.define_domain_xml(&xml).map_err(|e| match e.code() {
            ErrorNumberEnum::Known(ErrorNumber::XmlError | ErrorNumber::ConfigUnsupported) => {
                Error::Refused(format!("libvirt refuses {}: {}", spec.id, e.message()))
            }
            _ => failed(&format!("defining {}", spec.id), &e),
        })?;
        Ok(xml)
    }

    fn power(&self, id: &str, power: Power) -> Result<(), Error> {
        let domain = self.running(id)?;
        crate::fault::effect("power");
        let done = match power {
            Power::On if self.observe(id)? == Machine::Halted => domain.resume().map(drop),
            Power::On => start(&domain),
            Power::Halt => domain.suspend().map(drop),
            Power::AskOff => domain.shutdown_flags(sys::VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN),
            Power::Off => domain.destroy(),
            Power::AskReboot => domain.reboot(sys::VIR_DOMAIN_REBOOT_ACPI_POWER_BTN),
            Power::Reset => domain.reset(),
        };
        let Err(e) = done else { return Ok(()) };
        // The machine may have got there by itself in the meantime.
        let now = self.observe(id)?;
        let running = matches!(now, Machine::Running | Machine::Halted);
        match power {
            Power::On if now == Machine::Running => Ok(()),
            Power::Halt if now != Machine::Running => Ok(()),
            Power::Off | Power::AskOff if !running => Ok(()),
            Power::On | Power::Halt | Power::Off | Power::AskOff | Power::AskReboot | Power::Reset => {
                Err(failed(&format!("{power:?} of {id}"), &e))
            }
        }
    }

    fn remove(&self, id: &str) -> Result<(), Error> {
        let Some(domain) = self.find(id)? else { return Ok(()) };
        if matches!(self.observe(id)?, Machine::Running | Machine::Halted) {
            self.power(id, Power::Off)?;
        }
        crate::fault::effect("undefine");
        match domain.undefine_flags(sys::VIR_DOMAIN_UNDEFINE_NVRAM | sys::VIR_DOMAIN_UNDEFINE_MANAGED_SAVE) {
            Ok(()) => Ok(()),
            Err(e) if is_absent(&e) => Ok(()),
            Err(e) => Err(failed(&format!("undefining {id}"), &e)),
        }
    }

    fn screen(&self, id: &str, wake: bool) -> Result<Picture, Error> {
        self.picture_of(id, wake)
    }

    fn interrupt(&self, id: &str) -> Result<(), Error> {
        self.send_interrupt(id)
    }

    fn disks(&self, id: &str) -> Result<Vec<(String, PathBuf)>, Error> {
        self.disks_of(id)
    }

    fn attach_disk(&self, id: &str, disk: &Disk) -> Result<(), Error> {
        self.plug_in(id, disk)
    }

    fn detach_disk(&self, id: &str, target: &str) -> Result<bool, Error> {
        self.pull_out(id, target)
    }

    fn switch_disk(&self, id: &str, target: &str, to: &Path) -> Result<(), Error> {
        self.move_on(id, target, to)
    }

    fn grow_disk(&self, id: &str, target: &str, bytes: u64) -> Result<(), Error> {
        self.grow(id, target, bytes)
    }

    fn nics(&self, id: &str) -> Result<Vec<NicSpec>, Error> {
        self.nics_of(id)
    }

    fn attach_nic(&self, id: &str, nic: &NicSpec) -> Result<(), Error> {
        self.plug_nic(id, nic)
    }

    fn detach_nic(&self, id: &str, nic: &NicSpec) -> Result<bool, Error> {
        self.pull_nic(id, nic)
    }

    fn watch(&self, watcher: Watcher) -> Result<(), Error> {
        events::watch(&self.conn, watcher).map_err(|e| failed("asking for events", &e))
    }

    fn is_real(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_notes_of_machines_without_a_process_are_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        forget_unborn(dir.path()).unwrap();
        let notes = dir.path().join("run/qemu");
        std::fs::create_dir_all(&notes).unwrap();
        let note = |pid: &str| {
            format!("<!-- generated -->\n\n<domstatus state='paused' reason='starting up' pid='{pid}'>\n</domstatus>")
        };
        std::fs::write(notes.join("i-1.xml"), note("0")).unwrap();
        std::fs::write(notes.join("i-2.xml"), note("4711")).unwrap();
        std::fs::write(notes.join("i-1.pid"), "4711").unwrap();
        forget_unborn(dir.path()).unwrap();
        let mut left: Vec<_> = std::fs::read_dir(&notes).unwrap().map(|e| e.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["i-1.pid", "i-2.xml"]);
    }
}
