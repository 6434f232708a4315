//! Who is let in.
//!
//! Any program of this computer can connect to a port on loopback, and any page in the
//! same browser can send requests to it. So:
//!
//! - A one-time token lets a browser in. It becomes a cookie whose name no other run
//!   knows. A second use of the token ends the session: somebody else has it.
//! - Requests name this server as their host, so that a name that leads here by DNS is of
//!   no use; and no other page's request is answered.
//! - What changes something carries a ticket of a form, which is taken once, or the
//!   session's key for what the script sends.

use std::{
    collections::{HashSet, VecDeque},
    net::SocketAddr,
    sync::Mutex,
};

use axum::http::{HeaderMap, HeaderName, Method, StatusCode, Uri, header, uri::Authority};
use subtle::ConstantTimeEq as _;

use crate::{error::WebError, locked};

/// The path that takes the one-time token.
pub(crate) const ENTRANCE: &str = "/enter";

/// The header in which the script sends the session's key.
const KEY_HEADER: &str = "x-session-key";

/// The most forms that can be open. The oldest become void.
const MAX_TICKETS: usize = 4096;

/// A secret that cannot be guessed: 256 bits.
#[derive(Clone)]
pub(crate) struct Token(String);

impl Token {
    fn draw() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        Ok(Self(hex::encode(bytes)))
    }

    /// Takes the same time, whatever is alike.
    fn is(&self, given: &str) -> bool {
        self.0.as_bytes().ct_eq(given.as_bytes()).into()
    }

    fn as_str(&self) -> &str {
        &self.0
    }
}

/// Who is let in to one run.
pub(crate) struct AccessControl {
    /// The origins by which this server is known, e.g. `http://127.0.0.1:8437`.
    origins: Vec<String>,
    cookie: String,
    token: Token,
    /// What the pages send with what they change.
    key: Token,
    inner: Mutex<Inner>,
}

/// What changes while it runs.
struct Inner {
    session: Option<Token>,
    /// The one-time token was used.
    used: bool,
    tickets: HashSet<String>,
    order: VecDeque<String>,
}

/// What became of an attempt to enter.
pub(crate) enum Entrance {
    Welcome(Token),
    /// The token was used before.
    Again,
    Wrong,
}

impl AccessControl {
    /// Lets in whoever has a new token, to a server at this address.
    pub(crate) fn new(address: SocketAddr, is_tls: bool) -> Result<Self, getrandom::Error> {
        let scheme = if is_tls { "https" } else { "http" };
        let mut hosts = vec![address.to_string()];
        if address.ip().is_loopback() {
            hosts.push(format!("localhost:{}", address.port()));
        }
        let mut suffix = [0; 8];
        getrandom::fill(&mut suffix)?;
        Ok(Self {
            origins: hosts.iter().map(|it| format!("{scheme}://{it}")).collect(),
            cookie: format!("sadpctl-{}", hex::encode(suffix)),
            token: Token::draw()?,
            key: Token::draw()?,
            inner: Mutex::new(Inner {
                session: None,
                used: false,
                tickets: HashSet::new(),
                order: VecDeque::new(),
            }),
        })
    }

    /// The link that lets a browser in once.
    pub(crate) fn link(&self) -> String {
        let origin = self.origins.first().map_or("", String::as_str);
        format!("{origin}{ENTRANCE}?token={}", self.token.as_str())
    }

    /// What the pages send with what they change.
    pub(crate) fn key(&self) -> &str {
        self.key.as_str()
    }

    /// A new ticket for a form. It is taken once.
    pub(crate) fn ticket(&self) -> String {
        let Ok(Token(ticket)) = Token::draw() else {
            // Nothing takes it.
            return String::new();
        };
        let mut inner = locked(&self.inner);
        if inner.order.len() >= MAX_TICKETS
            && let Some(oldest) = inner.order.pop_front()
        {
            inner.tickets.remove(&oldest);
        }
        inner.order.push_back(ticket.clone());
        inner.tickets.insert(ticket.clone());
        ticket
    }

    /// The cookie of a session, for a browser that keeps it to itself.
    pub(crate) fn cookie(&self, session: &Token, is_tls: bool) -> String {
        let secure = if is_tls { "; Secure" } else { "" };
        let (name, value) = (&self.cookie, session.as_str());
        format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict{secure}")
    }

    /// Takes a ticket. Fails where it was taken before or never given out.
    pub(crate) fn take(&self, ticket: &str) -> Result<(), WebError> {
        if locked(&self.inner).tickets.remove(ticket) {
            return Ok(());
        }
        Err(WebError::new(
            StatusCode::CONFLICT,
            "this form was sent before, or is out of date",
        )
        .next("open it again, and look whether the change was made"))
    }

    /// Lets a browser in that shows the one-time token, the first time.
    pub(crate) fn enter(&self, token: &str) -> Entrance {
        if !self.token.is(token) {
            return Entrance::Wrong;
        }
        let mut inner = locked(&self.inner);
        let session = Token::draw();
        match session {
            Ok(session) if !inner.used => {
                inner.used = true;
                inner.session = Some(session.clone());
                Entrance::Welcome(session)
            }
            _ => {
                inner.session = None;
                inner.tickets.clear();
                Entrance::Again
            }
        }
    }

    /// Whether a request names this server, and comes from one of its own pages or from
    /// the user.
    pub(crate) fn is_ours(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> Result<(), WebError> {
        let host = text(headers, &header::HOST).or_else(|| uri.authority().map(Authority::as_str));
        let named = host.is_some_and(|host| {
            let mut origins = self.origins.iter();
            origins.any(|it| it.split_once("://").is_some_and(|(_, own)| own == host))
        });
        if !named {
            return Err(WebError::new(
                StatusCode::MISDIRECTED_REQUEST,
                "the request names another host",
            )
            .next("open the link that sadpctl web printed"));
        }
        let origin = text(headers, &header::ORIGIN);
        let foreign = origin.is_some_and(|origin| !self.origins.iter().any(|it| it == origin));
        // The user follows the link from a file, or from a terminal.
        let from = text(headers, &HeaderName::from_static("sec-fetch-site"));
        let entering = uri.path() == ENTRANCE && method == Method::GET;
        let elsewhere = !entering && from.is_some_and(|it| !matches!(it, "same-origin" | "none"));
        let unnamed = method != Method::GET && method != Method::HEAD && origin.is_none();
        if foreign || elsewhere || unnamed {
            return Err(WebError::new(
                StatusCode::FORBIDDEN,
                "the request comes from another page",
            )
            .next("use the pages of sadpctl alone"));
        }
        Ok(())
    }

    /// Whether a request carries the cookie of the session.
    pub(crate) fn is_let_in(&self, headers: &HeaderMap) -> bool {
        let inner = locked(&self.inner);
        let Some(session) = &inner.session else {
            return false;
        };
        let cookies = headers.get_all(header::COOKIE).iter();
        let cookies = cookies.filter_map(|it| it.to_str().ok());
        let mut pairs = cookies.flat_map(|it| it.split(';'));
        pairs.any(|pair| {
            pair.trim()
                .split_once('=')
                .is_some_and(|(name, value)| name == self.cookie && session.is(value))
        })
    }

    /// Whether a request of the script carries the session's key.
    pub(crate) fn has_key(&self, headers: &HeaderMap) -> Result<(), WebError> {
        let given = text(headers, &HeaderName::from_static(KEY_HEADER));
        self.is_key(given.unwrap_or_default())
    }

    /// Whether this is the session's key.
    pub(crate) fn is_key(&self, given: &str) -> Result<(), WebError> {
        if self.key.is(given) {
            return Ok(());
        }
        let message = "the request does not carry the key of this session";
        Err(WebError::new(StatusCode::FORBIDDEN, message).next("open the page again"))
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
