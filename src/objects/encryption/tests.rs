//! Sealed bodies through the store: nothing plain on the disk, every way in and out.

use super::bucket::Configuration;
use super::*;
use crate::objects::checksum::{DEFAULT, Kind};
use crate::objects::condition::Conditions;
use crate::objects::copy::{Copy, Source};
use crate::objects::multipart::{Chosen, Completion, MIN_PART};
use crate::objects::object::{NewObject, Written};
use crate::objects::tests::store;
use bytes::Bytes;
use std::io::Read;
use std::sync::Arc;

/// What nobody must find on the disk.
const SECRET: &[u8] = b"a phrase that is in every body of these tests";

fn body(size: usize) -> Vec<u8> {
    SECRET.iter().copied().cycle().take(size).collect()
}

fn customer(byte: u8) -> CustomerKey {
    CustomerKey::of(&[byte; 32], "md5".into()).unwrap()
}

fn kms() -> Asked {
    Asked::Kms { key: None, context: Some("e30=".into()), bucket_key: None }
}

async fn put(store: &Arc<Store>, key: &str, bytes: &[u8], asked: &Asked) -> Written {
    let bucket = store.bucket("b").unwrap();
    let seal = store.seal(Place { bucket: &bucket, key, account: "1" }, asked).unwrap();
    let mut ingest = store.ingest(&[DEFAULT], seal);
    for piece in bytes.chunks(99_991) {
        ingest.push(Bytes::copy_from_slice(piece)).await.unwrap();
    }
    let staged = ingest.finish().await.unwrap();
    store.put(NewObject::of("b", key, "1"), staged).await.unwrap()
}

fn get(store: &Store, key: &str, customer: Option<&CustomerKey>) -> Result<Vec<u8>> {
    let (_, mut reader) = store.read::<Error>("b", key, None, customer, |info| Ok((0, info.size)))?;
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn copy(from: &str, to: &str, asked: Asked, source_key: Option<CustomerKey>) -> Copy {
    Copy {
        source: Source { bucket: "b".into(), key: from.into(), version_id: None, conditions: Conditions::default() },
        to: NewObject::of("b", to, "1"),
        replace_headers: false,
        replace_tags: false,
        replace_checksum: false,
        changes: false,
        asked,
        account: "1".into(),
        source_key,
    }
}

fn blobs(store: &Store) -> usize {
    let mut n = 0;
    store.blobs.list(true, &mut |_| n += 1).unwrap();
    n
}

/// Whether any file below this folder has the phrase, or half of it.
fn found_on_disk(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(found_on_disk(&path));
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        if bytes.windows(SECRET.len() / 2).any(|w| w == &SECRET[..SECRET.len() / 2]) {
            found.push(path.display().to_string());
        }
    }
    found
}

#[tokio::test]
async fn no_body_is_on_the_disk_in_plain() {
    let (dir, store) = store();
    for (name, asked) in [("s3", Asked::Nothing), ("kms", kms()), ("c", Asked::Customer(customer(7)))] {
        let key = customer(7);
        let key = matches!(asked, Asked::Customer(_)).then_some(&key);
        for size in [0, 1, 100, 65_536, 65_537, 3_000_000] {
            let (name, bytes) = (format!("{name}/{size}"), body(size));
            let written = put(&store, &name, &bytes, &asked).await;
            assert_eq!(written.etag == hex::encode(<md5::Md5 as md5::Digest>::digest(&bytes)), name.starts_with("s3"));
            assert!(get(&store, &name, key).unwrap() == bytes, "{name}");
        }
    }
    store.put_bytes("b", "by hand", "1", &body(200_000)[..]).unwrap();
    assert_eq!(found_on_disk(dir.path()), Vec::<String>::new());
    assert_eq!(store.check().unwrap(), []);

    let off = Settings { by_default: false, ..Settings::default() };
    let plain = Arc::new(Store::open_with(store.db.clone(), dir.path(), off).unwrap());
    assert!(put(&plain, "plain", &body(100), &Asked::Nothing).await.encryption.is_none());
    assert!(!found_on_disk(dir.path()).is_empty(), "the search finds what is plain");
    assert!(get(&store, "plain", None).unwrap() == body(100), "and plain bodies stay readable");
}

#[tokio::test]
async fn a_customers_object_opens_with_its_key_only() {
    let (_dir, store) = store();
    for size in [10, 100_000] {
        put(&store, "c", &body(size), &Asked::Customer(customer(1))).await;
        assert!(matches!(get(&store, "c", None), Err(Error::CustomerKeyNeeded)));
        assert!(matches!(get(&store, "c", Some(&customer(2))), Err(Error::Refused(_))));
        assert!(get(&store, "c", Some(&customer(1))).unwrap() == body(size));
    }
    put(&store, "s3", b"x", &Asked::Nothing).await;
    assert!(matches!(get(&store, "s3", Some(&customer(1))), Err(Error::NotCustomerEncrypted)));
}

#[tokio::test]
async fn a_copy_between_keys_shares_the_body() {
    let (_dir, store) = store();
    let bytes = body(300_000);
    let first = put(&store, "s3", &bytes, &Asked::Nothing).await;
    let (one, two) = (customer(1), customer(2));
    let steps = [
        ("s3", "kms", kms(), None, None),
        ("kms", "one", Asked::Customer(one.clone()), None, Some(&one)),
        ("one", "two", Asked::Customer(two.clone()), Some(&one), Some(&two)),
        ("two", "again", Asked::S3, Some(&two), None),
    ];
    for (from, to, asked, source_key, key) in steps {
        let (written, _) = store.copy(copy(from, to, asked, source_key.cloned()), &|_, _| Ok(())).await.unwrap();
        assert!(get(&store, to, key).unwrap() == bytes, "{to}");
        assert_eq!(written.checksum, first.checksum);
        assert_eq!(written.etag == first.etag, to == "again", "{to}");
    }
    assert_eq!(blobs(&store), 1);
    let wrong = store.copy(copy("two", "no", Asked::S3, Some(one)), &|_, _| Ok(())).await;
    assert!(matches!(wrong, Err(Error::Refused(_))));
    assert_eq!(store.check().unwrap(), []);
}

#[tokio::test]
async fn a_copy_seals_a_plain_body() {
    let (dir, store) = store();
    let off = Settings { by_default: false, ..Settings::default() };
    let plain = Arc::new(Store::open_with(store.db.clone(), dir.path(), off).unwrap());
    for size in [0, 100, 300_000] {
        put(&plain, "plain", &body(size), &Asked::Nothing).await;
        for (n, asked) in [Asked::S3, kms(), Asked::Customer(customer(1))].into_iter().enumerate() {
            let (to, key) = (format!("{size}/{n}"), customer(1));
            let (written, _) = plain.copy(copy("plain", &to, asked, None), &|_, _| Ok(())).await.unwrap();
            assert!(written.encryption.is_some());
            assert!(get(&plain, &to, (n == 2).then_some(&key)).unwrap() == body(size));
        }
        plain.delete_object("b", "plain", Conditions::default()).await.unwrap();
        crate::objects::janitor::collect(&plain).unwrap();
    }
    put(&plain, "s3", &body(1000), &Asked::S3).await;
    let (written, _) = plain.copy(copy("s3", "plain again", Asked::Nothing, None), &|_, _| Ok(())).await.unwrap();
    assert!(written.encryption.is_none() && get(&plain, "plain again", None).unwrap() == body(1000));
    assert_eq!(plain.check().unwrap(), []);
}

#[tokio::test]
async fn parts_are_sealed_each_and_read_as_one() {
    let (dir, store) = store();
    let bucket = store.bucket("b").unwrap();
    let whole = body(2 * MIN_PART as usize + 5000);
    for (name, asked) in [("s3", Asked::Nothing), ("kms", kms()), ("c", Asked::Customer(customer(3)))] {
        let key = customer(3);
        let key = matches!(asked, Asked::Customer(_)).then_some(&key);
        let seal = store.seal(Place { bucket: &bucket, key: name, account: "1" }, &asked).unwrap();
        let new = NewObject::of("b", name, "1");
        let upload = store.create_upload(new, "1".into(), Kind::FullObject, true, seal).await.unwrap();
        if key.is_some() {
            assert!(store.seal_part(&upload, None).is_err() && store.seal_part(&upload, Some(&customer(4))).is_err());
        }
        let mut parts = Vec::new();
        for (n, piece) in whole.chunks(MIN_PART as usize).enumerate() {
            let staged =
                store.stage_blocking(piece, &[upload.algorithm], store.seal_part(&upload, key).unwrap()).unwrap();
            let part = store.put_part(&upload, n as u32 + 1, staged).await.unwrap();
            let again = store.stage_blocking(piece, &[], store.seal_part(&upload, key).unwrap()).unwrap();
            assert_eq!(part.etag, again.etag(), "who sends a part again may complete with either answer's ETag");
            parts.push(Chosen { number: part.number, etag: part.etag, checksum: None });
        }
        let completion = |customer: Option<&CustomerKey>| Completion {
            bucket: "b".into(),
            key: name.into(),
            upload: upload.id.clone(),
            parts: parts.clone(),
            conditions: Conditions::default(),
            expected: None,
            size: None,
            customer: customer.cloned(),
            cause: None,
        };
        if key.is_some() {
            assert!(store.complete_upload(completion(None)).await.is_err());
            assert!(store.complete_upload(completion(Some(&customer(4)))).await.is_err());
        }
        store.complete_upload(completion(key)).await.unwrap();
        assert!(get(&store, name, key).unwrap() == whole);
        let at = MIN_PART - 70_000;
        let (_, mut reader) = store.read::<Error>("b", name, None, key, |_| Ok((at, 140_001))).unwrap();
        let mut some = Vec::new();
        reader.read_to_end(&mut some).unwrap();
        assert!(some == whole[at as usize..at as usize + 140_001]);
        store.copy(copy(name, &format!("{name}2"), Asked::S3, key.cloned()), &|_, _| Ok(())).await.unwrap();
        assert!(get(&store, &format!("{name}2"), None).unwrap() == whole);
    }
    assert_eq!(found_on_disk(dir.path()), Vec::<String>::new());
    assert_eq!(blobs(&store), 6, "two large parts each; the small ones are in the database, the copies share");
    assert_eq!(store.check().unwrap(), []);
}

#[tokio::test]
async fn changed_bytes_are_an_error_and_no_answer() {
    let (dir, store) = store();
    put(&store, "k", &body(200_000), &Asked::Nothing).await;
    let mut name = String::new();
    store.blobs.list(true, &mut |e| name = e.name).unwrap();
    store.blobs.settle(&name).unwrap();
    let file = dir.path().join("objects").join(&name[..2]).join(&name);
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[150_000] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    assert!(matches!(get(&store, "k", None), Err(Error::Io(e)) if e.kind() == io::ErrorKind::InvalidData));
    let (_, mut reader) = store.read::<Error>("b", "k", None, None, |_| Ok((0, 60_000))).unwrap();
    let mut first = Vec::new();
    reader.read_to_end(&mut first).unwrap();
    assert!(first == body(60_000), "other frames can be read");
}

#[tokio::test]
async fn another_key_for_an_object_changes_nothing_else() {
    let (_dir, store) = store();
    let bytes = body(200_000);
    let first = put(&store, "k", &bytes, &Asked::Nothing).await;
    let before = store.head("b", "k").unwrap();
    store.update_encryption(&before, &kms(), "1").await.unwrap();
    let after = store.head("b", "k").unwrap();
    assert!(matches!(after.encryption.as_ref().unwrap().mode, Mode::Kms { .. }));
    assert_eq!((&after.etag, after.modified_at), (&first.etag, first.modified_at));
    assert!(get(&store, "k", None).unwrap() == bytes);
    store.update_encryption(&before, &Asked::S3, "1").await.expect("who was late starts again");
    put(&store, "c", &bytes, &Asked::Customer(customer(1))).await;
    let sealed = store.head("b", "c").unwrap();
    assert!(matches!(store.update_encryption(&sealed, &kms(), "1").await, Err(Error::InvalidRequest(_))));
    assert_eq!(blobs(&store), 2);
}

#[tokio::test]
async fn a_check_finds_what_no_key_opens() {
    let (dir, store) = store();
    let with_key = |id: &str| Settings {
        kms_keys: vec![kms::Declared { id: id.into(), alias: None, account: None }],
        ..Settings::default()
    };
    let first = Arc::new(Store::open_with(store.db.clone(), dir.path(), with_key("first")).unwrap());
    let named = Asked::Kms { key: Some("first".into()), context: None, bucket_key: None };
    put(&first, "k", b"x", &named).await;
    put(&first, "c", b"x", &Asked::Customer(customer(1))).await;
    assert_eq!(first.check().unwrap(), []);
    let other = Store::open_with(store.db.clone(), dir.path(), with_key("other")).unwrap();
    let problems = other.check().unwrap();
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].to_string(), "b/k: it cannot be opened: Key 'first' does not exist");
}

#[tokio::test]
async fn a_bucket_says_what_its_objects_get() {
    let (_dir, store) = store();
    let configure = |algorithm, blocks| Configuration { algorithm, bucket_key: true, blocks_customer_keys: blocks };
    store.set_bucket_encryption("b", Some(configure(Some(Algorithm::Kms { key: None }), None))).await.unwrap();
    let written = put(&store, "k", b"x", &Asked::Nothing).await;
    assert!(matches!(written.encryption.unwrap().mode, Mode::Kms { bucket_key: true, .. }));
    let missing = Some(Algorithm::Kms { key: Some("none".into()) });
    store.set_bucket_encryption("b", Some(configure(missing, Some(true)))).await.unwrap();
    let bucket = store.bucket("b").unwrap();
    let at = Place { bucket: &bucket, key: "k", account: "1" };
    assert!(matches!(store.seal(at, &Asked::Nothing), Err(Error::NoKmsKey(_))));
    assert!(matches!(store.seal(at, &Asked::Customer(customer(1))), Err(Error::Refused(_))));
    store.set_bucket_encryption("b", None).await.unwrap();
    assert_eq!(put(&store, "k", b"x", &Asked::Nothing).await.encryption.unwrap().mode, Mode::S3);
}

#[tokio::test]
async fn without_its_master_key_a_store_does_not_open() {
    let (dir, store) = store();
    put(&store, "k", b"x", &Asked::Nothing).await;
    let file = master::file(&dir.path().join("keys"));
    let kept = std::fs::read(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    assert!(matches!(Store::open(store.db.clone(), dir.path()), Err(Error::MasterKeyLost(_))));
    assert!(!file.exists(), "no other one is made in its place");
    std::fs::write(&file, "00".repeat(32)).unwrap();
    assert!(matches!(Store::open(store.db.clone(), dir.path()), Err(Error::MasterKeyLost(_))));
    std::fs::write(&file, kept).unwrap();
    let again = Store::open(store.db.clone(), dir.path()).unwrap();
    assert_eq!(get(&again, "k", None).unwrap(), b"x");
}
