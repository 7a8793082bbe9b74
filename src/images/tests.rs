//! Images from their bundle, or their source, to their end.

use super::manifest::Manifest;
use super::source::Location;
use super::unbundle::{self, Bundle, Failure};
use super::*;
use std::time::Duration;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/bundle")
}

/// A room whose buckets are the folders below `buckets`, with the key that the golden bundles are made for.
fn open(data: &Path, buckets: &Path) -> Arc<Images> {
    std::fs::create_dir_all(data.join("keys")).unwrap();
    std::fs::copy(fixtures().join("ec2-key.pem"), data.join("keys/cloud-key.pem")).unwrap();
    let db = Db::open(&data.join("novella.db")).unwrap();
    let volumes = Arc::new(Volumes::open(db.clone(), data, crate::volumes::Bytes::Files).unwrap());
    Arc::new(Images::open(db, Arc::new(source::Folder(buckets.into())), volumes, data).unwrap())
}

fn request(location: &str) -> RegisterRequest {
    RegisterRequest {
        account: "123456789012".into(),
        region: "us-east-1".into(),
        location: location.into(),
        ..RegisterRequest::default()
    }
}

async fn at_rest(images: &Images, id: &str) -> Image {
    loop {
        let image = images.get(id).unwrap().unwrap();
        if image.state != State::Pending {
            return image;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Copy a golden bundle into a bucket of one's own and change one of its files.
fn copy_with(to: &Path, name: &str, file: &str, change: impl FnOnce(&mut Vec<u8>)) {
    std::fs::create_dir_all(to.join(name)).unwrap();
    for entry in std::fs::read_dir(fixtures().join(name)).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(name).join(entry.file_name())).unwrap();
    }
    let path = to.join(name).join(file);
    let mut bytes = std::fs::read(&path).unwrap();
    change(&mut bytes);
    std::fs::write(&path, bytes).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_golden_bundle_becomes_its_image() {
    let data = tempfile::tempdir().unwrap();
    let images = open(data.path(), &fixtures());
    let running = tokio::spawn(images.clone().run());
    let tiny = std::fs::read(fixtures().join("tiny.img")).unwrap();
    for (location, prefix, is_tiny) in [
        ("ami/tiny.img.manifest.xml", "ami-", true),
        ("/aki/kern.manifest.xml", "aki-", true),
        ("ari/rd.manifest.xml", "ari-", true),
        ("ami-euca2ools-1.3.2/vmlinuz.manifest.xml", "ami-", false),
        ("ami-euca2ools-2.1.4/vmlinuz.manifest.xml", "ami-", false),
    ] {
        let asked = images.register(request(location)).await.unwrap();
        assert!(asked.id.starts_with(prefix) && asked.state == State::Pending);
        let image = at_rest(&images, &asked.id).await;
        assert_eq!(image.state, State::Available, "{location}: {:?}", image.reason);
        let hex = asked.id.split_once('-').unwrap().1;
        let bytes = std::fs::read(data.path().join("images").join(hex).join("image")).unwrap();
        assert_eq!(bytes.len(), if is_tiny { 40_000 } else { 100_000 });
        assert!(!is_tiny || bytes == tiny, "{location}");
        assert_eq!(image.file.as_ref().unwrap().size, bytes.len() as u64);
        let base = images.base_image(&image.id).unwrap();
        assert_eq!(std::fs::read(base.path).unwrap(), bytes);
    }
    running.abort();
    let _ = running.await;
    images.tidy().unwrap();
    let all = images.describe(&Select::default()).unwrap();
    assert_eq!(all.len(), 5);
    assert_eq!(all[0].kernel_id.as_deref(), Some("aki-00000001"));
    let hex = all[0].id.split_once('-').unwrap().1;
    let info = std::fs::read(data.path().join("images").join(hex).join("info.json")).unwrap();
    let info: serde_json::Value = serde_json::from_slice(&info).unwrap();
    assert_eq!(info["status"], "active");
    assert_eq!(info["container_format"], "ami");
    assert_eq!(info["properties"]["image_state"], "available");
    assert_eq!(info["properties"]["ramdisk_id"], "ari-00000001");
    assert_eq!(info["properties"]["project_id"], "123456789012");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_bundle_fails_and_says_why() {
    let (data, buckets) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let images = open(data.path(), buckets.path());
    let _running = tokio::spawn(images.clone().run());
    let manifest = "tiny.img.manifest.xml";
    let part = "tiny.img.part.01";
    let swap = |from: &'static str, to: &'static str| {
        move |b: &mut Vec<u8>| *b = String::from_utf8(b.clone()).unwrap().replace(from, to).into()
    };
    type Change = Box<dyn FnOnce(&mut Vec<u8>)>;
    let cases: Vec<(&str, Change, &str)> = vec![
        (part, Box::new(|b: &mut Vec<u8>| b[100] ^= 1), "SHA-1 digest of the part tiny.img.part.01"),
        (part, Box::new(|b: &mut Vec<u8>| b.truncate(5000)), "SHA-1 digest of the part tiny.img.part.01"),
        (part, Box::new(|b: &mut Vec<u8>| b.push(0)), "SHA-1 digest of the part tiny.img.part.01"),
        ("tiny.img.part.02", Box::new(|b: &mut Vec<u8>| *b.last_mut().unwrap() ^= 1), "part tiny.img.part.02"),
        (manifest, Box::new(swap("<size>40000", "<size>39999")), "has 40000 bytes"),
        (manifest, Box::new(swap("40240", "40256")), "The parts have 40240 bytes"),
        (manifest, Box::new(swap("57fd743d", "57fd743e")), "image's SHA-1 digest"),
        (manifest, Box::new(swap("tiny.img.part.01", "tiny.img.part.77")), "A part is missing"),
        (manifest, Box::new(swap("bbc4f551", "bbc4f552")), "another cloud's certificate"),
        (manifest, Box::new(swap("3988b586", "3988b587")), "another cloud's certificate"),
    ];
    for (n, (file, change, why)) in cases.into_iter().enumerate() {
        let bucket = format!("bucket{n}");
        copy_with(&buckets.path().join(&bucket), "ami", file, change);
        let asked = images.register(request(&format!("{bucket}/ami/{manifest}"))).await.unwrap();
        let image = at_rest(&images, &asked.id).await;
        let reason = image.reason.unwrap_or_else(|| panic!("case {n} is {:?}", image.state));
        assert_eq!(reason.code, "Client.InvalidManifest");
        assert!(reason.message.contains(why), "{why}: {}", reason.message);
        assert!(images.base_image(&image.id).is_err());
        assert!(!images.folder.image(&image.id).exists());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_at_the_buckets_root_are_found_as_nova_found_them() {
    let (data, buckets) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    copy_with(buckets.path(), "ami", "tiny.img.part.00", |_| ());
    let dir = buckets.path().join("ami");
    std::fs::create_dir(dir.join("prefix")).unwrap();
    std::fs::rename(dir.join("tiny.img.manifest.xml"), dir.join("prefix/m.xml")).unwrap();
    let images = open(data.path(), buckets.path());
    let _running = tokio::spawn(images.clone().run());
    let asked = images.register(request("ami/prefix/m.xml")).await.unwrap();
    assert_eq!(at_rest(&images, &asked.id).await.state, State::Available);
}

#[tokio::test(flavor = "multi_thread")]
async fn work_of_an_earlier_process_is_done_and_its_rests_are_removed() {
    let data = tempfile::tempdir().unwrap();
    let asked = {
        let images = open(data.path(), &fixtures());
        images.register(request("ami/tiny.img.manifest.xml")).await.unwrap()
    };
    std::fs::write(data.path().join("images/.0.part"), "half").unwrap();
    std::fs::create_dir(data.path().join("images/0badf00d")).unwrap();
    let images = open(data.path(), &fixtures());
    let _running = tokio::spawn(images.clone().run());
    assert_eq!(at_rest(&images, &asked.id).await.state, State::Available);
    assert!(!data.path().join("images/.0.part").exists());
    assert!(!data.path().join("images/0badf00d").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_manifest_fails_the_call_itself() {
    let (data, buckets) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let images = open(data.path(), buckets.path());
    std::fs::create_dir(buckets.path().join("b")).unwrap();
    std::fs::write(buckets.path().join("b/junk"), "junk").unwrap();
    for location in ["b/missing", "b/junk", "nothing", ""] {
        let refused = images.register(request(location)).await.unwrap_err();
        assert_eq!(refused.code(), "InvalidManifest", "{location}");
    }
    assert!(images.describe(&Select::default()).unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_taken_until_its_image_is_gone() {
    let data = tempfile::tempdir().unwrap();
    let images = open(data.path(), &fixtures());
    let named = |name: &str| RegisterRequest { name: Some(name.into()), ..request("ami/tiny.img.manifest.xml") };
    let first = images.register(named("one")).await.unwrap();
    assert_eq!(images.register(named("one")).await.unwrap_err().code(), "InvalidAMIName.Duplicate");
    assert_eq!(images.register(named("!")).await.unwrap_err().code(), "InvalidAMIName.Malformed");
    images.register(RegisterRequest { account: "2".into(), ..named("one") }).await.unwrap();
    assert_eq!(images.deregister("2", &first.id).await.unwrap_err().code(), "AuthFailure");
    images.deregister(&first.account, &first.id).await.unwrap();
    images.register(named("one")).await.unwrap();
    assert_eq!(images.deregister(&first.account, &first.id).await.unwrap_err().code(), "InvalidAMIID.Unavailable");
    let unknown = images.deregister(&first.account, "ami-00000000").await.unwrap_err();
    assert_eq!(unknown.code(), "InvalidAMIID.NotFound");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deregistered_image_leaves_its_base_and_nothing_else() {
    let data = tempfile::tempdir().unwrap();
    let images = open(data.path(), &fixtures());
    let _running = tokio::spawn(images.clone().run());
    let asked = images.register(request("ami/tiny.img.manifest.xml")).await.unwrap();
    at_rest(&images, &asked.id).await;
    let base = images.base_image(&asked.id).unwrap();
    images.deregister(&asked.account, &asked.id).await.unwrap();
    assert!(!images.folder.of(&asked.id).exists());
    assert_eq!(images.base_image(&asked.id).unwrap(), base);
    assert_eq!(images.age_bases(&Default::default(), Duration::ZERO).unwrap(), [base.digest]);
    assert_eq!(images.base_image(&asked.id).unwrap_err().code(), "InvalidAMIID.Unavailable");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_is_seen_by_its_owner_and_by_whom_he_lets() {
    let data = tempfile::tempdir().unwrap();
    let images = open(data.path(), &fixtures());
    let mine = images.register(request("ami/tiny.img.manifest.xml")).await.unwrap();
    let seen = |who: &str, region: &str| {
        let select = Select { viewer: Some(who.into()), region: Some(region.into()), ..Select::default() };
        images.describe(&select).unwrap().len()
    };
    assert_eq!((seen(&mine.account, "us-east-1"), seen("2", "us-east-1")), (1, 0));
    assert_eq!(seen(&mine.account, "eu-west-1"), 0);
    let share = |public, add: &[&str], remove: &[&str]| Sharing {
        public,
        add: add.iter().map(|a| (*a).to_owned()).collect(),
        remove: remove.iter().map(|a| (*a).to_owned()).collect(),
        own_key: String::new(),
    };
    images.share(&mine.account, "us-east-1", &mine.id, share(None, &["2"], &[])).await.unwrap();
    assert_eq!((seen("2", "us-east-1"), seen("3", "us-east-1")), (1, 0));
    images.share(&mine.account, "us-east-1", &mine.id, share(Some(true), &[], &["2"])).await.unwrap();
    assert_eq!((seen("2", "us-east-1"), seen("3", "us-east-1")), (1, 1));
    assert!(images.share("2", "us-east-1", &mine.id, share(Some(false), &[], &[])).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_takes_what_accounts_registered_and_keeps_what_was_imported() {
    let data = tempfile::tempdir().unwrap();
    let images = open(data.path(), &fixtures());
    let _running = tokio::spawn(images.clone().run());
    let asked = images.register(request("ami/tiny.img.manifest.xml")).await.unwrap();
    at_rest(&images, &asked.id).await;
    let request = ImportRequest {
        id: Some("ami-0000000a".into()),
        image_type: ImageType::Machine,
        account: asked.account.clone(),
        region: None,
        name: Some("kept".into()),
        description: String::new(),
        architecture: "amd64".into(),
        platform: None,
        kernel_id: None,
        ramdisk_id: None,
        is_public: false,
    };
    images.import_file(&fixtures().join("tiny.img"), request.clone()).unwrap();
    let empty = data.path().join("empty");
    std::fs::write(&empty, "").unwrap();
    let other = ImportRequest { id: None, name: None, ..request };
    assert!(images.import_file(&empty, other).is_err());
    images.reset().await.unwrap();
    let left = images.describe(&Select::default()).unwrap();
    assert_eq!(left.iter().map(|i| i.id.as_str()).collect::<Vec<_>>(), ["ami-0000000a"]);
    assert_eq!(images.get(&asked.id).unwrap(), None);
    assert!(!images.folder.of(&asked.id).exists() && images.folder.image("ami-0000000a").exists());
}

/// Never a wrong image: whatever single bit of a part changes, the image fails.
#[test]
fn no_flipped_bit_is_accepted() {
    use keys::CloudKey;
    let (data, buckets) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::copy(fixtures().join("ec2-key.pem"), data.path().join("cloud-key.pem")).unwrap();
    let key = CloudKey::load_or_create(data.path()).unwrap();
    let text = std::fs::read_to_string(fixtures().join("ami/tiny.img.manifest.xml")).unwrap();
    // Digests of the parts as an attacker would have them: only the later checks are left.
    let mut manifest = Manifest::parse(&text).unwrap();
    let location = Location { bucket: "ami".into(), key: "m".into() };
    for n in 0..60usize {
        let (part, at) = (n % 3, (n * 7919) % 7472);
        copy_with(buckets.path(), "ami", &format!("tiny.img.part.0{part}"), |b| b[at] ^= 1 << (n % 8));
        for p in &mut manifest.parts {
            use sha1::Digest;
            let bytes = std::fs::read(buckets.path().join("ami").join(&p.filename)).unwrap();
            p.digest = hex::encode(sha1::Sha1::digest(bytes));
        }
        let source = source::Folder(buckets.path().into());
        let bundle = Bundle { source: &source, account: "1", location: &location, manifest: &manifest, key: &key };
        let result = unbundle::unbundle(&bundle, &tempfile::tempfile().unwrap(), &|| true);
        assert!(matches!(result, Err(Failure::Bundle(_))), "bit {n}: {result:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_has_the_bytes_of_its_source_and_outlives_it() {
    let data = tempfile::tempdir().unwrap();
    let images = open(data.path(), &fixtures());
    let _running = tokio::spawn(images.clone().run());
    let machine = images.register(request("ami/tiny.img.manifest.xml")).await.unwrap();
    let asked = images.register(request("aki/kern.manifest.xml")).await.unwrap();
    at_rest(&images, &machine.id).await;
    let source = at_rest(&images, &asked.id).await;
    let request = CopyRequest {
        account: source.account.clone(),
        region: "us-west-2".into(),
        source_id: source.id.clone(),
        source_region: "us-east-1".into(),
        name: "copy".into(),
        description: String::new(),
        ..CopyRequest::default()
    };
    let elsewhere = CopyRequest { source_region: "us-west-2".into(), ..request.clone() };
    let missing = images.db.write(move |c| copy(c, &elsewhere)).await;
    assert!(matches!(missing, Err(Error::NotFound(_))), "{missing:?}");
    // The kernel that its manifest names is not where the copy is to be: it would never start.
    let kernel = ImportRequest {
        id: Some("aki-00000001".into()),
        image_type: ImageType::Kernel,
        account: source.account.clone(),
        region: Some("us-east-1".into()),
        name: None,
        description: String::new(),
        architecture: "x86_64".into(),
        platform: None,
        kernel_id: None,
        ramdisk_id: None,
        is_public: false,
    };
    images.import_file(&fixtures().join("tiny.img"), kernel).unwrap();
    let unable = CopyRequest { source_id: machine.id, ..request.clone() };
    let refused = images.db.write(move |c| copy(c, &unable)).await;
    assert!(matches!(refused, Err(Error::InvalidParameter(_))), "{refused:?}");
    let copied = images.db.write(move |c| copy(c, &request)).await.unwrap();
    images.wake();
    let copied = at_rest(&images, &copied.id).await;
    assert_eq!((copied.state, &copied.file), (State::Available, &source.file), "{:?}", copied.reason);
    images.deregister(&source.account, &source.id).await.unwrap();
    let bytes = std::fs::read(images.folder.image(&copied.id)).unwrap();
    assert_eq!(bytes, std::fs::read(fixtures().join("tiny.img")).unwrap());
}
