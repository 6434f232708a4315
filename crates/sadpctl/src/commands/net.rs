//! Network settings: of one device, and of many by a plan.

mod apply;
mod plan;
mod set;
mod show;

use crate::{
    args::{GlobalArgs, NetCommand},
    failure::{Exit, Failure},
    terminal::Terminal,
};

pub(super) fn run(
    command: &NetCommand,
    global: &GlobalArgs,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    match command {
        NetCommand::Show(args) => show::run(args, global, terminal),
        NetCommand::Set(args) => set::run(args, global, terminal),
        NetCommand::Plan(args) => plan::run(args, global, terminal),
        NetCommand::Apply(args) => apply::run(args, global, terminal),
    }
}
