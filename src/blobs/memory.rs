//! Blobs in memory, for tests of what stands above.

use super::{Blob, Blobs, Entry, Sink};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

/// The handle; clones share their blobs.
#[derive(Clone, Default)]
pub struct Memory(Arc<Mutex<BTreeMap<String, Kept>>>);

#[derive(Clone)]
struct Kept {
    bytes: Arc<Vec<u8>>,
    staged: bool,
}

impl Memory {
    fn map(&self) -> MutexGuard<'_, BTreeMap<String, Kept>> {
        self.0.lock().expect("no panic while held")
    }
}

impl Blobs for Memory {
    fn create(&self) -> io::Result<Box<dyn Sink>> {
        Ok(Box::new(Writing { to: self.clone(), bytes: Vec::new() }))
    }

    fn settle(&self, name: &str) -> io::Result<()> {
        if let Some(kept) = self.map().get_mut(name) {
            kept.staged = false;
        }
        Ok(())
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn Blob>> {
        let kept = self.map().get(name).cloned().ok_or(io::ErrorKind::NotFound)?;
        Ok(Arc::new(Open(kept.bytes)))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.map().remove(name);
        Ok(())
    }

    fn list(&self, all: bool, visit: &mut dyn FnMut(Entry)) -> io::Result<()> {
        for (name, kept) in self.map().iter().filter(|(_, k)| all || k.staged) {
            visit(Entry { name: name.clone(), size: kept.bytes.len() as u64, staged: kept.staged });
        }
        Ok(())
    }
}

struct Writing {
    to: Memory,
    bytes: Vec<u8>,
}

impl Sink for Writing {
    fn write(&mut self, pieces: &[Bytes]) -> io::Result<()> {
        pieces.iter().for_each(|p| self.bytes.extend_from_slice(p));
        Ok(())
    }

    fn seal(self: Box<Self>) -> io::Result<String> {
        let name = crate::id::uuid();
        self.to.map().insert(name.clone(), Kept { bytes: Arc::new(self.bytes), staged: true });
        Ok(name)
    }
}

struct Open(Arc<Vec<u8>>);

impl Blob for Open {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let rest = self.0.get(offset as usize..).unwrap_or_default();
        let n = rest.len().min(buffer.len());
        buffer[..n].copy_from_slice(&rest[..n]);
        Ok(n)
    }

    fn read_ready(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.read_at(buffer, offset)
    }
}
