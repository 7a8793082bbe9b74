//! The command line: one command a file.

mod doctor;
mod env;
mod serve;

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
}

pub mod bundle;
pub mod image;

/// Parse the arguments and run the command; the process's exit code.
pub fn main() -> ExitCode {
    let cli = <Cli as clap::Parser>::parse();
    let done = match cli.command {
        Command::Serve(args) => serve::run(args),
        Command::Env(args) => env::run(args),
        Command::Doctor(args) => doctor::run(args),
    };
    match done {
        Ok(code) => code,
        Err(e) => {
            eprintln!("novella: {e}");
            ExitCode::FAILURE
        }
    }
}

/// What a command ends with: its exit code, or an error to print.
type Outcome = Result<ExitCode, Box<dyn std::error::Error>>;
