//! What one login shows of a command that set a new password.

use sadp_ops::verify::VerifyFinding as Finding;
use sadp_reset::Action;

use crate::{Explanation, say};

/// What happened, and what to do next.
#[rustfmt::skip]
pub(super) fn explain(finding: Finding, action: Action) -> Explanation {
    match (finding, action) {
        (Finding::Set, Action::GuidImport) => say(SET)
            .next("its former GUIDs are void: export a new one, sadpctl reset guid export DEVICE"),
        (Finding::Set, Action::ImportAnswer) => say(SET)
            .next("prepare for the next time: sadpctl reset prepare DEVICE"),
        (Finding::Set, _) => say(SET),
        (Finding::NotSet, Action::Activate) => say("it has another password: somebody else may have activated it")
            .next("ask who set it, or recover it: sadpctl reset ways DEVICE"),
        (Finding::NotSet, _) => say("the former password is still in force: one login with the new one was refused")
            .next("run it again with --force refused-before; if what was sent was wrong, that costs another try"),
        (Finding::Contradicted, _) => say("it reported success, but refused the new password in one login")
            .next("find out which machine answers for it; then sadpctl reset ways DEVICE shows how to recover it"),
    }
}

const SET: &str = "the new password is set: verified by one login";
