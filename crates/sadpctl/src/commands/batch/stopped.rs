//! Why a batch ended before its end.

use sadp_reset::Action;

use crate::{
    failure::Exit,
    found::Found,
    outcome::{Ending, Outcome},
};

/// What kept the rest of a batch from being sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::commands) enum Stopped {
    /// Something on this machine.
    Trouble,
    /// A device that called its secret wrong.
    WrongSecret,
    /// Ctrl-C.
    Interrupted,
}

impl Stopped {
    /// The outcome of one that was not sent.
    pub(in crate::commands) fn outcome(self, found: &Found, action: Action) -> Outcome {
        let why = match (self, action) {
            (Self::Trouble, _) => "not sent: something could not be written on this machine",
            (Self::WrongSecret, Action::ImportAnswer) => {
                "not sent: an answer before it was refused as another's, so folders may be mixed up, and its folder is all that tells whose this one is"
            }
            (Self::WrongSecret, _) => {
                "not sent: the batch ended when a device refused the password"
            }
            (Self::Interrupted, _) => "not sent: interrupted",
        };
        let mut outcome = Outcome::new(found, action, Ending::Skipped, why);
        outcome.exit = Exit::Refused;
        if (self, action) == (Self::WrongSecret, Action::ImportAnswer) {
            outcome.next = Some("check each file against the support's mail; then put the device's serial number into its name, or import it alone with --device".into());
        }
        outcome
    }
}
