//! The program: see [`sadpctl`].

fn main() -> std::process::ExitCode {
    sadpctl::run(std::env::args_os())
}
