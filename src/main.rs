//! The `novella` program: everything lives in the library, see [`novella::cli`].

fn main() -> std::process::ExitCode {
    novella::cli::main()
}
