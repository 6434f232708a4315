//! Why nothing, or too little, is found.

use sadp_doctor::{Examination, Verdict};
use sadp_ops::LedgerAccess;
use sadp_text::{Platform, count};

use super::record;
use crate::{
    args::{Context, DoctorArgs},
    failure::{Exit, Failure},
    output::CheckRow,
    run::Run,
    survey,
};

pub(super) fn run(args: &DoctorArgs, context: Context<'_>) -> Result<Exit, Failure> {
    context.global.format.check::<CheckRow>()?;
    let mut config = survey::config(&args.ask.reach, context.global, None)?;
    config.stop = args.ask.wait;
    config.link.recorder = record::begin(&args.record)?;
    let mut run = Run::with(config, LedgerAccess::Unavailable, context)?;
    run.progress.say("checking this computer");
    let diagnosis = run.block_on(async |session, observer| {
        let examination = Examination::begin(&session.scan_config().link).await?;
        examination.finish(session.scan(observer).await)
    });
    let checks = diagnosis?.into_iter();
    let checks = checks.map(|it| CheckRow::new(&it, Platform::HERE));
    let checks: Vec<_> = checks.collect();
    let mut context = run.into_context();
    context.print(&checks)?;
    let terminal = context.terminal;
    let number = |verdict| checks.iter().filter(|row| row.verdict == verdict).count() as u64;
    let problems = number(Verdict::Problem);
    terminal.note(&format!(
        "{}: {} ok, {}, {}",
        count(checks.len() as u64, "check", "checks"),
        number(Verdict::Ok),
        count(number(Verdict::Warning), "warning", "warnings"),
        count(problems, "problem", "problems"),
    ));
    record::tell(&args.record, terminal);
    Ok(if problems > 0 {
        Exit::Refused
    } else {
        Exit::Done
    })
}
