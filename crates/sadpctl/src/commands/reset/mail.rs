//! The reserved e-mail address: set, asked for a QR code, its code given.

mod confirm;
mod qr;
mod set;

use crate::{
    args::{GlobalArgs, MailCommand},
    failure::{Exit, Failure},
    terminal::Terminal,
};

pub(super) fn run(
    command: &MailCommand,
    global: &GlobalArgs,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    match command {
        MailCommand::Set(args) => set::run(args, global, terminal),
        MailCommand::Qr(args) => qr::run(args, global, terminal),
        MailCommand::Confirm(args) => confirm::run(args, global, terminal),
    }
}
