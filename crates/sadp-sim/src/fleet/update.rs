//! Network settings and the lamp: `update` and `lamp`.

use sadp_proto::seal::{
    Salts, SealError, UpdateDigest,
    device::{UpdateForm, verify_update},
};

use super::{
    command::{CommandRequest, Response},
    execution::Execution,
    kind::commands,
};
use crate::{Device, device::read_flag};

commands! {
    UPDATE updates update;
    LAMP lamps switch_lamp;
}

/// Takes new settings, given the password. A wrong password costs a try; one that
/// cannot be read does not.
fn update(it: &mut Execution<'_>) -> Result<Response, Response> {
    it.require_active()?;
    it.check_lock()?;
    match proves_password(it.device, it.request) {
        Proof::Right => it.device.access.tries.forgive(),
        Proof::Wrong => return Err(it.wrong_password()),
        Proof::Unreadable => return Err(Response::failed()),
    }
    let settings = it.device.settings.updated(it.request.fields);
    it.device.settings = settings.ok_or_else(Response::failed)?;
    Ok(Response::success().with_report())
}

/// Switches the lamp. Needs no password.
fn switch_lamp(it: &mut Execution<'_>) -> Result<Response, Response> {
    it.device.state.lamp = match it.field("Action") {
        "open" => true,
        "close" => false,
        _ => return Err(Response::failed()),
    };
    Ok(Response::success())
}

enum Proof {
    Right,
    /// Another password, or a form that this device does not take: it only compares.
    Wrong,
    Unreadable,
}

fn proves_password(device: &Device, request: CommandRequest<'_>) -> Proof {
    let [first, second] =
        ["Salt", "Salt2"].map(|name| device.says(name).filter(|salt| !salt.is_empty()));
    let salts = Salts {
        first: first.as_deref(),
        second: second.as_deref(),
    };
    let salted = request.fields.first("Password@bSalt") == Some("true");
    if salted != first.is_some() {
        return Proof::Wrong;
    }
    let Ok(digest) = digest(device, salts) else {
        return Proof::Unreadable;
    };
    let encrypts = read_flag(device.says("Encrypt").as_deref()) == Some(true);
    let sealed = request.fields.first("Password").unwrap_or_default();
    match verify_update(sealed, &digest, request.uuid) {
        Ok(Some(UpdateForm::Plain)) if !encrypts => Proof::Right,
        Ok(Some(UpdateForm::Bound | UpdateForm::Unbound)) if encrypts => Proof::Right,
        Ok(_) => Proof::Wrong,
        Err(_) => Proof::Unreadable,
    }
}

fn digest(device: &Device, salts: Salts<'_>) -> Result<UpdateDigest, SealError> {
    UpdateDigest::new(&device.user(), salts, &device.access.password.sealable()?)
}
