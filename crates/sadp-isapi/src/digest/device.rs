//! The device's side of Digest, for simulated devices: writes challenges and verifies
//! answers.

use super::{
    Challenge, Count, LoginCredentials, NamedAlgorithm, RequestLine,
    parameters::{AuthScheme, AuthWriter},
};

impl Challenge {
    /// The value of `WWW-Authenticate`, in the order of most firmware.
    pub fn to_header(&self) -> Vec<u8> {
        let mut out = AuthWriter::digest();
        if self.qop {
            out.quoted("qop", b"auth");
        }
        out.quoted("realm", &self.realm);
        out.quoted("nonce", &self.nonce);
        if let Some(opaque) = &self.opaque {
            out.quoted("opaque", opaque);
        }
        if let Some(algorithm) = &self.algorithm {
            algorithm.write(&mut out);
        }
        out.quoted("stale", if self.stale { b"TRUE" } else { b"FALSE" });
        out.finish().to_vec()
    }

    /// Verifies an answer to this challenge, for the request that came with it.
    pub fn verify(
        &self,
        presented: &Presented,
        credentials: LoginCredentials<'_>,
        line: RequestLine<'_>,
    ) -> Result<(), DigestFault> {
        let scheme = &presented.scheme;
        if scheme.bytes("nonce") != Some(&self.nonce) || scheme.bytes("realm") != Some(&self.realm)
        {
            return Err(DigestFault::OtherChallenge);
        }
        if scheme.bytes("uri") != Some(line.uri.as_bytes()) {
            return Err(DigestFault::OtherUri);
        }
        let opaque = scheme.bytes("opaque");
        let algorithm = match scheme.value("algorithm") {
            None => None,
            Some(value) => Some(NamedAlgorithm::read(value).ok_or(DigestFault::Form)?),
        };
        let quoted = ["qop", "nc"]
            .iter()
            .any(|name| scheme.value(name).is_some_and(|it| it.quoted));
        if quoted || opaque != self.opaque.as_deref() || algorithm != self.algorithm {
            return Err(DigestFault::Form);
        }
        let count = match (scheme.text("qop"), scheme.text("nc"), scheme.text("cnonce")) {
            (None, _, _) if !self.qop => None,
            (Some("auth"), Some(nc), Some(cnonce)) if self.qop => Some(Count { nc, cnonce }),
            _ => return Err(DigestFault::Form),
        };
        let response = self.response(credentials, line, count);
        let is_user = scheme.bytes("username") == Some(credentials.user.as_bytes());
        let is_right = scheme.bytes("response") == Some(response.as_bytes());
        if is_user && is_right {
            Ok(())
        } else {
            Err(DigestFault::Password)
        }
    }
}

/// A Digest answer as a device received it.
pub struct Presented {
    scheme: AuthScheme,
}

opaque_debug!(Presented);

impl Presented {
    /// Reads the value of `Authorization`. `None` if it is not one Digest answer.
    pub fn read(header: &[u8]) -> Option<Self> {
        let mut schemes = AuthScheme::read_all(header)?;
        let scheme = schemes.pop().filter(|scheme| scheme.is("Digest"))?;
        schemes.is_empty().then_some(Self { scheme })
    }

    /// The account that wants in.
    pub fn user(&self) -> Option<&str> {
        self.scheme.text("username")
    }

    /// The nonce of the challenge that is answered.
    pub fn nonce(&self) -> Option<&[u8]> {
        self.scheme.bytes("nonce")
    }
}

/// Why a device refuses an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DigestFault {
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
