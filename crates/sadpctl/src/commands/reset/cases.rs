//! The requests that wait for an answer.

use sadp_ops::{LedgerAccess, recovery};
use sadp_reset::CaseId;
use sadp_text::count;

use crate::{
    args::{CasesArgs, CasesCommand, Context},
    failure::{Exit, Failure},
    output::ShownCase,
    run::Run,
};

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
    let mut context = run.into_context();
    let wanted = cases.iter().filter(|it| args.all || it.case.is_open());
    context.print(&wanted.map(ShownCase::new).collect::<Vec<_>>())?;
    let open = cases.iter().filter(|it| it.case.is_open()).count();
    let open = count(open as u64, "open request", "open requests");
    context.terminal.note(&open);
    Ok(Exit::Done)
}

fn forget(id: CaseId, mut run: Run<'_>) -> Result<Exit, Failure> {
    if !recovery::forget(&mut run.session, id)? {
        let message = format!("no open request has the number {id}");
        return Err(Failure::words(Exit::NotFound, message)
            .hint("sadpctl reset cases --all lists them with their numbers"));
    }
    run.terminal.note(&format!(
        "request {id} is closed; its package stays where it is"
    ));
    Ok(Exit::Done)
}
