use std::{collections::BTreeSet, net::Ipv4Addr};

use ipnet::Ipv4Net;
use sadp_model::{AddressError, HostSettings, Warning, free_addresses};

use super::file;
use crate::{
    args::{GlobalArgs, NetPlanArgs},
    commands::{batch::Site, list, survey},
    failure::{Exit, Failure},
    found::Found,
    output::{self, Format},
    select,
    terminal::Terminal,
    text::count,
};

pub(super) fn run(
    args: &NetPlanArgs,
    global: &GlobalArgs,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    if !matches!(global.format, Format::Table | Format::Csv) {
        return Err(
            Failure::words(Exit::Usage, "a plan is CSV, in no other format")
                .hint("leave --format out"),
        );
    }
    let config = survey::config(&args.ask, global, None)?;
    let site = Site::look(&survey::runtime()?, &config, global, terminal)?;
    let all = site.devices.len();
    let (mut chosen, others): (Vec<_>, Vec<_>) = site.devices.into_iter().partition(|found| {
        let filter = args.filter.as_ref();
        filter.is_none_or(|filter| filter.holds(&output::value(found)))
    });
    if let Some(filter) = args.filter.as_ref().filter(|_| chosen.is_empty()) {
        return Err(list::none_chosen(all, filter));
    }
    select::by_urgency(&mut chosen);
    let (chosen, nameless): (Vec<_>, Vec<_>) = chosen.into_iter().partition(is_named);
    let network = network(args, &site.local, &chosen)?;
    let gateway = gateway(args, network, &chosen, &others);
    let staying = others.iter().chain(&nameless);
    let mut taken: BTreeSet<_> = staying
        .flat_map(|found| {
            [
                found.entry.device.ipv4.address,
                found.entry.device.ipv4.gateway,
            ]
        })
        .flatten()
        .collect();
    taken.extend(site.local.iter().map(Ipv4Net::addr));
    taken.extend(
        chosen
            .iter()
            .filter_map(|found| found.entry.device.ipv4.gateway),
    );
    taken.extend(gateway);
    let addresses = free_addresses(args.from, network, &taken, chosen.len()).map_err(|full| {
        Failure::new(Exit::Usage, full)
            .hint("begin at a lower address with --from, or take fewer devices with --where")
    })?;
    let settings = addresses
        .into_iter()
        .map(|address| HostSettings::new(address, network.netmask(), gateway).map_err(bad));
    let settings = settings.collect::<Result<Vec<_>, _>>()?;
    let devices = chosen.iter().map(|found| &found.entry.device);
    file::write(terminal.out(), devices.zip(settings))?;
    terminal.flush()?;
    tell(&chosen, &nameless, gateway, terminal);
    Ok(Exit::Done)
}

/// A plan names devices by their MAC.
fn is_named(found: &Found) -> bool {
    found.entry.device.identity().is_some() && !found.warnings.contains(&Warning::DuplicateMac)
}

fn bad(error: AddressError) -> Failure {
    Failure::new(Exit::Usage, error).hint("check --from, --mask and --gateway")
}

/// The network the addresses are for.
fn network(args: &NetPlanArgs, local: &[Ipv4Net], devices: &[Found]) -> Result<Ipv4Net, Failure> {
    let holds = |net: &Ipv4Net| net.contains(&args.from) && !net.addr().is_loopback();
    let theirs = || {
        let mut networks = devices
            .iter()
            .filter_map(|it| it.entry.device.ipv4.network());
        networks.find(holds)
    };
    let mask = match args.mask {
        Some(mask) => mask,
        None => local
            .iter()
            .copied()
            .find(holds)
            .or_else(theirs)
            .map(|net| net.netmask())
            .ok_or_else(|| {
                let message = format!("{} is in none of the networks here", args.from);
                Failure::words(Exit::Usage, message)
                    .hint("give its mask, e.g. --mask 255.255.255.0")
            })?,
    };
    let settings = HostSettings::new(args.from, mask, args.gateway.filter(|it| *it != args.from));
    settings.map(|settings| settings.network()).map_err(bad)
}

/// The one asked for; else the one most devices of the network have.
fn gateway(
    args: &NetPlanArgs,
    network: Ipv4Net,
    chosen: &[Found],
    others: &[Found],
) -> Option<Ipv4Addr> {
    if let Some(gateway) = args.gateway {
        return Some(gateway).filter(|gateway| !gateway.is_unspecified());
    }
    let told: Vec<_> = chosen
        .iter()
        .chain(others)
        .filter_map(|found| found.entry.device.ipv4.gateway)
        .filter(|it| network.contains(it) && *it != network.network() && *it != network.broadcast())
        .collect();
    let times = |wanted: &Ipv4Addr| told.iter().filter(|it| *it == wanted).count();
    told.iter()
        .copied()
        .max_by_key(|it| (times(it), std::cmp::Reverse(*it)))
}

fn tell(chosen: &[Found], nameless: &[Found], gateway: Option<Ipv4Addr>, terminal: &mut Terminal) {
    let planned = count(chosen.len() as u64, "device", "devices");
    terminal.note(&format!("{planned} planned; nothing was sent"));
    if !nameless.is_empty() {
        let left_out = count(nameless.len() as u64, "device", "devices");
        terminal.warn(&format!(
            "{left_out} left out, without a MAC or with one that another has"
        ));
    }
    if gateway.is_none() {
        terminal.warn("no gateway is known there, so the plan has none: --gateway gives one");
    }
    let fresh = chosen
        .iter()
        .filter(|found| found.entry.device.state == Some(sadp_model::State::Unactivated));
    let fresh = fresh.count() as u64;
    if fresh > 0 {
        terminal.hint(&format!(
            "{} must be activated first: sadpctl activate",
            count(fresh, "device", "devices")
        ));
    }
    terminal.hint("look the plan over, then: sadpctl net apply plan.csv");
}
