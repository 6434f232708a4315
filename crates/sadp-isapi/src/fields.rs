//! Encrypted values inside requests: `?security=1&iv=..`.
//!
//! The key is derived from the password, so that it protects the values from passive
//! listeners who do not know it. Source: the vendor's web client and demo.

use aes::{
    Aes128,
    cipher::{BlockModeEncrypt, KeyIvInit, block_padding::Pkcs7},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use quick_xml::escape::partial_escape;
use sadp_model::RawFields;
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::{MediaType, RequestBody, SecurityCapabilities, digest::LoginCredentials};

/// How secret values are written.
#[derive(Debug)]
pub enum Fields {
    /// As they are. Firmware takes that widely.
    Plain,
    /// Encrypted.
    Sealed {
        /// The key for this account of this device.
        key: FieldKey,
        /// A random initialization vector, new for each request.
        iv: [u8; 16],
    },
}

impl Fields {
    /// The URL with what the device needs to open the values.
    pub(crate) fn path(&self, path: &str) -> String {
        let Self::Sealed { iv, .. } = self else {
            return path.to_owned();
        };
        let joint = if path.contains('?') { "&" } else { "?" };
        [path, joint, "security=1&iv=", &hex::encode(iv)].concat()
    }

    /// A value for XML. The web client escapes it before it encrypts it.
    pub(crate) fn xml(&self, text: &str) -> Zeroizing<String> {
        match self {
            Self::Plain => Zeroizing::new(text.to_owned()),
            Self::Sealed { .. } => self.json(&Zeroizing::new(partial_escape(text).into_owned())),
        }
    }

    /// A value for JSON.
    pub(crate) fn json(&self, text: &str) -> Zeroizing<String> {
        match self {
            Self::Plain => Zeroizing::new(text.to_owned()),
            Self::Sealed { key, iv } => key.seal(text, iv),
        }
    }
}

/// The elements of a request with secrets. Wiped when dropped.
pub(crate) struct SecretElements(Zeroizing<RawFields>);

impl Default for SecretElements {
    fn default() -> Self {
        Self(Zeroizing::new(RawFields::with_capacity(Self::MAX_BYTES)))
    }
}

impl SecretElements {
    /// More than any request needs. Growing would leave a copy in memory.
    pub(crate) const MAX_BYTES: usize = 8192;

    pub(crate) fn push(&mut self, path: &str, text: &str) {
        self.0.push(path, text);
    }

    pub(crate) fn body(&self, root: &str) -> RequestBody {
        RequestBody {
            media_type: MediaType::Xml,
            bytes: sadp_proto::Document::encode_secret(root, &self.0),
        }
    }
}

/// The key of one account of one device. Wiped when dropped.
pub struct FieldKey(Zeroizing<[u8; 16]>);

opaque_debug!(FieldKey);

impl FieldKey {
    /// The most rounds that are calculated. Devices want 100, the vendor allows 1000.
    const MAX_ROUNDS: u32 = 10_000;

    /// Derives the key. `None` if the device does not offer encrypted values in the only
    /// known way.
    pub fn derive(
        capabilities: &SecurityCapabilities,
        credentials: LoginCredentials<'_>,
    ) -> Option<Self> {
        let rounds = capabilities.key_iterate_num?;
        if !capabilities.has_version_one() || !(1..=Self::MAX_ROUNDS).contains(&rounds) {
            return None;
        }
        let password = credentials.password.expose_secret();
        let base = if capabilities.is_irreversible == Some(true) {
            digits(&[credentials.user, capabilities.salt.as_deref()?, password])
        } else {
            Zeroizing::new(password.to_owned())
        };
        let mut text = digits(&[&base, SUFFIX]);
        for _ in 1..rounds {
            text = digits(&[&text]);
        }
        let mut key = Zeroizing::new([0; 16]);
        hex::decode_to_slice(text.get(..32)?, &mut *key).ok()?;
        Some(Self(key))
    }

    /// Base64, AES-128-CBC, lower-case hexadecimal digits.
    fn seal(&self, text: &str, iv: &[u8; 16]) -> Zeroizing<String> {
        let text = Zeroizing::new(BASE64_STANDARD.encode(text));
        let cipher = cbc::Encryptor::<Aes128>::new((&*self.0).into(), iv.into());
        Zeroizing::new(hex::encode(
            cipher.encrypt_padded_vec::<Pkcs7>(text.as_bytes()),
        ))
    }

    /// Opens a value: the device's side, for simulated devices.
    #[cfg(any(test, feature = "device-side"))]
    pub fn open(&self, sealed: &str, iv: &[u8; 16]) -> Option<Zeroizing<String>> {
        use aes::cipher::BlockModeDecrypt;
        let cipher = cbc::Decryptor::<Aes128>::new((&*self.0).into(), iv.into());
        let sealed = hex::decode(sealed).ok()?;
        let text = Zeroizing::new(cipher.decrypt_padded_vec::<Pkcs7>(&sealed).ok()?);
        let bytes = Zeroizing::new(BASE64_STANDARD.decode(&*text).ok()?);
        Some(Zeroizing::new(std::str::from_utf8(&bytes).ok()?.to_owned()))
    }
}

/// What the vendor's clients append.
const SUFFIX: &str = "AaBbCcDd1234!@#$";

/// SHA-256 of these texts in lower-case hexadecimal digits.
fn digits(texts: &[&str]) -> Zeroizing<String> {
    let text = Zeroizing::new(texts.concat());
    Zeroizing::new(hex::encode(Sha256::digest(text.as_bytes())))
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;

    /// Calculated from the vendor's formula, for both sides.
    #[test]
    fn values_are_sealed_to_the_vectors() {
        let password = SecretString::from("Passw0rd!");
        let credentials = LoginCredentials {
            user: "admin",
            password: &password,
        };
        let capabilities = SecurityCapabilities {
            security_version: Some("1".into()),
            key_iterate_num: Some(100),
            is_irreversible: Some(true),
            salt: Some("0123456789abcdef".repeat(4).into()),
            ..SecurityCapabilities::default()
        };
        let key = FieldKey::derive(&capabilities, credentials).unwrap();
        assert_eq!(hex::encode(*key.0), "3c4550b30a5cd9fe3d653d2cee278201");
        let iv = std::array::from_fn(|at| u8::try_from(at).unwrap());
        let sealed = key.seal("Passw0rd!", &iv);
        assert_eq!(*sealed, "fe3a7677939f86084aa2d0f394f465c4");
        assert_eq!(&**key.open(&sealed, &iv).unwrap(), "Passw0rd!");
        assert_eq!(key.open("fe3a", &iv), None);

        for changed in [
            SecurityCapabilities {
                salt: None,
                ..capabilities.clone()
            },
            SecurityCapabilities {
                security_version: None,
                ..capabilities.clone()
            },
            SecurityCapabilities {
                key_iterate_num: Some(0),
                ..capabilities.clone()
            },
            SecurityCapabilities {
                key_iterate_num: Some(u32::MAX),
                ..capabilities.clone()
            },
        ] {
            assert!(FieldKey::derive(&changed, credentials).is_none());
        }
        let reversible = SecurityCapabilities {
            is_irreversible: None,
            salt: None,
            ..capabilities
        };
        let reversible = FieldKey::derive(&reversible, credentials).unwrap();
        assert_ne!(*reversible.0, *key.0);
    }

    #[test]
    fn urls_tell_how_to_open() {
        let password = SecretString::from("a");
        let capabilities = SecurityCapabilities {
            security_version: Some("1,2".into()),
            key_iterate_num: Some(1),
            ..SecurityCapabilities::default()
        };
        let credentials = LoginCredentials {
            user: "admin",
            password: &password,
        };
        let key = FieldKey::derive(&capabilities, credentials).unwrap();
        let sealed = Fields::Sealed {
            key,
            iv: [0xab; 16],
        };
        let iv = "ab".repeat(16);
        assert_eq!(sealed.path("/a"), format!("/a?security=1&iv={iv}"));
        assert_eq!(
            sealed.path("/a?format=json"),
            format!("/a?format=json&security=1&iv={iv}")
        );
        assert_eq!(Fields::Plain.path("/a"), "/a");
        assert_eq!(sealed.xml("a&b"), sealed.json("a&amp;b"));
        assert_eq!(**Fields::Plain.xml("a&b"), *"a&b");
    }
}
