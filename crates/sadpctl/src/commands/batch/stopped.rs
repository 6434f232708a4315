//! Why a batch ended before its end.

use sadp_ops::DiscoveredDevice;
use sadp_proto::{Refusal, RefusalReply};
use sadp_reset::Action;

use crate::{
    failure::Exit,
    outcome::{Ending, Outcome},
};

/// What kept the rest of a batch from being sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::commands) enum Stopped {
    /// Something on this machine.
    Trouble,
    /// A device that called its secret wrong.
    WrongSecret,
    /// A device that may have meant so, or that has a try less now.
    MaybeWrong,
    /// A device that is locked.
    Locked,
    /// Ctrl-C.
    Interrupted,
}

impl Stopped {
    /// How a refusal ends a batch that spares the tries of the others. Of answers,
    /// each is another secret: that one device is locked says nothing of the next.
    pub(super) fn by(verdict: &RefusalReply, action: Action) -> Option<Self> {
        if action == Action::ImportAnswer {
            return verdict
                .refusal
                .is_wrong_answer()
                .then_some(Self::WrongSecret);
        }
        verdict
            .may_have_cost_a_try()
            .then_some(match verdict.refusal {
                Refusal::PasswordError => Self::WrongSecret,
                Refusal::Locked => Self::Locked,
                _ => Self::MaybeWrong,
            })
    }

    /// Why the rest is not sent.
    const fn why(self, action: Action) -> &'static str {
        match (self, action) {
            (Self::Trouble, _) => "not sent: something could not be written on this machine",
            (Self::WrongSecret, Action::ImportAnswer) => {
                "not sent: an answer before it was refused as another's, so folders may be mixed up, and its folder is all that tells whose this one is"
            }
            (Self::WrongSecret, _) => {
                "not sent: the batch ended when a device refused the password"
            }
            (Self::MaybeWrong, _) => {
                "not sent: the batch ended when a device refused: the password may be wrong"
            }
            (Self::Locked, _) => "not sent: the batch ended at a device that is locked",
            (Self::Interrupted, _) => "not sent: interrupted",
        }
    }

    /// The outcome of one that was not sent.
    pub(in crate::commands) fn outcome(self, found: &DiscoveredDevice, action: Action) -> Outcome {
        let mut outcome = Outcome::new(found, action, Ending::Skipped, self.why(action));
        outcome.exit = Exit::Refused;
        if (self, action) == (Self::WrongSecret, Action::ImportAnswer) {
            outcome.next = Some("check each file against the support's mail; then put the device's serial number into its name, or import it alone with --device".into());
        }
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_a_batch_is_told_by_the_word_the_count_and_what_was_sent() {
        let (wrong, maybe, locked) = (
            Some(Stopped::WrongSecret),
            Some(Stopped::MaybeWrong),
            Some(Stopped::Locked),
        );
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
                refusal,
                tries_left,
                lock_minutes: None,
            };
            assert_eq!(Stopped::by(&verdict, Action::NetSet), of_password, "{word}");
            let by = Stopped::by(&verdict, Action::ImportAnswer);
            assert_eq!(by, of_answer, "{word}");
        }
    }
}
