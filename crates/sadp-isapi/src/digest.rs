//! Digest access authentication (RFC 7616), in the forms that devices use.
//!
//! It chooses no nonce and keeps no count: each request is answered on a challenge of
//! its own, because devices bind a nonce to the URL and refuse one used before.
//! `auth-int` and the `-sess` algorithms are not spoken; no device is known that asks
//! for them.

#[cfg(any(test, feature = "device-side"))]
pub mod device;
mod parameters;

use md5::{Digest as _, Md5};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use zeroize::Zeroizing;

use self::parameters::{AuthScheme, AuthWriter, ParameterValue};
use crate::HttpMethod;

/// What the `WWW-Authenticate` headers of one reply offer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Challenges {
    /// The challenge to answer: SHA-256 before MD5.
    pub digest: Option<Challenge>,
    /// Whether Basic is offered, which sends the password itself.
    pub basic: bool,
}

impl Challenges {
    /// Reads the `WWW-Authenticate` headers of a reply. A header that cannot be read is
    /// ignored: some firmware now and then sends a broken one. At most
    /// [`Challenges::MAX_HEADERS`] are read, of at most 4 kB each.
    pub fn read<'a>(headers: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut all = Self::default();
        let headers = headers.into_iter().take(Self::MAX_HEADERS);
        for scheme in headers.filter_map(AuthScheme::read_all).flatten() {
            all.basic |= scheme.is("Basic");
            let Some(challenge) = Challenge::read(&scheme) else {
                continue;
            };
            let algorithm = all.digest.as_ref().map(Challenge::algorithm);
            if algorithm.is_none_or(|algorithm| algorithm < challenge.algorithm()) {
                all.digest = Some(challenge);
            }
        }
        all
    }

    /// The most headers that are read. Devices send one or two.
    pub const MAX_HEADERS: usize = 8;
}

/// A Digest challenge that can be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// The realm, in whatever encoding the device wrote it.
    pub realm: Vec<u8>,
    /// The nonce.
    pub nonce: Vec<u8>,
    /// What the answer returns unchanged, even if it is empty.
    pub opaque: Option<Vec<u8>>,
    /// Whether `qop` offers `auth`. Without it the older form is answered.
    pub qop: bool,
    /// The digest, if the challenge names it.
    pub algorithm: Option<NamedAlgorithm>,
    /// Whether the device says that only the nonce of the former answer was too old.
    pub stale: bool,
}

/// A digest and how it was written, because the answer repeats that. Some firmware
/// takes its name only in quotes, other only without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedAlgorithm {
    algorithm: Algorithm,
    name: Box<str>,
    quoted: bool,
}

/// The digests, the better one last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::EnumString)]
#[strum(ascii_case_insensitive)]
pub enum Algorithm {
    /// MD5, the default.
    #[strum(serialize = "MD5")]
    Md5,
    /// SHA-256.
    #[strum(serialize = "SHA-256", serialize = "SHA256")]
    Sha256,
}

impl Algorithm {
    /// The digest of these parts, joined by colons, in lower-case hexadecimal digits.
    fn hex(self, parts: &[&[u8]]) -> Zeroizing<String> {
        let text = Zeroizing::new(parts.join(&b':'));
        Zeroizing::new(match self {
            Self::Md5 => hex::encode(Md5::digest(&text)),
            Self::Sha256 => hex::encode(Sha256::digest(&text)),
        })
    }
}

/// An account of a device.
#[derive(Clone, Copy)]
pub struct LoginCredentials<'a> {
    /// The user name.
    pub user: &'a str,
    /// The password.
    pub password: &'a SecretString,
}

opaque_debug!(LoginCredentials<'_>);

/// The request that an answer belongs to.
#[derive(Clone, Copy, Debug)]
pub struct RequestLine<'a> {
    /// The method.
    pub method: HttpMethod,
    /// Path and query, exactly as in the request line.
    pub uri: &'a str,
}

/// The value of `Authorization`. The password can be searched in it offline, so it is
/// wiped when dropped.
pub struct Authorization(Zeroizing<Vec<u8>>);

impl Authorization {
    /// Basic: user and password in base64. Whoever sees it has them.
    pub fn basic(credentials: LoginCredentials<'_>) -> Self {
        use base64::{Engine, prelude::BASE64_STANDARD};
        let password = credentials.password.expose_secret();
        let pair = Zeroizing::new([credentials.user, password].join(":"));
        let encoded = Zeroizing::new(BASE64_STANDARD.encode(pair.as_bytes()));
        Self(Zeroizing::new(["Basic ", &encoded].concat().into_bytes()))
    }

    /// The bytes, only for the request.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

opaque_debug!(Authorization);

impl Challenge {
    /// `None` if it is not Digest, or cannot be answered.
    fn read(scheme: &AuthScheme) -> Option<Self> {
        if !scheme.is("Digest") {
            return None;
        }
        let qop = scheme.text("qop").map(|list| {
            let mut offered = list.split([',', ' ']);
            offered.any(|word| word.eq_ignore_ascii_case("auth"))
        });
        let algorithm = match scheme.value("algorithm") {
            None => None,
            Some(value) => Some(NamedAlgorithm::read(value)?),
        };
        if qop == Some(false) {
            return None;
        }
        Some(Self {
            realm: scheme.bytes("realm")?.to_vec(),
            nonce: scheme.bytes("nonce").filter(|it| !it.is_empty())?.to_vec(),
            opaque: scheme.bytes("opaque").map(<[u8]>::to_vec),
            qop: qop.is_some(),
            algorithm,
            stale: scheme
                .text("stale")
                .is_some_and(|it| it.eq_ignore_ascii_case("true")),
        })
    }

    /// The digest to use.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
            .as_ref()
            .map_or(Algorithm::Md5, |named| named.algorithm)
    }

    /// Answers the challenge for one request. `cnonce` is drawn for it, of letters and
    /// digits. The answer is good for this request only.
    pub fn answer(
        &self,
        credentials: LoginCredentials<'_>,
        line: RequestLine<'_>,
        cnonce: &str,
    ) -> Authorization {
        let count = self.qop.then_some(Count { nc: FIRST, cnonce });
        let response = self.response(credentials, line, count);
        let mut out = AuthWriter::digest();
        out.quoted("username", credentials.user.as_bytes());
        out.quoted("realm", &self.realm);
        out.quoted("nonce", &self.nonce);
        out.quoted("uri", line.uri.as_bytes());
        out.quoted("response", response.as_bytes());
        if let Some(opaque) = &self.opaque {
            out.quoted("opaque", opaque);
        }
        if self.qop {
            out.quoted("cnonce", cnonce.as_bytes());
            // Devices take these two without quotes only.
            out.token("qop", "auth");
            out.token("nc", FIRST);
        }
        if let Some(algorithm) = &self.algorithm {
            algorithm.write(&mut out);
        }
        Authorization(out.finish())
    }

    /// The proof that the account's password is known.
    fn response(
        &self,
        credentials: LoginCredentials<'_>,
        line: RequestLine<'_>,
        count: Option<Count<'_>>,
    ) -> Zeroizing<String> {
        let algorithm = self.algorithm();
        let password = credentials.password.expose_secret().as_bytes();
        let account = algorithm.hex(&[credentials.user.as_bytes(), &self.realm, password]);
        let request = algorithm.hex(&[line.method.name().as_bytes(), line.uri.as_bytes()]);
        let (account, request) = (account.as_bytes(), request.as_bytes());
        match count {
            None => algorithm.hex(&[account, &self.nonce, request]),
            Some(Count { nc, cnonce }) => {
                let (nc, cnonce) = (nc.as_bytes(), cnonce.as_bytes());
                algorithm.hex(&[account, &self.nonce, nc, cnonce, b"auth", request])
            }
        }
    }
}

/// What `qop=auth` adds to an answer.
#[derive(Clone, Copy)]
struct Count<'a> {
    nc: &'a str,
    cnonce: &'a str,
}

/// The count of the only answer to a challenge.
const FIRST: &str = "00000001";

impl NamedAlgorithm {
    /// `None` if no such digest is known.
    pub fn new(name: &str, quoted: bool) -> Option<Self> {
        Some(Self {
            algorithm: name.parse().ok()?,
            name: name.into(),
            quoted,
        })
    }

    fn read(value: &ParameterValue) -> Option<Self> {
        Self::new(std::str::from_utf8(&value.bytes).ok()?, value.quoted)
    }

    fn write(&self, out: &mut AuthWriter) {
        if self.quoted {
            out.quoted("algorithm", self.name.as_bytes());
        } else {
            out.token("algorithm", &self.name);
        }
    }
}
