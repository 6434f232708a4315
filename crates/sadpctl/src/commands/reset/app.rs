//! The vendor's apps: whether they fit a device, and what to do there.

use sadp_model::RecoveryMethod;
use sadp_ops::{LedgerAccess, recovery::methods};
use sadp_text::instead_of_apps;

use crate::{
    args::{App, AppArgs, Context},
    failure::{Exit, Failure},
    output::{self, AppRow},
    run::Run,
};

pub(super) fn run(args: &AppArgs, context: Context<'_>) -> Result<Exit, Failure> {
    context.global.format.check::<AppRow<'_>>()?;
    let (run, _, device) = Run::find(&args.target, LedgerAccess::Optional, context)?;
    let assessed = methods::assess(&run.session, vec![device])?;
    let Context { global, terminal } = run.into_context();
    for mut assessed in assessed {
        assessed.methods.retain(|fit| match args.app {
            Some(App::HikConnect) => fit.method == RecoveryMethod::HikConnect,
            Some(App::HikProConnect) => fit.method == RecoveryMethod::HikProConnect,
            None => matches!(
                fit.method,
                RecoveryMethod::HikConnect | RecoveryMethod::HikProConnect
            ),
        });
        let mut methods = assessed.methods.iter();
        let rows: Vec<_> = (methods.clone())
            .map(|fit| AppRow::new(&assessed.device, fit))
            .collect();
        output::print(&rows, global.format, terminal)?;
        if methods.all(|fit| fit.availability.obstacle().is_some()) {
            terminal.hint(instead_of_apps(&assessed.device.entry.device));
        }
    }
    Ok(Exit::Done)
}
