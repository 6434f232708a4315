//! One module a command.

mod activate;
mod change;
mod cloud;
mod completions;
mod decode;
#[cfg(feature = "sim")]
mod demo;
mod doctor;
mod list;
mod locate;
mod man;
mod net;
mod new_password;
mod record;
mod reset;
mod scan;
mod show;
#[cfg(feature = "sim")]
mod sim;
mod watch;

use sadp_ops::owner::OwnerChange;

use self::change::Changing;
use crate::{
    args::{Cli, Command},
    failure::{Exit, Failure},
    terminal::Terminal,
};

/// Carries out a command.
pub(crate) fn run(cli: &Cli, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let global = &cli.global;
    match &cli.command {
        Command::Scan(args) => scan::run(args, global, terminal),
        Command::Watch(args) => watch::run(args, global, terminal),
        Command::Show(args) => show::run(args, global, terminal),
        Command::Activate(args) => activate::run(args, global, terminal),
        Command::Net(command) => net::run(command, global, terminal),
        Command::Reset(command) => reset::run(command, global, terminal),
        Command::Locate(args) => locate::run(args, global, terminal),
        Command::Cloud(command) => cloud::run(command, global, terminal),
        Command::Deactivate(args) => {
            let changing = Changing {
                change: OwnerChange::Deactivate,
                code: None,
            };
            change::run(changing, &args.owner, global, terminal)
        }
        Command::Doctor(args) => doctor::run(args, global, terminal),
        Command::Decode(args) => decode::run(args, global, terminal),
        #[cfg(feature = "sim")]
        Command::Demo(args) => demo::run(args, global, terminal),
        #[cfg(feature = "sim")]
        Command::Sim(command) => sim::run(command, global, terminal),
        Command::Completions(args) => completions::run(args, terminal),
        Command::Man(args) => man::run(args, terminal),
    }
}
