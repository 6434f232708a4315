use getrandom::{SysRng, rand_core::UnwrapErr};
use sadp_proto::seal::Password;

use super::Client;
use crate::{
    BodyError, HttpFailure, HttpRefusal, IsapiReply, ResponseStatus,
    activation::{ActivationError, Handshake},
};

impl Client {
    /// Gives a device its first password. No request is repeated.
    ///
    /// A good answer does not prove that the password was understood: ask for the status
    /// again, and [`verify`](Client::verify) it.
    pub async fn activate(
        &self,
        handshake: &Handshake,
        password: &Password,
    ) -> Result<ResponseStatus, ActivateError> {
        let challenge = self.ask(&handshake.challenge_request()).await?;
        // A device that says why it refuses is heard by the handshake.
        if challenge.document::<ResponseStatus>().is_none()
            && let Some(refusal) = HttpRefusal::of(&challenge)
        {
            return Err(ActivateError::Refused(refusal));
        }
        let mut rng = UnwrapErr(SysRng);
        let request = handshake.activate_request(&challenge.body()?, password, &mut rng)?;
        match self.ask_at(&request, request.body.as_ref()).await {
            Ok(asked) => result(&asked.reply),
            Err(it) if it.sent => Err(ActivateError::Unknown(it.failure)),
            Err(it) => Err(ActivateError::Failed(it.failure)),
        }
    }
}

/// What a device says about the password.
fn result(reply: &IsapiReply) -> Result<ResponseStatus, ActivateError> {
    match (reply.document(), HttpRefusal::of(reply)) {
        (Some(status), _) => Ok(status),
        (None, Some(refusal)) => Err(ActivateError::Refused(refusal)),
        (None, None) => Err(ActivateError::Unknown(HttpFailure::BadReply)),
    }
}

/// Why an activation came to no answer of the device.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ActivateError {
    /// The device refuses.
    #[error("the device refuses the activation")]
    Refused(HttpRefusal),
    /// The key exchange failed: no password was sent.
    #[error(transparent)]
    Handshake(#[from] ActivationError),
    /// The answer to the key exchange cannot be read: no password was sent.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// No whole reply came, and no password was sent.
    #[error(transparent)]
    Failed(#[from] HttpFailure),
    /// No reply came to the password: the device may have it.
    #[error("the password was sent, but {0}")]
    Unknown(HttpFailure),
}
