//! What devices replied when they were asked, for the pages that show it. It is kept in this
//! run alone.

use std::{collections::HashMap, sync::Mutex};

use jiff::Timestamp;
use sadp_ops::{
    DiscoveredDevice, Outcome, OutcomeData, OutcomeStatus, recovery::questions::ListedQuestions,
};
use sadp_proto::MailQr;
use sadp_reset::{Action, DeviceKey};

use crate::{locked, looks::Found};

/// What all devices replied, by their keys.
#[derive(Default)]
pub(crate) struct Replies {
    devices: Mutex<HashMap<DeviceKey, DeviceReplies>>,
}

/// What a device replied, where it was asked.
#[derive(Clone, Default)]
pub(crate) struct DeviceReplies {
    pub(crate) questions: Option<Found<ListedQuestions>>,
    pub(crate) mail_qr: Option<Found<MailQr>>,
}

impl Replies {
    /// What this device replied.
    pub(crate) fn of(&self, device: &DiscoveredDevice) -> DeviceReplies {
        let key = device.key().map(|it| it.by_mac());
        let replies = key.and_then(|key| locked(&self.devices).get(&key).cloned());
        replies.unwrap_or_default()
    }

    /// Takes in what a job brought. What it changed is no longer known.
    pub(crate) fn take_in(&self, outcomes: &[Outcome]) {
        let now = Timestamp::now();
        let mut devices = locked(&self.devices);
        for outcome in outcomes {
            let device = &outcome.device;
            let Some(key) = DeviceKey::new(device.mac, device.serial.clone()) else {
                continue;
            };
            let replies = devices.entry(key.by_mac()).or_default();
            match &outcome.data {
                OutcomeData::Questions(list) if outcome.status == OutcomeStatus::Done => {
                    replies.questions = Some(Found::new(now, list.clone()));
                }
                OutcomeData::MailQr(qr) => replies.mail_qr = Some(Found::new(now, (**qr).clone())),
                _ if outcome.action.spec().carries_secret => {
                    // A mailed code is used once, and void with another address.
                    let ends_code = matches!(outcome.action, Action::MailSet | Action::MailConfirm)
                        && matches!(outcome.status, OutcomeStatus::Done | OutcomeStatus::Unknown);
                    let mail_qr = replies.mail_qr.take().filter(|_| !ends_code);
                    *replies = DeviceReplies {
                        mail_qr,
                        ..DeviceReplies::default()
                    };
                }
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use sadp_model::MacAddr;
    use sadp_ops::DeviceRef;

    use super::*;

    fn outcome(action: Action, status: OutcomeStatus) -> Outcome {
        let device = DeviceRef {
            mac: Some(MacAddr::new([0x44, 0x47, 0xcc, 0, 0, 1])),
            ..DeviceRef::default()
        };
        Outcome::new(device, action, status)
    }

    /// A QR code is fetched, then this happens. Whether questions and QR code are known.
    fn known_after(action: Action, status: OutcomeStatus) -> (bool, bool) {
        let replies = Replies::default();
        let qr = MailQr {
            qr: "abc".into(),
            qr_is_raw: false,
            mailbox: None,
            service_mailbox: None,
        };
        let list = ListedQuestions {
            questions: Vec::new(),
            ignored: 0,
        };
        replies.take_in(&[
            Outcome {
                data: OutcomeData::MailQr(Box::new(qr)),
                ..outcome(Action::MailQr, OutcomeStatus::Done)
            },
            Outcome {
                data: OutcomeData::Questions(list),
                ..outcome(Action::QuestionsRead, OutcomeStatus::Done)
            },
        ]);
        replies.take_in(&[outcome(action, status)]);
        let devices = locked(&replies.devices);
        let device = devices.values().next().unwrap();
        (device.questions.is_some(), device.mail_qr.is_some())
    }

    #[test]
    fn what_was_replied_is_known_until_something_changes_it() {
        use OutcomeStatus::{Done, Refused, Unknown};
        for (action, status, known) in [
            (Action::Locate, Done, (true, true)),
            (Action::QuestionsSet, Done, (false, true)),
            // Another code may be the right one.
            (Action::MailConfirm, Refused, (false, true)),
            (Action::MailConfirm, Unknown, (false, false)),
            (Action::MailSet, Done, (false, false)),
        ] {
            assert_eq!(known_after(action, status), known, "{action:?} {status:?}");
        }
    }
}
