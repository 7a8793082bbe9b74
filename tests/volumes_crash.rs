//! The server is killed at its k-th effect, for every k, while volumes with files come to a running machine, are snapshotted,
//! grow and go. Started again it must come to rest, and then: what the API says is what the files and the machine have, every
//! snapshot's file is written to by nobody, and no file is left that nothing needs.

mod support;

use std::collections::BTreeSet;
use std::path::Path;
use support::{Server, all, novella, until};

const FILES: &str = "volume_files = true";
const LAUNCH: &str = "Action=RunInstances&ImageId=ami-00000001&InstanceType=t3.micro&MinCount=1&MaxCount=1\
     &Placement.AvailabilityZone=us-east-1a";
const VOLUME: &str = "Action=CreateVolume&AvailabilityZone=us-east-1a";

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(std::fs::copy(entry.path(), target).unwrap()),
        }
    }
}

/// A client that may hear no answer, and then asks again.
struct Client<'a> {
    server: &'a mut Server,
    instance: String,
    volume: String,
}

/// The server died.
#[derive(Debug)]
struct Died;

impl Client<'_> {
    fn ask(&mut self, form: &str) -> Result<(u16, String), Died> {
        self.server.query(form).map_err(|_| Died)
    }

    /// Ask until the answer is such.
    fn until(&mut self, form: &str, such: impl Fn(&str) -> bool) -> Result<String, Died> {
        until(form, || match self.server.query(form) {
            Ok((_, xml)) if such(&xml) => Some(Ok(xml)),
            Ok(_) => None,
            Err(_) => (!self.server.is_alive()).then_some(Err(Died)),
        })
    }

    /// Snapshot the attached volume, let it grow, make another of the snapshot, exchange the two, and clear up.
    fn life(&mut self) -> Result<(), Died> {
        let (volume, instance) = (self.volume.clone(), self.instance.clone());
        let snapshots = "Action=DescribeSnapshots&Owner.1=self";
        if !self.ask(snapshots)?.1.contains("<snapshotId>")
            && self.ask(&format!("Action=DescribeVolumes&VolumeId.1={volume}"))?.0 == 200
        {
            self.ask(&format!("Action=CreateSnapshot&VolumeId={volume}"))?;
        }
        self.ask(&format!("Action=ModifyVolume&VolumeId={volume}&Size=2"))?;
        let seen = self.until(snapshots, |xml| !xml.contains("<status>pending</status>"))?;
        let mut second = None;
        if let Some(snapshot) = all(&seen, "snapshotId").first() {
            let made = self.ask(&format!("{VOLUME}&SnapshotId={snapshot}&ClientToken=second"))?.1;
            second = all(&made, "volumeId").first().map(|id| (*id).to_owned());
        }
        if let Some(second) = second {
            let see = format!("Action=DescribeVolumes&VolumeId.1={second}");
            self.until(&see, |xml| !xml.contains("<status>creating</status>"))?;
            self.ask(&format!("Action=AttachVolume&VolumeId={second}&InstanceId={instance}&Device=/dev/sdg"))?;
            self.until(&see, |xml| xml.contains("<status>attached</status>"))?;
        }
        self.ask(&format!("Action=DetachVolume&VolumeId={volume}"))?;
        let see = format!("Action=DescribeVolumes&VolumeId.1={volume}");
        self.until(&see, |xml| xml.contains("<attachmentSet/>") || xml.contains("NotFound"))?;
        self.ask(&format!("Action=DeleteVolume&VolumeId={volume}"))?;
        let left = self.ask(snapshots)?.1;
        for snapshot in all(&left, "snapshotId") {
            self.ask(&format!("Action=DeleteSnapshot&SnapshotId={snapshot}"))?;
        }
        Ok(())
    }
}

/// Files of the volumes that the instance's machine has, by target.
fn of_machine(dir: &Path, instance: &str) -> BTreeSet<(String, String)> {
    let mut disks = std::collections::BTreeMap::new();
    let lines = std::fs::read_to_string(dir.join("data/simulated-machines")).unwrap();
    for line in lines.lines().filter_map(|l| l.strip_prefix(&format!("{instance} disk "))) {
        match line.split_once(' ') {
            Some((target, path)) => disks.insert(target.to_owned(), path.rsplit('/').next().unwrap().to_owned()),
            None => disks.remove(line),
        };
    }
    disks.into_iter().collect()
}

fn check(dir: &Path, instance: &str, k: u64) {
    let db = rusqlite::Connection::open(dir.join("data/novella.db")).unwrap();
    let mut q = db.prepare("SELECT target, layer FROM volume_attachments a JOIN volumes v ON v.id = a.volume").unwrap();
    let rows = q.query_map([], |r| Ok((r.get(0)?, r.get(1)?))).unwrap().map(Result::unwrap).collect();
    assert_eq!(of_machine(dir, instance), rows, "disks of the machine after a stop at effect {k}");
    let checked = novella().arg("fsck").arg("--data-dir").arg(dir.join("data")).output().unwrap();
    assert!(checked.status.success(), "after a stop at effect {k}: {}", String::from_utf8_lossy(&checked.stdout));
    let files = std::fs::read_dir(dir.join("data/volumes")).unwrap().count();
    // The second volume, and the layer of the deleted snapshot that it stands on.
    assert_eq!(files, 2, "files after a stop at effect {k}");
}

#[test]
fn volumes_stopped_anywhere_are_what_the_api_says() {
    let root = tempfile::tempdir().unwrap();
    if !support::with_image(root.path()) {
        return;
    }
    let mut server = Server::start(root.path(), FILES);
    let instance = all(&server.ok(LAUNCH), "instanceId")[0].to_owned();
    let volume = all(&server.ok(&format!("{VOLUME}&Size=1")), "volumeId")[0].to_owned();
    let mut client = Client { server: &mut server, instance: instance.clone(), volume: volume.clone() };
    client.until("Action=DescribeInstances", |xml| xml.contains("<name>running</name>")).unwrap();
    let attach = format!("Action=AttachVolume&VolumeId={volume}&InstanceId={instance}&Device=/dev/sdf");
    client.until(&attach, |xml| xml.contains("attaching")).unwrap();
    client.until("Action=DescribeVolumes", |xml| xml.contains("<status>attached</status>")).unwrap();
    server.kill();

    for k in 1.. {
        assert!(k < 500, "the effects of a volume's life have no end");
        let dir = root.path().join(k.to_string());
        copy(&root.path().join("data"), &dir.join("data"));
        let mut survived = false;
        let testing = format!("{FILES}\nstop_at_effect = {k}");
        if let Some(mut server) = Server::try_start(&dir, &testing) {
            let mut client = Client { server: &mut server, instance: instance.clone(), volume: volume.clone() };
            survived = client.life().is_ok();
            server.kill();
        }
        let mut server = Server::start(&dir, FILES);
        let mut client = Client { server: &mut server, instance: instance.clone(), volume: volume.clone() };
        client.life().unwrap();
        until("files to be cleared away", || {
            (std::fs::read_dir(dir.join("data/volumes")).unwrap().count() <= 2).then_some(())
        });
        server.kill();
        check(&dir, &instance, k);
        if survived {
            eprintln!("a volume's life has at most {} effects", k - 1);
            return;
        }
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
