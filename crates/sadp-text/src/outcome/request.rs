//! What became of requests to the vendor's support.

use std::path::Path;

use sadp_ops::{Outcome, OutcomeData, recovery::request::RequestFinding as Finding};
use sadp_reset::{Mailing, RequestKind};

use crate::{Explanation, LinkedPage, Sentence, count, minute, say};

/// What happened, and what to do next.
#[rustfmt::skip]
pub(super) fn explain(finding: &Finding, outcome: &Outcome) -> Explanation {
    match finding {
        Finding::Unactivated { .. } => say("it has no password yet, so there is nothing to recover")
            .next(Sentence::new("activate it instead: ").command("sadpctl activate DEVICE", LinkedPage::Activate)),
        Finding::KindUnknown => say("its reply does not say which kind of request it takes")
            .next("scan again; if it stays so, ask the vendor's support"),
        Finding::Pending { since } => say(format!("its request of {} still waits for an answer: another would make it void", minute(*since)))
            .next(Sentence::new("import the answer when it is in; ").or_on_page("--again", "to export again").text(" cancels that request and exports a new one")),
        Finding::Planned(RequestKind::LegacyCode) => say("would write the form for the vendor's support, and send nothing to the device"),
        Finding::Planned(RequestKind::File) => say("would export a request file"),
        Finding::Planned(RequestKind::FileOrKey) => say("would export a request file and its QR code"),
        Finding::Exported { kind, lacks_serial, recorded } => {
            let mut message = match kind {
                RequestKind::LegacyCode => "the form for the vendor's support is written".to_owned(),
                RequestKind::File | RequestKind::FileOrKey => "request exported".into(),
            };
            if let (false, OutcomeData::Request(exported)) = (recorded, &outcome.data) {
                let path = exported.package.path().display().to_string();
                message.extend([" to ", &path, ", but not noted in the ledger: it is not in the list of requests"]);
            }
            if *lacks_serial {
                message += "; the device reported no serial number, which the vendor's tool appends to such a request";
            }
            say(message).next(if *recorded {
                "send the package to the vendor's support of your country; until the answer is in, neither restart the device nor export again"
            } else {
                "send the package to the vendor's support of your country; its answer is matched by the package alone, so keep that; until the answer is in, neither restart the device nor export again"
            })
        }
        Finding::NoCode => say("it answered without a request in its reply; an older one may be void")
            .next("run it again; if it stays so, ask the vendor's support"),
        Finding::NotWritten => say("it gave a request, which could not be written: older requests of it are void")
            .next(Sentence::new("fix the cause, then export again").or_on_page(" with --again", "")),
    }
}

/// What to do with a mailing in this folder.
pub fn mailing(mailing: &Mailing, folder: &Path) -> String {
    let requests = count(mailing.devices as u64, "request", "requests");
    format!(
        "{requests} without an answer in one e-mail: open {} in a mail program and send it; {} and {} have the same",
        folder.join(Mailing::DRAFT_FILE).display(),
        Mailing::LETTER_FILE,
        Mailing::ARCHIVE_FILE
    )
}
