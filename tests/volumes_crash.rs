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
const REGISTER: &str = "Action=RegisterImage&RootDeviceName=/dev/sda1&BlockDeviceMapping.1.DeviceName=/dev/sda1";
const VOLUME: &str = "Action=CreateVolume&AvailabilityZone=us-east-1a";

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

impl Client<'_> {
    /// Make an image of the running instance, launch it, take its root disk to the first instance and back, let the first one's grow, and
    /// clear up all but the first instance.
    fn life_of_a_root(&mut self) -> Result<(), Died> {
        let (first, root) = (self.instance.clone(), self.volume.clone());
        let create = format!("Action=CreateImage&InstanceId={first}&Name=second");
        self.until("Action=DescribeInstances", |xml| xml.contains("<name>running</name>"))?;
        let named = "Action=DescribeImages&Owner.1=self&Filter.1.Name=name&Filter.1.Value.1=second";
        let launched = "Action=DescribeInstances&Filter.1.Name=client-token&Filter.1.Value.1=second";
        if all(&self.ask(launched)?.1, "instanceId").is_empty() {
            self.ask(&create)?;
            let seen = self.until(named, |xml| xml.contains("<imageState>available</imageState>"))?;
            let run = LAUNCH.replace("ami-00000001", all(&seen, "imageId")[0]);
            self.ask(&format!("{run}&ClientToken=second"))?;
        }
        let seen = self.ask(launched)?.1;
        let second = all(&seen, "instanceId")[0].to_owned();
        if !seen.contains("<name>shutting-down</name>") && !seen.contains("<name>terminated</name>") {
            self.rescue(launched, &second)?;
        }
        self.ask(&format!("Action=TerminateInstances&InstanceId.1={second}"))?;
        self.until(launched, |xml| xml.contains("<name>terminated</name>"))?;
        self.ask(&format!("Action=ModifyVolume&VolumeId={root}&Size=2"))?;
        self.until(&format!("Action=DescribeVolumesModifications&VolumeId.1={root}"), |xml| {
            xml.contains("<modificationState>completed</modificationState>")
        })?;
        let seen = self.ask(named)?.1;
        for image in all(&seen, "imageId") {
            self.ask(&format!("Action=DeregisterImage&ImageId={image}"))?;
        }
        let of_second = "Action=DescribeSnapshots&Owner.1=self&Filter.1.Name=description&Filter.1.Value.1=Created*";
        let seen = self.ask(of_second)?.1;
        for snapshot in all(&seen, "snapshotId") {
            self.ask(&format!("Action=DeleteSnapshot&SnapshotId={snapshot}"))?;
        }
        let volumes = self.ask("Action=DescribeVolumes&Filter.1.Name=status&Filter.1.Value.1=available")?.1;
        for volume in all(&volumes, "volumeId") {
            self.ask(&format!("Action=DeleteVolume&VolumeId={volume}"))?;
        }
        Ok(())
    }

    /// Stop the second instance, have the first one have its root disk for a moment, and start it again.
    fn rescue(&mut self, see: &str, second: &str) -> Result<(), Died> {
        let first = self.instance.clone();
        let of_second = "Action=DescribeVolumes&Filter.1.Name=tag:of&Filter.1.Value.1=second";
        let mut found = self.ask(of_second)?.1;
        if all(&found, "volumeId").is_empty() {
            let seen = self.until(see, |xml| xml.contains("<name>running</name>") && xml.contains("<volumeId>"))?;
            let volume = all(&seen, "volumeId")[0];
            self.ask(&format!("Action=CreateTags&ResourceId.1={volume}&Tag.1.Key=of&Tag.1.Value=second"))?;
            found = self.ask(of_second)?.1;
        }
        let volume = all(&found, "volumeId")[0].to_owned();
        self.until(see, |xml| !xml.contains("<name>pending</name>"))?;
        self.ask(&format!("Action=StopInstances&InstanceId.1={second}"))?;
        self.until(see, |xml| xml.contains("<name>stopped</name>"))?;
        let detach = format!("Action=DetachVolume&VolumeId={volume}");
        let see_volume = format!("Action=DescribeVolumes&VolumeId.1={volume}");
        let attach = |to: &str, at: &str| format!("Action=AttachVolume&VolumeId={volume}&InstanceId={to}&Device={at}");
        self.ask(&detach)?;
        self.until(&see_volume, |xml| xml.contains("<attachmentSet/>"))?;
        self.ask(&attach(&first, "/dev/sdf"))?;
        self.until(&see_volume, |xml| xml.contains("<status>attached</status>"))?;
        self.ask(&detach)?;
        self.until(&see_volume, |xml| xml.contains("<attachmentSet/>"))?;
        self.ask(&attach(second, "/dev/sda1"))?;
        self.ask(&format!("Action=StartInstances&InstanceId.1={second}"))?;
        self.until(see, |xml| xml.contains("<name>running</name>")).map(drop)
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

/// What must hold once all is at rest: machines have what the rows say, and the files are what the rows say.
fn check(dir: &Path, instance: &str, files: usize, k: u64) {
    let db = rusqlite::Connection::open(dir.join("data/novella.db")).unwrap();
    let mut q = db
        .prepare(
            "SELECT target, layer FROM volume_attachments a JOIN volumes v ON v.id = a.volume WHERE a.instance = ?1",
        )
        .unwrap();
    let rows = q.query_map([instance], |r| Ok((r.get(0)?, r.get(1)?))).unwrap().map(Result::unwrap).collect();
    assert_eq!(of_machine(dir, instance), rows, "disks of the machine after a stop at effect {k}");
    let checked = novella().arg("fsck").arg("--data-dir").arg(dir.join("data")).output().unwrap();
    assert!(checked.status.success(), "after a stop at effect {k}: {}", String::from_utf8_lossy(&checked.stdout));
    assert_eq!(files_below(dir), files, "files after a stop at effect {k}");
}

fn files_below(dir: &Path) -> usize {
    std::fs::read_dir(dir.join("data/volumes")).unwrap().count()
}

/// Have a life that begins with the data below `root` stop at its k-th effect, for every k; then it is lived to its end, and
/// so many files of volumes are to be left.
fn at_every_effect(
    root: &Path,
    files: usize,
    instance: &str,
    volume: &str,
    life: impl Fn(&mut Client<'_>) -> Result<(), Died>,
) {
    for k in 1.. {
        assert!(k < 900, "the effects of a volume's life have no end");
        let dir = root.join(k.to_string());
        support::copy(&root.join("data"), &dir.join("data"));
        let live = |server: &mut Server| {
            life(&mut Client { server, instance: instance.to_owned(), volume: volume.to_owned() })
        };
        let mut survived = false;
        if let Some(mut server) = Server::try_start(&dir, &format!("{FILES}\nstop_at_effect = {k}")) {
            survived = live(&mut server).is_ok();
            server.kill();
        }
        let mut server = Server::start(&dir, FILES);
        live(&mut server).unwrap();
        until("files to be cleared away", || (files_below(&dir) <= files).then_some(()));
        server.kill();
        check(&dir, instance, files, k);
        if survived {
            eprintln!("this life has at most {} effects", k - 1);
            return;
        }
        std::fs::remove_dir_all(&dir).unwrap();
    }
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
    // The second volume, and the layer of the deleted snapshot that it stands on.
    at_every_effect(root.path(), 2, &instance, &volume, |client| client.life());
}

#[test]
fn root_volumes_stopped_anywhere_are_what_the_api_says() {
    let root = tempfile::tempdir().unwrap();
    if !support::with_image(root.path()) {
        return;
    }
    let mut server = Server::start(root.path(), FILES);
    let volume = all(&server.ok(&format!("{VOLUME}&Size=1")), "volumeId")[0].to_owned();
    let mut client = Client { server: &mut server, instance: String::new(), volume: volume.clone() };
    client.until("Action=DescribeVolumes", |xml| xml.contains("<status>available</status>")).unwrap();
    client.ask(&format!("Action=CreateSnapshot&VolumeId={volume}")).unwrap();
    let done = |xml: &str| xml.contains("<status>completed</status>");
    let seen = client.until("Action=DescribeSnapshots&Owner.1=self", done).unwrap();
    let snapshot = all(&seen, "snapshotId")[0].to_owned();
    server.ok(&format!("Action=DeleteVolume&VolumeId={volume}"));
    let made = server.ok(&format!("{REGISTER}&Name=first&BlockDeviceMapping.1.Ebs.SnapshotId={snapshot}"));
    let image = all(&made, "imageId")[0].to_owned();
    let launched = server.ok(&LAUNCH.replace("ami-00000001", &image));
    let instance = all(&launched, "instanceId")[0].to_owned();
    let mut client = Client { server: &mut server, instance: instance.clone(), volume: String::new() };
    let seen = client.until("Action=DescribeInstances", |xml| xml.contains("<name>running</name>")).unwrap();
    let volume = all(&seen, "volumeId")[0].to_owned();
    server.kill();
    // The root volume with its two layers, on the first snapshot's.
    at_every_effect(root.path(), 3, &instance, &volume, |client| client.life_of_a_root());
}
