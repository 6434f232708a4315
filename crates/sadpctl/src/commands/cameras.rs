use sadp_ops::{
    OutcomeData,
    cameras::{self, LoginTrial},
};

use crate::{
    args::{Context, LoginArgs},
    failure::{Exit, Failure},
    output::{self, CameraRow, Outcome},
    run::Run,
    secret,
};

pub(super) fn run(args: &LoginArgs, context: Context<'_>) -> Result<Exit, Failure> {
    output::check_outcomes(context.global.format)?;
    let reached = args.reached()?;
    let password = secret::current(args.dry_run, &args.password)?;
    let (mut run, _, devices) = Run::find_for_http(&args.choice, args.access(), context)?;
    let plan = cameras::plan(devices, !args.choice.all);
    if args.dry_run || plan.selection.devices.is_empty() {
        return run.print_planned(plan.selection.into_outcomes());
    }
    let password = password.get(run.terminal)?;
    let report = run.block_on(async move |session, observer| {
        let login = LoginTrial::new(&password, args.force.overrides);
        plan.carry_out(session, &reached, login, observer).await
    })?;
    let listed = report.outcomes.iter().flat_map(|outcome| {
        let cameras = match &outcome.data {
            OutcomeData::Cameras(cameras) => &cameras[..],
            _ => &[],
        };
        cameras
            .iter()
            .map(|camera| CameraRow::new(&outcome.device, camera))
    });
    let rows: Vec<_> = listed.collect();
    let outcomes: Vec<_> = report.outcomes.into_iter().map(Outcome::from).collect();
    let Context { global, terminal } = run.into_context();
    let failure = report.failure.map(Failure::from);
    output::print_lists(&rows, &outcomes, failure, global.format, terminal)
}
