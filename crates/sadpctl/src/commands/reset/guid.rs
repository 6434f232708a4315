//! GUIDs: exported, kept, listed and given back.

mod export;
mod import;
mod list;
mod source;
mod trouble;

use sadp_reset::GuidVoid;

use self::trouble::vault_failed;
use crate::{
    args::{GlobalArgs, GuidCommand},
    failure::{Exit, Failure},
    terminal::Terminal,
};

pub(super) fn run(
    command: &GuidCommand,
    global: &GlobalArgs,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    match command {
        GuidCommand::Export(args) => export::run(args, global, terminal),
        GuidCommand::Import(args) => import::run(args, global, terminal),
        GuidCommand::List => list::run(global, terminal),
    }
}

/// Why a GUID is void, for people.
const fn meaning(why: GuidVoid) -> &'static str {
    match why {
        GuidVoid::PasswordChanged => "the device has another password now",
        GuidVoid::Used => "it was used, and works once",
        GuidVoid::Invalid => "the device called it invalid",
    }
}
