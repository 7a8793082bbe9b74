//! `novella doctor`: what this machine lacks to carry instances, and the command that mends it.

use super::Outcome;
use crate::compute::driver::libvirt::EMULATOR;
use crate::compute::kvm_works;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The data directory of the server.
    #[arg(long, env = "NOVELLA_DATA_DIR")]
    data_dir: Option<PathBuf>,
}

/// What a look found.
enum Finding {
    Good(String),
    /// Works, but worse than it could.
    Note(String),
    /// Instances cannot run: what is wrong, and what mends it.
    Bad(String, &'static str),
}

pub fn run(args: Args) -> Outcome {
    let dir = args.data_dir.unwrap_or_else(|| crate::config::Config::default().data_dir);
    let looks =
        [emulator(), embedded_driver(), qemu_user(), qemu_img(), rights(), network(), tun(), kvm(&dir), space(&dir)];
    let mut bad = 0;
    for look in looks {
        match look {
            Finding::Good(what) => println!("ok    {what}"),
            Finding::Note(what) => println!("note  {what}"),
            Finding::Bad(what, mend) => {
                bad += 1;
                println!("LACKS {what}\n      mend it: {mend}");
            }
        }
    }
    if bad == 0 {
        println!("This machine can carry instances.");
        return Ok(ExitCode::SUCCESS);
    }
    println!("Instances cannot run here yet; S3 and the rest of the API work without.");
    Ok(ExitCode::FAILURE)
}

fn emulator() -> Finding {
    match Command::new(EMULATOR).arg("--version").output() {
        Ok(out) => {
            let text = String::from_utf8_lossy(&out.stdout).into_owned();
            Finding::Good(text.lines().next().unwrap_or("QEMU").to_owned())
        }
        Err(_) => Finding::Bad(EMULATOR.into(), "apt-get install qemu-system-x86"),
    }
}

fn embedded_driver() -> Finding {
    let places = ["/usr/lib/x86_64-linux-gnu/libvirt", "/usr/lib64/libvirt", "/usr/lib/libvirt"];
    let module =
        places.iter().map(|p| Path::new(p).join("connection-driver/libvirt_driver_qemu.so")).find(|p| p.exists());
    match module {
        Some(path) => Finding::Good(format!("libvirt's QEMU driver ({})", path.display())),
        None => Finding::Bad("libvirt's QEMU driver".into(), "apt-get install libvirt-daemon-driver-qemu"),
    }
}

/// libvirt's QEMU driver does not open for root where its package's user is unknown, whoever guests run as.
fn qemu_user() -> Finding {
    match nix::unistd::User::from_name("libvirt-qemu") {
        Ok(Some(_)) => Finding::Good("the user libvirt-qemu".into()),
        Ok(None) | Err(_) => Finding::Bad(
            "the user libvirt-qemu, which libvirt wants to know".into(),
            "adduser --system --group --no-create-home --home /nonexistent libvirt-qemu",
        ),
    }
}

fn qemu_img() -> Finding {
    match Command::new("qemu-img").arg("--version").output() {
        Ok(_) => Finding::Good("qemu-img".into()),
        Err(_) => Finding::Bad("qemu-img, which converts images".into(), "apt-get install qemu-utils"),
    }
}

fn rights() -> Finding {
    match nix::unistd::geteuid().is_root() {
        true => Finding::Good("runs as root".into()),
        false => Finding::Bad("the right to make networks for guests".into(), "run `novella serve` as root (sudo)"),
    }
}

fn network() -> Finding {
    use crate::network::{Network, Why};
    match Network::capable() {
        Ok(()) => Finding::Good("guest networks (ip, nft)".into()),
        Err(why) => {
            let mend = match &why {
                Why::NotPermitted => "run `novella serve` as root (sudo)",
                Why::Missing(..) => "apt-get install iproute2 nftables",
                Why::NoTun => "load the kernel's tun module: modprobe tun",
            };
            Finding::Bad(format!("guest networks: {why}"), mend)
        }
    }
}

fn tun() -> Finding {
    match Path::new("/dev/net/tun").exists() {
        true => Finding::Good("/dev/net/tun".into()),
        false => Finding::Bad("/dev/net/tun, the end of a guest's network card".into(), "modprobe tun"),
    }
}

fn kvm(dir: &Path) -> Finding {
    if !Path::new("/dev/kvm").exists() {
        return Finding::Note("no /dev/kvm: guests run by QEMU's translator, many times slower".into());
    }
    match std::fs::create_dir_all(dir).is_ok() && kvm_works(dir) {
        true => Finding::Good("KVM (a probe guest ran)".into()),
        false => Finding::Note(
            "/dev/kvm is there, but a probe guest does not run under it: QEMU's translator is used, many times slower"
                .into(),
        ),
    }
}

fn space(dir: &Path) -> Finding {
    let exists = dir.ancestors().find(|p| p.exists()).unwrap_or(Path::new("/"));
    match nix::sys::statvfs::statvfs(exists) {
        Ok(s) => {
            let gib = (s.blocks_available() * s.fragment_size()) >> 30;
            match gib >= 5 {
                true => Finding::Good(format!("{gib} GiB free for {}", dir.display())),
                false => Finding::Note(format!("only {gib} GiB free for {}", dir.display())),
            }
        }
        Err(e) => Finding::Note(format!("free space of {}: {e}", dir.display())),
    }
}
