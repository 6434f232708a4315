//! This machine's network cards, and why each is used or not.

use std::{collections::BTreeMap, fs, path::Path};

use ipnet::Ipv4Net;
use sadp_discovery::interface::{self, Interface};
use serde_json::json;

use super::system;
use crate::{
    advice::{self, Platform},
    check::{Check, Verdict},
};

const CHECK: &str = "interface";

/// A network card.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Card {
    pub(super) name: String,
    pub(super) networks: Vec<Ipv4Net>,
    pub(super) loopback: bool,
    /// Whether it works, as far as the system tells.
    pub(super) running: bool,
    /// Whether it was switched on.
    pub(super) switched_on: Option<bool>,
    /// Whether the cable, or the radio, has a peer.
    pub(super) carrier: Option<bool>,
    /// Whether it takes multicast.
    pub(super) multicast: Option<bool>,
    /// The bridge or bond it is a part of.
    pub(super) part_of: Option<String>,
    /// Whether `-i` names it; `None` where `-i` is not given.
    pub(super) named: Option<bool>,
}

/// The most cards that are looked at.
const MAX_CARDS: usize = 256;

/// All cards of this machine.
pub(super) fn gather(named: &[String]) -> std::io::Result<Vec<Card>> {
    let mut cards: BTreeMap<String, Card> = BTreeMap::new();
    let with_address = interface::list()?;
    let others = interface::names()?.into_iter().chain(of_system());
    for name in others.take(MAX_CARDS) {
        let is_named = named.contains(&name);
        // An address may carry a label behind the name of its card.
        let of_card = |found: &&Interface| *found.name == *name || found.card() == name;
        let is_label = with_address
            .iter()
            .any(|found| *found.name == *name && found.card() != name);
        if is_label {
            continue;
        }
        let mut card = from_system(&name);
        card.named = (!named.is_empty()).then_some(is_named);
        for found in with_address.iter().filter(of_card) {
            card.networks.push(found.network);
            card.loopback |= found.loopback;
            card.running |= found.up;
            if named.iter().any(|name| found.answers_to(name)) {
                card.named = Some(true);
            }
        }
        card.name.clone_from(&name);
        cards.insert(name, card);
    }
    Ok(cards.into_values().collect())
}

const CLASS_NET: &str = "/sys/class/net";

/// The names Linux knows, those without any address among them. Of `/sys` it is
/// not sure whose cards it shows; `/proc` shows those of this program.
fn of_system() -> Vec<String> {
    names(&system::read("/proc/net/dev").unwrap_or_default())
}

/// The cards of a `/proc/net/dev`: below two lines of titles, a line each.
fn names(table: &str) -> Vec<String> {
    let cards = table.lines().skip(2);
    cards
        .filter_map(|line| Some(line.split_once(':')?.0.trim().to_owned()))
        .collect()
}

/// What Linux tells of a card beyond its addresses.
fn from_system(name: &str) -> Card {
    const UP: u32 = 0x1;
    const LOOPBACK: u32 = 0x8;
    const MULTICAST: u32 = 0x1000;
    let folder = Path::new(CLASS_NET).join(name);
    let flags = system::read(folder.join("flags"));
    let flags =
        flags.and_then(|text| u32::from_str_radix(text.trim().strip_prefix("0x")?, 16).ok());
    let has = |flag| flags.map(|flags| flags & flag != 0);
    let carrier: Option<u8> = system::number(folder.join("carrier"));
    let master = fs::read_link(folder.join("master")).ok();
    Card {
        switched_on: has(UP),
        loopback: has(LOOPBACK) == Some(true),
        multicast: has(MULTICAST),
        carrier: carrier.map(|carrier| carrier == 1),
        part_of: master
            .as_deref()
            .and_then(Path::file_name)
            .map(|name| name.to_string_lossy().into_owned()),
        ..Card::default()
    }
}

/// Why a card is used or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Used,
    NotNamed,
    Loopback,
    SwitchedOff,
    NoCarrier,
    Down,
    NoAddress,
}

impl Card {
    pub(super) fn standing(&self) -> Standing {
        match self.named {
            Some(false) => return Standing::NotNamed,
            None if self.loopback => return Standing::Loopback,
            _ => {}
        }
        if self.switched_on == Some(false) {
            Standing::SwitchedOff
        } else if self.carrier == Some(false) {
            Standing::NoCarrier
        } else if self.networks.is_empty() {
            Standing::NoAddress
        } else if self.running {
            Standing::Used
        } else {
            Standing::Down
        }
    }

    pub(super) fn is_used(&self) -> bool {
        self.standing() == Standing::Used
    }

    /// Whether cameras may be expected there: a VPN's or container's card counts
    /// only where it is named.
    pub(super) fn matters(&self) -> bool {
        self.is_used() && (self.named.is_some() || !advice::is_virtual(&self.name))
    }

    fn addresses(&self) -> Vec<String> {
        self.networks.iter().map(Ipv4Net::to_string).collect()
    }
}

/// One line a card, and one more where none can be used.
pub(super) fn judge(cards: &[Card], platform: Platform) -> Vec<Check> {
    let none_used = !cards.iter().any(Card::is_used);
    let mut checks: Vec<_> = cards
        .iter()
        .map(|card| judge_card(card, none_used, platform))
        .collect();
    if none_used {
        let message = "no card can be used: it takes one that is up and has an IPv4 address";
        checks.push(
            Check::new(CHECK, "this machine", Verdict::Problem, message).remedy(
                "connect to the cameras' network and give this machine any address, e.g. 192.168.1.250/24",
            ),
        );
    }
    checks
}

fn judge_card(card: &Card, none_used: bool, platform: Platform) -> Check {
    let (verdict, message) = standing_told(card, none_used);
    let check = Check::new(CHECK, &card.name, verdict, message)
        .data("addresses", json!(card.addresses()))
        .data("used", card.is_used())
        .data("carrier", card.carrier)
        .data("multicast", card.multicast)
        .data("virtual", advice::is_virtual(&card.name));
    match remedy(card, platform).filter(|_| verdict != Verdict::Ok) {
        Some(remedy) => check.remedy(remedy),
        None => check,
    }
}

fn standing_told(card: &Card, none_used: bool) -> (Verdict, String) {
    let missed = match (card.named, none_used) {
        (Some(true), _) => Verdict::Problem,
        (_, true) => Verdict::Warning,
        _ => Verdict::Ok,
    };
    // What was set up for use, and is out of it.
    let expected = if card.networks.is_empty() {
        missed
    } else {
        missed.max(Verdict::Warning)
    };
    let kind = advice::is_virtual(&card.name);
    match card.standing() {
        Standing::Used => used(card, kind),
        Standing::NotNamed => (Verdict::Ok, "not used: -i names others".into()),
        Standing::Loopback => (Verdict::Ok, "not used: reaches this machine only".into()),
        Standing::SwitchedOff => (expected, "not used: it is switched off".into()),
        Standing::NoCarrier if kind => (missed, "not used: nothing is connected to it".into()),
        Standing::NoCarrier => (
            expected,
            "not used: no carrier (no cable, or the other end is off)".into(),
        ),
        Standing::Down => (expected, "not used: it is down".into()),
        Standing::NoAddress => match &card.part_of {
            Some(bridge) => (missed, format!("not used: it is a part of {bridge}")),
            None if kind => (missed, "not used: no IPv4 address".into()),
            None => (
                missed.max(Verdict::Warning),
                "not used: no IPv4 address, though it is connected".into(),
            ),
        },
    }
}

fn used(card: &Card, is_virtual: bool) -> (Verdict, String) {
    let addresses = card.addresses().join(", ");
    if card.multicast == Some(false) && !card.loopback && !is_virtual {
        let message = format!("used, by {addresses}, but its multicast is switched off");
        return (Verdict::Warning, message);
    }
    if is_virtual && card.named.is_none() {
        let message = format!(
            "used, by {addresses}; looks like a VPN or container network: -i leaves it out"
        );
        return (Verdict::Ok, message);
    }
    (Verdict::Ok, format!("used, by {addresses}"))
}

fn remedy(card: &Card, platform: Platform) -> Option<String> {
    let name = &card.name;
    let linux = platform == Platform::Linux;
    match card.standing() {
        Standing::Used if card.multicast == Some(false) => Some(format!(
            "switch it on: sudo ip link set {name} multicast on"
        )),
        Standing::SwitchedOff if linux => Some(format!("switch it on: sudo ip link set {name} up")),
        Standing::SwitchedOff | Standing::Down => Some("bring the card up".into()),
        Standing::NoCarrier => Some("check the cable and the switch's port".into()),
        Standing::NoAddress if card.part_of.is_none() => {
            let address = Ipv4Net::new_assert([192, 168, 1, 250].into(), 24);
            Some(format!(
                "any address will do to find devices: {}",
                platform.add_address(name, address)
            ))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
