//! Blobs as files of a directory.
//!
//! ```text
//! staged/<name>         being written, or durable and waiting for its row
//! <n1n2>/<name>         settled: fanned out by the name's first hex digits
//! ```
//!
//! Settling is a rename without any flush: if a power cut undoes it, the file is in `staged/` again and the start
//! settles it once more.

use super::{Blob, Blobs, Entry, Sink};
use bytes::Bytes;
use std::fs::{self, File};
use std::io::{self, IoSlice, IoSliceMut, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex};

/// The handle; make one per directory.
pub struct Dir {
    root: PathBuf,
    staged: Arc<Staged>,
}

impl Dir {
    /// Open the directory, making it (0700) where it is missing.
    pub fn open(root: &Path) -> io::Result<Dir> {
        use std::os::unix::fs::DirBuilderExt;
        let path = root.join("staged");
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&path)?;
        File::open(root)?.sync_all()?;
        let handle = File::open(&path)?;
        Ok(Dir {
            root: root.to_owned(),
            staged: Arc::new(Staged { path, handle, flushes: Mutex::default(), done: Condvar::new() }),
        })
    }

    fn fan(&self, name: &str) -> PathBuf {
        self.root.join(name.get(..2).unwrap_or("_"))
    }
}

impl Blobs for Dir {
    fn create(&self) -> io::Result<Box<dyn Sink>> {
        let name = crate::id::uuid();
        let file = File::create_new(self.staged.path.join(&name))?;
        Ok(Box::new(Writing { staged: self.staged.clone(), name, file, sealed: false }))
    }

    fn settle(&self, name: &str) -> io::Result<()> {
        let (from, fan) = (self.staged.path.join(name), self.fan(name));
        crate::fault::effect("settle a blob");
        let renamed = match fs::rename(&from, fan.join(name)) {
            Err(e) if e.kind() == io::ErrorKind::NotFound && from.exists() => {
                fs::create_dir_all(&fan)?;
                fs::rename(&from, fan.join(name))
            }
            other => other,
        };
        match renamed {
            // Settled before, or removed in the meantime.
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn Blob>> {
        let (settled, staged) = (self.fan(name).join(name), self.staged.path.join(name));
        // Blobs only move from staged to settled, so looking there, here, there cannot miss one.
        let file =
            not_found_then(File::open(&settled), || not_found_then(File::open(&staged), || File::open(&settled)))?;
        Ok(Arc::new(OpenFile(file)))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        crate::fault::effect("remove a blob");
        // Staged first: a blob that is settled in between is found in its second place.
        for path in [self.staged.path.join(name), self.fan(name).join(name)] {
            match fs::remove_file(path) {
                Ok(()) => return Ok(()),
                Err(e) if e.kind() == io::ErrorKind::NotFound => {}
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }

    fn list(&self, all: bool, visit: &mut dyn FnMut(Entry)) -> io::Result<()> {
        files(&self.staged.path, &mut |name, size| visit(Entry { name, size, staged: true }))?;
        if !all {
            return Ok(());
        }
        for fan in directories(&self.root)? {
            if fan == self.staged.path {
                continue;
            }
            files(&fan, &mut |name, size| visit(Entry { name, size, staged: false }))?;
        }
        Ok(())
    }
}

fn not_found_then<T>(first: io::Result<T>, second: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    match first {
        Err(e) if e.kind() == io::ErrorKind::NotFound => second(),
        other => other,
    }
}

fn directories(path: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            found.push(entry.path());
        }
    }
    Ok(found)
}

fn files(path: &Path, visit: &mut dyn FnMut(String, u64)) -> io::Result<()> {
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        match entry.metadata() {
            Ok(meta) if meta.is_file() => visit(entry.file_name().to_string_lossy().into_owned(), meta.len()),
            Ok(_) => {}
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

/// The directory of staged files. Its flush makes the names in it durable; those who wait share one.
struct Staged {
    path: PathBuf,
    handle: File,
    flushes: Mutex<Flushes>,
    done: Condvar,
}

#[derive(Default)]
struct Flushes {
    begun: u64,
    ended: u64,
    running: bool,
}

impl Staged {
    /// Return once a flush that began after this call has ended.
    fn flush(&self) -> io::Result<()> {
        let mut state = self.flushes.lock().expect("no panic while held");
        let wanted = state.begun + 1;
        loop {
            if state.ended >= wanted {
                return Ok(());
            }
            if state.running {
                state = self.done.wait(state).expect("no panic while held");
                continue;
            }
            state.running = true;
            state.begun += 1;
            let number = state.begun;
            drop(state);
            let result = self.handle.sync_all();
            state = self.flushes.lock().expect("no panic while held");
            state.running = false;
            if result.is_ok() {
                state.ended = number;
            }
            self.done.notify_all();
            result?;
        }
    }
}

struct Writing {
    staged: Arc<Staged>,
    name: String,
    file: File,
    sealed: bool,
}

impl Sink for Writing {
    fn write(&mut self, pieces: &[Bytes]) -> io::Result<()> {
        let mut slices: Vec<IoSlice> = pieces.iter().filter(|p| !p.is_empty()).map(|p| IoSlice::new(p)).collect();
        let mut left = &mut slices[..];
        while !left.is_empty() {
            match self.file.write_vectored(left) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(n) => IoSlice::advance_slices(&mut left, n),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }

    fn seal(mut self: Box<Self>) -> io::Result<String> {
        self.file.sync_data()?;
        crate::fault::effect("publish a blob");
        self.staged.flush()?;
        self.sealed = true;
        Ok(std::mem::take(&mut self.name))
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        if !self.sealed {
            let _ = fs::remove_file(self.staged.path.join(&self.name));
        }
    }
}

struct OpenFile(File);

impl Blob for OpenFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.0.read_at(&mut buffer[filled..], offset + filled as u64) {
                Ok(0) => break,
                Ok(n) => filled += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(filled)
    }

    fn read_ready(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        use rustix::io::{Errno, ReadWriteFlags, preadv2};
        match preadv2(&self.0, &mut [IoSliceMut::new(buffer)], offset, ReadWriteFlags::NOWAIT) {
            Ok(n) => Ok(n),
            // Not in the page cache; or a file system that cannot tell.
            Err(Errno::AGAIN | Errno::INTR | Errno::OPNOTSUPP | Errno::NOSYS) => Ok(0),
            Err(e) => Err(e.into()),
        }
    }
}
