//! The server itself, from outside: its own pages, its limits, its end, its first key.

mod support;

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use support::{Server, all, novella, plain, until};

#[test]
fn it_tells_its_health_and_keeps_the_reset_to_those_who_asked_for_it() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), "");
    let (status, health) = plain(server.address, "GET", "/_novella/health", "", b"").unwrap();
    assert_eq!(status, 200);
    assert!(health.contains(r#""status":"ok""#) && health.contains("simulated"), "{health}");
    assert_eq!(plain(server.address, "POST", "/_novella/reset", "", b"").unwrap().0, 404);
    assert!(server.stop(), "SIGTERM ends it in order");
}

#[test]
fn a_reset_wipes_what_accounts_made_and_keeps_what_the_operator_imported() {
    let dir = tempfile::tempdir().unwrap();
    if !support::with_image(dir.path()) {
        return;
    }
    let server = Server::start(dir.path(), "reset = true");
    server.ok("Action=CreateKeyPair&KeyName=k");
    let launch = "Action=RunInstances&ImageId=ami-00000001&InstanceType=t3.micro&MinCount=3&MaxCount=3\
                  &TagSpecification.1.ResourceType=instance&TagSpecification.1.Tag.1.Key=a&TagSpecification.1.Tag.1.Value=b";
    server.ok(launch);
    assert_eq!(plain(server.address, "POST", "/_novella/reset", "", b"").unwrap().0, 204);
    assert!(all(&server.ok("Action=DescribeInstances"), "instanceId").is_empty());
    assert!(all(&server.ok("Action=DescribeKeyPairs"), "keyName").is_empty());
    assert!(all(&server.ok("Action=DescribeTags"), "resourceId").is_empty());
    assert_eq!(all(&server.ok("Action=DescribeImages"), "imageId"), ["ami-00000001"]);
    // And it goes on as new.
    server.ok(launch);
    until("the instances to run", || {
        let seen = server.ok("Action=DescribeInstances");
        (seen.matches("<name>running</name>").count() == 3).then_some(())
    });
}

#[test]
fn a_form_without_end_is_refused_as_aws_errors_are() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), "");
    let form = "content-type: application/x-www-form-urlencoded\r\n";
    let body = vec![b'a'; (1 << 20) + 1];
    let (status, answer) = plain(server.address, "POST", "/", form, &body).unwrap();
    assert_eq!((status, all(&answer, "Code")), (413, vec!["RequestEntityTooLarge"]));
}

#[test]
fn who_closes_its_side_after_the_request_still_gets_the_answer() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), "");
    for _ in 0..50 {
        let mut socket = std::net::TcpStream::connect(server.address).unwrap();
        socket.write_all(b"GET /nobody/nothing HTTP/1.0\r\nHost: s3\r\n\r\n").unwrap();
        socket.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        assert!(answer.contains(" 404 ") || answer.contains(" 403 "), "{answer:?}");
    }
}

#[test]
fn the_first_key_is_told_once_and_written_again_when_the_file_was_lost() {
    let dir = tempfile::tempdir().unwrap();
    let start = || {
        let mut child = novella()
            .args(["serve", "--driver", "simulated", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(dir.path())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let mut out = std::io::BufReader::new(child.stdout.take().unwrap());
        let mut said = String::new();
        while !said.contains("Serving") {
            assert!(std::io::BufRead::read_line(&mut out, &mut said).unwrap() > 0, "{said}");
        }
        child.kill().unwrap();
        child.wait().unwrap();
        said
    };
    let file = dir.path().join("credentials");
    assert!(start().contains("Made account"));
    let first = std::fs::read_to_string(&file).unwrap();
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!start().contains("Made account"));
    std::fs::remove_file(&file).unwrap();
    start();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), first);
}
