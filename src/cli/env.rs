//! `novella env`: shell lines that point clients at this cloud; and the file that remembers how.

use super::Outcome;
use crate::config::Config;
use crate::iam::FirstKey;
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The configuration that the server was started with.
    #[arg(long)]
    config: Option<PathBuf>,
    /// The data directory of the server.
    #[arg(long, env = "NOVELLA_DATA_DIR")]
    data_dir: Option<PathBuf>,
}

/// The file with the first access key, for its owner's eyes only.
pub fn credentials_file(data_dir: &Path) -> PathBuf {
    data_dir.join("credentials")
}

fn endpoint_file(data_dir: &Path) -> PathBuf {
    data_dir.join("endpoint")
}

/// Keep what `novella env` has to know: where the server listens, and the key that its first start made. `true`: the
/// key was written down now, so the operator is to be told.
pub fn remember(data_dir: &Path, address: SocketAddr, key: Option<&FirstKey>) -> std::io::Result<bool> {
    // A wildcard address is nothing that a client can call.
    let ip = match address.ip() {
        ip if ip.is_unspecified() => "127.0.0.1".to_owned(),
        std::net::IpAddr::V6(ip) => format!("[{ip}]"),
        ip => ip.to_string(),
    };
    std::fs::write(endpoint_file(data_dir), format!("http://{ip}:{}\n", address.port()))?;
    // A start that was cut off may have made the key and not told it yet.
    let path = credentials_file(data_dir);
    let Some(key) = key.filter(|key| key.is_new || !path.exists()) else { return Ok(false) };
    let temp = path.with_extension("new");
    let mut file = std::fs::OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&temp)?;
    writeln!(file, "{} {} {}", key.account, key.access_key_id, key.secret.expose())?;
    file.sync_all()?;
    std::fs::rename(&temp, &path)?;
    Ok(true)
}

pub fn run(args: Args) -> Outcome {
    let mut config = Config::load(args.config.as_deref())?;
    if let Some(dir) = args.data_dir {
        config.data_dir = dir;
    }
    let dir = std::path::absolute(&config.data_dir)?;
    let endpoint = std::fs::read_to_string(endpoint_file(&dir))
        .map_err(|_| format!("no server was started in {} yet: run `novella serve`", dir.display()))?;
    let endpoint = endpoint.trim();
    let kept = std::fs::read_to_string(credentials_file(&dir)).unwrap_or_default();
    let mut words = kept.split_whitespace();
    let (account, access, secret) = match (words.next(), words.next(), words.next()) {
        (Some(account), Some(access), Some(secret)) => (account.to_owned(), access.to_owned(), secret.to_owned()),
        _ => {
            let declared = config.accounts.iter().find_map(|a| Some((a, a.keys.first()?)));
            let (account, key) = declared.ok_or("no access key is known: name the server's --config")?;
            (account.id.clone(), key.access_key_id.clone(), key.secret_access_key.clone())
        }
    };
    let certificate = dir.join("keys/cloud-cert.pem");
    let lines = [
        ("AWS_ACCESS_KEY_ID", access.as_str()),
        ("AWS_SECRET_ACCESS_KEY", secret.as_str()),
        ("AWS_DEFAULT_REGION", config.regions[0].as_str()),
        ("AWS_REGION", config.regions[0].as_str()),
        ("AWS_ENDPOINT_URL", endpoint),
        ("EC2_ACCESS_KEY", access.as_str()),
        ("EC2_SECRET_KEY", secret.as_str()),
        ("EC2_URL", &format!("{endpoint}/services/Cloud")),
        ("S3_URL", &format!("{endpoint}/services/objectstorage")),
        ("EC2_USER_ID", account.as_str()),
        ("EC2_CERT", &certificate.to_string_lossy()),
        ("EUCALYPTUS_CERT", &certificate.to_string_lossy()),
    ];
    for (name, value) in lines {
        println!("export {name}={}", quote(value));
    }
    // A token or a profile of another cloud would be used before these.
    println!("unset AWS_SESSION_TOKEN AWS_PROFILE");
    Ok(ExitCode::SUCCESS)
}

/// Quote for a POSIX shell.
fn quote(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@+=,%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_survive_the_shell() {
        assert_eq!(quote("http://127.0.0.1:8773"), "http://127.0.0.1:8773");
        assert_eq!(quote("a b'c$(x)"), r"'a b'\''c$(x)'");
        assert_eq!(quote(""), "''");
    }
}
