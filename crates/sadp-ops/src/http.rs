//! What all operations over the devices' own HTTP interface share: which devices can be
//! asked, what each tells without a login, and [logins](login), at most one a decision of
//! the user.

mod login;

use std::net::SocketAddr;

use sadp_isapi::{
    ActivateStatus, AskError, BasicLogin, Client, ClientSettings, HttpFailure, HttpRefusal,
    Transport, UserCheck,
};
use sadp_model::Warning;
use sadp_reset::{Action, DeviceKey};
use secrecy::SecretString;
use tokio::task::JoinSet;

pub(crate) use self::login::{HttpRun, LoggedIn, not_told};
pub use crate::outcome::http::{
    DeviceClock, HttpActivation, HttpDetails, HttpFinding, HttpLogin, HttpStatus, LoginObstacle,
};
use crate::{
    DiscoveredDevice, Event, Observer, OpsError, Outcome, Overrides, Reason, Selection, Session,
};

/// The most devices that are asked at once.
const PARALLEL: usize = 32;

/// The port where a device reports none.
const HTTP_PORT: u16 = 80;

/// How devices are reached over HTTP.
#[derive(Clone, Debug, Default)]
pub struct HttpAccess {
    /// Whether a login may send the password itself, where a device offers nothing else.
    pub basic: BasicLogin,
}

/// A password to try once on each device.
#[derive(Clone, Copy, Debug)]
pub struct LoginTrial<'a> {
    /// The password.
    pub password: &'a SecretString,
    /// What the user lifted.
    pub overrides: Overrides,
    /// Devices that may have another password. Once two devices accepted this one, their
    /// refusals do not end the logins.
    pub may_refuse: &'a [DeviceKey],
}

/// Splits the devices that can be asked over HTTP from those without an address that
/// leads to them alone.
pub(crate) fn select(devices: Vec<DiscoveredDevice>, action: Action) -> Selection {
    let mut selection = Selection::none(action);
    for device in devices {
        let finding = if address(&device).is_none() {
            HttpFinding::NoAddress
        } else if device.warnings.contains(&Warning::DuplicateIp) {
            HttpFinding::AddressShared
        } else if device.reachable == Some(false) {
            HttpFinding::OffSubnet
        } else {
            selection.devices.push(device);
            continue;
        };
        let skipped = Outcome::skipped(&device, action, Reason::Http(finding));
        selection.left_out.push(skipped);
    }
    selection
}

/// Asks all devices what they tell without a login, several at once. `None` where the
/// session was asked to stop before.
pub(crate) async fn ask_all(
    devices: &[DiscoveredDevice],
    action: Action,
    session: &Session,
    observer: &mut dyn Observer,
) -> Result<Vec<Option<Result<HttpStatus, HttpFailure>>>, OpsError> {
    let stop = session.cancellation.stop.clone();
    let mut asked = vec![None; devices.len()];
    let mut waiting = devices.iter().enumerate();
    let mut tasks = JoinSet::new();
    let mut finished = 0;
    loop {
        while tasks.len() < PARALLEL
            && let Some((place, device)) = waiting.next()
        {
            let client = client(device)?;
            tasks.spawn(async move { (place, ask(&client).await) });
        }
        let next = tokio::select! {
            () = stop.cancelled() => None,
            next = tasks.join_next() => next,
        };
        // A task neither panics nor is aborted before the loop ends.
        let Some(Ok((place, mut status))) = next else {
            return Ok(asked);
        };
        if let (Ok(status), Some(device)) = (&mut status, devices.get(place)) {
            status.by_sadp = device.entry.device.state;
        }
        if let Some(slot) = asked.get_mut(place) {
            *slot = Some(status);
        }
        finished += 1;
        observer.observe(Event::Progress {
            action,
            finished,
            total: devices.len(),
        });
    }
}

/// Asks one device what it tells without a login.
async fn ask(client: &Client) -> Result<HttpStatus, HttpFailure> {
    let activation = client.activate_status().await;
    if activation == Err(AskError::Failed(HttpFailure::NotConnected)) {
        return Err(HttpFailure::NotConnected);
    }
    let check = client.user_check().await;
    if let (Err(AskError::Failed(failure)), Err(AskError::Failed(_))) = (&activation, &check) {
        return Err(*failure);
    }
    Ok(HttpStatus::new(activation, check))
}

impl HttpStatus {
    fn new(
        activation: Result<ActivateStatus, AskError>,
        check: Result<UserCheck, AskError>,
    ) -> Self {
        let not_activated = matches!(check, Err(AskError::Refused(HttpRefusal::NotActivated)));
        let activation = activation.ok();
        let check = check.unwrap_or_default();
        let by_login = match check.status_value {
            _ if not_activated => Some(false),
            // A device without a password wants no login.
            Some(401) => Some(true),
            _ => None,
        };
        Self {
            activated: activation
                .map(|it| it.activated)
                .or(check.is_activated)
                .or(by_login),
            activation: activation.map(|it| match it.support_version {
                Some(3..) => HttpActivation::V3,
                _ => HttpActivation::Legacy,
            }),
            check,
            ..Self::default()
        }
    }

    /// Why it must not be sent a login.
    fn obstacle(&self) -> Option<LoginObstacle> {
        if self.check.is_locked() {
            let seconds = self.check.unlock_time;
            return Some(LoginObstacle::Locked { seconds });
        }
        if self.activated == Some(false) {
            return Some(LoginObstacle::NotActivated);
        }
        let tries = self.check.retry_login_time;
        tries
            .is_some_and(|tries| tries <= 1)
            .then_some(LoginObstacle::OneTryLeft)
    }
}

/// A client that leaves by the interface on which the device was heard: two may see the
/// same address.
pub(crate) fn client(device: &DiscoveredDevice) -> Result<Client, OpsError> {
    let address = address(device).ok_or(OpsError::NoAddress)?;
    let heard = device.entry.reply_address();
    let settings = ClientSettings {
        interface: heard.map(|it| it.interface.to_string()),
        ..ClientSettings::new(address, Transport::Http)
    };
    Ok(Client::new(&settings)?)
}

/// Where the device answers HTTP, as it reports by SADP.
fn address(device: &DiscoveredDevice) -> Option<SocketAddr> {
    let device = &device.entry.device;
    let ip = device.ipv4.address.filter(|it| !it.is_unspecified())?;
    Some((ip, device.ports.http.unwrap_or(HTTP_PORT)).into())
}
