//! What became of requests to the vendor's support.

use sadp_ops::{
    Outcome, OutcomeData,
    recovery::request::{ExportedRequest, RequestFinding as Finding},
};
use sadp_reset::RequestKind;

use crate::minute;

/// What happened.
pub(super) fn message(finding: &Finding, outcome: &Outcome) -> String {
    match finding {
        Finding::Unactivated { .. } => {
            "it has no password yet, so there is nothing to recover".into()
        }
        Finding::KindUnknown => "its reply does not tell which request it takes".into(),
        Finding::Pending { since } => format!(
            "its request of {} still waits for an answer: another would make it void",
            minute(*since)
        ),
        Finding::Planned(kind) => planned(*kind).into(),
        Finding::Exported {
            kind,
            lacks_serial,
            recorded,
        } => {
            let mut message = written(*kind).to_owned();
            if let (false, OutcomeData::Request(exported)) = (recorded, &outcome.data) {
                message += &unrecorded(exported);
            }
            if *lacks_serial {
                message += "; the device reported no serial number, which the vendor's tool appends to such a request";
            }
            message
        }
        Finding::NoCode => {
            "it answered without a request in its reply; an older one may be void".into()
        }
        Finding::NotWritten => {
            "it gave a request, which could not be written: older requests of it are void".into()
        }
    }
}

/// What to do next.
pub(super) const fn next_step(finding: &Finding) -> Option<&'static str> {
    Some(match finding {
        Finding::Unactivated { .. } => "activate it instead: sadpctl activate DEVICE",
        Finding::KindUnknown => "scan again; if it stays so, ask the vendor's support",
        Finding::Pending { .. } => {
            "import the answer when it is in; --again gives up that request and exports a new one"
        }
        Finding::Planned(_) => return None,
        Finding::Exported { recorded: true, .. } => {
            "send the package to the vendor's support of your country; until the answer is in, neither restart the device nor export again"
        }
        Finding::Exported { .. } => {
            "send the package to the vendor's support of your country; its answer is matched by the package alone, so keep that; until the answer is in, neither restart the device nor export again"
        }
        Finding::NoCode => "run it again; if it stays so, ask the vendor's support",
        Finding::NotWritten => "clear the cause, then export again with --again",
    })
}

const fn planned(kind: RequestKind) -> &'static str {
    match kind {
        RequestKind::LegacyCode => "would write what support needs to know, and ask it nothing",
        RequestKind::File => "would export a request file",
        RequestKind::FileOrKey => "would export a request file and its QR code",
    }
}

const fn written(kind: RequestKind) -> &'static str {
    match kind {
        RequestKind::LegacyCode => "what support needs to know is written",
        RequestKind::File | RequestKind::FileOrKey => "request exported",
    }
}

fn unrecorded(exported: &ExportedRequest) -> String {
    let path = exported.package.path.display();
    format!(" to {path}, but not noted in the ledger: reset cases does not list it")
}
