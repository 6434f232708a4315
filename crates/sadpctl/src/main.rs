//! `sadpctl`: finds SADP devices, tells what they are and brings them into
//! service.

mod advice;
mod app;
mod args;
mod commands;
mod failure;
mod found;
mod input;
mod outcome;
mod output;
mod refusal;
mod secret;
mod select;
mod state;
mod terminal;
mod text;

fn main() -> std::process::ExitCode {
    app::run(std::env::args_os())
}
