//! Pending images become available or failed.
//!
//! Level-triggered: a pass looks at the rows alone, so work that a crash cut off is done again from the start. Tries
//! that failed on our side are repeated with growing pauses, which are kept in the row.

use super::format::{self, Disk, Format};
use super::manifest::Manifest;
use super::source::Location;
use super::unbundle::{self, Bundle, Failure};
use super::{Error, File, Image, ImageType, Images, Reason, State};
use crate::clock;
use crate::db::{self, images::Work};
use std::cell::Cell;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// How many bundles are fetched at once.
const AT_ONCE: usize = 2;
/// How often a failure on our side is tried.
const TRIES: u32 = 5;
/// A pass without any reason: only against lost wakes of other processes.
const IDLE: Duration = Duration::from_secs(60);
/// How often a running fetch looks whether its image is still wanted.
const LOOK: Duration = Duration::from_millis(500);

impl Images {
    /// Tidy up, then do the work of pending images until dropped.
    pub async fn run(self: Arc<Self>) {
        self.stopping.store(false, Ordering::SeqCst);
        let _stop = StopOnDrop(self.clone());
        let images = self.clone();
        match tokio::task::spawn_blocking(move || images.tidy()).await {
            Ok(Ok(())) => {}
            Ok(Err(e)) => tracing::error!("tidying the images' folder: {e}"),
            Err(e) => tracing::error!("tidying the images' folder: {e}"),
        }
        let mut busy: HashMap<tokio::task::Id, Work> = HashMap::new();
        let mut tasks = tokio::task::JoinSet::new();
        loop {
            let mut pause = IDLE;
            let now = clock::now_ms();
            let pending = self.db.read(db::images::pending).unwrap_or_else(|e| {
                tracing::error!("reading the pending images: {e}");
                Vec::new()
            });
            for work in pending {
                if busy.values().any(|b| b.image.id == work.image.id) {
                    continue;
                }
                if work.not_before > now {
                    pause = pause.min(Duration::from_millis((work.not_before - now) as u64));
                } else if tasks.len() < AT_ONCE {
                    let (images, mine) = (self.clone(), work.clone());
                    let task = tasks.spawn_blocking(move || images.fetch(&mine));
                    busy.insert(task.id(), work);
                }
            }
            tokio::select! {
                () = self.wake.notified() => {}
                () = tokio::time::sleep(pause) => {}
                Some(done) = tasks.join_next_with_id() => {
                    let (id, result) = match done {
                        Ok((id, result)) => (id, result),
                        Err(e) => (e.id(), Err(Failure::Io("fetching the bundle".into(), std::io::Error::other(e)))),
                    };
                    if let (Some(work), Err(failure)) = (busy.remove(&id), result) {
                        self.settle(work, failure).await;
                    }
                }
            }
        }
    }

    /// There may be something to do.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Bring the folders in line with the rows: after a crash, either may be ahead.
    pub(super) fn tidy(&self) -> Result<(), Error> {
        self.folder.tidy(|| {
            let all = self.db.read(|c| db::images::select(c, &super::Select::default()))?;
            Ok(all.into_iter().map(|i| i.id).collect())
        })?;
        for image in self.describe(&super::Select::default())? {
            self.write_info(&image.id)?;
        }
        Ok(())
    }

    /// Fetch a pending image's bundle and make the image available.
    fn fetch(&self, work: &Work) -> Result<(), Failure> {
        let image = &work.image;
        let span = tracing::info_span!("image", id = %image.id, location = %image.location);
        let _in = span.enter();
        let location = Location::parse(&image.location)
            .ok_or_else(|| Failure::Bundle("The image's location names no manifest.".into()))?;
        let manifest = Manifest::parse(&work.manifest)
            .map_err(|e| Failure::Bundle(format!("The manifest cannot be used: {e}.")))?;
        let ours = |what: &str| {
            let what = what.to_owned();
            move |e| Failure::Io(what, e)
        };
        self.write_info(&image.id).map_err(failure)?;
        let staged = self.folder.stage().map_err(ours("making a file for the image"))?;
        let looked = Cell::new(Instant::now());
        let wanted = || {
            if self.stopping.load(Ordering::SeqCst) {
                return false;
            }
            if looked.get().elapsed() < LOOK {
                return true;
            }
            looked.set(Instant::now());
            // A failure to look is no reason to give up.
            self.db
                .read(|c| db::images::get(c, &image.id))
                .map_or(true, |i| i.is_some_and(|i| i.state == State::Pending))
        };
        let bundle = Bundle {
            source: &*self.source,
            account: &image.account,
            location: &location,
            manifest: &manifest,
            key: &self.key,
        };
        let written = unbundle::unbundle(&bundle, staged.file(), &wanted)?;
        let disk = match image.image_type {
            ImageType::Machine => format::inspect(staged.path()).map_err(|e| match e {
                format::Error::Refused(why) => Failure::Bundle(why),
                format::Error::NoTool(e) => Failure::Io("running qemu-img (package qemu-utils)".into(), e),
                format::Error::Io(e) => Failure::Io("reading the image".into(), e),
            })?,
            ImageType::Kernel | ImageType::Ramdisk => Disk { format: Format::Raw, virtual_size: written.size },
        };
        let file = File {
            format: disk.format.as_str().to_owned(),
            size: written.size,
            virtual_size: disk.virtual_size,
            digest: written.digest,
        };
        {
            let _held = self.folder.hold().map_err(ours("locking the images' folder"))?;
            if self.get(&image.id).map_err(failure)?.is_none_or(|i| i.state != State::Pending) {
                return Err(Failure::Abandoned);
            }
            self.folder.publish(staged, &image.id).map_err(ours("keeping the image"))?;
            let id = image.id.clone();
            let done = self.db.write_blocking(move |c| db::images::set_available(c, &id, &file));
            if !done.map_err(|e: db::Error| failure(e.into()))? {
                // Deregistered in this very moment: whoever did it waits for the lock to remove the folder.
                return Err(Failure::Abandoned);
            }
        }
        tracing::info!("available");
        self.write_info(&image.id).map_err(failure)
    }

    /// Write down how a try ended badly.
    async fn settle(&self, work: Work, failure: Failure) {
        let Image { id, .. } = work.image;
        let attempt = work.attempt + 1;
        let reason = match failure {
            Failure::Abandoned => return,
            Failure::Bundle(message) => Reason { code: "Client.InvalidManifest".into(), message },
            failure @ Failure::Io(..) if attempt < TRIES => {
                tracing::warn!(id, attempt, "fetching the image's bundle: {failure}");
                let not_before = clock::now_ms() + (1000 << (2 * attempt)) / 4;
                let result = self.db.write(move |c| db::images::postpone(c, &id, attempt, not_before)).await;
                return log(result);
            }
            failure @ Failure::Io(..) => {
                tracing::error!(id, attempt, "fetching the image's bundle: {failure}");
                Reason {
                    code: "Server.InternalError".into(),
                    message: "The image could not be stored; the server's log says why.".into(),
                }
            }
        };
        tracing::warn!(id, code = reason.code, "the image failed: {}", reason.message);
        let failed = id.clone();
        log(self.db.write(move |c| db::images::set_failed(c, &failed, &reason)).await);
        log(self.write_info(&id));
    }
}

fn failure(e: Error) -> Failure {
    Failure::Io("keeping the image".into(), std::io::Error::other(e))
}

fn log<T, E: std::fmt::Display>(result: Result<T, E>) {
    if let Err(e) = result {
        tracing::error!("keeping what became of an image: {e}");
    }
}

/// Fetches run on threads that cannot be cancelled: they are told.
struct StopOnDrop(Arc<Images>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.stopping.store(true, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Db;
    use crate::images::{RegisterRequest, Select, source};
    use std::path::{Path, PathBuf};

    fn fixtures() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/bundle")
    }

    /// A room whose buckets are the folders below `buckets`, with the key that the golden bundles are made for.
    fn open(data: &Path, buckets: &Path) -> Arc<Images> {
        std::fs::create_dir_all(data.join("keys")).unwrap();
        std::fs::copy(fixtures().join("ec2-key.pem"), data.join("keys/cloud-key.pem")).unwrap();
        let db = Db::open(&data.join("novella.db")).unwrap();
        Arc::new(Images::open(db, Arc::new(source::Folder(buckets.into())), data).unwrap())
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
        let share = |public, add: &[&str], remove: &[&str]| super::super::Sharing {
            public,
            add: add.iter().map(|a| (*a).to_owned()).collect(),
            remove: remove.iter().map(|a| (*a).to_owned()).collect(),
        };
        images.share(&mine.account, &mine.id, share(None, &["2"], &[])).await.unwrap();
        assert_eq!((seen("2", "us-east-1"), seen("3", "us-east-1")), (1, 0));
        images.share(&mine.account, &mine.id, share(Some(true), &[], &["2"])).await.unwrap();
        assert_eq!((seen("2", "us-east-1"), seen("3", "us-east-1")), (1, 1));
        assert!(images.share("2", &mine.id, share(Some(false), &[], &[])).await.is_err());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_reset_takes_what_accounts_registered_and_keeps_what_was_imported() {
        let data = tempfile::tempdir().unwrap();
        let images = open(data.path(), &fixtures());
        let _running = tokio::spawn(images.clone().run());
        let asked = images.register(request("ami/tiny.img.manifest.xml")).await.unwrap();
        at_rest(&images, &asked.id).await;
        let request = crate::images::ImportRequest {
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
        let other = crate::images::ImportRequest { id: None, name: None, ..request };
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
        use crate::images::keys::CloudKey;
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
}
