use std::fmt;

/// The SHA-256 of a device's certificate.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CertificateFingerprint([u8; 32]);

impl CertificateFingerprint {
    /// The fingerprint of a certificate in DER.
    pub(crate) fn of(certificate: &[u8]) -> Self {
        use sha2::{Digest, Sha256};
        Self(Sha256::digest(certificate).into())
    }
}

/// A fingerprint that was kept.
impl From<[u8; 32]> for CertificateFingerprint {
    fn from(sha256: [u8; 32]) -> Self {
        Self(sha256)
    }
}

impl From<CertificateFingerprint> for [u8; 32] {
    fn from(fingerprint: CertificateFingerprint) -> Self {
        fingerprint.0
    }
}

/// 64 lower-case hexadecimal digits.
impl fmt::Display for CertificateFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for CertificateFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CertificateFingerprint({self})")
    }
}

/// Reads hexadecimal digits, with or without colons or blanks between them.
impl std::str::FromStr for CertificateFingerprint {
    type Err = BadFingerprint;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits: String = text.chars().filter(|it| !matches!(it, ':' | ' ')).collect();
        let bytes = hex::decode(digits).map_err(|_| BadFingerprint)?;
        Ok(Self(bytes.try_into().map_err(|_| BadFingerprint)?))
    }
}

/// Not a SHA-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a fingerprint has 64 hexadecimal digits")]
pub struct BadFingerprint;

/// Why no whole reply came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HttpFailure {
    /// Nothing takes connections there, or it cannot be reached.
    #[error("cannot connect to the device")]
    NotConnected,
    /// No reply in time, or not the end of one.
    #[error("the device does not answer in time")]
    Timeout,
    /// The connection ended early, or what came is not HTTP, or has too many headers.
    #[error("the device's answer is not valid HTTP or ends early")]
    BadReply,
    /// The body is longer than the question allows.
    #[error("the device's answer has more than {limit} bytes")]
    TooLong {
        /// The most bytes that are read.
        limit: usize,
    },
    /// It redirects to another host. That is not followed.
    #[error("the device redirects to another host")]
    RedirectedAway,
    /// It redirects again and again.
    #[error("the device redirects without end")]
    RedirectLoop,
    /// Its HTTPS is older than TLS 1.2, or has only ciphers that are not safe.
    #[error("the device's HTTPS is too old")]
    TlsTooOld,
    /// HTTPS cannot be set up for another reason, e.g. a certificate that is not valid in
    /// form.
    #[error("cannot set up HTTPS with the device")]
    Tls,
    /// Its certificate is not the one that was seen first: a new one, or another device.
    #[error("the device's certificate has changed from {expected} to {seen}")]
    CertificateChanged {
        /// The certificate that was seen first.
        expected: CertificateFingerprint,
        /// The one it has now.
        seen: CertificateFingerprint,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_are_written_and_read() {
        let fingerprint = CertificateFingerprint::of(b"");
        let text = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(fingerprint.to_string(), text);
        for written in [
            text.to_owned(),
            text.to_uppercase(),
            text.replace("c4", "c4:"),
        ] {
            assert_eq!(written.parse(), Ok(fingerprint));
        }
        for bad in ["", "e3", &text.replace('e', "g"), &format!("{text}00")] {
            assert_eq!(bad.parse::<CertificateFingerprint>(), Err(BadFingerprint));
        }
    }
}
