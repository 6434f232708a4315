//! Key exchange, activation, and the return to the unactivated state:
//! `exchangecode`, `activate` and `restoreInactive`.

use sadp_proto::seal::device::answer_exchange;

use super::{command::Response, execution::Execution, kind::commands, power};
use crate::random::SimulatedRng;

commands! {
    ACTIVATE activations activate;
    DEACTIVATE deactivations deactivate;
}

/// Chooses the key for the next command. Only the latest exchange is valid, whoever
/// sent it. `Result` comes before `Code`: the vendor's clients refuse an exchange
/// without it.
pub(super) fn exchange(it: &mut Execution<'_>) -> Result<Response, Response> {
    let code = it.field("Code");
    let mut rng = SimulatedRng(it.rng);
    let random = rng.hexadecimal();
    let answered = answer_exchange(code, random.as_bytes(), &mut rng);
    let (code, session) = answered.map_err(|_| Response::failed())?;
    let from = *it.request.asker.ip();
    it.memory.keep_exchange(from, it.request.now, session);
    Ok(Response::success().with("Code", code))
}

/// Sets the first password, sealed in the session of the latest exchange, which is used
/// up by it.
fn activate(it: &mut Execution<'_>) -> Result<Response, Response> {
    let session = it.take_session();
    if it.device.state.activated {
        return Err(Response::refused("hasActivated"));
    }
    let sealed = it.field("Password");
    let password = session.and_then(|session| session.open_password(sealed).ok());
    let password = password.ok_or_else(Response::failed)?;
    it.set_password(password)?;
    it.device.state.activated = true;
    Ok(Response::success())
}

/// Returns to the unactivated state, given the password. Network settings stay: a guess.
fn deactivate(it: &mut Execution<'_>) -> Result<Response, Response> {
    it.require_active()?;
    it.prove()?;
    power::forget_owner(it.device);
    it.memory.forget_by_password();
    Ok(Response::success())
}
