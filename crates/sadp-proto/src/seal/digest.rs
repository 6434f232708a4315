use md5::{Digest, Md5};
use sha2::Sha256;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{Password, SealError, Sealed, ecb};

/// The digest of a password in an `update`, instead of a key exchange.
///
/// Without a salt it is MD5 of the password; with one, MD5 of the hexadecimal
/// SHA-256 of user, salt and password; with two, MD5 of the hexadecimal SHA-256 of
/// user, second salt and that text. Sent unencrypted, it can be recorded and
/// replayed; a device that reports `Encrypt` takes it bound to one request.
pub struct UpdateDigest {
    digest: Zeroizing<ecb::Key>,
    salted: bool,
}

impl UpdateDigest {
    /// The most bytes of a user name in the salted form.
    pub const MAX_USER_BYTES: usize = 32;

    /// The characters of a salt.
    pub const SALT_BYTES: usize = 64;

    /// The most characters of a second salt.
    pub const MAX_SALT2_BYTES: usize = 64;

    /// The bytes of the encrypted forms.
    pub(super) const BOUND_FIELD: usize = 64;

    /// The account if the device reports none.
    pub const DEFAULT_USER: &str = "admin";

    /// Digests a password for a device with this user and these salts. Fails as
    /// [`Salts::check`] does.
    pub fn new(user: &str, salts: Salts<'_>, password: &Password) -> Result<Self, SealError> {
        salts.check(user)?;
        let digest = match (salts.first, salts.second) {
            (None, _) => Md5::digest(password.bytes()),
            (Some(first), None) => Md5::digest(&*salted_hex(user, first, password.bytes())),
            (Some(first), Some(second)) => {
                let inner = salted_hex(user, first, password.bytes());
                Md5::digest(&*salted_hex(user, second, &inner))
            }
        };
        Ok(Self {
            digest: Zeroizing::new(digest.into()),
            salted: salts.first.is_some(),
        })
    }

    /// The bytes, which encrypt the other forms.
    #[cfg(any(test, feature = "device-side"))]
    pub(super) fn key(&self) -> &ecb::Key {
        &self.digest
    }

    /// Whether it is salted: the element then has `bSalt="true"`.
    pub(crate) fn is_salted(&self) -> bool {
        self.salted
    }

    /// The form for devices that do not report `Encrypt`. It can be replayed.
    pub fn plain(&self) -> Sealed {
        Sealed::encode(&*self.digest)
    }

    /// The form for devices that report `Encrypt`, valid only for the request with
    /// this UUID.
    pub fn bound_to(&self, uuid: Uuid) -> Sealed {
        let mut buffer = Uuid::encode_buffer();
        let uuid = uuid.hyphenated().encode_upper(&mut buffer);
        let mut field = Zeroizing::new([0u8; Self::BOUND_FIELD]);
        let content = self.digest.iter().copied().chain(*b";").chain(uuid.bytes());
        for (slot, byte) in field.iter_mut().zip(content) {
            *slot = byte;
        }
        ecb::encrypt(&self.digest, &mut *field);
        Sealed::encode(&*field)
    }
}

opaque_debug!(UpdateDigest);

/// The salts that a device reports, if they are not empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Salts<'a> {
    /// `Salt`: exactly [`UpdateDigest::SALT_BYTES`] characters.
    pub first: Option<&'a str>,
    /// `Salt2`: at most [`UpdateDigest::MAX_SALT2_BYTES`] characters. Ignored
    /// without a `Salt`.
    pub second: Option<&'a str>,
}

impl<'a> Salts<'a> {
    /// Only a first salt.
    pub const fn single(salt: &'a str) -> Self {
        Self {
            first: Some(salt),
            second: None,
        }
    }

    /// Checks whether a password of this user can be digested with these salts.
    /// Fails for the lengths that the vendor's clients refuse. The user matters
    /// only with a salt.
    pub fn check(self, user: &str) -> Result<(), SealError> {
        let Some(first) = self.first else {
            return Ok(());
        };
        if user.len() > UpdateDigest::MAX_USER_BYTES {
            return Err(SealError::UserLength(user.len()));
        }
        if first.len() != UpdateDigest::SALT_BYTES {
            return Err(SealError::SaltLength(first.len()));
        }
        match self.second.map(str::len) {
            Some(bytes) if bytes > UpdateDigest::MAX_SALT2_BYTES => {
                Err(SealError::Salt2Length(bytes))
            }
            _ => Ok(()),
        }
    }
}

/// The 64 lower-case hexadecimal characters of SHA-256(user, salt, content).
fn salted_hex(user: &str, salt: &str, content: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut sha = Sha256::new();
    sha.update(user);
    sha.update(salt);
    sha.update(content);
    let hash = Zeroizing::new(<[u8; 32]>::from(sha.finalize()));
    let digits = hash.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let hex = digits.map(|value| char::from_digit(value.into(), 16).map_or(0, |digit| digit as u8));
    Zeroizing::new(hex.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::vectors::{BOUND, PLAIN, SALT, SALT2};

    fn digest(
        user: &str,
        first: Option<&str>,
        second: Option<&str>,
    ) -> Result<UpdateDigest, SealError> {
        let password = Password::new("Passw0rd!".into()).unwrap();
        UpdateDigest::new(user, Salts { first, second }, &password)
    }

    #[test]
    fn digests_are_made_to_the_vectors() {
        let uuid = Uuid::try_parse("11111111-2222-3333-4444-555555555555").unwrap();
        let salts = [(None, None), (Some(SALT), None), (Some(SALT), Some(SALT2))];
        for ((first, second), (plain, bound)) in salts.into_iter().zip(PLAIN.into_iter().zip(BOUND))
        {
            let digest = digest("admin", first, second).unwrap();
            assert_eq!(digest.is_salted(), first.is_some());
            assert_eq!(digest.plain().as_str(), plain);
            assert_eq!(digest.bound_to(uuid).as_str(), bound);
        }
        let inner = salted_hex("admin", SALT, b"Passw0rd!");
        let expected = b"279ce32d15bf00a173df9302fe48785336c3aa9e947c50bf1c123ed1467ab4da";
        assert_eq!(**inner, *expected);
        let expected = b"80ac835a5adb6fb3320390477d3d659127390d8e63f5886558e6262d8a00f72d";
        assert_eq!(**salted_hex("admin", SALT2, &inner), *expected);
    }

    #[test]
    fn user_and_salts_are_bounded_and_do_not_count_without_the_first_salt() {
        let (long, salt2) = ("u".repeat(33), "y".repeat(65));
        let salted = Some(SALT);
        for (user, first, second, error) in [
            (&*long, salted, None, SealError::UserLength(33)),
            ("admin", Some("short"), None, SealError::SaltLength(5)),
            ("admin", Some(&*salt2), None, SealError::SaltLength(65)),
            ("admin", salted, Some(&*salt2), SealError::Salt2Length(65)),
        ] {
            assert_eq!(digest(user, first, second).unwrap_err(), error);
        }
        assert!(digest("admin", salted, Some("y")).is_ok());
        let without = digest("admin", None, None).unwrap();
        let alone = digest(&long, None, Some(&salt2)).unwrap();
        assert!(!alone.is_salted());
        assert_eq!(alone.plain().as_str(), without.plain().as_str());
    }
}
