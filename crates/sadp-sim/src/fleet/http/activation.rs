//! Activation: its status, and the first password in both handshakes. Nobody logs in.

use std::{fmt, net::Ipv4Addr};

use sadp_isapi::{
    Body,
    activation::{
        Scheme,
        device::{ActivationRequestError, DeviceHandshake},
    },
};

use super::{
    Answer, RequestContext,
    respond::{self, StatusWord},
    xml::{leaf, node},
};
use crate::{http::ActivationForm, random::SimulatedRng};

/// The latest handshake that a client began. It is used up by the activation.
pub(super) struct PendingHandshake {
    client: Ipv4Addr,
    handshake: DeviceHandshake,
}

impl fmt::Debug for PendingHandshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingHandshake")
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}

/// `GET /SDK/activateStatus`. Firmware from before activation has no such page.
pub(super) fn status(context: &mut RequestContext<'_>) -> Answer {
    if !context.device.profile.knows_activation() {
        return Err(StatusWord::NotSupported);
    }
    let is_v3 = context.profile.activation == ActivationForm::V3;
    let element = context.profile.activated_element.clone();
    let mut fields = vec![leaf(element.into_string(), context.device.state.activated)];
    if is_v3 {
        fields.push(leaf("supportVersion", 3));
    }
    Ok(context.xml(&node("ActivateStatus", fields)))
}

/// `POST challenge`.
pub(super) fn challenge(context: &mut RequestContext<'_>) -> Answer {
    begin(context, Scheme::Legacy).map(|reply| respond::document(200, reply))
}

/// `POST activate/GetChallengeV3`.
pub(super) fn challenge_v3(context: &mut RequestContext<'_>) -> Answer {
    begin(context, Scheme::V3).map(respond::json_document)
}

/// `PUT activate`. Devices with the newer handshake answer this one as if the password
/// could not be read.
pub(super) fn activate(context: &mut RequestContext<'_>) -> Result<(), StatusWord> {
    if context.profile.activation == ActivationForm::V3 && !context.device.state.activated {
        return Err(StatusWord::BadParameters);
    }
    finish(context)
}

/// `POST activate/StartActivateV3`.
pub(super) fn activate_v3(context: &mut RequestContext<'_>) -> Result<(), StatusWord> {
    require_v3(context)?;
    finish(context)
}

fn require_v3(context: &RequestContext<'_>) -> Result<(), StatusWord> {
    match context.profile.activation {
        ActivationForm::V3 => Ok(()),
        ActivationForm::Legacy => Err(StatusWord::NotSupported),
    }
}

/// Chooses the key of a handshake. The one pending before becomes void, whoever began it.
fn begin(context: &mut RequestContext<'_>, scheme: Scheme) -> Result<Vec<u8>, StatusWord> {
    if scheme == Scheme::V3 {
        require_v3(context)?;
    }
    if context.device.state.activated {
        return Err(StatusWord::HasActivated);
    }
    let request = Body::read(context.request.body).map_err(|_| StatusWord::BadXmlFormat)?;
    let mut rng = SimulatedRng(context.rng);
    let digits = rng.hexadecimal();
    let answered = DeviceHandshake::answer(scheme, &request, &digits, &mut rng);
    let (handshake, reply) = answered.map_err(word)?;
    context.memory.http.pending = Some(PendingHandshake {
        client: context.request.from,
        handshake,
    });
    Ok(reply)
}

/// Sets the first password.
fn finish(context: &mut RequestContext<'_>) -> Result<(), StatusWord> {
    if context.device.state.activated {
        return Err(StatusWord::HasActivated);
    }
    let client = context.request.from;
    let pending = context
        .memory
        .http
        .pending
        .take_if(|it| it.client == client);
    let pending = pending.ok_or(StatusWord::BadParameters)?;
    let request = Body::read(context.request.body).map_err(|_| StatusWord::BadXmlFormat)?;
    let password = pending.handshake.open_password(&request).map_err(word)?;
    let set = context.device.set_password(password);
    set.map_err(|_| StatusWord::RiskPassword)?;
    context.device.state.activated = true;
    context.count(|counts| &mut counts.activations);
    Ok(())
}

fn word(error: ActivationRequestError) -> StatusWord {
    match error {
        ActivationRequestError::Form | ActivationRequestError::KeySize => StatusWord::BadXmlContent,
        ActivationRequestError::OtherKey => StatusWord::BadParameters,
    }
}
