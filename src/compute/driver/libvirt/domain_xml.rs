//! A machine as libvirt's domain XML: pure, checked against `fixtures/domain_xml`.
//!
//! - machine type `q35` with spare PCIe root ports, so disks and cards can be plugged while it runs;
//! - SMBIOS system UUID and serial are the same text starting with `ec2`: by that cloud-init and others know EC2;
//! - the serial console is a pty (for a person) whose output libvirt also writes to the console log (for the API);
//! - there is a screen, so that a picture can be taken of it, but nobody can sit before it: no VNC, no SPICE;
//! - disks name their format, so a guest cannot change how the host reads one by writing a header into it.

use super::super::{Disk, MachineSpec, NicSpec};
use quick_xml::escape::escape;
use std::fmt::Write;
use std::path::Path;

/// Free PCIe slots for devices that are plugged in later.
const SPARE_PORTS: usize = 16;

/// Render the domain XML of `m`.
pub fn render(m: &MachineSpec) -> String {
    let mut x = String::with_capacity(4096);
    let kind = if m.accelerated { "kvm" } else { "qemu" };
    let uuid = escape(&m.uuid);
    let _ = write!(
        x,
        "<domain type='{kind}'>\n  <name>{id}</name>\n  <uuid>{uuid}</uuid>\n  <memory unit='MiB'>{memory}</memory>\n  \
         <vcpu>{vcpus}</vcpu>\n  <sysinfo type='smbios'>\n    <system>\n      \
         <entry name='manufacturer'>Novella</entry>\n      <entry name='product'>{id}</entry>\n      \
         <entry name='serial'>{uuid}</entry>\n      <entry name='uuid'>{uuid}</entry>\n    </system>\n  </sysinfo>\n",
        id = escape(&m.id),
        memory = m.memory_mib,
        vcpus = m.cores * m.threads,
    );
    os(&mut x, m);
    // Without KVM the translation cache is the larger part of a small guest's memory on the host.
    let tcg = if m.accelerated { "" } else { "<tcg><tb-cache unit='MiB'>64</tb-cache></tcg>" };
    let _ = writeln!(x, "  <features><acpi/><apic/>{tcg}</features>");
    // QEMU's own processor is one of AMD's without the word by which guests tell threads from cores.
    let (mode, cores, threads) = match m.accelerated {
        true => (" mode='host-passthrough' check='none'", m.cores, m.threads),
        false => ("", m.cores * m.threads, 1),
    };
    let _ = writeln!(x, "  <cpu{mode}><topology sockets='1' cores='{cores}' threads='{threads}'/></cpu>");
    x.push_str(
        "  <clock offset='utc'/>\n  <on_poweroff>destroy</on_poweroff>\n  <on_reboot>restart</on_reboot>\n  \
         <on_crash>destroy</on_crash>\n  <devices>\n    <emulator>/usr/bin/qemu-system-x86_64</emulator>\n    \
         <controller type='pci' model='pcie-root'/>\n",
    );
    for _ in 0..SPARE_PORTS {
        x.push_str("    <controller type='pci' model='pcie-root-port'/>\n");
    }
    x.push_str("    <controller type='usb' model='none'/>\n");
    for d in &m.disks {
        x.push_str(&disk(d));
    }
    for n in &m.nics {
        x.push_str(&nic(n));
    }
    let log = text(&m.console_log);
    let _ = write!(
        x,
        "    <serial type='pty'>\n      <log file='{log}' append='on'/>\n      <target port='0'/>\n    </serial>\n    \
         <console type='pty'><target type='serial' port='0'/></console>\n    \
         <video><model type='vga' vram='4096'/></video>\n    \
         <rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>\n    \
         <memballoon model='none'/>\n  </devices>\n</domain>\n"
    );
    x
}

fn os(x: &mut String, m: &MachineSpec) {
    x.push_str("  <os>\n    <type arch='x86_64' machine='q35'>hvm</type>\n");
    match &m.kernel {
        Some(direct) => {
            let _ = writeln!(x, "    <kernel>{}</kernel>", text(&direct.kernel));
            if let Some(ramdisk) = &direct.ramdisk {
                let _ = writeln!(x, "    <initrd>{}</initrd>", text(ramdisk));
            }
            let _ = writeln!(x, "    <cmdline>{}</cmdline>", escape(&direct.cmdline));
        }
        None => x.push_str("    <boot dev='hd'/>\n"),
    }
    x.push_str("    <smbios mode='sysinfo'/>\n  </os>\n");
}

/// One disk: in a domain, or to be plugged into one.
pub fn disk(d: &Disk) -> String {
    let mut x = String::new();
    let read_only = if d.read_only { "\n      <readonly/>" } else { "" };
    let _ = write!(
        x,
        "    <disk type='file' device='disk'>\n      <driver name='qemu' type='{}' discard='unmap'/>\n      \
         <source file='{}'/>\n      <target dev='{}' bus='virtio'/>\n      <serial>{}</serial>{read_only}\n    </disk>\n",
        d.format,
        text(&d.path),
        escape(&d.target),
        escape(&d.serial),
    );
    x
}

/// One network card: in a domain, or to be plugged into one.
pub fn nic(n: &NicSpec) -> String {
    let mtu = n.mtu.map(|mtu| format!("<mtu size='{mtu}'/>")).unwrap_or_default();
    format!(
        "    <interface type='bridge'>\n      <source bridge='{}'/>\n      <mac address='{}'/>\n      \
         <target dev='{}'/>\n      <model type='virtio'/>{mtu}\n    </interface>\n",
        escape(&n.bridge),
        escape(&n.mac),
        escape(&n.tap),
    )
}

fn text(path: &Path) -> String {
    escape(path.to_string_lossy()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compute::driver::DirectKernel;

    fn spec() -> MachineSpec {
        MachineSpec {
            id: "i-0123456789abcdef0".into(),
            uuid: "ec2a0001-0000-4000-8000-000000000001".into(),
            cores: 1,
            threads: 2,
            memory_mib: 512,
            accelerated: false,
            kernel: None,
            disks: vec![Disk {
                path: "/data/<odd> & 'name'/disk".into(),
                format: "qcow2",
                target: "vda".into(),
                serial: "vol0123456789abcdef0".into(),
                read_only: false,
            }],
            nics: vec![NicSpec { bridge: "nb1".into(), tap: "nt1".into(), mac: "02:00:00:00:00:01".into(), mtu: None }],
            console_log: "/data/console.log".into(),
        }
    }

    /// Compare with a file of `fixtures/domain_xml`; `UPDATE_FIXTURES=1` rewrites it.
    fn same(name: &str, m: &MachineSpec) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/domain_xml").join(name);
        let xml = render(m);
        if std::env::var_os("UPDATE_FIXTURES").is_some() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, &xml).unwrap();
        }
        assert_eq!(xml, std::fs::read_to_string(&path).unwrap(), "{name}");
    }

    #[test]
    fn a_disk_image_boots_from_its_disk() {
        same("disk.xml", &spec());
    }

    #[test]
    fn a_kernel_image_boots_directly_and_kvm_passes_the_processor_through() {
        let mut m = spec();
        m.accelerated = true;
        m.kernel = Some(DirectKernel {
            kernel: "/data/k".into(),
            ramdisk: Some("/data/r".into()),
            cmdline: "root=/dev/vda a<b".into(),
        });
        same("kernel-kvm.xml", &m);
    }
}
