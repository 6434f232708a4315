//! Activation: its status, and the first password in both handshakes. Nobody logs in.

use std::{fmt, net::Ipv4Addr};

use sadp_isapi::{
    Body,
    activation::{
        Scheme,
        device::{DeviceHandshake, OpenError},
    },
};

use super::{
    Answer, Visit,
    respond::{self, Verdict},
    xml::{leaf, node},
};
use crate::{device::NewPassword, fleet::SimulatedRng, http::ActivationForm};

/// The latest handshake that a client began. It is used up by the activation.
pub(super) struct Begun {
    client: Ipv4Addr,
    handshake: DeviceHandshake,
}

impl fmt::Debug for Begun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Begun")
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}

/// `GET /SDK/activateStatus`. Firmware from before activation has no such page.
pub(super) fn status(visit: &mut Visit<'_>) -> Answer {
    if !visit.device.profile.knows_activation() {
        return Err(Verdict::NotSupported);
    }
    let is_v3 = visit.profile.activation == ActivationForm::V3;
    let element = visit.profile.activated_element.clone();
    let mut fields = vec![leaf(element.into_string(), visit.device.state.activated)];
    if is_v3 {
        fields.push(leaf("supportVersion", 3));
    }
    Ok(visit.xml(&node("ActivateStatus", fields)))
}

/// `POST challenge`.
pub(super) fn challenge(visit: &mut Visit<'_>) -> Answer {
    begin(visit, Scheme::Legacy).map(|reply| respond::document(200, reply))
}

/// `POST activate/GetChallengeV3`.
pub(super) fn challenge_v3(visit: &mut Visit<'_>) -> Answer {
    begin(visit, Scheme::V3).map(respond::json_document)
}

/// `PUT activate`. Devices with the newer handshake answer this one as if the password
/// could not be read.
pub(super) fn activate(visit: &mut Visit<'_>) -> Result<(), Verdict> {
    if visit.profile.activation == ActivationForm::V3 && !visit.device.state.activated {
        return Err(Verdict::BadParameters);
    }
    finish(visit)
}

/// `POST activate/StartActivateV3`.
pub(super) fn activate_v3(visit: &mut Visit<'_>) -> Result<(), Verdict> {
    require_v3(visit)?;
    finish(visit)
}

fn require_v3(visit: &Visit<'_>) -> Result<(), Verdict> {
    match visit.profile.activation {
        ActivationForm::V3 => Ok(()),
        ActivationForm::Legacy => Err(Verdict::NotSupported),
    }
}

/// Chooses the key of a handshake. The one begun before becomes void, whoever began it.
fn begin(visit: &mut Visit<'_>, scheme: Scheme) -> Result<Vec<u8>, Verdict> {
    if scheme == Scheme::V3 {
        require_v3(visit)?;
    }
    if visit.device.state.activated {
        return Err(Verdict::HasActivated);
    }
    let request = Body::read(visit.request.body).map_err(|_| Verdict::BadXmlFormat)?;
    let mut rng = SimulatedRng(visit.rng);
    let digits = rng.hexadecimal();
    let answered = DeviceHandshake::answer(scheme, &request, &digits, &mut rng);
    let (handshake, reply) = answered.map_err(verdict)?;
    visit.memory.http.begun = Some(Begun {
        client: visit.request.from,
        handshake,
    });
    Ok(reply)
}

/// Sets the first password.
fn finish(visit: &mut Visit<'_>) -> Result<(), Verdict> {
    if visit.device.state.activated {
        return Err(Verdict::HasActivated);
    }
    let client = visit.request.from;
    let begun = visit.memory.http.begun.take_if(|it| it.client == client);
    let begun = begun.ok_or(Verdict::BadParameters)?;
    let request = Body::read(visit.request.body).map_err(|_| Verdict::BadXmlFormat)?;
    let password = begun.handshake.open_password(&request).map_err(verdict)?;
    let user = visit.device.user();
    match visit.device.access.set(password, &user) {
        NewPassword::Risky => Err(Verdict::RiskPassword),
        NewPassword::Set => {
            visit.device.state.activated = true;
            visit.memory.http.counts.activations += 1;
            Ok(())
        }
    }
}

fn verdict(error: OpenError) -> Verdict {
    match error {
        OpenError::Form | OpenError::KeySize => Verdict::BadXmlContent,
        OpenError::OtherKey => Verdict::BadParameters,
    }
}
