//! Whether KVM really works here. An open `/dev/kvm` says little: some nested ones run a BIOS and then hang every kernel.
//! So the probe boots a guest of its own, a boot sector, under a time limit. The answer is kept for this boot of the host.

use crate::config::VirtType;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How long the probe guest may take, BIOS included; it needs well under a second.
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

// The probe guest: a boot sector that does what kernels do first and what broken KVMs fail at. It turns paging and long
// mode on, takes eight ticks of the timer, works through a few megabytes, and leaves through the debug device.
std::arch::global_asm!(
    r#"
    .pushsection .rodata.novella_probe, "a"
    .balign 16
    .set PROBE_LOAD, 0x7c00
    .global novella_probe_start
novella_probe_start:
    .code16
    cli
    xorw %ax, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %ss
    movw $PROBE_LOAD, %sp
    movw $0x1000, %di                 # page tables at 0x1000, 8 MiB mapped as they lie
    movw $0x1800, %cx
    cld
    rep stosw
    movl $0x2003, 0x1000
    movl $0x3003, 0x2000
    movl $0x000083, 0x3000
    movl $0x200083, 0x3008
    movl $0x400083, 0x3010
    movl $0x600083, 0x3018
    movl $0x1000, %eax
    movl %eax, %cr3
    movl %cr4, %eax
    orl $0x20, %eax                   # PAE
    movl %eax, %cr4
    movl $0xc0000080, %ecx            # EFER: long mode
    rdmsr
    orl $0x100, %eax
    wrmsr
    lgdt (PROBE_LOAD + 80f - novella_probe_start)
    movl %cr0, %eax
    orl $0x80000001, %eax             # paging and protection
    movl %eax, %cr0
    ljmp $8, $(PROBE_LOAD + 10f - novella_probe_start)
    .code64
10: movl $16, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    movl $(PROBE_LOAD + 70f - novella_probe_start), %eax
    movw %ax, 0x5200                  # gate 32: the timer
    movw $8, 0x5202
    movw $0x8e00, 0x5204
    shrl $16, %eax
    movw %ax, 0x5206
    lidt (PROBE_LOAD + 81f - novella_probe_start)
    movb $0x11, %al                   # interrupt controllers: vectors from 32, only the timer let through
    outb %al, $0x20
    outb %al, $0xa0
    movb $32, %al
    outb %al, $0x21
    movb $40, %al
    outb %al, $0xa1
    movb $4, %al
    outb %al, $0x21
    movb $2, %al
    outb %al, $0xa1
    movb $1, %al
    outb %al, $0x21
    outb %al, $0xa1
    movb $0xfe, %al
    outb %al, $0x21
    movb $0xff, %al
    outb %al, $0xa1
    xorl %ebx, %ebx
    sti
20: hlt
    cmpl $8, %ebx
    jb 20b
    movl $64, %edx
30: movl $0x400000, %edi
    movl $0x80000, %ecx
    movl %edx, %eax
    rep stosq
    movl $0x100000, %ecx
40: imull $17, %eax
    decl %ecx
    jnz 40b
    decl %edx
    jnz 30b
    movb $0x21, %al
    outb %al, $0xf4
50: hlt
    jmp 50b
70: incl %ebx
    pushq %rax
    movb $0x20, %al
    outb %al, $0x20
    popq %rax
    iretq
    .balign 8
60: .quad 0, 0x00209a0000000000, 0x0000920000000000
80: .word 23
    .long PROBE_LOAD + 60b - novella_probe_start
81: .word 0x2ff
    .quad 0x5000
    .fill 510 - (. - novella_probe_start), 1, 0
    .word 0xaa55
    .popsection
    "#,
    options(att_syntax)
);

fn boot_sector() -> &'static [u8; 512] {
    unsafe extern "C" {
        static novella_probe_start: [u8; 512];
    }
    // SAFETY: the assembler above lays down exactly 512 bytes there, which nothing writes to.
    unsafe { &novella_probe_start }
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
