//! Whether this program may send and hear bare Ethernet frames.

use sadp_discovery::{
    interface,
    raw::{self, RawError},
};

use crate::{
    advice::Remedy,
    check::{Check, Verdict},
    text::count,
};

/// What came of opening each card, without sending anything.
#[derive(Debug)]
pub(super) struct Facts {
    tried: Vec<Result<(), RawError>>,
}

/// Tries these cards. `None` where there are none.
pub(super) fn gather(cards: &[&str]) -> Option<Facts> {
    let all = interface::list().ok()?;
    let address = |name: &&str| all.iter().find(|found| found.card() == *name);
    let tried: Vec<_> = cards.iter().filter_map(address).map(raw::check).collect();
    (!tried.is_empty()).then_some(Facts { tried })
}

/// One line on the raw link.
pub(super) fn judge(facts: &Facts) -> Check {
    let open = facts.tried.iter().filter(|tried| tried.is_ok()).count();
    let check = |verdict, message: String| {
        Check::new("raw-link", "this program", verdict, message).data("cards", open)
    };
    if open > 0 {
        let cards = count(open as u64, "card", "cards");
        return check(
            Verdict::Ok,
            format!("may send and hear bare Ethernet frames, by {cards}"),
        );
    }
    let failures = facts.tried.iter().filter_map(|tried| tried.as_ref().err());
    let failure = failures.min_by_key(|error| !matches!(error, RawError::NotPermitted));
    match failure {
        Some(error @ (RawError::NotPermitted | RawError::Failed(_))) => check(
            Verdict::Warning,
            format!(
                "{error}: devices that answer only so are not found, nor those whose answers a filter drops"
            ),
        )
        .remedy(error.remedy()),
        Some(error) => check(Verdict::Ok, error.to_string()),
        None => check(Verdict::Ok, "no card to send bare Ethernet frames by".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_card_is_enough_and_want_of_permission_comes_first() {
        let failed = || Err(RawError::Failed(std::io::ErrorKind::NotFound.into()));
        for (tried, verdict, remedy) in [
            (vec![Err(RawError::NotEthernet), Ok(())], Verdict::Ok, None),
            (
                vec![failed(), Err(RawError::NotPermitted)],
                Verdict::Warning,
                Some(RawError::NotPermitted.remedy().into_owned()),
            ),
            (vec![Err(RawError::NotEthernet)], Verdict::Ok, None),
            (vec![Err(RawError::NotBuilt)], Verdict::Ok, None),
        ] {
            let check = judge(&Facts { tried });
            assert_eq!(
                (check.verdict, &check.remedy),
                (verdict, &remedy),
                "{check:?}"
            );
        }
    }
}
