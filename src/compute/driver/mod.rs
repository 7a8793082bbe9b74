//! The hypervisor as the reconcile loop sees it: a few idempotent, blocking calls.
//!
//! A machine's name is its instance's id and its UUID a function of it, so work that was interrupted is found again.
//! Doing a call twice is doing it once: `define` replaces, `power` on a machine that already is so is a success,
//! `remove` of an absent one too. [`fake`] is the readable specification; [`libvirt`] the real thing.

#[cfg(test)]
mod conformance;
pub mod fake;
pub mod libvirt;

pub use super::state::Machine;
use std::path::{Path, PathBuf};

/// What a machine is made of: everything that the domain XML says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MachineSpec {
    /// The instance's id: the domain's name.
    pub id: String,
    /// The domain's and the SMBIOS system's UUID; starts with `ec2`, by which guests know the platform.
    pub uuid: String,
    pub cores: u32,
    /// Of each core; a processor of the guest is a thread.
    pub threads: u32,
    pub memory_mib: u64,
    /// KVM or QEMU's own translator.
    pub accelerated: bool,
    /// Boot this kernel directly, if the image has one.
    pub kernel: Option<DirectKernel>,
    pub disks: Vec<Disk>,
    pub nics: Vec<NicSpec>,
    /// Where the serial console is written.
    pub console_log: PathBuf,
}

/// A kernel that the host loads itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectKernel {
    pub kernel: PathBuf,
    pub ramdisk: Option<PathBuf>,
    pub cmdline: String,
}

/// A disk of a machine, always behind virtio.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disk {
    pub path: PathBuf,
    /// `qcow2` or `raw`: said by us, never detected.
    pub format: &'static str,
    /// Device name inside libvirt: `vda`, `vdb`, …
    pub target: String,
    /// What the guest sees as the disk's serial, at most 20 characters.
    pub serial: String,
    pub read_only: bool,
}

/// A network card of a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NicSpec {
    pub bridge: String,
    /// The host's end; at most 15 characters.
    pub tap: String,
    pub mac: String,
    pub mtu: Option<u32>,
}

/// A machine's UUID: a function of the installation and the instance, in version 4's form, starting with `ec2` by which
/// guests recognise the platform (AWS: "identify EC2 instances"). On a shared libvirt it tells our machines from others'.
pub fn machine_uuid(installation: &str, instance_id: &str) -> String {
    use sha2::{Digest, Sha256};
    let hash = hex::encode(Sha256::digest(format!("{installation} {instance_id}")));
    format!("ec2{}-{}-4{}-8{}-{}", &hash[..5], &hash[5..9], &hash[9..12], &hash[12..15], &hash[15..27])
}

/// Ways to turn the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Power {
    /// A machine that is halted goes on.
    On,
    /// Let a running machine stand still, with all that it wrote in its disk files.
    Halt,
    /// Press the power button: the guest may react, or not.
    AskOff,
    Off,
    /// Ask the guest to reboot.
    AskReboot,
    /// Press the reset button.
    Reset,
}

/// What a host can carry, before overcommitment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capacity {
    pub vcpus: u32,
    pub memory_mib: u64,
}

/// Something happened to a machine without our asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// It started, stopped or crashed: look at it.
    Changed(String),
    /// The guest went through a reset.
    Rebooted(String),
    /// The hypervisor was away: look at everything.
    All,
}

/// Where events go. Called from the driver's own thread; must not block.
pub type Watcher = Box<dyn Fn(Event) + Send + Sync>;

/// What a machine's screen shows: rows of pixels from the top, three bytes each (red, green, blue).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    pub width: u16,
    pub height: u16,
    pub pixels: Vec<u8>,
}

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The machine cannot be: another try gives the same.
    #[error("{0}")]
    Refused(String),
    /// Try again later.
    #[error("{0}")]
    Failed(String),
}

/// A hypervisor. Every call blocks; `compute` makes them on threads for that.
pub trait Driver: Send + Sync {
    /// What the host can carry.
    fn capacity(&self) -> Result<Capacity, Error>;
    /// Every machine of this installation, defined or running; never somebody else's on the same host.
    fn list(&self) -> Result<Vec<(String, Machine)>, Error>;
    /// One machine.
    fn observe(&self, id: &str) -> Result<Machine, Error>;
    /// Define the machine, or define it anew. Returns the definition as the hypervisor took it (XML).
    fn define(&self, spec: &MachineSpec) -> Result<String, Error>;
    fn power(&self, id: &str, power: Power) -> Result<(), Error>;
    /// What a running machine's screen shows. `wake`: press a key first, which does nothing but end a screen's sleep.
    fn screen(&self, id: &str, wake: bool) -> Result<Picture, Error>;
    /// Send a running machine a non-maskable interrupt.
    fn interrupt(&self, id: &str) -> Result<(), Error>;
    /// The disks of a running machine: target and the file that it writes to.
    fn disks(&self, id: &str) -> Result<Vec<(String, PathBuf)>, Error>;
    /// Give a running machine one disk more.
    fn attach_disk(&self, id: &str, disk: &Disk) -> Result<(), Error>;
    /// Ask a running machine to give a disk back. Whether it has: a guest may take its time, or never do it.
    fn detach_disk(&self, id: &str, target: &str) -> Result<bool, Error>;
    /// Have a running machine write to `to` from now on: a qcow2 file that is there, empty, and stands on the disk's file of until now.
    fn switch_disk(&self, id: &str, target: &str, to: &Path) -> Result<(), Error>;
    /// Let a disk of a running machine grow to so many bytes.
    fn grow_disk(&self, id: &str, target: &str, bytes: u64) -> Result<(), Error>;
    /// The network cards of a running machine.
    fn nics(&self, id: &str) -> Result<Vec<NicSpec>, Error>;
    /// Give a running machine one network card more; its port must be there.
    fn attach_nic(&self, id: &str, nic: &NicSpec) -> Result<(), Error>;
    /// Ask a running machine to give a network card back. Whether it has: as with disks.
    fn detach_nic(&self, id: &str, nic: &NicSpec) -> Result<bool, Error>;
    /// Undefine the machine, switching it off if it runs.
    fn remove(&self, id: &str) -> Result<(), Error>;
    /// Tell `watcher` of every event from now on.
    fn watch(&self, watcher: Watcher) -> Result<(), Error>;
    /// Whether machines have real disks and network ports. The fake's have none.
    fn is_real(&self) -> bool;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_uuid_is_a_function_of_its_instance() {
        let a = machine_uuid("x", "i-1");
        assert_eq!(a, machine_uuid("x", "i-1"));
        assert_ne!(a, machine_uuid("y", "i-1"));
        assert!(a.starts_with("ec2"));
        assert!(uuid::Uuid::parse_str(&a).is_ok());
    }
}
