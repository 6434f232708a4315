//! The requests that wait for an answer.

use sadp_ops::{
    LedgerAccess,
    recovery::{self, ReviewedCase},
};
use sadp_reset::{CaseId, InvalidReason};
use sadp_text::{age, case_next, case_reasons};

use crate::{
    args::{CasesArgs, CasesCommand, Context},
    failure::{Exit, Failure},
    output::{self, CaseDevice, ShownCase},
    run::Run,
};
use sadp_text::count;

pub(super) fn run(args: &CasesArgs, context: Context<'_>) -> Result<Exit, Failure> {
    if let Some(CasesCommand::Forget { id }) = args.command {
        let run = Run::open(&args.ask, None, LedgerAccess::Read, context)?;
        return forget(id, run);
    }
    context.global.format.check::<ShownCase>()?;
    let mut run = Run::open(&args.ask, None, LedgerAccess::Read, context)?;
    let inventory = args
        .look
        .then(|| run.block_on(async |session, observer| session.look_again(observer).await));
    let cases = recovery::review(&run.session, inventory.as_ref())?;
    let Context { global, terminal } = run.into_context();
    let wanted = cases.iter().filter(|it| args.all || it.case.is_open());
    let shown: Vec<_> = wanted.map(show).collect();
    output::print(&shown, global.format, terminal)?;
    let open = cases.iter().filter(|it| it.case.is_open());
    terminal.note(&count(open.count() as u64, "open request", "open requests"));
    Ok(Exit::Done)
}

fn show(reviewed: &ReviewedCase) -> ShownCase {
    let case = &reviewed.case;
    let request = &case.request;
    let reasons = reviewed.invalid_reasons.iter();
    ShownCase {
        case: case.id.number(),
        device: CaseDevice {
            serial: request.device.serial().map(ToString::to_string),
            mac: request.device.mac().map(|mac| mac.to_string()),
            address: request.address,
        },
        kind: request.kind.name(),
        state: case.ended.map_or("open", |ended| ended.how.name()),
        exported_at: request.exported_at.to_string(),
        age_seconds: reviewed.age.as_secs(),
        age: age(reviewed.age),
        warn_after: request.warn_after().to_string(),
        valid_until: request.valid_until().to_string(),
        next: case_next(reviewed),
        invalid_reasons: reasons.map(InvalidReason::name).collect(),
        reasons: case_reasons(reviewed),
        package: request.package.to_string_lossy().into_owned(),
        ended_at: case.ended.map(|ended| ended.at.to_string()),
    }
}

fn forget(id: CaseId, mut run: Run<'_>) -> Result<Exit, Failure> {
    if !recovery::forget(&mut run.session, id)? {
        let message = format!("no open request has the number {id}");
        return Err(Failure::words(Exit::NotFound, message)
            .hint("sadpctl reset cases --all lists them with their numbers"));
    }
    run.terminal.note(&format!(
        "request {id} is given up; its package stays where it is"
    ));
    Ok(Exit::Done)
}
