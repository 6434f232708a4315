//! `sadpctl`: finds SADP devices and tells what they are.

mod advice;
mod app;
mod args;
mod commands;
mod failure;
mod found;
mod input;
mod output;
mod select;
mod terminal;
mod text;

fn main() -> std::process::ExitCode {
    app::run(std::env::args_os())
}
