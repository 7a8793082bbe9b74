//! Bytes only: blobs that are written once, read many times and removed; what they mean is the index's business.
//!
//! A blob is *staged* when it is written and durable, and *settled* once the index has a row for it:
//!
//! ```text
//! create -> write* -> seal (durable, staged) -> the index commits its row -> settle
//!                          \-> remove, when the row is not wanted after all
//! ```
//!
//! Both kinds can be read. So a crash leaves a trace of everything unfinished: at the start each staged blob either
//! has a row (settle it) or has none (remove it), and nothing else needs to be looked at.

pub mod dir;
pub mod memory;

use bytes::Bytes;
use std::io;
use std::sync::Arc;

/// One blob as [`Blobs::list`] shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub name: String,
    /// Bytes.
    pub size: u64,
    pub staged: bool,
}

/// A place that keeps blobs. Every call blocks; names are UUIDs that the place chooses.
pub trait Blobs: Send + Sync {
    /// Begin a new blob.
    fn create(&self) -> io::Result<Box<dyn Sink>>;
    /// The index has a row for this blob now. Not durable by itself: a start repeats it.
    fn settle(&self, name: &str) -> io::Result<()>;
    /// Open a staged or settled blob; `NotFound` when there is none.
    fn open(&self, name: &str) -> io::Result<Arc<dyn Blob>>;
    /// Remove a blob; that there is none is no error.
    fn remove(&self, name: &str) -> io::Result<()>;
    /// Visit staged blobs, and the settled ones too when `all`.
    fn list(&self, all: bool, visit: &mut dyn FnMut(Entry)) -> io::Result<()>;
}

/// A blob being written. Dropping it unsealed takes it away.
pub trait Sink: Send {
    /// Append these pieces in order.
    fn write(&mut self, pieces: &[Bytes]) -> io::Result<()>;
    /// Make everything durable; returns the blob's name.
    fn seal(self: Box<Self>) -> io::Result<String>;
}

/// A blob open for reading. It stays readable after [`Blobs::remove`].
pub trait Blob: Send + Sync {
    /// Fill `buffer` from `offset` on as far as the blob goes; returns the number of bytes.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;

    /// The same, but only what can be had without waiting for a disk: 0 when that is nothing.
    fn read_ready(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(blobs: &dyn Blobs, all: bool) -> Vec<(String, u64, bool)> {
        let mut seen = Vec::new();
        blobs.list(all, &mut |e| seen.push((e.name, e.size, e.staged))).unwrap();
        seen
    }

    /// What every place must hold.
    fn conforms(blobs: &dyn Blobs) {
        let mut sink = blobs.create().unwrap();
        sink.write(&[Bytes::from_static(b"hello "), Bytes::new(), Bytes::from_static(b"wor")]).unwrap();
        sink.write(&[Bytes::from_static(b"ld")]).unwrap();
        let name = sink.seal().unwrap();
        assert_eq!(names(blobs, false), [(name.clone(), 11, true)], "a sealed blob is staged");
        let early = blobs.open(&name).expect("staged blobs can be read");
        blobs.settle(&name).unwrap();
        blobs.settle(&name).expect("settling twice is no error");
        assert!(names(blobs, false).is_empty());
        assert_eq!(names(blobs, true), [(name.clone(), 11, false)]);
        let blob = blobs.open(&name).unwrap();
        let mut buffer = [0; 8];
        assert_eq!(blob.read_at(&mut buffer, 6).unwrap(), 5);
        assert_eq!(&buffer[..5], b"world");
        assert_eq!(blob.read_at(&mut buffer, 11).unwrap(), 0);
        blobs.remove(&name).unwrap();
        blobs.remove(&name).expect("removing twice is no error");
        assert_eq!(early.read_at(&mut buffer, 0).unwrap(), 8, "an open blob outlives its removal");
        assert_eq!(blobs.open(&name).err().unwrap().kind(), io::ErrorKind::NotFound);

        let dropped = blobs.create().unwrap();
        drop(dropped);
        let sealed = blobs.create().unwrap().seal().unwrap();
        assert_eq!(names(blobs, true), [(sealed.clone(), 0, true)], "an unsealed blob is gone, a sealed one stays");
        blobs.remove(&sealed).unwrap();
        assert!(names(blobs, true).is_empty());
    }

    #[test]
    fn a_directory_conforms() {
        let dir = tempfile::tempdir().unwrap();
        conforms(&dir::Dir::open(dir.path()).unwrap());
    }

    #[test]
    fn memory_conforms() {
        conforms(&memory::Memory::default());
    }

    #[test]
    fn what_a_crash_left_half_written_is_listed_as_staged() {
        let dir = tempfile::tempdir().unwrap();
        let blobs = dir::Dir::open(dir.path()).unwrap();
        let mut sink = blobs.create().unwrap();
        sink.write(&[Bytes::from_static(b"abc")]).unwrap();
        std::mem::forget(sink);
        let again = dir::Dir::open(dir.path()).unwrap();
        assert_eq!(names(&again, false).len(), 1);
    }
}
