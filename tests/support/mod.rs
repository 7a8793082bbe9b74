//! A server as a process of its own, and a small client that signs what it sends.

#![allow(dead_code)] // each test binary uses its own part

use novella::auth::Service;
use novella::auth::sign::{Signer, payload_hash};
use novella::iam::Secret;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub const ACCOUNT: &str = "123456789012";
const KEY: &str = "AKIATESTTESTTESTTEST";
const SECRET: &str = "secret";

/// How long anything may take before a test calls it stuck.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Server {
    child: Child,
    pub address: SocketAddr,
}

/// The program under test.
pub fn novella() -> Command {
    Command::new(env!("CARGO_BIN_EXE_novella"))
}

/// Write the configuration that the tests use into `dir`.
pub fn config(dir: &Path, testing: &str) -> PathBuf {
    let path = dir.join("novella.toml");
    let text = format!(
        "driver = \"simulated\"\n[[accounts]]\nid = \"{ACCOUNT}\"\nname = \"main\"\n[[accounts.keys]]\n\
         access_key_id = \"{KEY}\"\nsecret_access_key = \"{SECRET}\"\n[testing]\n{testing}\n"
    );
    std::fs::write(&path, text).unwrap();
    path
}

impl Server {
    /// Start a server on `dir/data`. `None`: it died before it listened.
    pub fn try_start(dir: &Path, testing: &str) -> Option<Server> {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(dir.join("server.log")).unwrap();
        let mut child = novella()
            .args(["serve", "--listen", "127.0.0.1:0", "--config"])
            .arg(config(dir, testing))
            .arg("--data-dir")
            .arg(dir.join("data"))
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        while lines.read_line(&mut line).is_ok_and(|n| n > 0) {
            if let Some(rest) = line.split("http://").nth(1) {
                let address = rest.split_whitespace().next().unwrap().parse().unwrap();
                return Some(Server { child, address });
            }
            line.clear();
        }
        child.wait().unwrap();
        None
    }

    pub fn start(dir: &Path, testing: &str) -> Server {
        let log = dir.join("server.log");
        Self::try_start(dir, testing).unwrap_or_else(|| {
            panic!("the server did not start:\n{}", std::fs::read_to_string(log).unwrap_or_default())
        })
    }

    /// Call an EC2 action; `Err` when the server died over it.
    pub fn query(&self, form: &str) -> std::io::Result<(u16, String)> {
        query(self.address, form)
    }

    /// Call an EC2 action that must succeed.
    pub fn ok(&self, form: &str) -> String {
        let (status, body) = self.query(form).expect("the server answers");
        assert_eq!(status, 200, "{form}: {body}");
        body
    }

    pub fn is_alive(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// SIGTERM, and whether it ended well.
    pub fn stop(mut self) -> bool {
        let pid = nix::unistd::Pid::from_raw(self.child.id() as i32);
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).unwrap();
        self.child.wait().unwrap().success()
    }

    /// Kill -9.
    pub fn kill(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// POST a form, signed for EC2.
pub fn query(address: SocketAddr, form: &str) -> std::io::Result<(u16, String)> {
    let form = format!("Version=2016-11-15&{form}");
    let (mut parts, ()) = http::Request::builder()
        .method("POST")
        .uri("/")
        .header("host", address.to_string())
        .header("content-type", "application/x-www-form-urlencoded; charset=utf-8")
        .body(())
        .unwrap()
        .into_parts();
    let secret = Secret::new(SECRET);
    let signer = Signer { access_key_id: KEY, secret: &secret, region: "us-east-1", service: Service::Ec2 };
    signer.v4(&mut parts, &payload_hash(form.as_bytes()), novella::clock::now());
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut head = String::from("POST / HTTP/1.1\r\n");
    for (name, value) in &parts.headers {
        head += &format!("{name}: {}\r\n", value.to_str().unwrap());
    }
    head += &format!("content-length: {}\r\nconnection: close\r\n\r\n{form}", form.len());
    stream.write_all(head.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or(std::io::ErrorKind::UnexpectedEof)?;
    let status = head.split_whitespace().nth(1).and_then(|s| s.parse().ok()).ok_or(std::io::ErrorKind::InvalidData)?;
    Ok((status, body.to_owned()))
}

/// A request without any signature; the answer's status and body.
pub fn plain(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &str,
    body: &[u8],
) -> std::io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n"
    );
    stream.write_all(head.as_bytes())?;
    // A server that refuses early may close before it has read everything.
    let _ = stream.write_all(body);
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or(std::io::ErrorKind::UnexpectedEof)?;
    let status = head.split_whitespace().nth(1).and_then(|s| s.parse().ok()).ok_or(std::io::ErrorKind::InvalidData)?;
    Ok((status, body.to_owned()))
}

/// The texts of every element of this name.
pub fn all<'a>(xml: &'a str, name: &str) -> Vec<&'a str> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    xml.split(&open).skip(1).filter_map(|rest| rest.split(&close).next()).collect()
}

/// Poll until `done` gives something.
pub fn until<T>(what: &str, mut done: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(value) = done() {
            return value;
        }
        assert!(Instant::now() < end, "waiting for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A data directory in `dir` with one image, `ami-00000001`. `false`: qemu-img is missing.
pub fn with_image(dir: &Path) -> bool {
    let disk = dir.join("disk.raw");
    std::fs::write(&disk, vec![0x5a; 1 << 20]).unwrap();
    let imported = novella()
        .args(["image", "--data-dir"])
        .arg(dir.join("data"))
        .args(["import", "--id", "ami-00000001", "--name", "test", "--owner", ACCOUNT, "--public"])
        .arg(&disk)
        .output()
        .unwrap();
    if !imported.status.success() {
        eprintln!("SKIPPED: {}", String::from_utf8_lossy(&imported.stderr));
    }
    imported.status.success()
}

/// Copy a prepared data directory.
pub fn copy(from: &Path, to: &Path) {
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
