//! The device's side of Digest, for simulated devices: writes challenges and verifies
//! answers.

use super::{Challenge, Count, Credentials, RequestLine, parameters::Scheme, push_quoted};

impl Challenge {
    /// The value of `WWW-Authenticate`, in the order of most firmware.
    pub fn to_header(&self) -> Vec<u8> {
        let mut out = b"Digest ".to_vec();
        if self.qop {
            out.extend_from_slice(b"qop=\"auth\", ");
        }
        out.extend_from_slice(b"realm=");
        push_quoted(&mut out, &self.realm);
        out.extend_from_slice(b", nonce=");
        push_quoted(&mut out, &self.nonce);
        if let Some(opaque) = &self.opaque {
            out.extend_from_slice(b", opaque=");
            push_quoted(&mut out, opaque);
        }
        if let Some(algorithm) = &self.algorithm {
            out.extend_from_slice(b", algorithm=");
            algorithm.push(&mut out);
        }
        let stale: &[u8] = if self.stale { b"TRUE" } else { b"FALSE" };
        out.extend_from_slice(b", stale=");
        push_quoted(&mut out, stale);
        out
    }

    /// Verifies an answer to this challenge, for the request that came with it.
    pub fn verify(
        &self,
        presented: &Presented,
        credentials: Credentials<'_>,
        line: RequestLine<'_>,
    ) -> Result<(), Fault> {
        let scheme = &presented.scheme;
        let is = |name: &str, bytes: &[u8]| scheme.value(name).is_some_and(|it| it.bytes == bytes);
        if !is("nonce", &self.nonce) || !is("realm", &self.realm) {
            return Err(Fault::OtherChallenge);
        }
        if !is("uri", line.uri.as_bytes()) {
            return Err(Fault::OtherUri);
        }
        let opaque = scheme.value("opaque").map(|it| &it.bytes);
        let algorithm = match scheme.value("algorithm") {
            None => None,
            Some(value) => Some(super::NamedAlgorithm::read(value).ok_or(Fault::Form)?),
        };
        let quoted = ["qop", "nc"]
            .iter()
            .any(|name| scheme.value(name).is_some_and(|it| it.quoted));
        if quoted || opaque != self.opaque.as_ref() || algorithm != self.algorithm {
            return Err(Fault::Form);
        }
        let count = match (scheme.text("qop"), scheme.text("nc"), scheme.text("cnonce")) {
            (None, _, _) if !self.qop => None,
            (Some("auth"), Some(nc), Some(cnonce)) if self.qop => Some(Count { nc, cnonce }),
            _ => return Err(Fault::Form),
        };
        let response = self.response(credentials, line, count);
        if is("username", credentials.user.as_bytes()) && is("response", response.as_bytes()) {
            Ok(())
        } else {
            Err(Fault::Password)
        }
    }
}

/// A Digest answer as a device received it.
pub struct Presented {
    scheme: Scheme,
}

opaque_debug!(Presented);

impl Presented {
    /// Reads the value of `Authorization`. `None` if it is not one Digest answer.
    pub fn read(header: &[u8]) -> Option<Self> {
        let mut schemes = Scheme::read_all(header)?;
        let scheme = schemes.pop().filter(|scheme| scheme.is("Digest"))?;
        schemes.is_empty().then_some(Self { scheme })
    }

    /// The account that wants in.
    pub fn user(&self) -> Option<&str> {
        self.scheme.text("username")
    }

    /// The nonce of the challenge that is answered.
    pub fn nonce(&self) -> Option<&[u8]> {
        self.scheme.value("nonce").map(|it| &*it.bytes)
    }
}

/// Why a device refuses an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It belongs to another challenge.
    #[error("answers another challenge")]
    OtherChallenge,
    /// It belongs to another URL: "the url does not match the nonce url".
    #[error("is for another url")]
    OtherUri,
    /// A parameter is missing, or not as the challenge wrote it.
    #[error("is not in the form of the challenge")]
    Form,
    /// User or password is wrong.
    #[error("wrong user or password")]
    Password,
}

#[cfg(test)]
mod tests;
