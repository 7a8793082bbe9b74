//! Buckets.

use super::Store;
use super::acl::Acl;
use super::error::{Error, Result};
use super::lock::BucketLock;
use super::policy::Policy;
use super::versioning::Versioning;
use crate::clock;
use crate::db::objects::buckets::{self, BucketRow};
use crate::db::objects::configs;
use crate::db::{self, Conn};
use std::sync::Arc;

/// One bucket.
#[derive(Debug, Clone)]
pub struct Bucket {
    pub name: String,
    /// Account id.
    pub owner: String,
    pub region: String,
    pub acl: Acl,
    /// `None`: never said, which is as `ObjectWriter`.
    pub ownership: Option<Ownership>,
    pub access_block: Option<AccessBlock>,
    pub policy: Option<Arc<Policy>>,
    /// Milliseconds.
    pub created_at: i64,
    pub versioning: Versioning,
    /// Its versions can be locked.
    pub lock: Option<BucketLock>,
    /// Its lifecycle rules, as [`super::lifecycle::Configuration::from_column`] reads them.
    pub lifecycle: String,
    /// Its notification rules, as [`super::notification::Configuration::from_column`] reads them.
    pub notification: String,
}

/// What CreateBucket asks for.
#[derive(Debug, Clone)]
pub struct NewBucket {
    pub name: String,
    /// Account id.
    pub owner: String,
    pub region: String,
    pub acl: Acl,
    pub ownership: Option<Ownership>,
    pub access_block: Option<AccessBlock>,
    /// With object lock, and so with versioning.
    pub lock: bool,
}

impl NewBucket {
    /// A private bucket.
    pub fn of(name: &str, owner: &str, region: &str) -> NewBucket {
        NewBucket {
            name: name.into(),
            owner: owner.into(),
            region: region.into(),
            acl: Acl::private(owner),
            ownership: None,
            access_block: None,
            lock: false,
        }
    }
}

/// Who owns the objects of a bucket, and whether ACLs count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ownership {
    /// The bucket's owner; ACLs count for nothing.
    BucketOwnerEnforced,
    /// The writer, but the bucket's owner when written with the ACL `bucket-owner-full-control`.
    BucketOwnerPreferred,
    /// The writer.
    ObjectWriter,
}

const OWNERSHIPS: [(Ownership, &str); 3] = [
    (Ownership::BucketOwnerEnforced, "BucketOwnerEnforced"),
    (Ownership::BucketOwnerPreferred, "BucketOwnerPreferred"),
    (Ownership::ObjectWriter, "ObjectWriter"),
];

impl Ownership {
    /// As documents and the database say it.
    pub fn name(self) -> &'static str {
        OWNERSHIPS.iter().find(|(o, _)| *o == self).expect("every rule has a name").1
    }

    /// The rule of this name.
    pub fn parse(name: &str) -> Option<Ownership> {
        OWNERSHIPS.iter().find(|(_, n)| *n == name).map(|(o, _)| *o)
    }
}

/// The switches of a public access block.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AccessBlock {
    /// Refuse to set ACLs that are public.
    pub block_public_acls: bool,
    /// Public grants count for nothing.
    pub ignore_public_acls: bool,
    /// Refuse to set a policy that is public.
    pub block_public_policy: bool,
    /// A public policy allows nobody but the owner's account.
    pub restrict_public_buckets: bool,
}

impl AccessBlock {
    /// Every switch is on.
    pub const ALL: AccessBlock = AccessBlock {
        block_public_acls: true,
        ignore_public_acls: true,
        block_public_policy: true,
        restrict_public_buckets: true,
    };

    fn to_bits(self) -> i64 {
        i64::from(self.block_public_acls)
            | i64::from(self.ignore_public_acls) << 1
            | i64::from(self.block_public_policy) << 2
            | i64::from(self.restrict_public_buckets) << 3
    }

    fn from_bits(bits: i64) -> AccessBlock {
        AccessBlock {
            block_public_acls: bits & 1 != 0,
            ignore_public_acls: bits & 2 != 0,
            block_public_policy: bits & 4 != 0,
            restrict_public_buckets: bits & 8 != 0,
        }
    }
}

impl Bucket {
    fn read(row: BucketRow) -> Result<Bucket> {
        let damaged = |what: &str| Error::Db(db::Error::Damaged(format!("bucket {}: {what}", row.name)));
        let policy = row.policy.as_deref().map(|text| Policy::known(&row.name, text));
        let ownership = row.ownership.as_deref().map(|name| Ownership::parse(name).ok_or_else(|| damaged("ownership")));
        Ok(Bucket {
            versioning: Versioning::from_column(&row.versioning),
            lock: BucketLock::from_column(&row.lock)?,
            acl: Acl::from_text(&row.acl).ok_or_else(|| damaged("ACL"))?,
            ownership: ownership.transpose()?,
            access_block: row.access_block.map(AccessBlock::from_bits),
            policy: policy.transpose().map_err(|e| damaged(&e.to_string()))?,
            lifecycle: row.lifecycle,
            notification: row.notification,
            name: row.name,
            owner: row.owner,
            region: row.region,
            created_at: row.created_at,
        })
    }

    /// Whether this ACL may be set on the bucket or an object of it.
    pub fn takes_acl(&self, acl: &Acl) -> Result<()> {
        let blocked = self.access_block.is_some_and(|b| b.block_public_acls) && acl.is_public();
        if blocked { Err(Error::AccessDenied) } else { Ok(()) }
    }
}

/// Whether S3 takes this name for a new bucket: 3 to 63 of `a-z0-9.-`, ends on letter or digit, no empty label, no address.
pub fn valid_name(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let bytes = name.as_bytes();
    (3..=63).contains(&bytes.len())
        && bytes.iter().all(|b| plain(*b) || matches!(b, b'.' | b'-'))
        && plain(bytes[0])
        && plain(bytes[bytes.len() - 1])
        && !["..", ".-", "-."].iter().any(|pair| name.contains(pair))
        && name.parse::<std::net::Ipv4Addr>().is_err()
}

/// The bucket of this name.
pub fn get(c: &Conn, name: &str) -> Result<Bucket> {
    match buckets::get(c, name)? {
        Some(row) => Bucket::read(row),
        None => Err(Error::NoSuchBucket(name.to_owned())),
    }
}

/// Make a bucket. That the account has it already is an error everywhere but in us-east-1, as at AWS; there it gets the ACL
/// that is asked for.
pub fn create(c: &Conn, new: &NewBucket) -> Result<()> {
    let row = BucketRow {
        name: new.name.clone(),
        owner: new.owner.clone(),
        region: new.region.clone(),
        acl: new.acl.to_text(),
        ownership: new.ownership.map(|o| o.name().into()),
        access_block: new.access_block.map(AccessBlock::to_bits),
        policy: None,
        created_at: clock::now_ms(),
        versioning: if new.lock { Versioning::Enabled } else { Versioning::Off }.column().into(),
        lock: if new.lock { BucketLock::default().to_column() } else { String::new() },
        lifecycle: String::new(),
        notification: String::new(),
    };
    if buckets::insert(c, &row)? {
        return Ok(());
    }
    let existing = get(c, &new.name)?;
    if existing.owner != new.owner {
        Err(Error::BucketAlreadyExists(existing.name))
    } else if existing.region == "us-east-1" && new.region == "us-east-1" {
        Ok(buckets::set_acl(c, &new.name, &row.acl)?)
    } else {
        Err(Error::BucketAlreadyOwnedByYou(existing.name))
    }
}

impl Store {
    /// The bucket of this name.
    pub fn bucket(&self, name: &str) -> Result<Bucket> {
        self.db.read(|c| get(c, name))
    }

    /// Every bucket of an account, by name.
    pub fn buckets_of(&self, account: &str) -> Result<Vec<Bucket>> {
        self.db.read(|c| buckets::of_owner(c, account)?.into_iter().map(Bucket::read).collect())
    }

    /// CreateBucket.
    pub async fn create_bucket(&self, new: NewBucket) -> Result<()> {
        if !valid_name(&new.name) {
            return Err(Error::InvalidBucketName(new.name));
        }
        self.write(move |c| create(c, &new)).await
    }

    /// DeleteBucket: of an empty bucket; uploads in progress go with it.
    pub async fn delete_bucket(&self, name: &str) -> Result<()> {
        let gone = name.to_owned();
        self.write(move |c| {
            get(c, &gone)?;
            if buckets::has_objects(c, &gone)? {
                return Err(Error::BucketNotEmpty(gone));
            }
            Ok(buckets::delete(c, &gone)?)
        })
        .await?;
        self.look_at_log_target(name)?;
        self.pins.janitor.notify_one();
        Ok(())
    }

    /// The bucket's configuration of this name (a sub-resource's), if it has one.
    pub fn config(&self, bucket: &str, name: &str) -> Result<Option<String>> {
        self.db.read(|c| Ok(configs::get(c, bucket, name)?))
    }

    /// Set a configuration, or remove it with `None`.
    pub async fn set_config(&self, bucket: &str, name: &str, document: Option<String>) -> Result<()> {
        let (bucket, name) = (bucket.to_owned(), name.to_owned());
        self.write(move |c| {
            get(c, &bucket)?;
            match document {
                Some(document) => configs::put(c, &bucket, &name, &document)?,
                None => {
                    configs::delete(c, &bucket, &name)?;
                }
            }
            Ok(())
        })
        .await
    }

    /// The configurations whose name begins with `prefix`, by name.
    pub fn configs(&self, bucket: &str, prefix: &str) -> Result<Vec<(String, String)>> {
        self.db.read(|c| Ok(configs::with_prefix(c, bucket, prefix)?))
    }

    /// PutBucketVersioning; a bucket with object lock cannot suspend it.
    pub async fn set_versioning(&self, name: &str, versioning: Versioning) -> Result<()> {
        let name = name.to_owned();
        self.write(move |c| {
            let bucket = get(c, &name)?;
            if bucket.lock.is_some() && versioning != Versioning::Enabled {
                return Err(Error::InvalidBucketState(
                    "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.",
                ));
            }
            Ok(buckets::set_versioning(c, &name, versioning.column())?)
        })
        .await
    }

    /// PutObjectLockConfiguration: of a bucket with versioning.
    pub async fn set_bucket_lock(&self, name: &str, lock: BucketLock) -> Result<()> {
        let name = name.to_owned();
        self.write(move |c| {
            let bucket = get(c, &name)?;
            if bucket.versioning != Versioning::Enabled {
                return Err(Error::InvalidBucketState(
                    "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration",
                ));
            }
            Ok(buckets::set_lock(c, &name, &lock.to_column())?)
        })
        .await
    }

    /// PutBucketAcl.
    pub async fn set_bucket_acl(&self, name: &str, acl: Acl) -> Result<()> {
        let name = name.to_owned();
        self.write(move |c| Ok(buckets::set_acl(c, &name, &acl.to_text())?)).await
    }

    /// PutBucketOwnershipControls, or DeleteBucketOwnershipControls with `None`.
    pub async fn set_ownership(&self, name: &str, ownership: Option<Ownership>) -> Result<()> {
        let name = name.to_owned();
        self.write(move |c| Ok(buckets::set_ownership(c, &name, ownership.map(Ownership::name))?)).await
    }

    /// PutPublicAccessBlock, or DeletePublicAccessBlock with `None`.
    pub async fn set_access_block(&self, name: &str, block: Option<AccessBlock>) -> Result<()> {
        let name = name.to_owned();
        self.write(move |c| Ok(buckets::set_access_block(c, &name, block.map(AccessBlock::to_bits))?)).await
    }

    /// PutBucketPolicy with a text that [`Policy::parse`] takes, or DeleteBucketPolicy with `None`.
    pub async fn set_policy(&self, name: &str, text: Option<String>) -> Result<()> {
        let name = name.to_owned();
        self.write(move |c| Ok(buckets::set_policy(c, &name, text.as_deref())?)).await
    }

    /// The bucket's policy as it was sent.
    pub fn policy_text(&self, name: &str) -> Result<Option<String>> {
        self.db.read(|c| Ok(buckets::get(c, name)?.and_then(|row| row.policy)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked_as_aws_does() {
        for good in ["abc", "a-b.c", "0123", "a".repeat(63).as_str(), "1.2.3"] {
            assert!(valid_name(good), "{good}");
        }
        for bad in [
            "ab",
            "a".repeat(64).as_str(),
            "Abc",
            "a_b",
            "-ab",
            "ab-",
            "a..b",
            "a.-b",
            "a-.b",
            "192.168.1.1",
            "äbc",
            "",
        ] {
            assert!(!valid_name(bad), "{bad}");
        }
    }

    #[tokio::test]
    async fn creating_again_is_fine_for_the_owner_in_us_east_1_only() {
        let (_dir, store) = super::super::tests::store();
        store.create_bucket(NewBucket::of("b-one", "1", "us-east-1")).await.unwrap();
        store.create_bucket(NewBucket::of("b-one", "1", "us-east-1")).await.unwrap();
        let other = store.create_bucket(NewBucket::of("b-one", "2", "us-east-1")).await;
        assert!(matches!(other, Err(Error::BucketAlreadyExists(_))));
        store.create_bucket(NewBucket::of("b-two", "1", "eu-west-1")).await.unwrap();
        let again = store.create_bucket(NewBucket::of("b-two", "1", "eu-west-1")).await;
        assert!(matches!(again, Err(Error::BucketAlreadyOwnedByYou(_))));
    }

    #[tokio::test]
    async fn configurations_go_with_their_bucket() {
        let (_dir, store) = super::super::tests::store();
        store.set_config("b", "cors", Some("one".into())).await.unwrap();
        store.set_config("b", "cors", Some("two".into())).await.unwrap();
        store.set_config("b", "metrics/a", Some("m".into())).await.unwrap();
        assert_eq!(store.config("b", "cors").unwrap().as_deref(), Some("two"));
        assert_eq!(store.configs("b", "metrics/").unwrap(), [("metrics/a".into(), "m".into())]);
        store.set_config("b", "metrics/a", None).await.unwrap();
        assert_eq!(store.config("b", "metrics/a").unwrap(), None);
        store.delete_bucket("b").await.unwrap();
        let gone = store.set_config("b", "cors", Some("x".into())).await;
        assert!(matches!(gone, Err(Error::NoSuchBucket(_))));
    }

    #[tokio::test]
    async fn only_an_empty_bucket_can_be_deleted() {
        let (_dir, store) = super::super::tests::store();
        store.put_bytes("b", "k", "1", &b"x"[..]).unwrap();
        assert!(matches!(store.delete_bucket("b").await, Err(Error::BucketNotEmpty(_))));
        store.delete_object("b", "k", Default::default()).await.unwrap();
        store.delete_bucket("b").await.unwrap();
        assert!(matches!(store.bucket("b"), Err(Error::NoSuchBucket(_))));
    }
}
