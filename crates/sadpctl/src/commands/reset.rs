//! How a forgotten password comes back.

mod app;
mod button;
mod cases;
mod export;
mod guid;
mod import;
mod mail;
mod qr;
mod questions;
mod ways;

use crate::{
    args::{GlobalArgs, ResetCommand},
    failure::{Exit, Failure},
    terminal::Terminal,
};

pub(super) fn run(
    command: &ResetCommand,
    global: &GlobalArgs,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    match command {
        ResetCommand::Ways(args) => ways::run(args, global, terminal),
        ResetCommand::Export(args) => export::run(args, global, terminal),
        ResetCommand::Import(args) => import::run(args, global, terminal),
        ResetCommand::Cases(args) => cases::run(args, global, terminal),
        ResetCommand::Guid(command) => guid::run(command, global, terminal),
        ResetCommand::Questions(command) => questions::run(command, global, terminal),
        ResetCommand::Mail(command) => mail::run(command, global, terminal),
        ResetCommand::Button(args) => button::run(args, global, terminal),
        ResetCommand::App(args) => app::run(args, global, terminal),
    }
}
