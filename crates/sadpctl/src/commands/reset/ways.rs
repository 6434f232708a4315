//! Every way to bring a password back, for each device.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sadp_discovery::{LinkConfig, Pace};
use sadp_model::{
    Availability, MethodAssessment, Prerequisite, RecoveryMethod, State, UnavailableReason,
    assess_methods,
};
use sadp_ops::{DiscoveredDevice, recovery::History};
use sadp_proto::{Command, CommandOutcome as Reply, QuestionList};
use sadp_reset::Action;
use tokio::runtime::Runtime;

use crate::{
    args::{GlobalArgs, WaysArgs},
    commands::{
        batch::{self, Order, Orders, Sending, Site},
        set_up::SetUpReader,
        survey,
    },
    failure::{Exit, Failure},
    outcome::Who,
    output::{self, ShownWay, Subject, Ways},
    select::DeviceName,
    state,
    terminal::Terminal,
};

pub(super) fn run(
    args: &WaysArgs,
    global: &GlobalArgs,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    global.format.check::<Ways>()?;
    let named = args.choice.devices.iter();
    let config = survey::config(&args.ask, global, named.filter_map(DeviceName::address))?;
    let runtime = survey::runtime()?;
    let mut site = Site::look(&runtime, &config, global, terminal)?;
    let mut devices = batch::choose(&args.choice, std::mem::take(&mut site.devices))?;
    if !args.no_ask {
        let reader = SetUpReader {
            runtime: &runtime,
            link: &config.link,
            local: &site.local,
            global,
        };
        reader.read(&mut devices, terminal)?;
    }
    let asked = if args.no_ask {
        BTreeMap::new()
    } else {
        ask_questions(
            &runtime,
            (&devices, &site),
            &config.link,
            (global, &mut *terminal),
        )?
    };
    let ledger = state::open_existing(global)?;
    let past = History::read(ledger.as_ref(), Timestamp::now()).map_err(state::failed)?;
    let mut shown = Vec::new();
    for (place, found) in devices.iter().enumerate() {
        let mut prepared = past.prepared(found).map_err(state::failed)?;
        // The device's own word is newer than any memory.
        let set_up = found.entry.device.recovery.set_up;
        let questions = asked.get(&place).copied().or(set_up.questions);
        prepared.questions = questions.or(prepared.questions);
        prepared.mailbox = set_up.mailbox.or(prepared.mailbox);
        prepared.guid = set_up.guid;
        let fits = assess_methods(&found.entry.device, &prepared);
        shown.push(Ways {
            device: Subject {
                who: Who::new(found),
                model: found.entry.device.model.as_deref().map(Into::into),
            },
            ways: fits.iter().map(|fit| show(fit, found)).collect(),
        });
    }
    output::print(&shown, global.format, terminal)?;
    Ok(Exit::Done)
}

/// Whether questions are set, by the place of each device that says so. The
/// question costs nothing and changes nothing.
fn ask_questions(
    runtime: &Runtime,
    (devices, site): (&[DiscoveredDevice], &Site),
    link: &LinkConfig,
    (global, terminal): (&GlobalArgs, &mut Terminal),
) -> Result<BTreeMap<usize, bool>, Failure> {
    let (places, orders) = questions_to_ask(devices, global)?;
    if orders.is_empty() {
        return Ok(BTreeMap::new());
    }
    let sending = Sending {
        action: Action::QuestionsShow,
        pace: Pace::Together,
        parallel: PARALLEL,
        link,
        local: &site.local,
    };
    let mut told = BTreeMap::new();
    let keep = |_: &mut _, arrived: batch::Arrived<'_>| {
        if let (Reply::Done(reply), Some(&place)) = (arrived.reply, places.get(arrived.place)) {
            let questions = QuestionList::read(reply).questions;
            if !questions.is_empty() {
                told.insert(place, questions.iter().any(|question| question.set));
            }
        }
        Ok(())
    };
    let sent = batch::send(
        runtime,
        sending,
        Orders::keeping(orders, keep),
        (global, &mut *terminal),
    )?;
    if let Some(failure) = sent.trouble {
        return Err(failure);
    }
    Ok(told)
}

/// The places of the devices that may be asked, and what is asked of each.
fn questions_to_ask(
    devices: &[DiscoveredDevice],
    global: &GlobalArgs,
) -> Result<(Vec<usize>, Vec<Order>), Failure> {
    let mut places = Vec::new();
    let mut orders = Vec::new();
    for (place, found) in devices.iter().enumerate() {
        let device = &found.entry.device;
        let offers = device.recovery.questions == Some(true);
        let known = device.recovery.set_up.questions.is_some();
        if !offers || known || device.state == Some(State::Unactivated) {
            continue;
        }
        let found = vec![found.clone()];
        let (fit, _) = batch::vet(found, Action::QuestionsShow, false, global)?;
        places.extend(fit.iter().map(|_| place));
        orders.extend(fit.into_iter().map(|found| Order {
            found,
            command: Command::GetQuestions,
        }));
    }
    Ok((places, orders))
}

const PARALLEL: usize = 16;

fn show(fit: &MethodAssessment, found: &DiscoveredDevice) -> ShownWay {
    let needs = fit.availability.needs().iter().map(ToString::to_string);
    let obstacle = fit
        .availability
        .obstacle()
        .map(|obstacle| obstacle.to_string());
    let notes = fit.notes.iter().map(ToString::to_string);
    ShownWay {
        way: fit.method.name(),
        label: fit.method.label(),
        recommended: fit.advice == sadp_model::Advice::Recommended,
        standing: fit.availability.name(),
        reasons: needs.chain(obstacle).chain(notes).collect(),
        next: next(fit, &name(found)),
    }
}

/// By what a device is named on the command line.
fn name(found: &DiscoveredDevice) -> String {
    let device = &found.entry.device;
    let mac = device.identity().map(|mac| mac.to_string());
    let address = || device.ipv4.address.map(|address| address.to_string());
    mac.or_else(address).unwrap_or_else(|| "DEVICE".into())
}

/// The command to type next.
fn next(fit: &MethodAssessment, device: &str) -> Option<String> {
    let command = match (fit.method, &fit.availability) {
        (_, Availability::NotForThisDevice(UnavailableReason::Unactivated)) => {
            return Some(format!("sadpctl activate {device}"));
        }
        (_, Availability::NotForThisDevice(_)) => return None,
        (RecoveryMethod::ResetButton, _) => format!("button {device}"),
        (RecoveryMethod::Questions, standing)
            if standing.needs().contains(&Prerequisite::QuestionsSet) =>
        {
            format!("questions show {device}")
        }
        (RecoveryMethod::Questions, _) => format!("questions answer {device}"),
        (RecoveryMethod::Mail, _) => format!("mail qr {device}"),
        (RecoveryMethod::Request, standing) => match standing.needs().first() {
            Some(Prerequisite::WholeReply) => return Some(format!("sadpctl show {device}")),
            Some(Prerequisite::VendorAnswer(_)) => "import PATH".into(),
            _ => format!("export {device} --out DIR"),
        },
        (RecoveryMethod::Guid, standing) => {
            let missing = |need: &Prerequisite| matches!(need, Prerequisite::GuidFile { .. });
            let file = if standing.needs().iter().any(missing) {
                " FILE"
            } else {
                ""
            };
            format!("guid import {device}{file}")
        }
        (RecoveryMethod::HikConnect | RecoveryMethod::HikProConnect, _) => format!("app {device}"),
    };
    Some(format!("sadpctl reset {command}"))
}
