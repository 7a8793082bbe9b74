//! Files with holes where there are only zeros.

use super::{Failure, Written};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;

/// Runs of zeros of this length, so aligned, are left out of the file.
const HOLE: usize = 4096;

/// Copy exactly `size` bytes, leaving holes where there are only zeros.
pub(in crate::images) fn write_sparsely(from: &mut dyn Read, size: u64, file: &File) -> Result<Written, Failure> {
    let io_failed = |e| Failure::Io("writing the image".into(), e);
    let mut sha256 = Sha256::new();
    let mut buffer = vec![0u8; 1 << 20];
    let mut at = 0;
    while at < size {
        let want = buffer.len().min((size - at) as usize);
        let mut have = 0;
        while have < want {
            match from.read(&mut buffer[have..want]) {
                Ok(0) => return Err(Failure::Bundle("The file ends before its size.".into())),
                Ok(n) => have += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(Failure::Bundle(format!("The bundle cannot be unpacked: {e}."))),
            }
        }
        sha256.update(&buffer[..have]);
        for (n, block) in buffer[..have].chunks(HOLE).enumerate() {
            if block.iter().any(|b| *b != 0) {
                file.write_all_at(block, at + (n * HOLE) as u64).map_err(io_failed)?;
            }
        }
        at += have as u64;
    }
    file.set_len(size).map_err(io_failed)?;
    Ok(Written { size, digest: hex::encode(sha256.finalize()) })
}
