//! Requests for the vendor's support, on the disk the moment a device gives them.

use std::path::Path;

use sadp_ops::{
    DeviceName, DiscoveredDevice, OutcomeData, Report,
    recovery::request::{self, Plan, Settings},
};
use sadp_reset::{Contact, SettingsError};

use super::qr;
use crate::{
    args::{ChangeArgs, ExportArgs, ForceArgs, GlobalArgs},
    commands::list,
    failure::{Exit, Failure},
    output::Format,
    run::{self, Run},
    state,
    terminal::Terminal,
};

pub(super) fn run(
    args: &ExportArgs,
    global: &GlobalArgs,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let change = ChangeArgs {
        yes: args.yes,
        dry_run: args.dry_run,
        force: ForceArgs::default(),
    };
    run::check(change, global)?;
    let contact = read_contact(args.contact.as_deref(), terminal)?;
    let also = args.choice.devices.iter().filter_map(DeviceName::address);
    let mut run = Run::open(&args.ask, also, change.access(), global, terminal)?;
    let inventory = run.look()?;
    let devices = list::choose(&args.choice, inventory.devices.clone())?;
    let plan = request::plan(&run.session, devices, !args.choice.all);
    let mut plan = plan.map_err(state::failed)?;
    if args.again || may_give_up(&plan, change, &mut run) {
        plan.include_pending(|_| true);
    }
    if change.dry_run || plan.exports.is_empty() {
        return run.print(Report::new(plan.into_outcomes()));
    }
    let devices = devices_of(&plan.exports);
    run.confirm(
        "a request to the vendor's support is exported from",
        &devices,
        change,
    )?;
    let settings = Settings {
        inventory: &inventory,
        out: &args.out,
        contact: &contact,
        parallel: args.parallel.into(),
    };
    let report =
        run.block_on(async |session, observer| plan.carry_out(session, settings, observer).await);
    let report = report.map_err(run::failed)?;
    let qr_text = only_qr_text(&report);
    let exit = run.print(report);
    if let (Format::Table, Some(text)) = (global.format, qr_text) {
        qr::draw(&text, terminal)?;
    }
    exit
}

/// Asks whether requests that still wait may become void.
fn may_give_up(plan: &Plan, change: ChangeArgs, run: &mut Run<'_>) -> bool {
    if plan.pending.is_empty() || !Terminal::can_ask() || change.yes || change.dry_run {
        return false;
    }
    let what = "a request still waits for its answer, and becomes void by another, on";
    let devices = devices_of(&plan.pending);
    run.terminal.tell(&sadp_text::devices_plan(what, &devices));
    run.prompt_yes_no("Export again, and give the older requests up? [y/N]")
}

fn devices_of(exports: &[request::Export]) -> Vec<DiscoveredDevice> {
    exports.iter().map(|export| export.device.clone()).collect()
}

/// The text to scan off the screen, where the command was for one device.
fn only_qr_text(report: &Report) -> Option<String> {
    match &report.outcomes[..] {
        [only] => match &only.data {
            OutcomeData::Request(exported) => exported.qr_text.clone(),
            _ => None,
        },
        _ => None,
    }
}

/// Reads `contact.toml`: the one named, or that of the configuration folder,
/// which need not be there. Tells what is left blank.
fn read_contact(named: Option<&Path>, terminal: &mut Terminal) -> Result<Contact, Failure> {
    let path = match named {
        Some(path) => {
            std::fs::metadata(path).map_err(|error| {
                let what = format!("cannot read {}", path.display());
                Failure::new(Exit::Machine, anyhow::Error::new(error).context(what))
                    .hint("check the path; nothing was sent")
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
    let blanks = blanks(&contact);
    if !blanks.is_empty() {
        terminal.note(&format!(
            "left blank in each request.txt: {}; {} fills them in",
            blanks.join(", "),
            path.display()
        ));
    }
    Ok(contact)
}

/// What is not filled in, by the keys of the file.
fn blanks(contact: &Contact) -> Vec<&'static str> {
    let Contact {
        name,
        email,
        phone,
        company,
        country,
        role,
        purchase_channel,
    } = contact;
    let all = [
        ("name", name),
        ("email", email),
        ("phone", phone),
        ("company", company),
        ("country", country),
        ("role", role),
        ("purchase-channel", purchase_channel),
    ];
    let blank = all.into_iter().filter(|(_, value)| value.is_none());
    blank.map(|(key, _)| key).collect()
}
