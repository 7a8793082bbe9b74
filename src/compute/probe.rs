//! Whether KVM really works here. An open `/dev/kvm` says little (nested or emulated ones hang guests), so the
//! probe boots a guest: a boot sector of a few bytes that tells QEMU to exit with a certain code, under a time limit.
//! The answer is kept for this boot of the host.

use crate::config::VirtType;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How long a guest of 512 bytes may take, BIOS included.
const LIMIT: Duration = Duration::from_secs(8);
/// The debug device exits QEMU with `(value << 1) | 1`.
const EXIT_CODE: i32 = (0x21 << 1) | 1;

/// Whether machines run under KVM.
pub fn accelerated(wanted: VirtType, data_dir: &Path) -> bool {
    match wanted {
        VirtType::Kvm => true,
        VirtType::Qemu => false,
        VirtType::Auto => {
            let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
            let kept = data_dir.join("kvm-probe");
            let known = std::fs::read_to_string(&kept).unwrap_or_default();
            if let Some((then, answer)) = known.split_once(' ')
                && then == boot.trim()
            {
                return answer.trim() == "works";
            }
            let works = Path::new("/dev/kvm").exists() && boots(data_dir, &["-accel", "kvm"]);
            let answer = if works { "works" } else { "fails" };
            tracing::info!("probed KVM with a guest: it {answer}");
            if let Err(e) = std::fs::write(&kept, format!("{} {answer}\n", boot.trim())) {
                tracing::warn!(error = %e, "cannot keep the probe's answer");
            }
            works
        }
    }
}

/// `mov dx, 0xf4; mov al, 0x21; out dx, al; hlt; jmp -1`, and the signature of a boot sector.
fn boot_sector() -> [u8; 512] {
    let mut sector = [0u8; 512];
    sector[..9].copy_from_slice(&[0xba, 0xf4, 0x00, 0xb0, 0x21, 0xee, 0xf4, 0xeb, 0xfd]);
    sector[510..].copy_from_slice(&[0x55, 0xaa]);
    sector
}

fn boots(dir: &Path, accel: &[&str]) -> bool {
    let disk = dir.join("kvm-probe.img");
    if let Err(e) = std::fs::write(&disk, boot_sector()) {
        tracing::warn!(error = %e, "cannot write the probe's disk");
        return false;
    }
    let ran = run(&disk, accel);
    let _ = std::fs::remove_file(&disk);
    ran.unwrap_or_else(|e| {
        tracing::warn!(error = %e, "cannot run the probe guest");
        false
    })
}

fn run(disk: &Path, accel: &[&str]) -> std::io::Result<bool> {
    let mut qemu = Command::new(super::driver::libvirt::EMULATOR)
        .args(["-machine", "pc", "-m", "16", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"])
        .args(accel)
        .args(["-device", "isa-debug-exit,iobase=0xf4,iosize=0x04", "-drive"])
        .arg(format!("file={},format=raw,if=ide", disk.display()))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let end = Instant::now() + LIMIT;
    loop {
        if let Some(status) = qemu.try_wait()? {
            return Ok(status.code() == Some(EXIT_CODE));
        }
        if Instant::now() > end {
            qemu.kill()?;
            qemu.wait()?;
            return Ok(false);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_probe_guest_reports_under_the_translator() {
        if !Path::new(super::super::driver::libvirt::EMULATOR).exists() {
            eprintln!("SKIPPED: QEMU is not installed");
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        assert!(boots(dir.path(), &["-accel", "tcg"]));
    }
}
