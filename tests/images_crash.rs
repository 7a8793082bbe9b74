//! An image's life is cut off at every one of its effects; a new start brings it to rest and nothing is lost or left.

use novella::db::Db;
use novella::db::iam::AccountRow;
use novella::images::tasks::{self, Object, Wanted};
use novella::images::{
    CopyRequest, Image, ImageType, Images, ImportRequest, RegisterRequest, Select, State, copy, source,
};
use novella::volumes::{Bytes, Volumes};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::Arc;
use std::time::Duration;

/// The folder of the life that this process leads; set for a child only.
const CHILD: &str = "NOVELLA_TEST_CRASH_DIR";
const STOP_AT: &str = "NOVELLA_TEST_CRASH_AT";
const ACCOUNT: &str = "123456789012";

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/bundle")
}

fn open(dir: &Path) -> (Db, Arc<Images>) {
    std::fs::create_dir_all(dir.join("keys")).unwrap();
    std::fs::copy(fixtures().join("ec2-key.pem"), dir.join("keys/cloud-key.pem")).unwrap();
    let db = Db::open(&dir.join("novella.db")).unwrap();
    let owner = AccountRow { id: ACCOUNT.into(), name: "main".into(), canonical_id: "c".into(), email: String::new() };
    db.write_blocking(move |c| novella::db::iam::upsert_account(c, &owner, 0)).unwrap();
    let volumes = Arc::new(Volumes::open(db.clone(), dir, Bytes::Files).unwrap());
    let images = Images::open(db.clone(), Arc::new(source::Folder(fixtures())), volumes, dir).unwrap();
    (db, Arc::new(images))
}

async fn settled(images: &Images, id: &str) -> Image {
    loop {
        let image = images.get(id).unwrap().unwrap();
        if image.state != State::Pending {
            return image;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

fn task_of(db: &Db, id: &str) -> tasks::State {
    db.read(|c| tasks::find(c, ACCOUNT, "us-east-1", id)).unwrap().unwrap().state
}

/// Begin a task and wait for its end.
async fn completed(db: &Db, images: &Images, wanted: Wanted, note: &impl Fn(String)) {
    let task = db.write(move |c| tasks::begin(c, ACCOUNT, "us-east-1", wanted)).await.unwrap().id;
    note(format!("task {task}"));
    images.wake();
    while !matches!(task_of(db, &task), tasks::State::Completed(_)) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Register two bundles, import a file, copy an image, import a snapshot and an image from a bucket, use them, deregister one. What was answered is noted as it is answered.
async fn life(dir: &Path) {
    let note = |text: String| {
        use std::io::Write;
        let mut file = std::fs::File::options().create(true).append(true).open(dir.join("answers")).unwrap();
        writeln!(file, "{text}").unwrap();
    };
    let (db, images) = open(dir);
    let running = tokio::spawn(images.clone().run());
    let mut ids = Vec::new();
    for location in ["ami/tiny.img.manifest.xml", "aki/kern.manifest.xml"] {
        let request = RegisterRequest {
            account: ACCOUNT.into(),
            region: "us-east-1".into(),
            location: location.into(),
            ..RegisterRequest::default()
        };
        let id = images.register(request).await.unwrap().id;
        note(format!("registered {id}"));
        settled(&images, &id).await;
        images.base_image(&id).unwrap();
        ids.push(id);
    }
    let request = ImportRequest {
        id: Some("ari-00000003".into()),
        image_type: ImageType::Ramdisk,
        account: ACCOUNT.into(),
        region: None,
        name: None,
        description: String::new(),
        architecture: "x86_64".into(),
        platform: None,
        kernel_id: None,
        ramdisk_id: None,
        is_public: true,
    };
    images.import_file(&fixtures().join("tiny.img"), request).unwrap();
    note("imported ari-00000003".into());
    let request = CopyRequest {
        account: ACCOUNT.into(),
        region: "us-west-2".into(),
        source_id: ids[1].clone(),
        source_region: "us-east-1".into(),
        name: "copy".into(),
        description: String::new(),
        ..CopyRequest::default()
    };
    let id = db.write(move |c| copy(c, &request)).await.unwrap().id;
    note(format!("registered {id}"));
    images.wake();
    settled(&images, &id).await;
    let (bucket, key) = (".".to_owned(), "tiny.img".to_owned());
    let wanted = Wanted::ImportSnapshot {
        from: Object { bucket, key },
        bytes: 40_000,
        url: None,
        format: None,
        description: String::new(),
        disk_description: String::new(),
        snapshot: "snap-00000001".into(),
        encrypted: false,
        kms_key: None,
    };
    completed(&db, &images, wanted, &note).await;
    let wanted = Wanted::ImportImage {
        from: Object { bucket: ".".into(), key: "tiny.img".into() },
        bytes: 40_000,
        url: None,
        format: None,
        description: String::new(),
        disk_description: String::new(),
        architecture: "x86_64".into(),
        platform: None,
    };
    completed(&db, &images, wanted, &note).await;
    images.deregister(ACCOUNT, &ids[0]).await.unwrap();
    note(format!("deregistered {}", ids[0]));
    images.age_bases(&Default::default(), Duration::ZERO).unwrap();
    running.abort();
    let _ = running.await;
}

/// Leads the life in a process of its own, which may be killed.
#[test]
#[ignore = "run by the other test, in a process of its own"]
fn child() {
    let Some(dir) = std::env::var_os(CHILD) else { return };
    novella::fault::stop_at(std::env::var(STOP_AT).unwrap().parse().unwrap());
    tokio::runtime::Runtime::new().unwrap().block_on(life(Path::new(&dir)));
}

fn lead_life(dir: &Path, stop_at: u64) -> ExitStatus {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "child", "--ignored"]).env(CHILD, dir).env(STOP_AT, stop_at.to_string());
    command.output().unwrap().status
}

/// Start again, come to rest, and look at everything.
async fn check(dir: &Path) {
    let (db, images) = open(dir);
    let running = tokio::spawn(images.clone().run());
    let of_kind = |kind| db.read(|c| tasks::all(c, ACCOUNT, "us-east-1", kind)).unwrap();
    let imports = || of_kind(tasks::Kind::ImportImage);
    let snapshots = || of_kind(tasks::Kind::ImportSnapshot);
    while imports().iter().chain(&snapshots()).any(|task| matches!(task.state, tasks::State::Active(_))) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    for task in snapshots() {
        assert_eq!(task.state, tasks::State::Completed("snap-00000001".into()));
        let row = db.read(|c| novella::db::snapshots::get(c, "snap-00000001")).unwrap().unwrap();
        assert_eq!((row.state.as_str(), row.gib), ("completed", 1));
    }
    assert_eq!(novella::volumes::check::check(&db, dir).unwrap(), Vec::<String>::new());
    for task in imports() {
        let tasks::State::Completed(image) = task.state else { panic!("{task:?}") };
        let named = images.describe(&Select::default()).unwrap();
        let named: Vec<_> = named.iter().filter(|i| i.name.as_deref() == Some(task.id.as_str())).collect();
        assert_eq!(named.iter().map(|i| i.id.as_str()).collect::<Vec<_>>(), [image.as_str()]);
    }
    for image in images.describe(&Select::default()).unwrap() {
        assert_eq!(settled(&images, &image.id).await.state, State::Available);
    }
    // `run` tidies before it works, and `info.json` comes last of all: wait until it is true.
    let live = images.describe(&Select::default()).unwrap();
    let folders: BTreeSet<String> = live.iter().map(|i| i.id.split_once('-').unwrap().1.to_owned()).collect();
    let listing = || -> BTreeSet<String> {
        let names =
            std::fs::read_dir(dir.join("images")).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
        names.filter(|n| n != ".lock").collect()
    };
    let info_is_true = |image: &Image| {
        let path = dir.join("images").join(image.id.split_once('-').unwrap().1).join("info.json");
        std::fs::read_to_string(path).is_ok_and(|t| t.contains("\"active\"") && t.contains(&image.id))
    };
    while listing() != folders || !live.iter().all(info_is_true) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let tiny = std::fs::read(fixtures().join("tiny.img")).unwrap();
    for image in &live {
        assert_eq!(std::fs::read(images.base_image(&image.id).unwrap().path).unwrap(), tiny);
    }
    let answers = std::fs::read_to_string(dir.join("answers")).unwrap_or_default();
    for answer in answers.lines() {
        let (what, id) = answer.split_once(' ').unwrap();
        if what == "task" {
            assert!(imports().iter().chain(&snapshots()).any(|task| task.id == id), "{id} is forgotten");
            continue;
        }
        let gone = answers.contains(&format!("deregistered {id}"));
        let state = images.get(id).unwrap().unwrap().state;
        match what {
            "deregistered" => assert_eq!(state, State::Deregistered),
            _ if gone => {}
            // A deregistration that was cut off before it was answered may have happened.
            "registered" if id.starts_with("ami-") => assert_ne!(state, State::Failed),
            _ => assert_eq!(state, State::Available),
        }
    }
    running.abort();
    let _ = running.await;
}

#[test]
fn an_image_survives_a_stop_at_each_of_its_effects() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut k = 0;
    loop {
        k += 1;
        let dir = tempfile::tempdir().unwrap();
        let ended = lead_life(dir.path(), k);
        let checked =
            runtime.block_on(async { tokio::time::timeout(Duration::from_secs(60), check(dir.path())).await });
        assert!(checked.is_ok(), "stopped at effect {k}: it does not come to rest");
        if ended.success() {
            break;
        }
        assert!(k < 200, "it never ends by itself");
    }
    assert!(k > 15, "only {k} effects: they are not announced");
    println!("{} effects", k - 1);
}
