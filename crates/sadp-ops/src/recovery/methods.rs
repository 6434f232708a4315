//! Which recovery methods fit devices. What is prepared on a device is read from it
//! and from the ledger; reading costs no try and may be repeated.

use std::time::Duration;

use sadp_isapi::{IsapiRequest, RecoveryCapabilities, RecoveryWays, Timeouts, Transport};
use sadp_model::{MethodAssessment, OfferedOverHttp, RecoveryMethod, State, assess_methods};
use sadp_proto::Command;
use sadp_reset::{Action, LedgerError};
use strum::IntoEnumIterator;

use super::{History, questions};
use crate::{
    DiscoveredDevice, Inventory, Observer, OpsError, Session,
    batch::{QUERY_PARALLEL, Query},
    http::{self, HttpAccess, HttpEndpoint, HttpQuestion},
};

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
    let all = devices.iter().enumerate();
    let untold = all.filter(|(_, it)| it.entry.device.recovery.set_up.questions.is_none());
    let lists = questions::lists(session, inventory, untold, observer).await?;
    for (place, list) in lists {
        if let Some(device) = devices.get_mut(place) {
            device.entry.device.recovery.set_up.questions = list.is_set();
        }
    }
    Ok(())
}

/// Reads only which recovery methods are set up, in one command.
pub async fn read_set_up(
    session: &mut Session,
    inventory: &Inventory,
    devices: &mut [DiscoveredDevice],
    observer: &mut dyn Observer,
) -> Result<(), OpsError> {
    let query = Query {
        action: Action::SetUpRead,
        command: || Command::GetSetUp,
        read: |reply| Some(sadp_proto::read_set_up(reply)),
        parallel: QUERY_PARALLEL,
    };
    let able = devices.iter().enumerate().filter(|(_, it)| {
        let device = &it.entry.device;
        device.state != Some(State::Unactivated) && device.recovery.reports_set_up == Some(true)
    });
    for (place, set_up) in query.ask(able, session, inventory, observer).await? {
        if let Some(device) = devices.get_mut(place) {
            device.entry.device.recovery.set_up = set_up;
        }
    }
    Ok(())
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
