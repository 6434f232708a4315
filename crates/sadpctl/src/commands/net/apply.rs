use std::path::Path;

use sadp_ops::{
    Impact, Report, naming,
    network::{
        self, ApplyError, Login, Plan, PlanResults, ResultFile, ResultFileError,
        plan_file::{self, PlanRow, PlanTable, Problem},
    },
};
use sadp_reset::DeviceKey;
use sadp_text::{Explanation, Remedy as _, count, named_by_plan};

use crate::{
    args::{Context, NetApplyArgs},
    failure::{Exit, Failure},
    files, output,
    run::{self, Run},
    secret,
    terminal::Terminal,
};

pub(super) fn run(args: &NetApplyArgs, context: Context<'_>) -> Result<Exit, Failure> {
    let asked = args.change.change;
    run::check(asked, context.global)?;
    let (rows, table) = read(&args.plan)?;
    for title in table.passwords() {
        context.terminal.warn(&format!(
            "the column {title:?} is not read, and not copied to the results: the password is asked for, or comes from --password-file"
        ));
    }
    if let Some(sheet) = &table.sheet {
        let note = format!("the sheet {sheet:?} of the workbook is read");
        context.terminal.note(&note);
    }
    if rows.is_empty() {
        let exit = output::print_outcomes(&[], None, context.global.format, context.terminal);
        context.terminal.note("nothing to do: no device is planned");
        return exit;
    }
    let password = secret::current(asked.dry_run, &args.change.password)?;
    let mut run = Run::open(&args.ask, None, asked.access(), context)?;
    let devices = rows.iter().map(|row| DeviceKey::new(Some(row.mac), None));
    let devices: Vec<_> = devices.flatten().collect();
    let inventory =
        run.look_by(async |session, observer| session.look_with(&devices, observer).await)?;
    let settings = args.change.settings();
    let plan =
        run.block_on(async |session, _| network::apply(session, &inventory, &rows, settings).await);
    let plan = plan.map_err(|error| failed(error, &args.plan))?;
    let named = rows.iter().filter(|row| !row.site_name.is_empty()).count();
    if asked.dry_run {
        if named > 0 {
            let devices = count(named as u64, "device", "devices");
            run.terminal
                .note(&format!("{devices} would be named by the plan"));
        }
        return run.print_planned(plan.into_outcomes());
    }
    let results = ResultFile::begin(&args.plan, args.result.as_deref(), asked.force.is_given);
    let results = results.map_err(unwritable)?;
    if !plan.steps.is_empty() {
        show_left_out(&plan, run.terminal);
        run.confirm(&sadp_text::batch_question(&plan), asked)?;
    }
    if naming::keep_planned(&mut run.session, &rows)? > 0 {
        run.terminal.note(&named_by_plan(named));
    }
    let report = if plan.steps.is_empty() {
        Report::new(plan.into_outcomes())
    } else {
        let password = password.get(run.terminal)?;
        let login = Login {
            inventory: &inventory,
            password: &password,
            parallel: args.parallel.into(),
            settle: args.change.settle.settle,
            wait_back: args.wait_back,
        };
        run.block_on(async |session, observer| plan.carry_out(session, login, observer).await)?
    };
    let became = PlanResults {
        plan: &table,
        rows: &rows,
        outcomes: &report.outcomes,
        at: run.session.now(),
    };
    let last = format!("{} of {} verified", became.verified(), rows.len());
    // The outcomes are printed, whatever becomes of the file.
    let written = results.finish(became, sadp_text::message);
    if let Ok(path) = &written {
        let path = path.display();
        run.terminal.note(&format!("results: {path}"));
    }
    run.print_after(report, written.err().map(unwritable), Some(&last))
}

/// The largest plan that is read.
const MAX_BYTES: u64 = 16 << 20;

pub(in crate::commands) fn read(plan: &Path) -> Result<(Vec<PlanRow>, PlanTable), Failure> {
    let bytes = files::read(plan, MAX_BYTES, "a plan")?;
    plan_file::read(&bytes).map_err(|problems| unusable(&problems, plan))
}

fn unusable(problems: &[Problem], plan: &Path) -> Failure {
    let Explanation { message, next } = sadp_text::plan_problems(problems);
    let failure = Failure::usage(format!("{} {message}", plan.display()));
    failure.hint(format!("{}; nothing was sent", next.unwrap_or_default()))
}

fn failed(error: ApplyError, plan: &Path) -> Failure {
    match error {
        ApplyError::Problems(problems) => unusable(&problems, plan),
        ApplyError::NoneFound => {
            let message = format!("no device of {} was found", plan.display());
            Failure::words(Exit::NotFound, message).hint(error.remedy())
        }
        ApplyError::Ledger(error) => error.into(),
        error => Failure::remedied(Exit::Unsafe, error),
    }
}

fn unwritable(error: ResultFileError) -> Failure {
    Failure::remedied(Exit::Machine, error)
}

/// Shows before the question what is left out.
fn show_left_out(plan: &Plan, terminal: &mut Terminal) {
    let left_out = plan.left_out.iter();
    for outcome in left_out.filter(|it| it.impact() != Impact::None) {
        let mac = outcome.device.mac.map(|mac| mac.to_string());
        let mac = mac.as_deref().unwrap_or("-");
        let message = sadp_text::message(outcome);
        terminal.warn(&format!("{mac} is left out: {message}"));
    }
}
