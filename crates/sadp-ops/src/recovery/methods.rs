//! Which recovery methods fit devices. What is prepared on a device is read from it
//! and from the ledger; reading costs no try and may be repeated.

use std::time::Duration;

use sadp_isapi::{IsapiRequest, RecoveryCapabilities, RecoveryWays, Timeouts, Transport};
use sadp_model::{
    Device, MethodAssessment, OfferedOverHttp, RecoveryMethod, State, assess_methods,
};
use sadp_proto::{Command, CommandOutcome as Reply, QuestionList};
use sadp_reset::{Action, Ledger, LedgerError};
use strum::IntoEnumIterator;

use super::History;
use crate::{
    DiscoveredDevice, Inventory, Observer, OpsError, Overrides, SafetyChecks, Session,
    batch::{Batch, DeviceCommand, Keep, Replied},
    http::{self, HttpAccess, HttpEndpoint, HttpQuestion},
};

/// The most devices that are read from at once.
const PARALLEL: usize = 16;

/// Which recovery methods fit a device, best first; each appears once.
#[derive(Clone, Debug)]
pub struct AssessedDevice {
    /// The device.
    pub device: DiscoveredDevice,
    /// The methods.
    pub methods: Vec<MethodAssessment>,
}

/// Assesses the recovery methods of devices. What a device reports is newer than
/// what the ledger remembers. Nothing is sent.
pub fn assess(
    session: &Session,
    devices: Vec<DiscoveredDevice>,
) -> Result<Vec<AssessedDevice>, LedgerError> {
    let history = History::read(session.ledger(), session.now())?;
    let assessed = devices
        .into_iter()
        .map(|it| AssessedDevice::new(it, &history));
    Ok(assessed.collect())
}

impl AssessedDevice {
    pub(crate) fn new(device: DiscoveredDevice, history: &History) -> Self {
        let mut prepared = history.prepared(&device);
        let set_up = device.entry.device.recovery.set_up;
        prepared.questions = set_up.questions.or(prepared.questions);
        prepared.mailbox = set_up.mailbox.or(prepared.mailbox);
        prepared.guid = set_up.guid;
        let methods = assess_methods(&device.entry.device, &prepared);
        Self { device, methods }
    }
}

/// Reads which recovery methods are set up, from the devices that offer to tell,
/// and then which security questions are set, from those that did not tell so
/// far. What a device replies is added to it; no reply leaves it unknown.
pub async fn read_prepared(
    session: &mut Session,
    inventory: &Inventory,
    devices: &mut [DiscoveredDevice],
    observer: &mut dyn Observer,
) -> Result<(), OpsError> {
    read_set_up(session, inventory, devices, observer).await?;
    QueryRun::new(Query::Questions, devices)
        .run(session, inventory, observer)
        .await
}

/// Reads only which recovery methods are set up, in one command.
pub async fn read_set_up(
    session: &mut Session,
    inventory: &Inventory,
    devices: &mut [DiscoveredDevice],
    observer: &mut dyn Observer,
) -> Result<(), OpsError> {
    QueryRun::new(Query::SetUp, devices)
        .run(session, inventory, observer)
        .await
}

/// Asks devices over HTTP which methods they support, where their SADP replies do not
/// contain it. No login is sent, and nothing is recorded. What a device answers is added
/// to it; no answer leaves it unknown.
///
/// The whole takes five seconds at most, however many devices do not answer.
pub async fn read_offered_over_http(
    session: &Session,
    devices: &mut [DiscoveredDevice],
    observer: &mut dyn Observer,
) -> Result<(), OpsError> {
    let mut places = Vec::new();
    let mut asked = Vec::new();
    for (place, device) in devices.iter().enumerate() {
        let is_silent = RecoveryMethod::iter().any(|it| it.is_untold(&device.entry.device));
        let is_unactivated = device.entry.device.state == Some(State::Unactivated);
        if is_silent && !is_unactivated && http::unreachable(device).is_none() {
            places.push(place);
            asked.push(device.clone());
        }
    }
    let question = HttpQuestion {
        action: Action::SetUpRead,
        access: &HttpAccess::default(),
        devices: &asked,
        timeouts: Timeouts {
            connect: Duration::from_secs(1),
            read: Duration::from_secs(2),
            whole: Duration::from_secs(3),
        },
        time_limit: Some(Duration::from_secs(5)),
    };
    let answers = question.ask(session, ask_ways, observer).await?;
    for (place, answer) in places.into_iter().zip(answers) {
        if let (Some(Some(ways)), Some(device)) = (answer, devices.get_mut(place)) {
            device.entry.device.recovery.over_http = OfferedOverHttp {
                questions: ways.questions,
                guid: ways.guid,
                mailbox: ways.mail,
            };
        }
    }
    Ok(())
}

async fn ask_ways(route: HttpEndpoint) -> Option<RecoveryWays> {
    let client = route.client(Transport::Http).ok()?;
    let request = IsapiRequest::get(RecoveryCapabilities::PATH);
    let reply = client.ask(&request).await.ok()?;
    let told: Option<RecoveryCapabilities> = reply.document();
    told.map(|it| it.ways)
}

/// What is read from a device.
#[derive(Clone, Copy)]
enum Query {
    SetUp,
    Questions,
}

impl Query {
    const fn action(self) -> Action {
        match self {
            Self::SetUp => Action::SetUpRead,
            Self::Questions => Action::QuestionsRead,
        }
    }

    const fn command(self) -> Command {
        match self {
            Self::SetUp => Command::GetSetUp,
            Self::Questions => Command::GetQuestions,
        }
    }

    /// Whether a device can answer, and did not yet.
    fn fits(self, device: &Device) -> bool {
        let recovery = &device.recovery;
        let offered = match self {
            Self::SetUp => recovery.reports_set_up == Some(true),
            Self::Questions => {
                recovery.questions == Some(true) && recovery.set_up.questions.is_none()
            }
        };
        offered && device.state != Some(State::Unactivated)
    }
}

struct QueryRun<'a> {
    query: Query,
    devices: &'a mut [DiscoveredDevice],
    /// The places of those that are sent the command.
    places: Vec<usize>,
}

impl<'a> QueryRun<'a> {
    const fn new(query: Query, devices: &'a mut [DiscoveredDevice]) -> Self {
        Self {
            query,
            devices,
            places: Vec::new(),
        }
    }

    async fn run(
        mut self,
        session: &mut Session,
        inventory: &Inventory,
        observer: &mut dyn Observer,
    ) -> Result<(), OpsError> {
        let action = self.query.action();
        let checks = SafetyChecks::new(action, Overrides::default());
        let mut commands = Vec::new();
        for (place, device) in self.devices.iter().enumerate() {
            if !self.query.fits(&device.entry.device) || checks.blocked(session, device)?.is_some()
            {
                continue;
            }
            self.places.push(place);
            commands.push(DeviceCommand {
                device: device.clone(),
                command: self.query.command(),
            });
        }
        if commands.is_empty() || session.cancellation.stop.is_cancelled() {
            return Ok(());
        }
        let batch = Batch {
            parallel: PARALLEL,
            ..Batch::new(action, commands, &mut self)
        };
        let sent = session.send(batch, inventory, observer).await?;
        sent.failure.map_or(Ok(()), Err)
    }
}

impl Keep for QueryRun<'_> {
    fn keep(&mut self, _: &mut Ledger, reply: Replied<'_>) -> Result<(), OpsError> {
        let place = self.places.get(reply.place);
        let device = place.and_then(|&place| self.devices.get_mut(place));
        if let (Reply::Done(message), Some(device)) = (reply.reply, device) {
            let set_up = &mut device.entry.device.recovery.set_up;
            match self.query {
                Query::SetUp => *set_up = sadp_proto::read_set_up(message),
                Query::Questions => {
                    set_up.questions = QuestionList::read(message).is_set();
                }
            }
        }
        Ok(())
    }
}
