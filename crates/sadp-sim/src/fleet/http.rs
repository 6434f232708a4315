//! The HTTP interface of devices: routes, and what holds for all of them. Each part of
//! the interface has its module.
//!
//! Devices, passwords, locks and preparations are those of SADP: what is set over one is
//! set over the other.

mod activation;
mod cameras;
mod login;
mod memory;
mod respond;
mod sealed;
mod security;
mod system;
mod xml;
mod zone;

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use rand::rngs::Xoshiro256PlusPlus;
use sadp_model::RawFields;
use sadp_proto::Document;
use secrecy::SecretString;

pub(super) use self::memory::HttpMemory;
use self::{
    respond::{ClientLock, StatusWord},
    xml::Element,
};
use super::{Fleet, memory::CommandMemory};
use crate::{
    Device, HttpAttack, HttpCounts, HttpDelivery, HttpProfile, HttpRequest, HttpResponse,
    TimeService, device::factory::NO_CLOCK,
};

/// A request at a device.
struct RequestContext<'a> {
    device: &'a mut Device,
    memory: &'a mut CommandMemory,
    rng: &'a mut Xoshiro256PlusPlus,
    profile: &'a HttpProfile,
    request: &'a HttpRequest<'a>,
    now: Duration,
    /// The time at the fleet's start.
    began: Timestamp,
    /// The counters of the whole fleet.
    fleet_counts: &'a mut HttpCounts,
}

type Answer = Result<HttpResponse, StatusWord>;

/// Who may use a route.
#[derive(Clone, Copy, PartialEq, Eq)]
enum RouteAccess {
    /// Everybody, also before activation.
    Open,
    /// The user, after a login.
    Login,
}

/// How a route is answered.
#[derive(Clone, Copy)]
enum RouteHandler {
    /// With a document.
    Show(fn(&RequestContext<'_>) -> Element),
    /// With `ok`, after a change.
    Change(fn(&mut RequestContext<'_>) -> Result<(), StatusWord>),
    /// Otherwise.
    Answer(fn(&mut RequestContext<'_>) -> Answer),
    /// By a recorder, which knows other devices. `None`: it has nothing of that kind.
    Recorder(fn(RecorderRequest<'_>) -> Option<Element>),
}

/// A request to a recorder about other devices.
#[derive(Clone, Copy)]
struct RecorderRequest<'a> {
    fleet: &'a Fleet,
    recorder: &'a Device,
    request: &'a HttpRequest<'a>,
    now: Duration,
}

/// A URL and a method, and how they are answered.
#[derive(Clone, Copy)]
struct HttpRoute {
    method: &'static str,
    /// The path. `*` stands for one segment.
    path: &'static str,
    access: RouteAccess,
    handler: RouteHandler,
}

impl HttpRoute {
    const fn new(method: &'static str, path: &'static str, handler: RouteHandler) -> Self {
        Self {
            method,
            path,
            access: RouteAccess::Login,
            handler,
        }
    }

    const fn get(path: &'static str, show: fn(&RequestContext<'_>) -> Element) -> Self {
        Self::new("GET", path, RouteHandler::Show(show))
    }

    const fn put(
        path: &'static str,
        change: fn(&mut RequestContext<'_>) -> Result<(), StatusWord>,
    ) -> Self {
        Self::new("PUT", path, RouteHandler::Change(change))
    }

    const fn recorder(
        path: &'static str,
        show: fn(RecorderRequest<'_>) -> Option<Element>,
    ) -> Self {
        Self::new("GET", path, RouteHandler::Recorder(show))
    }

    const fn open(self) -> Self {
        Self {
            access: RouteAccess::Open,
            ..self
        }
    }

    fn is_for(&self, path: &str) -> bool {
        let mut sent = path.split('/');
        let mut own = self.path.split('/');
        own.by_ref()
            .all(|own| sent.next().is_some_and(|sent| own == "*" || own == sent))
            && sent.next().is_none()
    }
}

const DEVICE_INFO: &str = "/ISAPI/System/deviceInfo";
const USER_CHECK: &str = "/ISAPI/Security/userCheck";
const QUESTIONS: &str = "/ISAPI/Security/questionConfiguration";
const MAILBOX: &str = "/ISAPI/Security/email/parameter";
const TIME_SERVERS: &str = "/ISAPI/System/time/ntpServers";
const GUID: &str = "/ISAPI/Security/GUIDFileData";

static ROUTES: &[HttpRoute] = &[
    HttpRoute::new(
        "GET",
        "/SDK/activateStatus",
        RouteHandler::Answer(activation::status),
    )
    .open(),
    HttpRoute::new(
        "POST",
        "/ISAPI/Security/challenge",
        RouteHandler::Answer(activation::challenge),
    )
    .open(),
    HttpRoute::put("/ISAPI/System/activate", activation::activate).open(),
    HttpRoute::new(
        "POST",
        "/ISAPI/System/activate/GetChallengeV3",
        RouteHandler::Answer(activation::challenge_v3),
    )
    .open(),
    HttpRoute::new(
        "POST",
        "/ISAPI/System/activate/StartActivateV3",
        RouteHandler::Change(activation::activate_v3),
    )
    .open(),
    HttpRoute::get("/ISAPI/Security/extern/capabilities", security::reset_ways).open(),
    HttpRoute::get(USER_CHECK, login::user_check),
    HttpRoute::get(DEVICE_INFO, system::device_info),
    HttpRoute::get("/ISAPI/System/status", system::status),
    HttpRoute::get("/ISAPI/System/capabilities", system::capabilities),
    HttpRoute::get("/ISAPI/System/time", system::time),
    HttpRoute::put("/ISAPI/System/time", system::set_time),
    HttpRoute::get(TIME_SERVERS, system::ntp_servers),
    HttpRoute::put(TIME_SERVERS, system::set_ntp_servers),
    HttpRoute::get("/ISAPI/System/time/ntpServers/1", system::ntp_server),
    HttpRoute::put("/ISAPI/System/time/ntpServers/1", system::set_ntp_server),
    HttpRoute::get("/ISAPI/System/discoveryMode", system::discovery_mode),
    HttpRoute::put("/ISAPI/System/discoveryMode", system::set_discovery_mode),
    HttpRoute::get("/ISAPI/System/Network/Integrate", system::integrate),
    HttpRoute::put("/ISAPI/System/Network/Integrate", system::set_integrate),
    HttpRoute::get("/ISAPI/Security/capabilities", security::capabilities),
    HttpRoute::get(QUESTIONS, security::questions),
    HttpRoute::put(QUESTIONS, security::set_questions),
    HttpRoute::new("GET", MAILBOX, RouteHandler::Answer(security::mailbox)),
    HttpRoute::put(MAILBOX, security::set_mailbox),
    HttpRoute::new("POST", GUID, RouteHandler::Answer(security::export_guid)),
    HttpRoute::get("/ISAPI/Security/ONVIF/users", security::onvif_users),
    HttpRoute::new(
        "POST",
        "/ISAPI/Security/ONVIF/users",
        RouteHandler::Change(security::add_onvif_user),
    ),
    HttpRoute::put("/ISAPI/Security/ONVIF/users/*", security::change_onvif_user),
    HttpRoute::recorder("/ISAPI/ContentMgmt/InputProxy/channels", cameras::channels),
    HttpRoute::recorder(
        "/ISAPI/ContentMgmt/InputProxy/channels/status",
        cameras::all_statuses,
    ),
    HttpRoute::recorder(
        "/ISAPI/ContentMgmt/InputProxy/channels/*/status",
        cameras::status,
    ),
    HttpRoute::recorder("/ISAPI/ContentMgmt/InputProxy/search", cameras::search),
];

impl Fleet {
    /// Handles a request to the HTTP interface of a device, by its index in
    /// [`Fleet::devices`]. `None` where there is no response: the device is offline,
    /// speaks no HTTP, or the client is of another network.
    pub fn handle_http(
        &mut self,
        now: Duration,
        device: usize,
        request: &HttpRequest<'_>,
    ) -> Option<HttpResponse> {
        let number = u32::try_from(device).ok()?;
        let profile = Arc::clone(self.device(number)?.http.profile.as_ref()?);
        if !self.config.is_home(request.from) {
            self.stats.foreign += 1;
            return None;
        }
        if self.is_offline(number, now) {
            return None;
        }
        let allowed = self
            .context(now, number, request, &profile)?
            .allow(request.path());
        let response = match allowed {
            Err(response) => response,
            Ok(RouteHandler::Recorder(show)) if self.device(number)?.profile.is_recorder() => {
                let shown = show(RecorderRequest {
                    fleet: self,
                    recorder: self.device(number)?,
                    request,
                    now,
                });
                match shown {
                    Some(root) => respond::xml(200, &root, &profile),
                    None => StatusWord::NotSupported.response(request.target, &profile),
                }
            }
            Ok(handler) => self
                .context(now, number, request, &profile)?
                .answer(handler),
        };
        let attack = self.device(number)?.http.attack;
        Some(match attack {
            Some(attack) => attack.apply(response, request),
            None => response,
        })
    }

    /// The requests that a device received over HTTP, by its index in
    /// [`Fleet::devices`].
    pub fn http_counts(&self, device: usize) -> HttpCounts {
        let memory = self.memory(device);
        memory.map_or_else(HttpCounts::default, |memory| memory.http.counts)
    }

    fn context<'a>(
        &'a mut self,
        now: Duration,
        number: u32,
        request: &'a HttpRequest<'a>,
        profile: &'a HttpProfile,
    ) -> Option<RequestContext<'a>> {
        Some(RequestContext {
            device: self.devices.get_mut(number as usize)?,
            memory: self.memories.entry(number).or_default(),
            rng: &mut self.rng,
            profile,
            request,
            now,
            began: self.config.clock,
            fleet_counts: &mut self.stats.http,
        })
    }
}

impl HttpRequest<'_> {
    /// The path, without its query.
    fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }
}

impl RequestContext<'_> {
    fn answer(&mut self, handler: RouteHandler) -> HttpResponse {
        let answer = match handler {
            RouteHandler::Show(show) => Ok(self.xml(&show(self))),
            RouteHandler::Change(change) => Err(change(self).err().unwrap_or(StatusWord::Done)),
            RouteHandler::Answer(answer) => answer(self),
            // Of another device.
            RouteHandler::Recorder(_) => Err(StatusWord::NotSupported),
        };
        answer.unwrap_or_else(|word| self.refused(word))
    }

    /// Counts for the device and the fleet.
    fn count(&mut self, counter: fn(&mut HttpCounts) -> &mut u64) {
        for counts in [&mut self.memory.http.counts, &mut *self.fleet_counts] {
            *counter(counts) += 1;
        }
    }

    /// Finds the route of a request and checks that the client may use it.
    fn allow(&mut self, path: &str) -> Result<RouteHandler, HttpResponse> {
        match self.request.authorization {
            Some(_) => self.count(|counts| &mut counts.with_credentials),
            None => self.count(|counts| &mut counts.without_credentials),
        }
        let known: Vec<&HttpRoute> = ROUTES.iter().filter(|route| route.is_for(path)).collect();
        let route = known
            .iter()
            .find(|route| route.method == self.request.method);
        let is_open = route.is_some_and(|route| route.access == RouteAccess::Open);
        if !is_open {
            self.require_owner(path)?;
        }
        let is_write = self.request.method != "GET";
        if is_write && self.now < self.memory.http.writable_from {
            return Err(self.refused(StatusWord::InvalidOperation));
        }
        match route {
            Some(route) if self.offers(path) => Ok(route.handler),
            None if !known.is_empty() => Err(self.refused(StatusWord::MethodNotAllowed)),
            _ => Err(self.refused(StatusWord::NotSupported)),
        }
    }

    /// Lets the user of an active device pass. One without a password says that, except
    /// where its firmware asks for a login all the same.
    fn require_owner(&mut self, path: &str) -> Result<(), HttpResponse> {
        if self.device.state.activated {
            return self.log_in();
        }
        match path {
            USER_CHECK => Err(login::not_activated(self)),
            DEVICE_INFO if self.profile.open_info => Ok(()),
            _ if self.profile.asks_early => Err(self.unauthorized()),
            _ => Err(self.refused(StatusWord::NotActivated)),
        }
    }

    /// Whether the firmware has what this path is about.
    fn offers(&self, path: &str) -> bool {
        match path {
            QUESTIONS => self.profile.questions,
            MAILBOX => self.profile.mailbox,
            GUID => self.profile.guid,
            _ if path.starts_with(TIME_SERVERS) => self.device.http.ntp != TimeService::None,
            _ => true,
        }
    }

    /// Reads the document of the body.
    fn fields(&self, root: &str) -> Result<RawFields, StatusWord> {
        let document = Document::decode(self.request.body).map_err(|_| StatusWord::BadXmlFormat)?;
        if !document.complete {
            return Err(StatusWord::BadXmlFormat);
        }
        let name = document.root.rsplit(':').next();
        if name != Some(root) {
            return Err(StatusWord::BadXmlContent);
        }
        Ok(document.fields)
    }

    /// The number that the path ends with.
    fn id(&self) -> Option<u32> {
        self.request.path().rsplit('/').next()?.parse().ok()
    }

    fn xml(&self, root: &Element) -> HttpResponse {
        respond::xml(200, root, self.profile)
    }

    fn refused(&self, word: StatusWord) -> HttpResponse {
        word.response(self.request.target, self.profile)
    }

    /// Checks a password within a body. A wrong one costs a try of those that SADP's
    /// commands have: the login of the request itself forgives those of logins.
    fn prove(&mut self, password: &SecretString) -> Result<(), StatusWord> {
        let access = &mut self.device.access;
        if access.tries.locked_for(self.now).is_none() {
            if access.password.is(password) {
                access.tries.forgive();
                return Ok(());
            }
            access.tries.denied(self.now);
            self.count(|counts| &mut counts.wrong);
        }
        let lock = ClientLock::of(&mut self.device.access.tries, self.now);
        Err(StatusWord::WrongPassword(lock))
    }

    /// The time, as everybody else has it.
    fn right_time(&self) -> Timestamp {
        self.began
            .saturating_add(SignedDuration::try_from(self.now).unwrap_or(SignedDuration::MAX))
            .unwrap_or(Timestamp::MAX)
    }

    /// The time by the device's clock. A device whose clock was never set counts from
    /// 1970.
    fn clock(&self) -> Timestamp {
        let ahead = self.memory.http.clock.unwrap_or_else(|| {
            if self.device.state.boot.year() != NO_CLOCK.year() {
                return self.device.http.clock;
            }
            let epoch = TimeZone::UTC.to_timestamp(NO_CLOCK).unwrap_or_default();
            epoch.duration_since(self.began)
        });
        self.right_time()
            .saturating_add(ahead)
            .unwrap_or(Timestamp::MIN)
    }
}

impl HttpAttack {
    /// Turns an honest response into this device's. Hostile challenges are made with the
    /// challenge.
    fn apply(self, mut response: HttpResponse, request: &HttpRequest<'_>) -> HttpResponse {
        match self {
            Self::EndlessBody => response.delivery = HttpDelivery::Endless,
            Self::SlowBody => response.delivery = HttpDelivery::Slow(Duration::from_secs(10)),
            Self::LostReplies if request.method == "GET" || request.authorization.is_none() => {}
            Self::WrongLength | Self::LostReplies => {
                let length = response.body.len() as u64;
                response.delivery = HttpDelivery::Announced(length + 1000);
            }
            Self::HeaderBomb => {
                let filler = "x".repeat(1024);
                let bomb = (0..Self::HEADERS).map(|_| ("X-Filler", filler.clone()));
                response.headers.extend(bomb);
            }
            Self::Redirect => {
                response.status = 302;
                let path = request.path().trim_start_matches('/');
                response
                    .headers
                    .push(("Location", format!("{}{path}", Self::ELSEWHERE)));
            }
            Self::LongRealm | Self::ChangingChallenge => {}
        }
        response
    }

    /// The headers of a bomb, of a kilobyte each.
    const HEADERS: usize = 4000;
}
