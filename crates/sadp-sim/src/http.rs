//! The HTTP interface of a device: how its firmware speaks it, and the requests and
//! responses of `Fleet::handle_http`.

use std::{
    fmt,
    net::Ipv4Addr,
    sync::{Arc, LazyLock},
    time::Duration,
};

use jiff::SignedDuration;
use serde::{Deserialize, Deserializer, de};

/// The HTTP interface of a device.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// How its firmware speaks HTTP. `None`: not at all.
    pub profile: Option<Arc<HttpProfile>>,
    /// Whether wrong passwords over HTTP and over SADP count together and lock both.
    /// Otherwise those over HTTP count for each client address, apart from SADP's.
    pub shared_lock: bool,
    /// How far its clock is ahead at the start.
    pub clock: SignedDuration,
    /// Whether a time server can set its clock.
    pub ntp: TimeService,
    /// How long it refuses changes after a restart.
    pub boot_time: Duration,
    /// Whether it answers SADP over UDP.
    pub discoverable: bool,
    /// Whether it answers SADP by raw frames.
    pub discoverable_by_frames: bool,
    /// Its HTTPS, beside HTTP. `None`: not at all.
    pub https: Option<HttpsSettings>,
    /// What it does to its clients. `None` for an honest device.
    pub attack: Option<HttpAttack>,
}

impl HttpSettings {
    /// The interface of a firmware generation.
    pub(crate) fn new(profile: Option<Arc<HttpProfile>>) -> Self {
        Self {
            profile,
            shared_lock: false,
            clock: SignedDuration::ZERO,
            ntp: TimeService::default(),
            boot_time: Duration::ZERO,
            discoverable: true,
            discoverable_by_frames: true,
            https: None,
            attack: None,
        }
    }
}

/// The HTTPS of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpsSettings {
    /// The port, which no report names.
    pub port: u16,
    /// How it speaks TLS.
    pub tls: TlsForm,
}

/// How a device speaks TLS. All certificates are signed by themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TlsForm {
    /// With a certificate made from its MAC, which is the same in all runs.
    #[default]
    OwnCertificate,
    /// With another certificate in each run.
    NewCertificate,
    /// No version that clients of today speak.
    TooOld,
}

/// Whether a time server can set a clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TimeService {
    /// With the mode `NTP` the clock becomes right at once.
    #[default]
    Answers,
    /// The clock stays as it is.
    Silent,
    /// The firmware knows no time server.
    None,
}

/// What a hostile device does to its HTTP clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HttpAttack {
    /// Bodies that never end.
    EndlessBody,
    /// Bodies of which a byte comes every ten seconds.
    SlowBody,
    /// Thousands of headers.
    HeaderBomb,
    /// Redirects to a host that is not its own.
    Redirect,
    /// A `Content-Length` of more than comes.
    WrongLength,
    /// Changes that are carried out, and whose replies break off.
    LostReplies,
    /// Challenges with a realm of [`HttpAttack::REALM_BYTES`].
    LongRealm,
    /// Challenges whose realm and form differ each time, and that no response satisfies.
    ChangingChallenge,
}

impl HttpAttack {
    /// The length of a hostile realm.
    pub const REALM_BYTES: usize = 10 << 10;

    /// Where hostile devices redirect to. Nobody can have this host.
    pub const ELSEWHERE: &'static str = "http://attacker.invalid/";
}

/// How a firmware generation speaks HTTP.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "independent traits")]
pub struct HttpProfile {
    name: Box<str>,
    pub(crate) namespace: Box<str>,
    pub(crate) challenge: ChallengeForm,
    pub(crate) algorithms: Vec<Box<str>>,
    #[serde(default)]
    pub(crate) quotes_algorithm: bool,
    #[serde(default)]
    pub(crate) requires_quotes: bool,
    #[serde(default)]
    pub(crate) qop: bool,
    #[serde(default)]
    pub(crate) basic: bool,
    #[serde(default)]
    pub(crate) refuses_early: bool,
    pub(crate) activation: ActivationForm,
    pub(crate) activated_element: Box<str>,
    pub(crate) lock_told: LockTold,
    #[serde(default = "locked")]
    pub(crate) lock_word: Box<str>,
    #[serde(default = "unauthorized")]
    pub(crate) lock_status: u16,
    #[serde(default)]
    pub(crate) open_info: bool,
    #[serde(default)]
    pub(crate) asks_early: bool,
    #[serde(default)]
    pub(crate) html: bool,
    #[serde(default)]
    pub(crate) sealed_values: bool,
    #[serde(default)]
    pub(crate) questions: bool,
    #[serde(default)]
    pub(crate) mailbox: bool,
    #[serde(default)]
    pub(crate) guid: bool,
}

fn locked() -> Box<str> {
    "locked".into()
}

const fn unauthorized() -> u16 {
    401
}

impl HttpProfile {
    /// The name in site files, e.g. `camera-v5.7`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// All generations: `http.toml`.
    pub(crate) fn all() -> &'static [Arc<Self>] {
        // A test proves that the file parses, so the default is never used.
        static ALL: LazyLock<Vec<Arc<HttpProfile>>> = LazyLock::new(|| {
            let file: HttpFile = toml::from_str(HTTP).unwrap_or_default();
            file.http.into_iter().map(Arc::new).collect()
        });
        &ALL
    }

    /// Deserializes the name of a generation.
    pub(crate) fn by_name<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Arc<Self>>, D::Error> {
        let name = Box::<str>::deserialize(deserializer)?;
        let found = Self::all().iter().find(|profile| profile.name == name);
        found.cloned().map(Some).ok_or_else(|| {
            let known: Vec<&str> = Self::all().iter().map(|profile| profile.name()).collect();
            de::Error::custom(format_args!(
                "no HTTP interface is called `{name}`; there are {}",
                known.join(", ")
            ))
        })
    }
}

const HTTP: &str = include_str!("http.toml");

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct HttpFile {
    http: Vec<HttpProfile>,
}

/// The form of a challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ChallengeForm {
    Camera,
    CameraHex,
    Recorder,
}

/// How a device is activated over HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ActivationForm {
    Legacy,
    V3,
}

/// The refusals that name lock and tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum LockTold {
    Nowhere,
    UserCheck,
    Everywhere,
}

/// A request to the HTTP interface of a device.
#[derive(Clone, Copy)]
pub struct HttpRequest<'a> {
    /// The client.
    pub from: Ipv4Addr,
    /// The method, e.g. `GET`.
    pub method: &'a str,
    /// Path and query, as in the request line.
    pub target: &'a str,
    /// The `Authorization` header.
    pub authorization: Option<&'a str>,
    /// The body. Devices read [`HttpRequest::MAX_BODY`] at most.
    pub body: &'a [u8],
}

impl HttpRequest<'_> {
    /// The longest body.
    pub const MAX_BODY: usize = 64 << 10;
}

/// Without credentials and body: both may hold a password.
impl fmt::Debug for HttpRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpRequest")
            .field("from", &self.from)
            .field("method", &self.method)
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}

/// A response of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpResponse {
    /// The status.
    pub status: u16,
    /// The headers, but for those of the body's length.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// How the body is sent.
    pub delivery: HttpDelivery,
}

/// How a body is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HttpDelivery {
    /// Whole, with its length.
    #[default]
    Whole,
    /// Again and again, without an end.
    Endless,
    /// A byte each time this passed.
    Slow(Duration),
    /// Whole, but with a header that announces so many bytes.
    Announced(u64),
}

/// The requests that a device received over HTTP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HttpCounts {
    /// Requests without credentials.
    pub without_credentials: u64,
    /// Requests with credentials: each is a login.
    pub with_credentials: u64,
    /// Logins that succeeded.
    pub accepted: u64,
    /// Passwords that cost a try, those within bodies included.
    pub wrong: u64,
    /// Logins while locked, each of which restarted the lock.
    pub while_locked: u64,
    /// First passwords set.
    pub activations: u64,
}

#[cfg(test)]
mod tests {
    use sadp_isapi::digest::NamedAlgorithm;

    use super::*;

    #[test]
    fn the_file_parses_and_its_names_are_unique() {
        let file: HttpFile = toml::from_str(HTTP).unwrap();
        let mut names: Vec<_> = file.http.iter().map(HttpProfile::name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), file.http.len());
        assert_eq!(HttpProfile::all().len(), names.len());
        for profile in &file.http {
            let mut known = profile.algorithms.iter();
            assert!(profile.basic || !profile.algorithms.is_empty());
            assert!(known.all(|name| NamedAlgorithm::new(name, false).is_some()));
        }
    }
}
