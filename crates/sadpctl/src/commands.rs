//! One module a command.

mod activate;
mod audit;
mod check;
mod contact;
mod decode;
#[cfg(feature = "sim")]
mod demo;
mod doctor;
mod list;
mod locate;
mod man;
mod name;
mod net;
mod new_password;
mod owner;
mod record;
mod report;
mod reset;
mod scan;
mod services;
#[cfg(feature = "sim")]
mod sim;
mod watch;
#[cfg(feature = "web")]
mod web;

use crate::{
    args::{Cli, Command, Context},
    failure::{Exit, Failure},
    terminal::Terminal,
};

/// Carries out a command.
pub(crate) fn run(cli: &Cli, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let global = &cli.global;
    let context = Context { global, terminal };
    match &cli.command {
        Command::Scan(args) => scan::run(args, context),
        Command::Watch(args) => watch::run(args, context),
        #[cfg(feature = "web")]
        Command::Web(args) => web::run(args, context),
        Command::Show(args) => scan::show(args, context),
        Command::Activate(args) => activate::run(args, context),
        Command::Net(command) => net::run(command, context),
        Command::Reset(command) => reset::run(command, context),
        Command::Locate(args) => locate::run(args, context),
        Command::Check(args) => check::run(args, context),
        Command::Cameras(args) => services::cameras(args, context),
        Command::Time(command) => services::time(command, context),
        Command::Onvif(command) => services::onvif(command, context),
        Command::Cloud(command) => owner::cloud(command, context),
        Command::Audit(args) => audit::run(args, context),
        Command::Report(args) => report::run(args, context),
        Command::Contact(args) => contact::run(args, context),
        Command::Name(args) => name::run(args, context),
        Command::Deactivate(args) => owner::deactivate(args, context),
        Command::Doctor(args) => doctor::run(args, context),
        Command::Decode(args) => decode::run(args, context),
        #[cfg(feature = "sim")]
        Command::Demo(args) => demo::run(args, context),
        #[cfg(feature = "sim")]
        Command::Sim(command) => sim::run(command, context),
        Command::Completions(args) => man::completions(args, context.terminal),
        Command::Man(args) => man::run(args, context.terminal),
        Command::Messages => man::messages(context.terminal),
    }
}
