//! ONVIF on devices, over their own HTTP interface: the switch and a user.
//!
//! The users of ONVIF are not those of the device. Only what differs is written; a
//! password cannot be read, so a user that is asked for is always written.

use getrandom::{
    SysRng,
    rand_core::{Rng, UnwrapErr},
};
use sadp_isapi::{
    Integrate, IsapiRequest, OnvifUser, SecurityCapabilities, Transport,
    fields::{FieldKey, Fields},
};
use sadp_reset::{Action, LedgerError};
use secrecy::SecretString;

use crate::{
    Observer, OpsError, OutcomeData, Report, Session,
    http::{HttpAccess, HttpFinding, HttpRun, HttpStatus, LoggedIn, LoginTrial, ReceivedDocument},
};
pub use crate::{
    http::{ChosenDevices, SettingsPlan},
    outcome::onvif::{
        OnvifChange, OnvifLevel, OnvifSettings, OnvifStatus, WantedOnvifUser, WrittenUser,
    },
};

/// Devices whose ONVIF is shown or set.
pub type Plan = SettingsPlan<OnvifSettings>;

/// What an operation logs in with, and the password that it sets.
#[derive(Clone, Copy, Debug)]
pub struct OnvifSecrets<'a> {
    /// The current password of the device.
    pub login: LoginTrial<'a>,
    /// The password of the user of ONVIF. Without one no user is written.
    pub user: Option<&'a SecretString>,
}

/// Plans to show ONVIF, or to set it.
pub fn plan(
    session: &Session,
    devices: ChosenDevices,
    wanted: Option<OnvifSettings>,
) -> Result<Plan, LedgerError> {
    Plan::new(
        session,
        devices,
        wanted,
        [Action::OnvifShow, Action::OnvifSet],
    )
}

impl Plan {
    /// Logs in to each device, with one login a request, and shows or sets ONVIF. The
    /// first refusal of the password ends that.
    pub async fn carry_out(
        self,
        session: &mut Session,
        access: &HttpAccess,
        secrets: OnvifSecrets<'_>,
        observer: &mut dyn Observer,
    ) -> Result<Report, OpsError> {
        let Self { selection, wanted } = self;
        let run = HttpRun::new(selection.action, access, secrets.login);
        let show_or_set = async |login: &mut LoggedIn<'_, '_>, status: HttpStatus| {
            let Some(wanted) = &wanted else {
                let read = OnvifDocuments::read(login).await;
                return login.told(read.map(|it| OutcomeData::Onvif(Box::new(it.status))));
            };
            let mut change = OnvifChange::new(wanted.clone());
            let made = change.make(login, secrets.user).await;
            if let Some(user) = &mut change.user {
                user.is_encrypted |= status.transport == Some(Transport::Https);
            }
            let ended = made.map(|()| change.conclusion());
            login.outcome_with(ended, OutcomeData::OnvifChange(Box::new(change)))
        };
        run.carry_out(selection, session, observer, show_or_set)
            .await
    }
}

impl From<&OnvifSettings> for OutcomeData {
    /// A change to these that is not made yet.
    fn from(wanted: &OnvifSettings) -> Self {
        Self::OnvifChange(Box::new(OnvifChange::new(wanted.clone())))
    }
}

impl OnvifChange {
    /// Reads, writes what differs, and reads again. The switch comes first: devices may
    /// take users only while it is on.
    async fn make(
        &mut self,
        login: &mut LoggedIn<'_, '_>,
        password: Option<&SecretString>,
    ) -> Result<(), HttpFinding> {
        let documents = OnvifDocuments::read(login).await?;
        let status = self.before.insert(documents.status);
        let enable = self.wanted.enable;
        // Both before either is sent: the second must not fail after the first.
        let switch = if status.enabled == enable {
            None
        } else {
            let document = Integrate::with_onvif(&documents.integrate.bytes, enable)?;
            Some(IsapiRequest::put(Integrate::PATH, document))
        };
        let user = match (&self.wanted.user, password) {
            (Some(_), _) if status.users.is_none() => return Err(HttpFinding::NoOnvifUsers),
            (Some(user), Some(password)) => {
                let mut written = user.on(status);
                let fields = fields(login).await?;
                written.is_encrypted = matches!(fields, Fields::Sealed { .. });
                let request = if written.is_new {
                    written.user.add(password, &fields)
                } else {
                    written.user.change(password, &fields)
                };
                Some((request, written))
            }
            _ => None,
        };
        if let Some(switch) = &switch {
            let reply = login.change(Action::OnvifSet, switch).await?;
            self.needs_restart |= reply.needs_restart();
            self.switch_written = true;
        }
        if let Some((request, written)) = user {
            let reply = login.change(Action::OnvifSet, &request).await?;
            self.needs_restart |= reply.needs_restart();
            self.user = Some(written);
        }
        self.after = if self.is_written() {
            let documents = OnvifDocuments::read(login).await.ok();
            documents.map(|it| it.status)
        } else {
            self.before.clone()
        };
        Ok(())
    }
}

/// How secret values are written: encrypted where the device offers that.
async fn fields(login: &mut LoggedIn<'_, '_>) -> Result<Fields, HttpFinding> {
    let request = SecurityCapabilities::request(login.credentials().user);
    let capabilities: Option<SecurityCapabilities> = match login.read(&request).await {
        // Nothing of what is known: nothing is offered.
        Err(HttpFinding::NotReadable) => None,
        read => read?,
    };
    let key = capabilities.and_then(|it| FieldKey::derive(&it, login.credentials()));
    let Some(key) = key else {
        return Ok(Fields::Plain);
    };
    let mut iv = [0; 16];
    UnwrapErr(SysRng).fill_bytes(&mut iv);
    Ok(Fields::Sealed { key, iv })
}

/// What a device reports about ONVIF.
struct OnvifDocuments {
    /// As it was received.
    integrate: ReceivedDocument<Integrate>,
    status: OnvifStatus,
}

impl OnvifDocuments {
    async fn read(login: &mut LoggedIn<'_, '_>) -> Result<Self, HttpFinding> {
        let integrate = IsapiRequest::get(Integrate::PATH);
        let integrate = login.read_whole::<Integrate>(&integrate).await?;
        let integrate = integrate.ok_or(HttpFinding::NotOffered)?;
        let users = login.read_list(&IsapiRequest::get(OnvifUser::PATH)).await?;
        let status = OnvifStatus::new(&integrate.document, users);
        let status = status.ok_or(HttpFinding::NotOffered)?;
        Ok(Self { integrate, status })
    }
}
