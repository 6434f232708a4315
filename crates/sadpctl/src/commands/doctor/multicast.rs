//! Whether what is sent to the group comes back, card by card.

use std::{io, net::Ipv4Addr, time::Duration};

use sadp_discovery::{
    interface::{self, Interface},
    probe,
};

use crate::check::{Check, Verdict};

/// How long a datagram may take from this machine to itself.
const PATIENCE: Duration = Duration::from_millis(300);

/// A loop test on one card.
#[derive(Debug)]
pub(super) struct Facts {
    card: String,
    group: Ipv4Addr,
    port: u16,
    /// By the devices' port, where it can be listened on.
    by_port: Option<io::Result<bool>>,
    /// By a port of our own, where the devices' brought nothing.
    by_other: Option<io::Result<bool>>,
}

/// Tests the cards of these names; `can_listen` tells whether the devices' port
/// can be had.
pub(super) fn gather(cards: &[&str], group: Ipv4Addr, port: u16, can_listen: bool) -> Vec<Facts> {
    let all = interface::list().unwrap_or_default();
    let of = |card: &str| all.iter().find(|found| found.up && found.card() == card);
    let tested = cards.iter().filter_map(|card| of(card));
    tested
        .map(|card| test(card, group, port, can_listen))
        .collect()
}

fn test(card: &Interface, group: Ipv4Addr, port: u16, can_listen: bool) -> Facts {
    let by = |port| probe::group_loops(card, group, port, PATIENCE);
    let by_port = can_listen.then(|| by(port));
    let by_other = (!matches!(by_port, Some(Ok(true)))).then(|| by(0));
    Facts {
        card: card.card().into(),
        group,
        port,
        by_port,
        by_other,
    }
}

/// One line a card.
pub(super) fn judge(facts: &Facts) -> Check {
    let Facts { group, port, .. } = facts;
    let (verdict, message, remedy) = match (&facts.by_port, &facts.by_other) {
        (Some(Ok(true)), _) => {
            let message = format!("{group} was joined, and what is sent to it is heard");
            (Verdict::Ok, message, None)
        }
        (None, Some(Ok(true))) => {
            let message = format!(
                "{group} was joined, and what is sent to it is heard, by another port than {port}"
            );
            (Verdict::Ok, message, None)
        }
        (Some(_), Some(Ok(true))) => (
            Verdict::Problem,
            format!(
                "what is sent to {group} is heard, but not on port {port}: a firewall seems to drop it"
            ),
            Some("see the lines on the firewall, or try with it off"),
        ),
        (Some(Err(error)), _) | (_, Some(Err(error))) => (
            Verdict::Problem,
            format!("{group} cannot be joined or sent to ({error}): devices there are not found"),
            Some("check the card's address and routes, or choose another card with -i"),
        ),
        _ => (
            Verdict::Problem,
            format!(
                "{group} was joined, but what is sent to it is not heard: a firewall or the card's driver drops it"
            ),
            Some("see the lines on the firewall, or try with it off"),
        ),
    };
    let heard = |result: &Option<io::Result<bool>>| {
        result.as_ref().map(|result| matches!(result, Ok(true)))
    };
    let check = Check::new("multicast", &facts.card, verdict, message)
        .data("group", group.to_string())
        .data("heard_on_port", heard(&facts.by_port))
        .data("heard_on_another", heard(&facts.by_other));
    match remedy {
        Some(remedy) => check.remedy(remedy),
        None => check,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_back_is_judged() {
        let refused = || Some(Err(io::ErrorKind::NetworkUnreachable.into()));
        for (by_port, by_other, verdict, said) in [
            (Some(Ok(true)), None, Verdict::Ok, "is heard"),
            (None, Some(Ok(true)), Verdict::Ok, "by another port"),
            (
                Some(Ok(false)),
                Some(Ok(true)),
                Verdict::Problem,
                "not on port 37020",
            ),
            (
                Some(Ok(false)),
                Some(Ok(false)),
                Verdict::Problem,
                "is not heard",
            ),
            (None, Some(Ok(false)), Verdict::Problem, "is not heard"),
            (refused(), refused(), Verdict::Problem, "cannot be joined"),
            (None, refused(), Verdict::Problem, "cannot be joined"),
        ] {
            let check = judge(&Facts {
                card: "lan0".into(),
                group: [239, 255, 255, 250].into(),
                port: 37020,
                by_port,
                by_other,
            });
            assert_eq!(check.verdict, verdict, "{check:?}");
            assert!(check.message.contains(said), "{check:?}");
            assert_eq!(check.remedy.is_some(), verdict != Verdict::Ok, "{check:?}");
        }
    }
}
