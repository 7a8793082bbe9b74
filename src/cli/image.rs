//! `novella image …`: the operator's images, with or without a running server.

use super::bundle::TypeName;
use crate::db::{self, Db};
use crate::images::{Images, ImportRequest, Select, source};
use crate::volumes::{Bytes, Volumes};
use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    place: super::Place,
    #[command(subcommand)]
    command: Command,
}

/// What to do with images.
#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Copy a disk file in as an image (raw, qcow2, vmdk, vhd, vhdx, vdi, iso), or a kernel or ramdisk
    Import(Box<ImportArgs>),
    /// List all images of all accounts
    List,
    /// Remove an image; instances that run from it stay
    Remove {
        /// ami-…, aki-… or ari-…
        id: String,
    },
}

/// `novella image import`
#[derive(Debug, clap::Args)]
struct ImportArgs {
    /// The file; its format is found out
    file: PathBuf,
    /// The image's id, when scripts name a fixed one
    #[arg(long, value_name = "ami-…")]
    id: Option<String>,
    /// What the file is; an --id says it by its prefix
    #[arg(long = "type", value_enum, default_value = "machine")]
    image_type: TypeName,
    #[arg(long)]
    name: Option<String>,
    #[arg(long, default_value = "")]
    description: String,
    /// The owner's account id (default: the first account)
    #[arg(long, value_name = "ACCOUNT")]
    owner: Option<String>,
    /// Let every account see and launch it
    #[arg(long)]
    public: bool,
    #[arg(long, default_value = std::env::consts::ARCH)]
    arch: String,
    /// Only in this region (default: in every one)
    #[arg(long)]
    region: Option<String>,
    /// The kernel that instances boot with
    #[arg(long, value_name = "AKI")]
    kernel: Option<String>,
    /// The ramdisk that instances boot with
    #[arg(long, value_name = "ARI")]
    ramdisk: Option<String>,
    /// `windows`, where it is that
    #[arg(long)]
    platform: Option<String>,
}

pub fn run(args: Args) -> super::Outcome {
    carry_out(args.command, &args.place.dir()?, &mut std::io::stdout())?;
    Ok(ExitCode::SUCCESS)
}

/// The images' room without its loop.
fn open(db: Db, data_dir: &Path) -> Result<Images, Box<dyn Error>> {
    let volumes = Arc::new(Volumes::open(db.clone(), data_dir, Bytes::Files)?);
    // No bundle is fetched here.
    Ok(Images::open(db, Arc::new(source::Folder(data_dir.join("buckets"))), volumes, data_dir)?)
}

/// Carry the command out, and say to `out` what came of it.
fn carry_out(command: Command, data_dir: &Path, out: &mut dyn Write) -> Result<(), Box<dyn Error>> {
    std::fs::create_dir_all(data_dir)?;
    let db = Db::open(&data_dir.join("novella.db"))?;
    let images = open(db.clone(), data_dir)?;
    match command {
        Command::Import(args) => {
            let account = match args.owner {
                Some(owner) if owner.len() == 12 && owner.bytes().all(|b| b.is_ascii_digit()) => owner,
                Some(owner) => return Err(format!("--owner {owner:?}: an account id has 12 digits").into()),
                None => first_account(&db)?,
            };
            let image = images.import_file(
                &args.file,
                ImportRequest {
                    id: args.id,
                    image_type: args.image_type.into(),
                    account,
                    region: args.region,
                    name: args.name,
                    description: args.description,
                    architecture: args.arch,
                    platform: args.platform,
                    kernel_id: args.kernel,
                    ramdisk_id: args.ramdisk,
                    is_public: args.public,
                },
            )?;
            writeln!(out, "{}", image.id)?;
        }
        Command::List => {
            for i in images.describe(&Select::default())? {
                writeln!(
                    out,
                    "{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}",
                    i.id,
                    i.state.as_str(),
                    i.account,
                    i.region.as_deref().unwrap_or("*"),
                    if i.is_public { "public" } else { "private" },
                    i.architecture,
                    i.file.as_ref().map_or("-", |f| f.format.as_str()),
                    i.name.as_deref().unwrap_or(&i.location),
                )?;
            }
        }
        Command::Remove { id } => {
            images.remove(&id)?;
            writeln!(out, "{id} removed")?;
        }
    }
    db.close();
    Ok(())
}

fn first_account(db: &Db) -> Result<String, Box<dyn Error>> {
    let keys = db.read(db::iam::keys)?;
    match keys.into_iter().next() {
        Some(key) => Ok(key.account.id),
        None => Err("there is no account yet: name one with --owner, or start `novella serve` once".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::images::State;
    use clap::Parser;

    #[derive(clap::Parser)]
    struct Program {
        #[command(subcommand)]
        command: Command,
    }

    fn novella(data_dir: &Path, args: &[&str]) -> Result<String, Box<dyn Error>> {
        let command = Program::try_parse_from(["image"].iter().chain(args))?.command;
        let mut out = Vec::new();
        carry_out(command, data_dir, &mut out)?;
        Ok(String::from_utf8(out)?)
    }

    #[test]
    fn a_file_is_imported_listed_and_removed_beside_a_running_server() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let file = dir.path().join("disk.raw");
        std::fs::write(&file, vec![1u8; 4096]).unwrap();
        let path = file.to_str().unwrap();
        std::fs::create_dir_all(&data).unwrap();
        let server = {
            let db = Db::open(&data.join("novella.db")).unwrap();
            open(db, &data).unwrap()
        };

        assert!(novella(&data, &["import", path]).is_err(), "whose should it be?");
        let owner = ["--owner", "123456789012"];
        let fixed = ["import", path, "--id", "ami-12c6146b", "--name", "fixed", "--public"];
        assert_eq!(novella(&data, &[&fixed[..], &owner].concat()).unwrap(), "ami-12c6146b\n");

        let seen = server.get("ami-12c6146b").unwrap().unwrap();
        assert_eq!(
            (seen.state, seen.imported, seen.is_public, seen.region.clone()),
            (State::Available, true, true, None)
        );
        assert_eq!(server.base_image(&seen.id).unwrap().virtual_size, 4096);
        let info = std::fs::read_to_string(data.join("images/12c6146b/info.json")).unwrap();
        assert!(info.contains("\"disk_format\": \"raw\""), "{info}");
        assert!(novella(&data, &["list"]).unwrap().contains("ami-12c6146b\tavailable\t123456789012\t*\tpublic"));

        let again = novella(&data, &[&fixed[..], &owner].concat()).unwrap_err().to_string();
        assert!(again.contains("in use"), "{again}");
        let same_number = novella(&data, &[&["import", path, "--id", "aki-12c6146b"][..], &owner].concat());
        assert!(same_number.unwrap_err().to_string().contains("ami-12c6146b"));
        assert!(novella(&data, &[&["import", path, "--id", "ami-xyz"][..], &owner].concat()).is_err());

        novella(&data, &["remove", "ami-12c6146b"]).unwrap();
        assert!(!data.join("images/12c6146b").exists());
        assert_eq!(server.get("ami-12c6146b").unwrap(), None);
        novella(&data, &[&fixed[..], &owner].concat()).unwrap();
        let kernel = novella(&data, &[&["import", path, "--type", "kernel"][..], &owner].concat()).unwrap();
        assert!(kernel.starts_with("aki-"));
    }
}
