use sadp_ops::{
    LedgerAccess,
    check::{self, LoginTrial},
};

use crate::{
    args::{CheckArgs, Context},
    failure::{Exit, Failure},
    output,
    run::Run,
    secret,
};

pub(super) fn run(args: &CheckArgs, context: Context<'_>) -> Result<Exit, Failure> {
    output::check_outcomes(context.global.format)?;
    if args.password.password_file.is_some() && !args.login {
        let message = "--password-file names a password to try, which needs --login";
        return Err(Failure::usage(message).hint("add --login to try it; nothing was sent"));
    }
    let reached = args.http.access(args.login, args.choice.devices.len())?;
    let password = secret::current(!args.login || args.dry_run, &args.password)?;
    // Logins are recorded, and two runs must not try one password at a time.
    let access = match (args.login, args.dry_run) {
        (true, false) => LedgerAccess::Write,
        _ => LedgerAccess::Read,
    };
    let (run, _, devices) = Run::find_for_http(&args.choice, access, context)?;
    let plan = check::plan(devices);
    if args.dry_run || plan.selection.devices.is_empty() {
        return run.print_planned(plan.selection.into_outcomes());
    }
    let password = args.login.then(|| password.get(run.terminal)).transpose()?;
    run.carry_out(async move |session, observer| {
        let Some(password) = &password else {
            return plan.ask(session, &reached, observer).await;
        };
        let login = LoginTrial::new(password, args.force.overrides);
        plan.log_in(session, &reached, login, args.details, observer)
            .await
    })
}
