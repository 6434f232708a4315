//! Every way to bring a password back, for each device.

use sadp_model::RecoveryMethod;
use sadp_ops::{LedgerAccess, recovery::methods};
use sadp_text::instead_of_apps;

use crate::{
    args::{App, AppArgs, Context, WaysArgs},
    commands::audit,
    failure::{Exit, Failure},
    output::{AppRow, Format, Ways},
    run::Run,
};

pub(super) fn run(args: &WaysArgs, context: Context<'_>) -> Result<Exit, Failure> {
    context.global.format.check::<Ways>()?;
    let access = audit::access(args.no_ask);
    let (mut run, inventory, mut devices) = Run::find(&args.choice, access, context)?;
    if !args.no_ask {
        run.block_on(async |session, observer| {
            methods::read_prepared(session, &inventory, &mut devices, observer).await?;
            methods::read_offered_over_http(session, &mut devices, observer).await
        })?;
    }
    let assessed = methods::assess(&run.session, devices)?;
    let brief = args.choice.all;
    let show = if brief { Ways::in_brief } else { Ways::new };
    let shown: Vec<_> = assessed.iter().map(show).collect();
    let mut context = run.into_context();
    context.print(&shown)?;
    if brief && context.global.format == Format::Table {
        let hint = "why, and what to type for a device: sadpctl reset ways DEVICE";
        context.terminal.hint(hint);
    }
    Ok(Exit::Done)
}

/// The vendor's apps: whether they fit a device, and what to do there.
pub(super) fn apps(args: &AppArgs, context: Context<'_>) -> Result<Exit, Failure> {
    context.global.format.check::<AppRow<'_>>()?;
    let (run, _, device) = Run::find(&args.target, LedgerAccess::Optional, context)?;
    let assessed = methods::assess(&run.session, vec![device])?;
    let mut context = run.into_context();
    let apps = match args.app {
        Some(App::HikConnect) => &[RecoveryMethod::HikConnect][..],
        Some(App::HikProConnect) => &[RecoveryMethod::HikProConnect],
        None => &[RecoveryMethod::HikConnect, RecoveryMethod::HikProConnect],
    };
    for mut assessed in assessed {
        assessed.methods.retain(|fit| apps.contains(&fit.method));
        let mut methods = assessed.methods.iter();
        let rows = (methods.clone()).map(|fit| AppRow::new(&assessed.device, fit));
        context.print(&rows.collect::<Vec<_>>())?;
        if methods.all(|fit| fit.availability.obstacle().is_some()) {
            let hint = instead_of_apps(&assessed.device.entry.device);
            context.terminal.hint(hint);
        }
    }
    Ok(Exit::Done)
}
