//! Requests for the vendor's support, on the disk the moment a device gives them.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use sadp_ops::{
    OutcomeData, Report,
    recovery::request::{self, Plan, Settings},
};
use sadp_reset::{Contact, SettingsError};
use sadp_text::Announcement;

use super::qr_picture;
use crate::{
    args::{ChangeArgs, Context, ExportArgs, ForceArgs},
    failure::{Exit, Failure},
    output::Format,
    run::{self, Run},
    state,
    terminal::Terminal,
};

pub(super) fn run(args: &ExportArgs, mut context: Context<'_>) -> Result<Exit, Failure> {
    let change = ChangeArgs {
        yes: args.yes,
        dry_run: args.dry_run,
        force: ForceArgs::default(),
    };
    run::check(change, context.global)?;
    let contact = read_contact(args.contact.as_deref(), context.terminal)?;
    let (mut run, inventory, devices) = Run::find(&args.choice, change, context.reborrow())?;
    let mut plan = request::plan(&run.session, devices, !args.choice.all)?;
    if args.again || may_give_up(&plan, change, &mut run) {
        plan.include_pending(|_| true);
    }
    if change.dry_run {
        return run.print_planned(plan.into_outcomes());
    }
    if plan.exports.is_empty() {
        let report = Report::new(plan.into_outcomes());
        return print(run, report, args, &contact);
    }
    let devices = plan.exports.iter().map(|it| &it.device);
    run.confirm(&Announcement::REQUEST.question(devices), change)?;
    let settings = Settings {
        inventory: &inventory,
        out: &args.out,
        contact: &contact,
        parallel: args.parallel.into(),
    };
    let report =
        run.block_on(async |session, observer| plan.carry_out(session, settings, observer).await)?;
    let qr_text = only_qr_text(&report);
    let exit = print(run, report, args, &contact);
    if let (Format::Table, Some(text)) = (context.global.format, qr_text) {
        draw(&text, context.terminal)?;
    }
    exit
}

/// Writes the mailing of all requests in the folder, and prints the outcomes.
fn print(
    run: Run<'_>,
    report: Report,
    args: &ExportArgs,
    contact: &Contact,
) -> Result<Exit, Failure> {
    if report.failure.is_some() {
        return run.print(report);
    }
    match request::write_mailing(&run.session, &args.out, contact) {
        Ok(mailing) => {
            let last = mailing.map(|it| sadp_text::mailing(&it, &args.out));
            run.print_after(report, None, last.as_deref())
        }
        Err(error) => run.print_after(report, Some(error.into()), None),
    }
}

/// Asks whether requests that still wait may become void.
fn may_give_up(plan: &Plan, change: ChangeArgs, run: &mut Run<'_>) -> bool {
    if plan.pending.is_empty() || !Terminal::can_ask() || change.yes || change.dry_run {
        return false;
    }
    let devices = plan.pending.iter().map(|it| &it.device);
    let question = Announcement::REQUEST_AGAIN.question(devices);
    run.terminal.tell_all(&question.plan);
    run.prompt_yes_no(&question.text)
}

/// The text to scan off the screen, where the command was for one device.
fn only_qr_text(report: &Report) -> Option<String> {
    let [only] = &report.outcomes[..] else {
        return None;
    };
    match &only.data {
        OutcomeData::Request(exported) => exported.qr_text.clone(),
        _ => None,
    }
}

/// Reads `contact.toml`: the one named, or that of the configuration folder,
/// which need not be there. Returns its path, too.
pub(in crate::commands) fn load_contact(
    named: Option<&Path>,
) -> Result<(Contact, PathBuf), Failure> {
    let path = match named {
        Some(path) => {
            std::fs::metadata(path).map_err(|error| {
                Failure::unreadable(path.display(), error).hint("nothing was sent")
            })?;
            path.to_owned()
        }
        None => state::config_folder()?.join(Contact::FILE_NAME),
    };
    let contact = Contact::read(&path).map_err(|error| {
        let exit = match error {
            SettingsError::Read { .. } => Exit::Machine,
            _ => Exit::Usage,
        };
        Failure::new(exit, error)
            .hint("write lines as name = \"...\", or remove the file; nothing was sent")
    })?;
    Ok((contact, path))
}

/// The same, and tells what is left blank.
fn read_contact(named: Option<&Path>, terminal: &mut Terminal) -> Result<Contact, Failure> {
    let (contact, path) = load_contact(named)?;
    let blanks = contact.blanks();
    if !blanks.is_empty() {
        terminal.note(&format!(
            "left blank in each request.txt: {}; {} fills them in",
            blanks.join(", "),
            path.display()
        ));
    }
    Ok(contact)
}

/// Draws a text as a QR code, where it fits the screen.
fn draw(text: &str, terminal: &mut Terminal) -> Result<(), Failure> {
    match qr_picture(text, terminal) {
        Ok(Some(picture)) => writeln!(terminal.out(), "\n{picture}")?,
        Ok(None) => terminal.note("the window is too narrow for the QR code: it is in qr.png"),
        Err(_) => terminal.note("the request is too long for a QR code"),
    }
    terminal.flush()
}
