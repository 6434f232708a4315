//! What devices told when they were asked, for the pages that show it. It is kept in this
//! run alone.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;
use sadp_model::text::local_minute;
use sadp_ops::{
    DiscoveredDevice, Outcome, OutcomeData, OutcomeStatus, recovery::questions::ListedQuestions,
};
use sadp_proto::MailQr;
use sadp_reset::{Action, DeviceKey};

/// What all devices told, by their keys.
#[derive(Default)]
pub(crate) struct Told {
    devices: Mutex<HashMap<DeviceKey, ToldDevice>>,
}

/// What a device told.
#[derive(Clone, Default)]
pub(crate) struct ToldDevice {
    pub(crate) questions: Option<At<ListedQuestions>>,
    pub(crate) mail_qr: Option<At<MailQr>>,
}

/// What was told, and when.
#[derive(Clone)]
pub(crate) struct At<T> {
    pub(crate) at: Timestamp,
    pub(crate) what: T,
}

impl<T> At<T> {
    const fn new(at: Timestamp, what: T) -> Self {
        Self { at, what }
    }

    /// The minute, for people.
    pub(crate) fn minute(&self) -> String {
        local_minute(self.at)
    }
}

impl Told {
    /// What this device told.
    pub(crate) fn of(&self, device: &DiscoveredDevice) -> ToldDevice {
        let key = device.key().map(|it| it.by_mac());
        let told = key.and_then(|key| self.lock().get(&key).cloned());
        told.unwrap_or_default()
    }

    /// Takes in what a job brought. What it changed is no longer known.
    pub(crate) fn take_in(&self, outcomes: &[Outcome]) {
        let now = Timestamp::now();
        let mut devices = self.lock();
        for outcome in outcomes {
            let device = &outcome.device;
            let Some(key) = DeviceKey::new(device.mac, device.serial.clone()) else {
                continue;
            };
            let told = devices.entry(key.by_mac()).or_default();
            match &outcome.data {
                OutcomeData::Questions(list) if outcome.status == OutcomeStatus::Done => {
                    told.questions = Some(At::new(now, list.clone()));
                }
                OutcomeData::MailQr(qr) => told.mail_qr = Some(At::new(now, (**qr).clone())),
                _ if outcome.action.spec().carries_secret => {
                    // A mailed code is used once, and void with another address.
                    let ends_code = matches!(outcome.action, Action::MailSet | Action::MailConfirm)
                        && matches!(outcome.status, OutcomeStatus::Done | OutcomeStatus::Unknown);
                    let mail_qr = told.mail_qr.take().filter(|_| !ends_code);
                    *told = ToldDevice {
                        mail_qr,
                        ..ToldDevice::default()
                    };
                }
                _ => {}
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<DeviceKey, ToldDevice>> {
        // Each change is one step: what a broken thread left is whole.
        self.devices.lock().unwrap_or_else(PoisonError::into_inner)
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
        let told = Told::default();
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
        told.take_in(&[
            Outcome {
                data: OutcomeData::MailQr(Box::new(qr)),
                ..outcome(Action::MailQr, OutcomeStatus::Done)
            },
            Outcome {
                data: OutcomeData::Questions(list),
                ..outcome(Action::QuestionsRead, OutcomeStatus::Done)
            },
        ]);
        told.take_in(&[outcome(action, status)]);
        let devices = told.lock();
        let device = devices.values().next().unwrap();
        (device.questions.is_some(), device.mail_qr.is_some())
    }

    #[test]
    fn what_was_told_is_known_until_something_changes_it() {
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
