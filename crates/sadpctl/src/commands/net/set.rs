use std::{fmt::Write, net::Ipv4Addr};

use ipnet::Ipv4Net;
use sadp_reset::Action;

use super::{
    change::{Change, Wanted},
    deliver::{self, Login},
    probe,
};
use crate::{
    args::{GlobalArgs, NetSetArgs, WantedArgs},
    commands::{
        batch::{self, Sending, Site},
        survey,
    },
    failure::{Exit, Failure},
    found::Found,
    secret,
    terminal::Terminal,
};

pub(super) fn run(
    args: &NetSetArgs,
    global: &GlobalArgs,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let asked = args.change.change;
    batch::check_format(global)?;
    batch::must_be_asked(asked)?;
    let password = (!asked.dry_run)
        .then(|| secret::current(&args.change.password))
        .transpose()?;
    // Behind a router it has to be asked at its new address, too.
    let routed = !args.ask.reach.targets.is_empty();
    let new = args.wanted.ip.filter(|_| routed);
    let also = args.device.address().into_iter().chain(new);
    let config = survey::config(&args.ask, global, also)?;
    let runtime = survey::runtime()?;
    let site = Site::look(&runtime, &config, global, terminal)?;
    let found = args.device.choose(site.devices.clone())?;
    let wanted = wanted(args.wanted);
    let change = Change::new(&found.entry.device, &wanted).map_err(|bad| {
        let (message, hint) = bad.words();
        Failure::words(Exit::Usage, message).hint(format!("{hint}; nothing was sent"))
    })?;
    if change.is_none() {
        return batch::print(&[deliver::already(&found, &change)], None, global, terminal);
    }
    if let Some(outcome) = deliver::objection(&found, &args.change) {
        return batch::print(&[outcome], None, global, terminal);
    }
    check_taken(&found, &change, &site, asked.force, terminal)?;
    let (mut fit, unfit) = batch::vet(vec![found], Action::NetSet, asked.force, global)?;
    let Some(found) = fit.pop() else {
        return batch::print(&unfit, None, global, terminal);
    };
    let Some(password) = password else {
        return batch::print(&[deliver::planned(&found, &change)], None, global, terminal);
    };
    batch::confirm(&runtime, &plan(&found, &change), asked, terminal)?;
    let sending = Sending {
        action: Action::NetSet,
        pace: batch::guarded(1),
        parallel: 1,
        link: &config.link,
        local: &site.local,
    };
    let login = Login {
        password: &password,
        account: args.change.account.as_deref(),
    };
    let orders = vec![deliver::order(found, change.after.clone(), login)?];
    let sent = batch::send(&runtime, sending, orders, (global, &mut *terminal))?;
    let after = Site::look_again(&runtime, &config, terminal);
    let mut outcomes = Vec::new();
    for (found, mut outcome) in sent.outcomes {
        let now = after.same(&found).map(|now| &now.entry.device);
        deliver::conclude(&mut outcome, &change, now);
        outcomes.push(outcome);
    }
    batch::print(&outcomes, sent.trouble, global, terminal)
}

fn wanted(args: WantedArgs) -> Wanted {
    Wanted {
        address: args.ip,
        mask: args.mask,
        gateway: args.gateway,
        dhcp: args.dhcp,
        http: args.http_port,
        sdk: args.sdk_port,
    }
}

/// Refuses a new address that somebody has.
fn check_taken(
    found: &Found,
    change: &Change,
    site: &Site,
    force: bool,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    let address = change.after.ipv4.address;
    let Some(address) = address.filter(|_| address != change.before.ipv4.address) else {
        return Ok(());
    };
    let Some(holder) = holder(address, found, site) else {
        terminal.note(&format!(
            "nobody was seen at {address}; that proves little: a device that is off, or silent, is not seen"
        ));
        return Ok(());
    };
    let message = format!("{address} is taken by {holder}");
    if force {
        terminal.warn(&message);
        return Ok(());
    }
    Err(Failure::words(Exit::Unsafe, message)
        .hint("choose another address; --force sends all the same; nothing was sent"))
}

fn holder(address: Ipv4Addr, found: &Found, site: &Site) -> Option<String> {
    if site
        .local
        .iter()
        .map(Ipv4Net::addr)
        .any(|own| own == address)
    {
        return Some("this machine".into());
    }
    let others = site.devices.iter().filter(|other| {
        other.entry.device.mac != found.entry.device.mac
            && other.entry.device.ipv4.address == Some(address)
    });
    if let Some(other) = others.into_iter().next() {
        let mac = other.entry.device.mac;
        return Some(mac.map_or_else(|| "another device".into(), |mac| mac.to_string()));
    }
    let answers = !probe::answering([address], &site.local).is_empty();
    answers.then(|| "somebody: it answers connections".into())
}

fn plan(found: &Found, change: &Change) -> String {
    let device = &found.entry.device;
    let name = device.serial.as_ref().map(ToString::to_string);
    let mac = device.mac.map(|mac| mac.to_string());
    let name = [mac, name].into_iter().flatten().collect::<Vec<_>>();
    let mut plan = format!("the network settings of {} change:", name.join("  "));
    for (name, before, after) in change.differences() {
        let _ = write!(plan, "\n  {name:<10}  {before} -> {after}");
    }
    plan
}
