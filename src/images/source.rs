//! Where bundles come from and exported disks go to: buckets, or for tests and tools a folder.

use crate::objects;
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::PathBuf;

/// An object's length in bytes, and its bytes.
pub type Opened = (u64, Box<dyn Read + Send>);

/// User metadata of an object: `x-amz-meta-…`, by the rest of the name in lower case. ASCII.
pub type Metadata = BTreeMap<String, String>;

/// Gives objects and takes them. Calls block.
pub trait Source: Send + Sync {
    /// Open an object as `account` may read it.
    fn open(&self, account: &str, bucket: &str, key: &str) -> Result<Opened, Error>;
    /// An object's user metadata, as `account` may read it.
    fn metadata(&self, account: &str, bucket: &str, key: &str) -> Result<Metadata, Error>;
    /// Whether `account` may put an object there.
    fn may_put(&self, account: &str, bucket: &str, key: &str) -> Result<(), Error>;
    /// Put an object as `account`; it is there, whole and durable, when this returns.
    fn put(&self, account: &str, bucket: &str, key: &str, metadata: Metadata, body: &mut dyn Read)
    -> Result<(), Error>;
}

/// Why an object cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the bucket {0} does not exist")]
    NoSuchBucket(String),
    #[error("there is no object {1} in the bucket {0}")]
    NoSuchKey(String, String),
    #[error("account {2} is not allowed to use the object {1} in the bucket {0}")]
    AccessDenied(String, String, String),
    #[error(
        "the object {1} in the bucket {0} is encrypted with a key that its owner keeps (SSE-C): nobody else can read it"
    )]
    CustomerKey(String, String),
    /// A failure on our side, worth another try.
    #[error("reading the object {0}: {1}")]
    Io(String, io::Error),
}

impl Source for objects::Store {
    fn open(&self, account: &str, bucket: &str, key: &str) -> Result<Opened, Error> {
        match self.open_object(bucket, key, account) {
            Ok((info, reader)) => Ok((info.size, Box::new(reader))),
            Err(e) => Err(refused(e, account, bucket, key)),
        }
    }

    fn metadata(&self, account: &str, bucket: &str, key: &str) -> Result<Metadata, Error> {
        let opened = self.open_object(bucket, key, account);
        opened.map(|(info, _)| info.headers.user).map_err(|e| refused(e, account, bucket, key))
    }

    fn may_put(&self, account: &str, bucket: &str, key: &str) -> Result<(), Error> {
        self.may_deposit(bucket, key, account).map_err(|e| refused(e, account, bucket, key))
    }

    fn put(
        &self,
        account: &str,
        bucket: &str,
        key: &str,
        metadata: Metadata,
        body: &mut dyn Read,
    ) -> Result<(), Error> {
        let put = self.deposit(bucket, key, account, metadata, body);
        put.map(drop).map_err(|e| refused(e, account, bucket, key))
    }
}

fn refused(e: objects::Error, account: &str, bucket: &str, key: &str) -> Error {
    let (in_bucket, named) = (bucket.to_owned(), key.to_owned());
    match e {
        objects::Error::NoSuchBucket(_) | objects::Error::InvalidBucketName(_) => Error::NoSuchBucket(in_bucket),
        objects::Error::NoSuchKey(_) | objects::Error::KeyTooLong { .. } => Error::NoSuchKey(in_bucket, named),
        objects::Error::AccessDenied => Error::AccessDenied(in_bucket, named, account.to_owned()),
        objects::Error::CustomerKeyNeeded => Error::CustomerKey(in_bucket, named),
        objects::Error::Io(e) => Error::Io(named, e),
        // Whatever else it is, it is no fault of who asks.
        other => Error::Io(named, io::Error::other(other)),
    }
}

/// Buckets are the folders below a folder, keys the files in them.
#[derive(Debug, Clone)]
pub struct Folder(pub PathBuf);

impl Source for Folder {
    fn open(&self, _account: &str, bucket: &str, key: &str) -> Result<Opened, Error> {
        let file = std::fs::File::open(self.0.join(bucket).join(key));
        let file = file.map_err(|e| match e.kind() {
            io::ErrorKind::NotFound => Error::NoSuchKey(bucket.to_owned(), key.to_owned()),
            _ => Error::Io(key.to_owned(), e),
        })?;
        let length = file.metadata().map_err(|e| Error::Io(key.to_owned(), e))?.len();
        Ok((length, Box::new(file)))
    }

    fn metadata(&self, _account: &str, _bucket: &str, _key: &str) -> Result<Metadata, Error> {
        Ok(Metadata::new())
    }

    fn may_put(&self, _account: &str, bucket: &str, _key: &str) -> Result<(), Error> {
        if self.0.join(bucket).is_dir() { Ok(()) } else { Err(Error::NoSuchBucket(bucket.to_owned())) }
    }

    fn put(
        &self,
        _account: &str,
        bucket: &str,
        key: &str,
        _metadata: Metadata,
        body: &mut dyn Read,
    ) -> Result<(), Error> {
        let path = self.0.join(bucket).join(key);
        let mut write = || {
            std::fs::create_dir_all(path.parent().unwrap_or(&self.0))?;
            io::copy(body, &mut std::fs::File::create(&path)?)
        };
        write().map(drop).map_err(|e| Error::Io(key.to_owned(), e))
    }
}

/// A manifest's place: the bucket and the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    pub bucket: String,
    /// Never empty.
    pub key: String,
}

impl Location {
    /// Read `bucket/[prefix/]manifest`; slashes before it are let go. `None` if it names no object.
    pub fn parse(text: &str) -> Option<Location> {
        let (bucket, key) = text.trim_start_matches('/').split_once('/')?;
        let key = key.trim_start_matches('/');
        (!bucket.is_empty() && !key.is_empty()).then(|| Location { bucket: bucket.to_owned(), key: key.to_owned() })
    }

    /// The keys under which a part may lie: beside the manifest, else at the bucket's root, where nova looked.
    pub fn part_keys(&self, filename: &str) -> Vec<String> {
        match self.key.rsplit_once('/') {
            Some((prefix, _)) => vec![format!("{prefix}/{filename}"), filename.to_owned()],
            None => vec![filename.to_owned()],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_is_a_bucket_and_a_key() {
        let l = Location::parse("/images/dir/a.manifest.xml").unwrap();
        assert_eq!((l.bucket.as_str(), l.key.as_str()), ("images", "dir/a.manifest.xml"));
        assert_eq!(l.part_keys("a.part.00"), ["dir/a.part.00", "a.part.00"]);
        assert_eq!(Location::parse("b/m").unwrap().part_keys("p"), ["p"]);
        assert!(["", "bucket", "bucket/", "//"].iter().all(|bad| Location::parse(bad).is_none()));
    }

    #[test]
    fn the_object_store_gives_what_the_account_may_read() {
        let dir = tempfile::tempdir().unwrap();
        let db = crate::db::Db::open(&dir.path().join("db")).unwrap();
        let store = objects::Store::open(db.clone(), dir.path()).unwrap();
        let new = objects::bucket::NewBucket::of("b", "1", "us-east-1");
        db.write_blocking(move |c| objects::bucket::create(c, &new)).unwrap();
        store.put_bytes("b", "dir/key", "1", &b"bytes"[..]).unwrap();
        let (length, mut reader) = store.open("1", "b", "dir/key").unwrap();
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes).unwrap();
        assert_eq!((length, bytes.as_slice()), (5, &b"bytes"[..]));
        assert!(matches!(store.open("2", "b", "dir/key"), Err(Error::AccessDenied(..))));
        assert!(matches!(store.open("1", "b", "other"), Err(Error::NoSuchKey(..))));
        assert!(matches!(store.open("1", "no-bucket", "other"), Err(Error::NoSuchBucket(_))));
    }

    #[tokio::test]
    async fn an_object_under_its_owners_key_is_refused_clearly() {
        use objects::encryption::{Asked, CustomerKey, Place};
        let dir = tempfile::tempdir().unwrap();
        let db = crate::db::Db::open(&dir.path().join("db")).unwrap();
        let store = objects::Store::open(db.clone(), dir.path()).unwrap();
        let new = objects::bucket::NewBucket::of("b", "1", "us-east-1");
        db.write(move |c| objects::bucket::create(c, &new)).await.unwrap();
        let asked = Asked::Customer(CustomerKey::of(&[1; 32], String::new()).unwrap());
        let bucket = store.bucket("b").unwrap();
        let seal = store.seal(Place { bucket: &bucket, key: "k", account: "1" }, &asked).unwrap();
        let object = objects::object::NewObject::of("b", "k", "1");
        let staged = store.stage_blocking(&b"bytes"[..], &[object.checksum], seal).unwrap();
        store.put(object, staged).await.unwrap();
        let refused = store.open("1", "b", "k").err().unwrap();
        assert!(matches!(refused, Error::CustomerKey(..)) && refused.to_string().contains("SSE-C"));
    }
}
