//! The requests that wait for an answer.

use jiff::Timestamp;
use sadp_ops::recovery::History;
use sadp_reset::{Case, CaseEnding, CaseFilter, CaseId, Judgement, Sight, Spoilt};

use crate::{
    args::{CasesArgs, CasesCommand, GlobalArgs},
    commands::{batch::Site, survey},
    failure::{Exit, Failure},
    output::{self, CaseDevice, ShownCase},
    state,
    terminal::Terminal,
    text::count,
};

pub(super) fn run(
    args: &CasesArgs,
    global: &GlobalArgs,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    if let Some(CasesCommand::Forget { id }) = args.command {
        return forget(id, global, terminal);
    }
    let format = global.format.of_list("requests have")?;
    let ledger = state::open_existing(global)?;
    let past = History::read(ledger.as_ref(), Timestamp::now()).map_err(state::failed)?;
    let site = args.look.then(|| {
        let config = survey::config(&args.ask, global, None)?;
        Ok::<_, Failure>(Site::look_again(&survey::runtime()?, &config, terminal))
    });
    let site = site.transpose()?;
    let now = Timestamp::now();
    let wanted = past
        .cases()
        .iter()
        .filter(|case| args.all || case.is_open());
    let shown: Vec<_> = wanted
        .map(|case| {
            let facts = past.facts(case);
            let sight = site.as_ref().and_then(|site| sight(case, site, now));
            let judgement = facts.judge(now, sight.as_ref());
            show(case, &judgement, (now, site.is_some()))
        })
        .collect();
    let width = terminal.width();
    output::write_cases(terminal.out(), &shown, format, width)?;
    terminal.flush()?;
    let open = shown.iter().filter(|case| case.state == "open");
    terminal.note(&count(open.count() as u64, "open request", "open requests"));
    Ok(Exit::Done)
}

/// The device of a case, as it was seen just now.
fn sight(case: &Case, site: &Site, now: Timestamp) -> Option<Sight> {
    let mut devices = site.devices.iter();
    let found = devices.find(|found| found.is(&case.request.device));
    found.map(|found| Sight {
        boot_time: found.entry.device.boot_time,
        at: now,
    })
}

fn show(case: &Case, judgement: &Judgement, (now, looked): (Timestamp, bool)) -> ShownCase {
    let request = &case.request;
    // Who did not look has not seen anything; a closed case tells how by its state.
    let told = |spoilt: &&Spoilt| match spoilt {
        Spoilt::NotSeen { .. } => looked && case.is_open(),
        Spoilt::Closed(_) => false,
        _ => case.is_open(),
    };
    let spoilt: Vec<_> = judgement.spoilt.iter().filter(told).collect();
    let mut reasons: Vec<_> = spoilt
        .iter()
        .map(|spoilt| sadp_text::invalid_reason(spoilt))
        .collect();
    if case.is_open() && judgement.aging {
        reasons.push("older than a day: some firmware takes answers for 24 hours only".into());
    }
    let age = now.duration_since(request.exported_at);
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
        age_seconds: age.as_secs(),
        age: sadp_text::age(age),
        warn_after: request.warn_after().to_string(),
        valid_until: request.valid_until().to_string(),
        next: next(case, &spoilt),
        spoilt: spoilt.into_iter().map(Spoilt::name).collect(),
        reasons,
        package: request.package.to_string_lossy().into_owned(),
        ended_at: case.ended.map(|ended| ended.at.to_string()),
    }
}

fn next(case: &Case, spoilt: &[&Spoilt]) -> Option<String> {
    if !case.is_open() {
        return None;
    }
    let device = &case.request.device;
    let mac = device.mac().map(|mac| mac.to_string());
    let name = mac.or_else(|| device.serial().map(ToString::to_string));
    let name = name.unwrap_or_else(|| "DEVICE".into());
    if spoilt.iter().any(|spoilt| spoilt.stops_import()) {
        return Some(format!("sadpctl reset export {name} --out DIR"));
    }
    let package = case.request.package.display();
    let mut next = format!("save the answer into {package}, then sadpctl reset import it");
    let maybe = |spoilt: &&Spoilt| matches!(spoilt, Spoilt::MaybeExportedAgain { .. });
    if spoilt.iter().any(maybe) {
        let surely = format!("; or export anew: sadpctl reset export {name} --again --out DIR");
        next.push_str(&surely);
    }
    Some(next)
}

fn forget(id: CaseId, global: &GlobalArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let open = CaseFilter {
        id: Some(id),
        only_open: true,
        ..CaseFilter::default()
    };
    let known = state::open_existing(global)?
        .map(|ledger| ledger.cases(&open).map_err(state::failed))
        .transpose()?;
    if known.is_none_or(|cases| cases.is_empty()) {
        let message = format!("no open request has the number {id}");
        return Err(Failure::words(Exit::NotFound, message)
            .hint("sadpctl reset cases --all lists them with their numbers"));
    }
    let mut ledger = state::open(global)?;
    ledger
        .close_case(id, CaseEnding::Forgotten, Timestamp::now())
        .map_err(state::failed)?;
    terminal.note(&format!(
        "request {id} is given up; its package stays where it is"
    ));
    Ok(Exit::Done)
}
