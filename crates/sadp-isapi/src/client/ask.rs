//! What a device is asked, with typed answers.

use crate::{
    ActivateStatus, BasicLogin, Client, DeviceInfo, HttpFailure, HttpRefusal, IsapiDocument,
    IsapiReply, IsapiRequest, LoginOutcome, UserCheck, Withheld, digest::LoginCredentials,
};

impl Client {
    /// Asks whether the device has a password. Needs no login.
    pub async fn activate_status(&self) -> Result<ActivateStatus, AskError> {
        let reply = self.ask(&IsapiRequest::get(ActivateStatus::PATH)).await?;
        reply.document().ok_or_else(|| AskError::of(&reply))
    }

    /// Asks whether logins from this computer are locked, without one, so that it costs
    /// no try. Old firmware does not tell; then only the status is set.
    pub async fn user_check(&self) -> Result<UserCheck, AskError> {
        let reply = self.ask(&IsapiRequest::get(UserCheck::PATH)).await?;
        match reply.document() {
            Some(check) => Ok(check),
            None if reply.status == 401 => Ok(UserCheck {
                status_value: Some(401),
                ..UserCheck::default()
            }),
            None => Err(AskError::of(&reply)),
        }
    }

    /// Tries a password once. Firmware without [`UserCheck::PATH`] is asked for
    /// [`DeviceInfo::PATH`] instead; it says that it lacks the first before it gets
    /// credentials.
    pub async fn verify(
        &self,
        credentials: LoginCredentials<'_>,
        basic: BasicLogin,
    ) -> LoginOutcome {
        let outcome = self
            .login(&IsapiRequest::get(UserCheck::PATH), credentials, basic)
            .await;
        if outcome == LoginOutcome::Withheld(Withheld::Refused(HttpRefusal::NoSuchUrl)) {
            return self.login(&DeviceInfo::request(), credentials, basic).await;
        }
        outcome
    }

    /// Reads a document with one login. `None` if the device took the login and sent
    /// something else.
    pub async fn read<D: IsapiDocument>(
        &self,
        request: &IsapiRequest,
        credentials: LoginCredentials<'_>,
        basic: BasicLogin,
    ) -> Result<Option<D>, LoginOutcome> {
        match self.login(request, credentials, basic).await {
            LoginOutcome::Accepted(reply) | LoginOutcome::Withheld(Withheld::NotNeeded(reply)) => {
                Ok(reply.document())
            }
            outcome => Err(outcome),
        }
    }
}

/// Why a question without a login has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// The device refuses.
    #[error("the device refuses the question")]
    Refused(HttpRefusal),
    /// The device wants a login for it.
    #[error("the device wants a login")]
    LoginNeeded,
    /// No whole reply came.
    #[error(transparent)]
    Failed(#[from] HttpFailure),
    /// The reply holds no such document.
    #[error("the device's answer is not the document asked for")]
    NoDocument,
}

impl AskError {
    /// Why a reply holds no document.
    fn of(reply: &IsapiReply) -> Self {
        match HttpRefusal::of(reply) {
            Some(refusal) => Self::Refused(refusal),
            None if reply.status == 401 => Self::LoginNeeded,
            None => Self::NoDocument,
        }
    }
}
