//! The command line.

/// Parse the arguments and run the command; the process's exit code.
pub fn main() -> std::process::ExitCode {
    std::process::ExitCode::SUCCESS
}
