use sadp_proto::{Refusal, RefusalReply};
use sadp_reset::Action;

/// Why the rest of a batch was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// Something failed on this computer.
    LocalFailure,
    /// A device called its secret wrong.
    WrongSecret,
    /// A device refused in a way that may mean a wrong secret, or counted a try.
    PossiblyWrongSecret,
    /// A device is locked.
    DeviceLocked,
    /// The user asked to stop.
    Interrupted,
    /// Three devices in a row did not reply, and then none replied to inquiries.
    NetworkGone,
}

impl StopReason {
    /// How a refusal ends a guarded batch. Of answers, each is another secret: that
    /// one device is locked says nothing of the next.
    pub(crate) fn by(verdict: &RefusalReply, action: Action) -> Option<Self> {
        if action == Action::ImportAnswer {
            let wrong = verdict.refusal.is_wrong_answer();
            return wrong.then_some(Self::WrongSecret);
        }
        verdict
            .may_have_cost_a_try()
            .then_some(match verdict.refusal {
                Refusal::PasswordError => Self::WrongSecret,
                Refusal::Locked => Self::DeviceLocked,
                _ => Self::PossiblyWrongSecret,
            })
    }

    /// Whether a device's refusal did it.
    pub(crate) const fn is_by_refusal(self) -> bool {
        matches!(
            self,
            Self::WrongSecret | Self::PossiblyWrongSecret | Self::DeviceLocked
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_a_batch_is_known_by_the_word_the_count_and_what_was_sent() {
        use StopReason::{DeviceLocked, PossiblyWrongSecret, WrongSecret};
        let [wrong, maybe, locked] = [WrongSecret, PossiblyWrongSecret, DeviceLocked].map(Some);
        for (word, tries_left, of_password, of_answer) in [
            ("PasswordError", None, wrong, None),
            ("locked", Some(0), locked, None),
            ("failed", None, maybe, wrong),
            ("denied", Some(3), maybe, wrong),
            ("failure", None, maybe, wrong),
            ("notActivated", None, None, None),
            ("notActivated", Some(3), maybe, None),
        ] {
            let Some(refusal) = Refusal::read(word) else {
                panic!("{word} is a refusal");
            };
            let verdict = RefusalReply {
                tries_left,
                ..refusal.into()
            };
            let by = |action| StopReason::by(&verdict, action);
            assert_eq!(by(Action::NetSet), of_password, "{word}");
            assert_eq!(by(Action::ImportAnswer), of_answer, "{word}");
        }
    }
}
