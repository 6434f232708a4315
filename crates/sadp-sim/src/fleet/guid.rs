//! GUIDs: `ExportGUID` and `GUIDReset`.

use rand::{RngExt, rngs::Xoshiro256PlusPlus};
use sadp_proto::Guid;

use super::{command::Response, execution::Execution, kind::commands};

commands! {
    EXPORT_GUID guid_exports export;
    RESET_BY_GUID guid_resets reset, true;
}

/// The beginning of a simulated device's GUID. The rest is random.
const MARK: &[u8] = b"SADPCTL-SIMULATED-GUID:";

/// Exports a GUID, given the password.
fn export(it: &mut Execution<'_>) -> Result<Response, Response> {
    let (_, password) = it.open()?;
    // There is no word for a device that has no password yet.
    if !it.device.state.activated {
        return Err(Response::failed());
    }
    it.prove_password(&password)?;
    let guid = make(it.rng).ok_or_else(Response::failed)?;
    let response = Response::success().with("GUID", guid.as_str().to_owned());
    it.memory.keep_guid(guid);
    Ok(response)
}

/// Makes a GUID.
pub(super) fn make(rng: &mut Xoshiro256PlusPlus) -> Option<Guid> {
    let mut bytes = [0; Guid::BYTES];
    rng.fill(&mut bytes);
    for (slot, byte) in bytes.iter_mut().zip(MARK) {
        *slot = *byte;
    }
    Guid::new(&bytes).ok()
}

/// Takes a GUID exported since the last change of the password, with a new password.
fn reset(it: &mut Execution<'_>) -> Result<Response, Response> {
    it.require_active()?;
    let (_, password) = it.open()?;
    it.check_recovery_lock()?;
    let guid = Guid::from_text(it.field("GUID"));
    if !guid.is_ok_and(|guid| it.memory.knows_guid(&guid)) {
        return Err(it.wrong_secret("invalidGUID"));
    }
    it.replace_password(password)
}
