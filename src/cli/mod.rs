//! The command line: one command a file.

mod bundle;
mod doctor;
mod env;
mod fsck;
mod image;
mod quota;
mod serve;

use crate::config::Config;
use std::path::PathBuf;
use std::process::ExitCode;

/// A private EC2 and S3 in one binary: buckets on this machine's disk, images, and instances that are libvirt machines.
#[derive(Debug, clap::Parser)]
#[command(version, propagate_version = true, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Serve EC2, STS and S3 on one port.
    Serve(serve::Args),
    /// Print shell lines that point AWS clients, new and old, at this cloud: eval "$(novella env)"
    Env(env::Args),
    /// Say what this machine lacks to carry instances, and the command that mends it.
    Doctor(doctor::Args),
    /// Check that the database and the files of a stopped server agree; prints what does not, and repairs nothing
    Fsck(fsck::Args),
    /// Make a bundle of an image file, to be uploaded and registered; options as those of euca-bundle-image
    Bundle(Box<bundle::Args>),
    /// Import, list and remove images, with or without a running server
    Image(image::Args),
    /// Say how much accounts may have, with or without a running server
    Quota(quota::Args),
}

/// Parse the arguments and run the command; the process's exit code.
pub fn main() -> ExitCode {
    let cli = <Cli as clap::Parser>::parse();
    let done = match cli.command {
        Command::Serve(args) => serve::run(args),
        Command::Env(args) => env::run(args),
        Command::Doctor(args) => doctor::run(args),
        Command::Fsck(args) => fsck::run(args),
        Command::Bundle(args) => bundle::run(*args),
        Command::Image(args) => image::run(args),
        Command::Quota(args) => quota::run(args),
    };
    match done {
        Ok(code) => code,
        Err(e) => {
            eprintln!("novella: {e}");
            ExitCode::FAILURE
        }
    }
}

/// How a command that works beside the server finds its data directory.
#[derive(Debug, clap::Args)]
struct Place {
    /// The server's TOML file.
    #[arg(long, global = true)]
    config: Option<PathBuf>,
    /// The data directory of the server.
    #[arg(long, global = true, env = "NOVELLA_DATA_DIR")]
    data_dir: Option<PathBuf>,
}

impl Place {
    /// The data directory's absolute path.
    fn dir(self) -> Result<PathBuf, Box<dyn std::error::Error>> {
        let configured = Config::load(self.config.as_deref())?.data_dir;
        Ok(std::path::absolute(self.data_dir.unwrap_or(configured))?)
    }
}

/// What a command ends with: its exit code, or an error to print.
type Outcome = Result<ExitCode, Box<dyn std::error::Error>>;
