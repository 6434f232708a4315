//! Every way to bring a password back, for each device.

use sadp_model::{Advice, MethodAssessment};
use sadp_ops::{
    DiscoveredDevice, LedgerAccess,
    recovery::methods::{self, AssessedDevice},
};
use sadp_text::method_command;

use crate::{
    args::{Context, WaysArgs},
    failure::{Exit, Failure},
    output::Who,
    output::{self, ShownWay, Subject, Ways},
    run::Run,
};

pub(super) fn run(args: &WaysArgs, context: Context<'_>) -> Result<Exit, Failure> {
    context.global.format.check::<Ways>()?;
    // What devices are asked is recorded.
    let access = if args.no_ask {
        LedgerAccess::Read
    } else {
        LedgerAccess::Record
    };
    let (mut run, inventory, mut devices) = Run::find(&args.choice, access, context)?;
    if !args.no_ask {
        run.block_on(async |session, observer| {
            methods::read_prepared(session, &inventory, &mut devices, observer).await
        })?;
    }
    let assessed = methods::assess(&run.session, devices)?;
    let shown: Vec<_> = assessed.iter().map(show).collect();
    let Context { global, terminal } = run.into_context();
    output::print(&shown, global.format, terminal)?;
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
        availability: fit.availability.name(),
        reasons: needs.chain(obstacle).chain(notes).collect(),
        next: method_command(fit, &found.entry.device),
    }
}
