//! The clocks of devices, over their own HTTP interface: shown and set.
//!
//! A device that is set like this already is not written to. Documents are written back
//! as they were read, but for the values that change. The time server comes first, then
//! what sets the clock: the device would else ask the former server.

use jiff::{SignedDuration, Timestamp, Unit};
pub use sadp_isapi::NtpHost;
use sadp_isapi::{IsapiRequest, NtpServer, Time, TimeMode};
use sadp_reset::{Action, LedgerError};

use crate::{
    DiscoveredDevice, Observer, OpsError, Outcome, OutcomeData, OutcomeStatus, Report, Selection,
    Session,
    http::{HttpAccess, HttpFinding, HttpRun, LoggedIn, LoginTrial, ReceivedDocument},
};
pub use crate::{
    http::ChosenDevices,
    outcome::time::{ClockSource, ClockStatus, NamedZone, TimeChange, TimeSettings, ZoneNameError},
};

/// Clocks to show or to set.
#[derive(Debug)]
pub struct Plan {
    /// The devices that are asked, and the others.
    pub selection: Selection,
    /// What is set. `None`: clocks are shown.
    settings: Option<TimeSettings>,
}

/// Plans to show clocks, or to set them.
pub fn plan(
    session: &Session,
    devices: ChosenDevices,
    settings: Option<TimeSettings>,
) -> Result<Plan, LedgerError> {
    let action = match settings {
        Some(_) => Action::TimeSet,
        None => Action::TimeShow,
    };
    let selection = devices.select(session, action)?;
    Ok(Plan {
        selection,
        settings,
    })
}

impl Plan {
    /// What would become of each device: a dry run.
    pub fn into_outcomes(self) -> Vec<Outcome> {
        let Self {
            selection,
            settings,
        } = self;
        selection.into_outcomes_with(|outcome| {
            if let Some(settings) = &settings {
                let change = TimeChange::new(settings.clone());
                outcome.data = OutcomeData::TimeChange(Box::new(change));
            }
        })
    }

    /// Logs in to each device, with one login a request, and shows or sets its clock. The
    /// first refusal of the password ends that.
    pub async fn carry_out(
        self,
        session: &mut Session,
        access: &HttpAccess,
        login: LoginTrial<'_>,
        observer: &mut dyn Observer,
    ) -> Result<Report, OpsError> {
        let Self {
            selection,
            settings,
        } = self;
        let run = HttpRun {
            action: selection.action,
            access,
            login,
        };
        run.carry_out(
            selection,
            session,
            observer,
            async |device: &DiscoveredDevice, login: &mut LoggedIn<'_, '_>, _| match &settings {
                Some(settings) => set(settings, device, login).await,
                None => show(device, login).await,
            },
        )
        .await
    }
}

async fn show(device: &DiscoveredDevice, login: &mut LoggedIn<'_, '_>) -> Outcome {
    match ClockDocuments::read(login).await {
        Ok(documents) => Outcome {
            data: OutcomeData::Clock(Box::new(documents.status())),
            ..Outcome::new(device, Action::TimeShow, OutcomeStatus::Done)
        },
        Err(finding) => finding.outcome(device, Action::TimeShow),
    }
}

async fn set(
    settings: &TimeSettings,
    device: &DiscoveredDevice,
    login: &mut LoggedIn<'_, '_>,
) -> Outcome {
    let mut change = TimeChange::new(settings.clone());
    let outcome = match change.make(login).await {
        Ok(()) => {
            let (status, seen) = change.conclusion();
            Outcome {
                seen,
                ..Outcome::new(device, Action::TimeSet, status)
            }
        }
        Err(finding) => finding.outcome(device, Action::TimeSet),
    };
    Outcome {
        data: OutcomeData::TimeChange(Box::new(change)),
        ..outcome
    }
}

impl TimeChange {
    /// Reads, writes what differs, and reads again.
    async fn make(&mut self, login: &mut LoggedIn<'_, '_>) -> Result<(), HttpFinding> {
        let documents = ClockDocuments::read(login).await?;
        self.before = Some(documents.status());
        // Both before either is sent: the second must not fail after the first.
        let server = self.wanted.server_request(&documents)?;
        let clock = self.wanted.clock_request(&documents, login.now())?;
        if let Some(server) = &server {
            self.needs_restart |= login.change(Action::TimeSet, server).await?.needs_restart();
            self.server_written = true;
        }
        if let Some(clock) = &clock {
            self.needs_restart |= login.change(Action::TimeSet, clock).await?.needs_restart();
            self.clock_written = true;
        }
        self.after = if self.is_written() {
            let documents = ClockDocuments::read(login).await.ok();
            documents.map(|it| it.status())
        } else {
            self.before.clone()
        };
        Ok(())
    }
}

impl TimeSettings {
    /// The request that sets the time server. `None` where it is set.
    fn server_request(
        &self,
        documents: &ClockDocuments,
    ) -> Result<Option<IsapiRequest>, HttpFinding> {
        let Some(ClockSource::Ntp(host)) = &self.source else {
            return Ok(None);
        };
        let ntp = documents.ntp.as_ref().ok_or(HttpFinding::NoTimeServer)?;
        if ntp.document.host().as_ref() == Some(host) {
            return Ok(None);
        }
        let document = NtpServer::changed(&ntp.bytes, host)?;
        Ok(Some(IsapiRequest::put(NtpServer::PATH, document)))
    }

    /// The request that sets mode, zone and time. `None` where they are so.
    fn clock_request(
        &self,
        documents: &ClockDocuments,
        now: Timestamp,
    ) -> Result<Option<IsapiRequest>, HttpFinding> {
        let before = &documents.status();
        let time = &documents.time;
        let current = &time.document;
        let mode = match &self.source {
            Some(ClockSource::Ntp(_)) => &TimeMode::Ntp,
            Some(ClockSource::ThisComputer) => &TimeMode::Manual,
            None => &current.time_mode,
        };
        let zone = current.zone();
        let wanted = self.zone.as_ref().map(|it| &it.form);
        if *mode == current.time_mode && self.are_those_of(before) {
            return Ok(None);
        }
        let mut document = Time::with_mode(&time.bytes, mode)?;
        if let Some(wanted) = wanted.filter(|it| zone.as_ref() != Some(it)) {
            document = Time::with_zone(&document, wanted)?;
        }
        // With this mode a device takes the time of the document. Of a new zone alone the
        // clock must become neither more right nor more wrong.
        if *mode == TimeMode::Manual {
            let ahead = match self.source {
                Some(_) => Some(SignedDuration::ZERO),
                None => before.clock.deviation,
            };
            let zone = wanted.or(zone.as_ref()).ok_or(HttpFinding::NotReadable)?;
            if let Some(moment) = ahead.and_then(|it| now.checked_add(it).ok()) {
                let moment = moment.round(Unit::Second).unwrap_or(moment);
                document = Time::with_shown(&document, zone.shown_at(moment))?;
            }
        }
        Ok(Some(IsapiRequest::put(Time::PATH, document)))
    }
}

/// What a device reports about its clock, as it was received.
struct ClockDocuments {
    time: ReceivedDocument<Time>,
    read_at: Timestamp,
    ntp: Option<ReceivedDocument<NtpServer>>,
}

impl ClockDocuments {
    async fn read(login: &mut LoggedIn<'_, '_>) -> Result<Self, HttpFinding> {
        let time = login.read_whole(&IsapiRequest::get(Time::PATH)).await?;
        let read_at = login.now();
        let time = time.ok_or(HttpFinding::NotOffered)?;
        let ntp = login
            .read_whole(&IsapiRequest::get(NtpServer::PATH))
            .await?;
        Ok(Self { time, read_at, ntp })
    }

    fn status(&self) -> ClockStatus {
        let ntp = self.ntp.as_ref().map(|it| it.document.clone());
        ClockStatus::new(self.time.document.clone(), ntp, self.read_at)
    }
}
