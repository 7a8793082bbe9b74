//! The encrypted parts as one reader.

use super::{Bundle, Failure};
use crate::images::manifest::Part;
use crate::images::source;
use sha1::{Digest, Sha1};
use std::cell::RefCell;
use std::io::{self, Read};
use std::rc::Rc;

/// The parts one after the other, each compared with its digest, all with the bundle's length.
pub(super) struct Parts<'a> {
    bundle: &'a Bundle<'a>,
    wanted: &'a dyn Fn() -> bool,
    next: usize,
    open: Option<(&'a Part, Box<dyn Read + Send>, Sha1)>,
    total: u64,
    /// The first failure; nothing can be read after it.
    pub(super) failure: Option<Failure>,
}

impl<'a> Parts<'a> {
    pub(super) fn new(bundle: &'a Bundle<'a>, wanted: &'a dyn Fn() -> bool) -> Self {
        Parts { bundle, wanted, next: 0, open: None, total: 0, failure: None }
    }

    fn open_part(&self, part: &Part) -> Result<Box<dyn Read + Send>, Failure> {
        let Bundle { source, account, location, .. } = self.bundle;
        let mut missing = None;
        for key in location.part_keys(&part.filename) {
            match source.open(account, &location.bucket, &key) {
                Ok((_, reader)) => return Ok(reader),
                Err(e @ source::Error::NoSuchKey(..)) => missing = missing.or(Some(e)),
                Err(source::Error::Io(what, e)) => return Err(Failure::Io(what, e)),
                Err(
                    e @ (source::Error::NoSuchBucket(_)
                    | source::Error::AccessDenied(..)
                    | source::Error::CustomerKey(..)),
                ) => {
                    return Err(Failure::Bundle(format!("A part cannot be read: {e}.")));
                }
            }
        }
        let why = missing.map(|e| e.to_string()).unwrap_or_default();
        Err(Failure::Bundle(format!("A part is missing: {why}.")))
    }

    fn read_on(&mut self, into: &mut [u8]) -> Result<usize, Failure> {
        loop {
            if !(self.wanted)() {
                return Err(Failure::Abandoned);
            }
            let manifest = self.bundle.manifest;
            let Some((part, mut reader, mut sha1)) = self.open.take() else {
                let Some(part) = manifest.parts.get(self.next) else {
                    return self.check_total().map(|()| 0);
                };
                self.next += 1;
                self.open = Some((part, self.open_part(part)?, Sha1::new()));
                continue;
            };
            let n = match reader.read(into) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {
                    self.open = Some((part, reader, sha1));
                    continue;
                }
                other => other.map_err(|e| Failure::Io(format!("reading the part {}", part.filename), e))?,
            };
            if n > 0 {
                sha1.update(&into[..n]);
                self.total += n as u64;
                self.open = Some((part, reader, sha1));
                return Ok(n);
            }
            let digest = hex::encode(sha1.finalize());
            if digest != part.digest {
                return Err(Failure::Bundle(format!(
                    "The SHA-1 digest of the part {} is {digest}; the manifest says {}.",
                    part.filename, part.digest
                )));
            }
        }
    }

    fn check_total(&self) -> Result<(), Failure> {
        let says = self.bundle.manifest.bundled_size;
        if self.total != says {
            return Err(Failure::Bundle(format!("The parts have {} bytes; the manifest says {says}.", self.total)));
        }
        Ok(())
    }

    /// Read and check what is left.
    pub(super) fn finish(&mut self) -> Result<(), Failure> {
        let mut buffer = vec![0; 64 << 10];
        while self.failure.is_none() && self.read_on(&mut buffer)? > 0 {}
        Ok(())
    }
}

/// [`Parts`] as a plain reader; what went wrong stays behind in it.
pub(super) struct Shared<'a>(pub(super) Rc<RefCell<Parts<'a>>>);

impl Read for Shared<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut parts = self.0.borrow_mut();
        if parts.failure.is_some() {
            return Err(io::Error::other("an earlier part failed"));
        }
        parts.read_on(into).map_err(|failure| {
            let told = io::Error::other(failure.to_string());
            parts.failure = Some(failure);
            told
        })
    }
}
