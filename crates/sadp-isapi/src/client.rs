//! A thin client for one device.

mod activate;
mod ask;
mod tls;

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use getrandom::{
    SysRng,
    rand_core::{Rng, UnwrapErr},
};
use reqwest::{
    Url,
    header::{
        AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, LOCATION, WWW_AUTHENTICATE,
    },
    redirect, retry,
};

use self::tls::Pin;
pub use self::{activate::ActivateError, ask::AskError};
use crate::{
    CertificateFingerprint, HttpFailure, HttpMethod, IsapiReply, IsapiRequest, RequestBody,
    digest::{Authorization, Challenges, LoginCredentials, RequestLine},
    login::{BasicLogin, LoginOutcome, Next, Withheld, conclude, next},
};

/// How a device is reached.
#[derive(Clone, Debug)]
pub struct ClientSettings {
    /// Its address and port.
    pub address: SocketAddr,
    /// HTTP, or HTTPS.
    pub transport: Transport,
    /// The address of this computer that requests leave from.
    pub local_address: Option<IpAddr>,
    /// The interface that requests leave by, because two may see the same address.
    /// Only Linux, Android and macOS can do that: elsewhere the local address has to do.
    pub interface: Option<String>,
    /// The certificate that it had when it was seen first.
    pub certificate: Option<CertificateFingerprint>,
    /// How long to wait.
    pub timeouts: Timeouts,
}

impl ClientSettings {
    /// Without a certificate, by any interface, with the usual timeouts.
    pub fn new(address: SocketAddr, transport: Transport) -> Self {
        Self {
            address,
            transport,
            local_address: None,
            interface: None,
            certificate: None,
            timeouts: Timeouts::default(),
        }
    }
}

/// The two ways to send a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// Unencrypted.
    Http,
    /// TLS 1.2 or newer. The certificate is not checked against any authority.
    Https,
}

/// How long to wait for a device.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// For the connection, TLS included.
    pub connect: Duration,
    /// For the next bytes of a reply.
    pub read: Duration,
    /// For a request and its whole reply.
    pub whole: Duration,
}

impl Default for Timeouts {
    /// 3, 5 and 10 seconds.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            read: Duration::from_secs(5),
            whole: Duration::from_secs(10),
        }
    }
}

/// A client for one device. It connects to that address only: no proxy, no name is
/// resolved, no redirect to another host is followed. Each request has a connection of
/// its own, and none is repeated by itself.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    base: Url,
    pin: Arc<Pin>,
}

impl Client {
    /// The most headers of a reply. Devices send fewer than 20.
    const MAX_HEADERS: usize = 64;

    /// The most redirects of one question: to HTTPS, and to a new path.
    const MAX_REDIRECTS: usize = 2;

    /// Fails if the address cannot stand in a URL, as one with a scope cannot.
    pub fn new(settings: &ClientSettings) -> Result<Self, SetupError> {
        let scheme = match settings.transport {
            Transport::Http => "http",
            Transport::Https => "https",
        };
        let base = format!("{scheme}://{}/", settings.address);
        let base = Url::parse(&base).map_err(|_| SetupError)?;
        let pin = Arc::new(Pin::new(settings.certificate));
        let tls = tls::config(Arc::clone(&pin)).map_err(|_| SetupError)?;
        let builder = reqwest::Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .referer(false)
            .tls_backend_preconfigured(tls)
            .http1_only()
            .http1_max_headers(Self::MAX_HEADERS)
            .http1_ignore_invalid_headers_in_responses(true)
            .http1_allow_spaces_after_header_name_in_responses(true)
            .http1_allow_obsolete_multiline_headers_in_responses(true)
            .pool_max_idle_per_host(0)
            .local_address(settings.local_address)
            .connect_timeout(settings.timeouts.connect)
            .read_timeout(settings.timeouts.read)
            .timeout(settings.timeouts.whole);
        #[cfg(any(target_os = "android", target_os = "linux", target_os = "macos"))]
        let builder = match &settings.interface {
            Some(interface) => builder.interface(interface),
            None => builder,
        };
        let http = builder.build().map_err(|_| SetupError)?;
        Ok(Self { http, base, pin })
    }

    /// The certificate that the device has shown. `None` where it was not asked over HTTPS,
    /// or showed only another than the expected one. Keep it for
    /// [`ClientSettings::certificate`].
    pub fn certificate(&self) -> Option<CertificateFingerprint> {
        self.pin.certificate()
    }

    /// Sends a request without credentials, which costs no try. Redirects on the same
    /// host are followed.
    pub async fn ask(&self, request: &IsapiRequest) -> Result<IsapiReply, HttpFailure> {
        match self.ask_at(request, request.body.as_ref()).await {
            Ok(asked) => Ok(asked.reply),
            Err(unfinished) => Err(unfinished.failure),
        }
    }

    /// Sends a request with one login: first without credentials and without its body,
    /// for a challenge, then at most once with an answer to it.
    ///
    /// The credentials are never sent to a device that says that it is locked or has one
    /// try left, never to another host, and never a second time.
    pub async fn login(
        &self,
        request: &IsapiRequest,
        credentials: LoginCredentials<'_>,
        basic: BasicLogin,
    ) -> LoginOutcome {
        let mut again = false;
        let (url, authorization) = loop {
            let asked = match self.ask_at(request, None).await {
                Ok(asked) => asked,
                Err(it) => return LoginOutcome::Withheld(Withheld::Failed(it.failure)),
            };
            match next(asked.reply, again, basic) {
                Next::AskAgain => again = true,
                Next::AnswerBasic => break (asked.url, Authorization::basic(credentials)),
                Next::Answer(challenge) => {
                    let uri = uri(&asked.url);
                    let line = RequestLine {
                        method: request.method,
                        uri: &uri,
                    };
                    let answer = challenge.answer(credentials, line, &cnonce());
                    break (asked.url, answer);
                }
                Next::Done(outcome) => return outcome,
            }
        };
        let Ok(mut authorization) = HeaderValue::from_bytes(authorization.as_bytes()) else {
            return LoginOutcome::Withheld(Withheld::NoChallenge);
        };
        authorization.set_sensitive(true);
        let outgoing = SentRequest {
            request,
            url: &url,
            body: request.body.as_ref(),
            authorization: Some(authorization),
        };
        match self.send(outgoing).await {
            Ok(received) => conclude(received.reply),
            Err(Unfinished {
                failure,
                sent: true,
            }) => LoginOutcome::Unknown(failure),
            Err(Unfinished { failure, .. }) => LoginOutcome::Withheld(Withheld::Failed(failure)),
        }
    }

    /// Sends a request without credentials, and again wherever the device redirects it
    /// to on the same host.
    async fn ask_at(
        &self,
        request: &IsapiRequest,
        body: Option<&RequestBody>,
    ) -> Result<Asked, Unfinished> {
        let mut url = self.base.clone();
        let (path, query) = match request.path.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (&*request.path, None),
        };
        url.set_path(path);
        url.set_query(query);
        for _ in 0..=Self::MAX_REDIRECTS {
            let outgoing = SentRequest {
                request,
                url: &url,
                body,
                authorization: None,
            };
            let received = self.send(outgoing).await?;
            let Some(location) = received.location else {
                let reply = received.reply;
                return Ok(Asked { reply, url });
            };
            url = redirected(&url, &location).ok_or(Unfinished {
                failure: HttpFailure::RedirectedAway,
                sent: false,
            })?;
        }
        Err(Unfinished {
            failure: HttpFailure::RedirectLoop,
            sent: false,
        })
    }

    /// Sends one request once, and reads its reply within the bounds.
    async fn send(&self, outgoing: SentRequest<'_>) -> Result<ReceivedReply, Unfinished> {
        let method = match outgoing.request.method {
            HttpMethod::Get => reqwest::Method::GET,
            HttpMethod::Put => reqwest::Method::PUT,
            HttpMethod::Post => reqwest::Method::POST,
        };
        let mut builder = self.http.request(method, outgoing.url.clone());
        if let Some(authorization) = outgoing.authorization {
            builder = builder.header(AUTHORIZATION, authorization);
        }
        builder = match outgoing.body {
            Some(body) => builder
                .header(CONTENT_TYPE, body.media_type.name())
                .body(body.bytes.to_vec()),
            // Otherwise devices wait for one.
            None if outgoing.request.body.is_some() => builder.header(CONTENT_LENGTH, 0),
            None => builder,
        };
        let mut response = builder
            .send()
            .await
            .map_err(|error| Unfinished::of(&error))?;
        let limit = outgoing.request.reply_limit;
        let mut body = Vec::new();
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| Unfinished::of(&error))?
        {
            if body.len().saturating_add(chunk.len()) > limit {
                return Err(Unfinished {
                    failure: HttpFailure::TooLong { limit },
                    sent: true,
                });
            }
            body.extend_from_slice(&chunk);
        }
        let headers = response.headers();
        let challenges = headers
            .get_all(WWW_AUTHENTICATE)
            .iter()
            .map(HeaderValue::as_bytes);
        let location = headers
            .get(LOCATION)
            .filter(|_| response.status().is_redirection());
        Ok(ReceivedReply {
            location: location.cloned(),
            reply: IsapiReply {
                status: response.status().as_u16(),
                challenges: Challenges::read(challenges),
                body,
            },
        })
    }
}

/// One request as it leaves.
struct SentRequest<'a> {
    request: &'a IsapiRequest,
    url: &'a Url,
    body: Option<&'a RequestBody>,
    authorization: Option<HeaderValue>,
}

/// One reply, and where it redirects to.
struct ReceivedReply {
    reply: IsapiReply,
    location: Option<HeaderValue>,
}

/// The reply to a question, and the URL that gave it.
struct Asked {
    reply: IsapiReply,
    url: Url,
}

/// Where a redirect leads. `None` if that is another host, HTTP after HTTPS, or nothing
/// that can be asked.
fn redirected(from: &Url, location: &HeaderValue) -> Option<Url> {
    let mut to = from.join(location.to_str().ok()?).ok()?;
    to.set_fragment(None);
    let is_web = matches!(
        (from.scheme(), to.scheme()),
        (_, "https") | ("http", "http")
    );
    // A user name in a URL would become a login.
    let is_plain = to.username().is_empty() && to.password().is_none();
    (is_web && is_plain && to.host() == from.host()).then_some(to)
}

/// Path and query as they stand in the request line.
fn uri(url: &Url) -> String {
    match url.query() {
        Some(query) => [url.path(), query].join("?"),
        None => url.path().to_owned(),
    }
}

/// A new random word.
fn cnonce() -> String {
    let mut bytes = [0; 16];
    UnwrapErr(SysRng).fill_bytes(&mut bytes);
    hex::encode(bytes)
}

/// A request without a whole reply.
struct Unfinished {
    failure: HttpFailure,
    /// Whether the device may have carried it out.
    sent: bool,
}

impl Unfinished {
    /// What an error means. Its text may hold what the device sent.
    fn of(error: &reqwest::Error) -> Self {
        // The TLS handshake belongs to connecting.
        let sent = !error.is_connect();
        let failure = if let Some(failure) = tls::failure(error) {
            failure
        } else if !sent {
            HttpFailure::NotConnected
        } else if error.is_timeout() {
            HttpFailure::Timeout
        } else {
            HttpFailure::BadReply
        };
        Self { failure, sent }
    }
}

/// The client cannot be set up, e.g. for want of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot set up the HTTP client")]
pub struct SetupError;

#[cfg(test)]
mod tests;
