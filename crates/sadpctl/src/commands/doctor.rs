//! Why nothing, or too little, is found.

use sadp_doctor::{Examination, Verdict};

use super::record;
use crate::{
    advice::Platform,
    args::{Context, DoctorArgs},
    failure::{Exit, Failure},
    interrupt,
    output::{self, CheckRow},
    survey,
};
use sadp_text::count;

pub(super) fn run(args: &DoctorArgs, context: Context<'_>) -> Result<Exit, Failure> {
    context.global.format.check::<CheckRow>()?;
    let mut config = survey::config(&args.ask, context.global, None)?;
    config.link.recorder = record::begin(&args.record)?;
    let diagnosis = survey::runtime()?.block_on(async {
        let examination = Examination::begin(&config.link).await?;
        let scan = survey::listen(&config, interrupt::interrupted(), context.terminal).await;
        examination.finish(scan)
    });
    let checks: Vec<_> = diagnosis?
        .iter()
        .map(|check| CheckRow::new(check, Platform::HERE))
        .collect();
    let Context { global, terminal } = context;
    output::print(&checks, global.format, terminal)?;
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
