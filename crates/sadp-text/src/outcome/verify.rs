//! What one login shows of a command that set a new password.

use sadp_ops::{Guard, verify::VerifyFinding as Finding};
use sadp_reset::Action;

use super::recovery::export_again;
use crate::{Explanation, LinkedPage, Sentence, say};

/// What happened, and what to do next.
#[rustfmt::skip]
pub(super) fn explain(finding: Finding, action: Action) -> Explanation {
    match (finding, action) {
        (Finding::Set, Action::GuidImport) => say(SET)
            .next(export_again()),
        (Finding::Set, Action::ImportAnswer) => say(SET)
            .next(Sentence::new("prepare for the next time: ").command("sadpctl reset prepare DEVICE", LinkedPage::Prepare)),
        (Finding::Set, _) => say(SET),
        (Finding::NotSet, Action::Activate) => say("it has another password: somebody else may have activated it")
            .next(Sentence::new("ask who set it, or recover it: ").command("sadpctl reset ways DEVICE", LinkedPage::RecoveryMethods)),
        (Finding::NotSet, _) => say("the former password is still in force: one login with the new one was refused")
            .next(Sentence::new("run it again with ").lift(Guard::RefusedBefore).text("; if what was sent was wrong, that costs another try")),
        (Finding::Contradicted, _) => say("it reported success, but refused the new password in one login")
            .next(Sentence::new("find out which machine answers for it; then ").command("sadpctl reset ways DEVICE", LinkedPage::RecoveryMethods).text(" shows how to recover it")),
    }
}

const SET: &str = "the new password is set: verified by one login";
