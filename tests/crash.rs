//! The server is killed at its k-th effect, for every k, while it launches, makes an image of an instance, and terminates. Started
//! again it must come to rest, and then: every instance that was acknowledged is there, none is there twice, nothing of it is
//! left when it is gone; the image is there once, and its instance runs.

mod support;

use std::collections::BTreeSet;
use std::path::Path;
use support::{Server, all, until};

const LAUNCH: &str =
    "Action=RunInstances&ImageId=ami-00000001&InstanceType=t3.micro&MinCount=2&MaxCount=2&ClientToken=once";

fn states(server: &Server) -> Vec<(String, String)> {
    let xml = server.ok("Action=DescribeInstances");
    let ids = all(&xml, "instanceId").into_iter().map(String::from);
    let states = all(&xml, "instanceState").into_iter().map(|s| all(s, "name")[0].to_owned());
    ids.zip(states).collect()
}

fn rest(server: &Server) -> Vec<(String, String)> {
    until("every instance to rest", || {
        let states = states(server);
        states.iter().all(|(_, s)| ["running", "stopped", "terminated"].contains(&s.as_str())).then_some(states)
    })
}

/// What exists beside the rows: simulated machines, instance folders with a disk, attached interfaces.
fn left(dir: &Path) -> [BTreeSet<String>; 3] {
    let mut machines = BTreeSet::new();
    let lines = std::fs::read_to_string(dir.join("data/simulated-machines")).unwrap_or_default();
    for (name, state) in lines.lines().filter_map(|l| l.split_once(' ')) {
        if state == "gone" {
            machines.remove(name)
        } else {
            machines.insert(name.to_owned())
        };
    }
    let mut folders = BTreeSet::new();
    for entry in std::fs::read_dir(dir.join("data/instances")).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let files = || std::fs::read_dir(entry.path()).unwrap().map(|f| f.unwrap().file_name());
        if name.starts_with("i-") && files().any(|f| f != "console.log") {
            folders.insert(name);
        }
    }
    let db = rusqlite::Connection::open(dir.join("data/novella.db")).unwrap();
    let mut q = db.prepare("SELECT instance FROM network_interfaces").unwrap();
    let interfaces = q.query_map([], |r| r.get(0)).unwrap().map(Result::unwrap).collect();
    [machines, folders, interfaces]
}

fn nothing_but(dir: &Path, states: &[(String, String)], k: u64) {
    let alive: BTreeSet<String> = states.iter().filter(|(_, s)| s != "terminated").map(|(id, _)| id.clone()).collect();
    let [machines, folders, interfaces] = left(dir);
    assert_eq!(machines, alive, "machines after a stop at effect {k}");
    assert_eq!(folders, alive, "folders after a stop at effect {k}");
    assert_eq!(interfaces, alive, "interfaces after a stop at effect {k}");
}

#[test]
fn a_launch_stopped_anywhere_gives_each_instance_exactly_once() {
    let root = tempfile::tempdir().unwrap();
    if !support::with_image(root.path()) {
        return;
    }
    for k in 1.. {
        assert!(k < 500, "the effects of a launch have no end");
        let dir = root.path().join(k.to_string());
        support::copy(&root.path().join("data"), &dir.join("data"));
        let mut acknowledged = BTreeSet::new();
        let mut survived = false;
        if let Some(mut server) = Server::try_start(&dir, &format!("stop_at_effect = {k}")) {
            if let Ok((200, xml)) = server.query(LAUNCH) {
                acknowledged.extend(all(&xml, "instanceId").into_iter().map(String::from));
                // It dies on its way, or comes to rest.
                survived = until("the end or rest", || match server.query("Action=DescribeInstances") {
                    Ok((200, xml)) => {
                        let running = xml.matches("<name>running</name>").count();
                        (running == 2).then_some(true)
                    }
                    Ok(_) | Err(_) => (!server.is_alive()).then_some(false),
                });
            }
            server.kill();
        }
        let server = Server::start(&dir, "");
        // The client that heard nothing asks again, with the same token.
        server.ok(LAUNCH);
        let states = rest(&server);
        assert_eq!(states.len(), 2, "after a stop at effect {k}");
        assert!(states.iter().all(|(_, s)| s == "running"), "after a stop at effect {k}: {states:?}");
        assert!(acknowledged.iter().all(|id| states.iter().any(|(i, _)| i == id)), "lost after effect {k}");
        nothing_but(&dir, &states, k);
        if survived {
            eprintln!("a launch has at most {} effects", k - 1);
            return;
        }
        std::fs::remove_dir_all(&dir).unwrap();
    }
}

#[test]
fn a_termination_stopped_anywhere_leaves_nothing() {
    let root = tempfile::tempdir().unwrap();
    if !support::with_image(root.path()) {
        return;
    }
    let server = Server::start(root.path(), "");
    server.ok(LAUNCH);
    let ids: Vec<String> = rest(&server).into_iter().map(|(id, _)| id).collect();
    server.kill();
    let terminate = format!("Action=TerminateInstances&InstanceId.1={}&InstanceId.2={}", ids[0], ids[1]);
    for k in 1.. {
        assert!(k < 500, "the effects of a termination have no end");
        let dir = root.path().join(k.to_string());
        support::copy(&root.path().join("data"), &dir.join("data"));
        let mut acknowledged = false;
        let mut survived = false;
        if let Some(mut server) = Server::try_start(&dir, &format!("stop_at_effect = {k}")) {
            if let Ok((200, _)) = server.query(&terminate) {
                acknowledged = true;
                survived = until("the end or rest", || match server.query("Action=DescribeInstances") {
                    Ok((200, xml)) => (xml.matches("<name>terminated</name>").count() == 2).then_some(true),
                    Ok(_) | Err(_) => (!server.is_alive()).then_some(false),
                });
            }
            server.kill();
        }
        let server = Server::start(&dir, "");
        if !acknowledged {
            server.ok(&terminate);
        }
        let states = until("both to be terminated", || {
            let states = rest(&server);
            states.iter().all(|(_, s)| s == "terminated").then_some(states)
        });
        assert_eq!(states.len(), 2, "after a stop at effect {k}");
        nothing_but(&dir, &states, k);
        if survived {
            eprintln!("a termination has at most {} effects", k - 1);
            return;
        }
        std::fs::remove_dir_all(&dir).unwrap();
    }
}

#[test]
fn an_image_of_an_instance_stopped_anywhere_is_made_once_and_the_instance_runs_on() {
    let root = tempfile::tempdir().unwrap();
    if !support::with_image(root.path()) {
        return;
    }
    let server = Server::start(root.path(), "");
    server.ok(&LAUNCH.replace("Count=2", "Count=1"));
    let id = rest(&server).remove(0).0;
    server.kill();
    let create = format!("Action=CreateImage&InstanceId={id}&Name=of+it");
    let see = "Action=DescribeImages&Filter.1.Name=name&Filter.1.Value.1=of+it";
    let available = |xml: &str| xml.contains("<imageState>available</imageState>");
    for k in 1.. {
        assert!(k < 500, "the effects of an image have no end");
        let dir = root.path().join(k.to_string());
        support::copy(&root.path().join("data"), &dir.join("data"));
        let (mut acknowledged, mut survived) = (None, false);
        if let Some(mut server) = Server::try_start(&dir, &format!("stop_at_effect = {k}")) {
            if let Ok((200, xml)) = server.query(&create) {
                acknowledged = Some(all(&xml, "imageId")[0].to_owned());
                let both = |server: &Server| {
                    let (_, image) = server.query(see)?;
                    let (_, instance) = server.query("Action=DescribeInstances")?;
                    Ok::<_, std::io::Error>(available(&image) && instance.contains("<name>running</name>"))
                };
                survived = until("the end or rest", || match both(&server) {
                    Ok(true) => Some(true),
                    Ok(false) | Err(_) => (!server.is_alive()).then_some(false),
                });
            }
            server.kill();
        }
        let server = Server::start(&dir, "");
        // What was not answered may have been done: then its name is taken.
        let (status, body) = server.query(&create).unwrap();
        assert!(status == 200 || body.contains("InvalidAMIName.Duplicate"), "after a stop at effect {k}: {body}");
        let xml = until("the image to be there", || {
            let xml = server.ok(see);
            assert!(!xml.contains("<imageState>failed</imageState>"), "after a stop at effect {k}: {xml}");
            available(&xml).then_some(xml)
        });
        let made = all(&xml, "imageId").remove(0).to_owned();
        assert!(acknowledged.is_none_or(|id| id == made), "lost after effect {k}");
        assert_eq!(rest(&server), [(id.clone(), "running".to_owned())], "after a stop at effect {k}");
        server.kill();
        if survived {
            eprintln!("an image of an instance has at most {} effects", k - 1);
            return;
        }
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
