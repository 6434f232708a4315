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
