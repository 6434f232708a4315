//! What became of an answer, in words.

use sadp_proto::Refusal;
use serde_json::{Value, json};

use super::judge::Ready;
use crate::{
    found::Found,
    outcome::{Ending, Outcome},
};

/// Adds to an outcome what it means, and what is seen of the device now. Whether
/// its password is the new one, no reply tells.
pub(super) fn conclude(
    outcome: &mut Outcome,
    ready: &Ready,
    (seen, sync_cameras): (Option<&Found>, bool),
) {
    ready.add_data(outcome);
    let closed = match (outcome.result, outcome.refusal.as_deref()) {
        (Ending::Done, _) => json!("recovered"),
        (Ending::Refused, Some(word)) if spends(word) => json!("spent"),
        _ => Value::Null,
    };
    outcome.data.insert("closed".into(), closed);
    match outcome.result {
        Ending::Done => {
            outcome.data.insert("seen".into(), json!(seen.is_some()));
            done(outcome, ready, sync_cameras);
            if seen.is_none() {
                outcome
                    .message
                    .push_str(", by its own word; it was not seen again yet");
            }
        }
        Ending::Unknown => {
            outcome.message =
                "no reply: it may have taken the answer or not; its request stays open".into();
            outcome.advise("run the same import again: only devices that still wait are asked");
        }
        Ending::Refused => refused(outcome, ready),
        _ => {}
    }
}

fn done(outcome: &mut Outcome, ready: &Ready, sync_cameras: bool) {
    if ready.is_legacy() {
        outcome.turn_done("it has the default password of its own manual now");
        outcome.advise("give it a password of its own at once, in its own web page: the default is widely known; its manual tells it, sadpctl does not know it");
    } else if sync_cameras {
        outcome.turn_done("the new password is set, and passed on to its cameras");
        outcome.advise(
            "try the new password on each camera, once: the recorder does not tell which took it",
        );
    } else {
        outcome.turn_done("the new password is set");
    }
}

fn refused(outcome: &mut Outcome, ready: &Ready) {
    let word = outcome.refusal.as_deref().unwrap_or_default();
    if word == Refusal::EmptyEncryptString.word() && ready.sent_before {
        outcome
            .message
            .push_str(": most likely it took the answer that was sent before and got no reply");
        outcome.advise("try the new password in its own web page, once; if it is refused, export a new request");
    } else if Refusal::read(word).is_some_and(|refusal| refusal.is_wrong_answer()) {
        let parts = outcome
            .message
            .split_once('(')
            .map(|(_, rest)| rest.to_owned());
        let rest = parts.map(|rest| format!(" ({rest}")).unwrap_or_default();
        outcome.message = format!("it does not take this answer{rest}");
        if let Some(doubt) = &ready.doubt {
            outcome.message.push_str("; ");
            outcome.message.push_str(doubt);
            outcome.advise("export a new request with --again, and ask for a new answer");
            return;
        }
        outcome.advise("check that the answer is for this very request, and was not changed; do not try others: each wrong one costs a try");
    }
}

/// Whether a request is over once a device said this.
fn spends(word: &str) -> bool {
    word == Refusal::EmptyEncryptString.word() || word == Refusal::ExportFileOverDue.word()
}
