//! Why nothing, or too little, is found. Facts are gathered first, a module
//! each, then judged by functions that touch nothing.

mod buffer;
mod card;
mod counters;
mod firewall;
mod multicast;
mod port;
mod privileges;
mod reverse_path;
mod route;
mod site;
mod system;
mod tool;

use sadp_discovery::{ScanConfig, ScanError};

use self::{card::Card, counters::Counters};
use super::{record, survey};
use crate::{
    advice::{Platform, Remedy},
    args::{DoctorArgs, GlobalArgs},
    check::{Check, Verdict},
    failure::{Exit, Failure},
    output,
    terminal::Terminal,
    text::count,
};

pub(super) fn run(
    args: &DoctorArgs,
    global: &GlobalArgs,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let format = global.format.of_plain("checks have")?;
    let mut config = survey::config(&args.ask, global, None)?;
    config.link.recorder = record::begin(&args.record)?;
    let facts = gather(&config, terminal)?;
    let checks = judge(&facts, Platform::HERE);
    let width = terminal.width();
    output::write_checks(terminal.out(), &checks, format, width)?;
    terminal.flush()?;
    terminal.note(&summary(&checks));
    record::tell(&args.record, terminal);
    let problem = checks.iter().any(|check| check.verdict == Verdict::Problem);
    Ok(if problem { Exit::Refused } else { Exit::Done })
}

/// All that was looked at.
#[derive(Debug)]
struct Facts {
    cards: Vec<Card>,
    port: port::Facts,
    loops: Vec<multicast::Facts>,
    firewall: firewall::Facts,
    filters: Vec<reverse_path::Filter>,
    routes: Option<Vec<route::Route>>,
    privileges: Option<privileges::Facts>,
    buffer: buffer::Facts,
    /// What Linux dropped while the scan ran.
    dropped: Counters,
    /// Why there was no scan, or what it brought.
    site: Result<site::Facts, ScanError>,
    config: ScanConfig,
}

fn gather(config: &ScanConfig, terminal: &mut Terminal) -> Result<Facts, Failure> {
    let link = &config.link;
    let cards =
        card::gather(&link.interfaces).map_err(|error| survey::failed(ScanError::List(error)))?;
    let used: Vec<_> = cards.iter().filter(|card| card.matters()).collect();
    let names: Vec<_> = used.iter().map(|card| &*card.name).collect();
    let filtered = used.iter().filter(|card| !card.loopback);
    // The scan holds the port, and takes over Ctrl-C: look before.
    let port = port::gather(link.port);
    let loops = multicast::gather(&names, link.group, link.port, port.can_listen());
    let ethernet: Vec<_> = filtered.clone().map(|card| &*card.name).collect();
    let privileges = privileges::gather(&ethernet);
    let filters = filtered.filter_map(|card| reverse_path::gather(&card.name));
    let filters = filters.collect();
    let runtime = survey::runtime()?;
    let firewall = runtime.block_on(firewall::gather());
    let before = Counters::read();
    let heard = runtime.block_on(survey::listen(config, survey::interrupted(), terminal));
    let site = match heard {
        Ok(report) => Ok(site::Facts::new(report)),
        // A card that is there is explained; one that is not was mistyped.
        Err(error @ ScanError::UnknownInterface { .. }) if !all_named(&link.interfaces, &cards) => {
            return Err(survey::failed(error));
        }
        Err(error @ (ScanError::List(_) | ScanError::NoSocket { .. })) => {
            return Err(survey::failed(error));
        }
        Err(error) => Err(error),
    };
    Ok(Facts {
        port,
        loops,
        filters,
        site,
        dropped: Counters::read().since(before),
        firewall,
        routes: route::gather(),
        privileges,
        buffer: buffer::gather(),
        cards,
        config: config.clone(),
    })
}

/// Whether there is a card for every name that `-i` gives.
fn all_named(names: &[String], cards: &[Card]) -> bool {
    names.iter().all(|name| {
        let has_address = |card: &Card| {
            let mut addresses = card.networks.iter().map(|net| net.addr().to_string());
            addresses.any(|address| address == *name)
        };
        cards
            .iter()
            .any(|card| card.name == *name || has_address(card))
    })
}

fn judge(facts: &Facts, platform: Platform) -> Vec<Check> {
    let site = facts.site.as_ref().ok();
    let devices = site.map_or(0, site::Facts::devices);
    let routes = facts.routes.as_deref();
    let mut checks = card::judge(&facts.cards, platform);
    checks.push(port::judge(&facts.port, platform));
    checks.extend(facts.loops.iter().map(multicast::judge));
    let frames_on = site.map_or(&[][..], site::Facts::frames_on);
    let observed = reverse_path::Site {
        frames_on,
        routes,
        local: site.map_or(&[], site::Facts::local),
        dropped: facts.dropped.reverse_path,
    };
    let filters = facts.filters.iter();
    checks.extend(filters.map(|filter| reverse_path::judge(filter, &observed)));
    if platform == Platform::Linux {
        checks.extend(firewall::judge(
            &facts.firewall,
            // A packet socket hears what a firewall drops.
            &firewall_site(facts, devices > 0 && frames_on.is_empty()),
        ));
    }
    checks.extend(facts.privileges.as_ref().map(privileges::judge));
    checks.push(buffer::judge(facts.buffer, devices, facts.dropped.buffer));
    checks.extend(not_looked_at(platform));
    match &facts.site {
        Ok(site) => checks.extend(site::judge(site, routes, platform)),
        Err(error) => checks.push(
            Check::new(
                "devices",
                "scan",
                Verdict::Problem,
                format!("no scan: {error}"),
            )
            .remedy(error.remedy()),
        ),
    }
    checks
}

fn firewall_site(facts: &Facts, heard: bool) -> firewall::Site {
    let used = facts.cards.iter().filter(|card| card.matters());
    let address = |card: &Card| Some((card.name.clone(), card.networks.first()?.addr()));
    firewall::Site {
        cards: used.filter_map(address).collect(),
        group: facts.config.link.group,
        port: facts.config.link.port,
        heard,
    }
}

/// What cannot be looked at on other systems.
fn not_looked_at(platform: Platform) -> Option<Check> {
    let where_to_look = match platform {
        Platform::Linux => return None,
        Platform::MacOs => "System Settings, Network, Firewall",
        Platform::Windows => "Windows Security, Firewall & network protection, Allow an app",
    };
    let message =
        "not looked at on this system: firewall, reverse-path filter, routes, who holds the port";
    let remedy = format!("let sadpctl receive on private networks: {where_to_look}");
    Some(Check::new("firewall", "this machine", Verdict::Ok, message).remedy(remedy))
}

fn summary(checks: &[Check]) -> String {
    let number = |verdict| {
        let some = checks.iter().filter(|check| check.verdict == verdict);
        some.count() as u64
    };
    format!(
        "{}: {} ok, {}, {}",
        count(checks.len() as u64, "check", "checks"),
        number(Verdict::Ok),
        count(number(Verdict::Warning), "warning", "warnings"),
        count(number(Verdict::Problem), "problem", "problems"),
    )
}
