//! The `strata` program: everything is in the library; here is only the way in.

fn main() -> std::process::ExitCode {
    strata::cli::main()
}
