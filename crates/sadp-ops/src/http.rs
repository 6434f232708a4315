//! What all operations over the devices' own HTTP interface share: which devices can be
//! asked, what each tells without a login, and [logins](login), at most one a decision of
//! the user.

mod logged_in;
mod login;
mod reach;

use std::{net::SocketAddr, time::Duration};

use sadp_isapi::{ActivateStatus, AskError, HttpFailure, HttpRefusal, Timeouts, UserCheck};
pub use sadp_isapi::{BasicLogin, CertificateFingerprint};
use sadp_model::Warning;
use sadp_reset::{Action, DeviceKey, LedgerError};
use secrecy::SecretString;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep_until},
};

pub use self::reach::HttpAccess;
use self::reach::TransportOrder;
pub(crate) use self::{
    logged_in::{LoggedIn, ReceivedDocument},
    login::{HttpRun, finish, not_told, write_down},
    reach::HttpEndpoint,
};
pub use crate::outcome::http::{
    DeviceClock, HttpActivation, HttpDetails, HttpFinding, HttpLogin, HttpStatus, LoginObstacle,
};
use crate::{
    DiscoveredDevice, Event, Observer, OpsError, Outcome, OutcomeData, Overrides, Reason,
    Requirements, Selection, Session,
};

/// The most devices that are asked at once.
const PARALLEL: usize = 32;

/// The port where a device reports none.
const HTTP_PORT: u16 = 80;

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

impl<'a> LoginTrial<'a> {
    /// A password that all devices should have.
    pub const fn new(password: &'a SecretString, overrides: Overrides) -> Self {
        Self {
            password,
            overrides,
            may_refuse: &[],
        }
    }
}

/// The devices of an operation over HTTP.
#[derive(Debug)]
pub struct ChosenDevices {
    /// The devices.
    pub devices: Vec<DiscoveredDevice>,
    /// What the user lifted.
    pub overrides: Overrides,
    /// Whether the user named them: one that has no password yet is a failure then.
    pub named: bool,
}

impl ChosenDevices {
    /// Splits those that may be sent a login from the others.
    pub(crate) fn select(
        self,
        session: &Session,
        action: Action,
    ) -> Result<Selection, LedgerError> {
        let requirements = Requirements::new(action, self.overrides, self.named);
        requirements.narrow(session, select(self.devices, action))
    }
}

/// Devices whose settings are shown or set.
#[derive(Debug)]
pub struct SettingsPlan<W> {
    /// The devices that are asked, and the others.
    pub selection: Selection,
    /// What is set. `None`: it is shown.
    pub(crate) wanted: Option<W>,
}

impl<W> SettingsPlan<W> {
    /// Plans one of two actions: to show, and to set what is wanted.
    pub(crate) fn new(
        session: &Session,
        devices: ChosenDevices,
        wanted: Option<W>,
        [show, set]: [Action; 2],
    ) -> Result<Self, LedgerError> {
        let action = if wanted.is_some() { set } else { show };
        let selection = devices.select(session, action)?;
        Ok(Self { selection, wanted })
    }

    /// What would become of each device: a dry run.
    pub fn into_outcomes(self) -> Vec<Outcome>
    where
        for<'w> &'w W: Into<OutcomeData>,
    {
        let wanted = self.wanted;
        self.selection.into_outcomes_with(|outcome| {
            if let Some(wanted) = &wanted {
                outcome.data = wanted.into();
            }
        })
    }
}

/// Splits the devices that can be asked over HTTP from those without an address that
/// leads to them alone.
pub(crate) fn select(devices: Vec<DiscoveredDevice>, action: Action) -> Selection {
    Selection::of(action, devices).without(|it| unreachable(it).map(Reason::Http))
}

/// Why no address leads to this device alone.
pub(crate) fn unreachable(device: &DiscoveredDevice) -> Option<HttpFinding> {
    // Elsewhere a request cannot be bound to an interface.
    let is_shared = if cfg!(any(target_os = "linux", target_os = "macos")) {
        device.address_shared
    } else {
        device.warnings.contains(Warning::DuplicateIp)
    };
    if address(device).is_none() {
        Some(HttpFinding::NoAddress)
    } else if is_shared {
        Some(HttpFinding::AddressShared)
    } else {
        (device.reachable == Some(false)).then_some(HttpFinding::OffSubnet)
    }
}

/// A look at what devices tell without a login.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HttpLook<'a> {
    /// What progress is reported as.
    pub(crate) action: Action,
    /// How devices are reached.
    pub(crate) access: &'a HttpAccess,
    /// Whether a login is to follow.
    pub(crate) before_login: bool,
}

impl HttpLook<'_> {
    /// Asks all devices, several at once. `None` where the session was asked to stop
    /// before.
    pub(crate) async fn ask_all(
        self,
        devices: &[DiscoveredDevice],
        session: &Session,
        observer: &mut dyn Observer,
    ) -> Result<Vec<Option<Result<HttpStatus, HttpFailure>>>, OpsError> {
        let question = HttpQuestion {
            action: self.action,
            access: self.access,
            devices,
            timeouts: Timeouts::default(),
            time_limit: None,
        };
        let order = self.order();
        let asked = question
            .ask(session, move |route| route.ask(order), observer)
            .await?;
        let asked = asked.into_iter().zip(devices);
        let told = asked.map(|(asked, device)| {
            let mut asked = asked.transpose()?;
            if let Some(Ok(status)) = &mut asked {
                status.by_sadp = device.entry.device.state;
            }
            Ok(asked)
        });
        told.collect()
    }

    const fn order(self) -> TransportOrder {
        match (self.access.http_only, self.before_login) {
            (true, _) => TransportOrder::Http,
            (false, true) => TransportOrder::HttpsFirst,
            (false, false) => TransportOrder::HttpFirst,
        }
    }
}

/// A question to many devices, without a login.
pub(crate) struct HttpQuestion<'a> {
    /// What progress is reported as.
    pub(crate) action: Action,
    /// How they are reached.
    pub(crate) access: &'a HttpAccess,
    /// The devices. Each has an address that leads to it alone.
    pub(crate) devices: &'a [DiscoveredDevice],
    pub(crate) timeouts: Timeouts,
    /// When to ask no further. `None`: once all have answered.
    pub(crate) time_limit: Option<Duration>,
}

impl HttpQuestion<'_> {
    /// Asks all, several at once. `None` for those that did not answer before the session
    /// was asked to stop, or in time.
    pub(crate) async fn ask<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
        self,
        session: &Session,
        ask: impl Fn(HttpEndpoint) -> F,
        observer: &mut dyn Observer,
    ) -> Result<Vec<Option<T>>, OpsError> {
        let stop = session.cancellation.stop.clone();
        let end = self.time_limit.map(|limit| Instant::now() + limit);
        let mut asked: Vec<Option<T>> = self.devices.iter().map(|_| None).collect();
        let mut waiting = self.devices.iter().enumerate();
        let mut tasks = JoinSet::new();
        let mut finished = 0;
        loop {
            while tasks.len() < PARALLEL
                && let Some((place, device)) = waiting.next()
            {
                let route = HttpEndpoint::new(device, self.access, session)?;
                let answer = ask(route.with(self.timeouts));
                tasks.spawn(async move { (place, answer.await) });
            }
            let next = tokio::select! {
                () = stop.cancelled() => None,
                () = sleep_until(end.unwrap_or_else(Instant::now)), if end.is_some() => None,
                next = tasks.join_next() => next,
            };
            // A task neither panics nor is aborted before the loop ends.
            let Some(Ok((place, answer))) = next else {
                return Ok(asked);
            };
            if let Some(slot) = asked.get_mut(place) {
                *slot = Some(answer);
            }
            finished += 1;
            observer.observe(Event::Progress {
                action: self.action,
                finished,
                total: self.devices.len(),
                latest: self.devices.get(place),
            });
        }
    }
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
            .or_else(|| self.no_https.map(LoginObstacle::NoHttps))
    }
}

/// Where the device answers HTTP, as it reports by SADP.
fn address(device: &DiscoveredDevice) -> Option<SocketAddr> {
    let device = &device.entry.device;
    let ip = device.ipv4.address.filter(|it| !it.is_unspecified())?;
    Some((ip, device.ports.http.unwrap_or(HTTP_PORT)).into())
}
