//! Network settings: of one device, and of many by a plan.

mod apply;
mod plan;
mod set;
mod show;

use crate::{
    args::{Context, NetCommand},
    failure::{Exit, Failure},
};

pub(super) fn run(command: &NetCommand, context: Context<'_>) -> Result<Exit, Failure> {
    match command {
        NetCommand::Show(args) => show::run(args, context),
        NetCommand::Set(args) => set::run(args, context),
        NetCommand::Plan(args) => plan::run(args, context),
        NetCommand::Apply(args) => apply::run(args, context),
    }
}
