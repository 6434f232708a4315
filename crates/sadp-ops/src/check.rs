//! What devices tell over their own HTTP interface: without a login, which costs no try,
//! and with one login where that is asked for.

use sadp_isapi::{DeviceInfo, DiscoveryMode, IsapiRequest, Time};
use sadp_reset::Action;

pub use crate::http::{
    BasicLogin, CertificateFingerprint, DeviceClock, HttpAccess, HttpActivation, HttpDetails,
    HttpFinding, HttpLogin, HttpStatus, LoginObstacle, LoginTrial,
};
use crate::{
    DeviceRef, DiscoveredDevice, Observer, OpsError, Outcome, OutcomeData, OutcomeStatus, Report,
    Selection, Session,
    http::{self, HttpLook, HttpRun, LoggedIn, not_told},
};

/// Devices to ask.
#[derive(Debug)]
pub struct Plan {
    /// The devices that are asked, and the others.
    pub selection: Selection,
}

/// Plans to ask devices. Those without an address that leads to them alone are left out.
pub fn plan(devices: Vec<DiscoveredDevice>) -> Plan {
    let selection = http::select(devices, Action::Check);
    Plan { selection }
}

impl Plan {
    /// Asks all devices, several at once, without a login. Nothing is changed, nothing is
    /// recorded and no try is spent.
    pub async fn ask(
        self,
        session: &Session,
        access: &HttpAccess,
        observer: &mut dyn Observer,
    ) -> Result<Report, OpsError> {
        let devices = self.selection.devices;
        let look = HttpLook {
            action: Action::Check,
            access,
            before_login: false,
        };
        let asked = look.ask_all(&devices, session, observer).await?;
        let mut report = Report::new(self.selection.left_out);
        for (device, asked) in devices.iter().zip(asked) {
            report.outcomes.push(match asked {
                Some(Ok(status)) => done(device, status),
                other => not_told(device, Action::Check, other.and_then(Result::err)),
            });
        }
        Ok(report)
    }

    /// The same, and then the password goes to one device after the other, at most once
    /// each; the first refusal ends that. A device that says that it is locked or has one
    /// try left gets none. For `details` a device that took it is asked three things more,
    /// with a login each.
    pub async fn log_in(
        self,
        session: &mut Session,
        access: &HttpAccess,
        login: LoginTrial<'_>,
        details: bool,
        observer: &mut dyn Observer,
    ) -> Result<Report, OpsError> {
        let run = HttpRun::new(Action::Check, access, login);
        let ask_details = async |login: &mut LoggedIn<'_, '_>, mut status: HttpStatus| {
            if details {
                match read_details(login).await {
                    Ok(details) => status.details = Some(Box::new(details)),
                    Err(finding) => {
                        return login
                            .outcome_with(Err(finding), OutcomeData::Http(Box::new(status)));
                    }
                }
            }
            done(login.device, status)
        };
        run.carry_out(self.selection, session, observer, ask_details)
            .await
    }
}

fn done(device: &DiscoveredDevice, status: HttpStatus) -> Outcome {
    let mut named = DeviceRef::from(device);
    // A device that does not answer SADP tells only now what it is.
    if let Some(info) = status.details.as_ref().and_then(|it| it.info.as_ref()) {
        named.mac = named.mac.or_else(|| info.mac());
        named.serial = named.serial.or_else(|| info.serial());
        named.model = named.model.or_else(|| info.model.clone());
    }
    Outcome {
        device: named,
        data: OutcomeData::Http(Box::new(status)),
        ..Outcome::new(device, Action::Check, OutcomeStatus::Done)
    }
}

/// Reads what a device tells with a login, as far as its firmware has it.
async fn read_details(login: &mut LoggedIn<'_, '_>) -> Result<HttpDetails, HttpFinding> {
    let info: Option<DeviceInfo> = login.read(&DeviceInfo::request()).await?;
    let other_mac = info.as_ref().and_then(DeviceInfo::mac);
    let by_sadp = login.device.entry.device.mac;
    let time: Option<Time> = login.read(&IsapiRequest::get(Time::PATH)).await?;
    let discovery = login.read(&IsapiRequest::get(DiscoveryMode::PATH)).await?;
    Ok(HttpDetails {
        info,
        clock: time.map(|time| DeviceClock::new(time, login.now())),
        discovery,
        other_mac: other_mac.filter(|mac| by_sadp.is_some_and(|it| it != *mac)),
    })
}
