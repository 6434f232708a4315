//! How new network settings are answered.

use sadp_proto::seal::{
    Salts, SealError, UpdateDigest,
    device::{UpdateForm, verify_update},
};

use super::command::{Answer, Order};
use crate::{Device, device::read_flag};

/// Takes new settings from who knows the password. A wrong one costs a try;
/// what cannot be read as one does not.
pub(super) fn answer(device: &mut Device, order: Order<'_>) -> Answer {
    if !device.state.activated {
        return Answer::refused("notActivated");
    }
    let refused = |word, denied| {
        let answer = Answer::refused(word);
        // A client that does not say it reads them gets no counters: a guess.
        match order.fields.first("PWErrorParse") {
            Some("true") => answer.with_counters(order.types, denied),
            _ => answer,
        }
    };
    if let Some(locked) = device.access.tries.locked(order.now) {
        return refused("locked", locked);
    }
    match proves_password(device, order) {
        Proof::Right => device.access.tries.forgive(),
        Proof::Wrong => {
            let denied = device.access.tries.denied(order.now);
            let locked = denied.lock_minutes > 0;
            return refused(if locked { "locked" } else { "PasswordError" }, denied);
        }
        Proof::Unreadable => return Answer::refused("failed"),
    }
    match device.settings.updated(order.fields) {
        Ok(settings) => {
            device.settings = settings;
            Answer::success().with_account()
        }
        Err(_) => Answer::refused("failed"),
    }
}

enum Proof {
    Right,
    /// Another password, or a form this device does not take: it only compares.
    Wrong,
    Unreadable,
}

fn proves_password(device: &Device, order: Order<'_>) -> Proof {
    let told = |name| device.says(name).filter(|salt| !salt.is_empty());
    let (first, second) = (told("Salt"), told("Salt2"));
    let salts = Salts {
        first: first.as_deref(),
        second: second.as_deref(),
    };
    let salted = order.fields.first("Password@bSalt") == Some("true");
    if salted != first.is_some() {
        return Proof::Wrong;
    }
    let Ok(digest) = digest(device, salts) else {
        return Proof::Unreadable;
    };
    let encrypts = read_flag(device.says("Encrypt").as_deref()) == Some(true);
    let sealed = order.fields.first("Password").unwrap_or_default();
    match verify_update(sealed, &digest, order.uuid) {
        Ok(Some(UpdateForm::Plain)) if !encrypts => Proof::Right,
        Ok(Some(UpdateForm::Bound | UpdateForm::Unbound)) if encrypts => Proof::Right,
        Ok(_) => Proof::Wrong,
        Err(_) => Proof::Unreadable,
    }
}

fn digest(device: &Device, salts: Salts<'_>) -> Result<UpdateDigest, SealError> {
    UpdateDigest::new(&device.user(), salts, &device.access.password.sealable()?)
}
