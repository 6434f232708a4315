//! Every way to bring a password back, for each device.

use sadp_model::{Advice, MethodAssessment};
use sadp_ops::{
    DeviceName, DiscoveredDevice, LedgerAccess,
    recovery::methods::{self, AssessedDevice},
};
use sadp_text::method_command;

use crate::{
    args::{GlobalArgs, WaysArgs},
    commands::list,
    failure::{Exit, Failure},
    output::Who,
    output::{self, ShownWay, Subject, Ways},
    run::{self, Run},
    state,
    terminal::Terminal,
};

pub(super) fn run(
    args: &WaysArgs,
    global: &GlobalArgs,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    global.format.check::<Ways>()?;
    let named = args.choice.devices.iter().filter_map(DeviceName::address);
    let mut run = Run::open(&args.ask, named, LedgerAccess::Read, global, terminal)?;
    let inventory = run.look()?;
    let mut devices = list::choose(&args.choice, inventory.devices.clone())?;
    if !args.no_ask {
        let read = run.block_on(async |session, observer| {
            methods::read_prepared(session, &inventory, &mut devices, observer).await
        });
        read.map_err(run::failed)?;
    }
    let assessed = methods::assess(&run.session, devices).map_err(state::failed)?;
    let shown: Vec<_> = assessed.iter().map(show).collect();
    output::print(&shown, global.format, run.into_terminal())?;
    Ok(Exit::Done)
}

fn show(assessed: &AssessedDevice) -> Ways {
    let AssessedDevice { device, methods } = assessed;
    Ways {
        device: Subject {
            who: Who::new(device),
            model: device.entry.device.model.as_deref().map(Into::into),
        },
        ways: methods.iter().map(|fit| show_way(fit, device)).collect(),
    }
}

fn show_way(fit: &MethodAssessment, found: &DiscoveredDevice) -> ShownWay {
    let needs = fit.availability.needs().iter().map(ToString::to_string);
    let obstacle = fit
        .availability
        .obstacle()
        .map(|obstacle| obstacle.to_string());
    let notes = fit.notes.iter().map(ToString::to_string);
    ShownWay {
        way: fit.method.name(),
        label: fit.method.label(),
        recommended: fit.advice == Advice::Recommended,
        standing: fit.availability.name(),
        reasons: needs.chain(obstacle).chain(notes).collect(),
        next: method_command(fit, &found.entry.device),
    }
}
