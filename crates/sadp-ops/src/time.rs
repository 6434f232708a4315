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
    Observer, OpsError, OutcomeData, Report, Session,
    http::{HttpAccess, HttpFinding, HttpRun, LoggedIn, LoginTrial, ReceivedDocument},
};
pub use crate::{
    http::{ChosenDevices, SettingsPlan},
    outcome::time::{ClockSource, ClockStatus, NamedZone, TimeChange, TimeSettings, ZoneNameError},
};

/// Clocks to show or to set.
pub type Plan = SettingsPlan<TimeSettings>;

/// Plans to show clocks, or to set them.
pub fn plan(
    session: &Session,
    devices: ChosenDevices,
    wanted: Option<TimeSettings>,
) -> Result<Plan, LedgerError> {
    Plan::new(
        session,
        devices,
        wanted,
        [Action::TimeShow, Action::TimeSet],
    )
}

impl Plan {
    /// Logs in to each device, with one login a request, and shows or sets its clock. The
    /// first refusal of the password ends that.
    pub async fn carry_out(
        self,
        session: &mut Session,
        access: &HttpAccess,
        login: LoginTrial<'_>,
        observer: &mut dyn Observer,
    ) -> Result<Report, OpsError> {
        let Self { selection, wanted } = self;
        let run = HttpRun::new(selection.action, access, login);
        let show_or_set = async |login: &mut LoggedIn<'_, '_>, _| {
            let Some(wanted) = &wanted else {
                let read = ClockDocuments::read(login).await;
                return login.told(read.map(|it| OutcomeData::Clock(Box::new(it.status()))));
            };
            let mut change = TimeChange::new(wanted.clone());
            let made = change.make(login).await;
            let ended = made.map(|()| change.conclusion());
            login.outcome_with(ended, OutcomeData::TimeChange(Box::new(change)))
        };
        run.carry_out(selection, session, observer, show_or_set)
            .await
    }
}

impl From<&TimeSettings> for OutcomeData {
    /// A change to these that is not made yet.
    fn from(wanted: &TimeSettings) -> Self {
        Self::TimeChange(Box::new(TimeChange::new(wanted.clone())))
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
