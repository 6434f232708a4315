use md5::{Digest, Md5};
use sha2::Sha256;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{Password, SealError, Sealed, ecb};

/// The digest of a password that `update` carries instead of an exchange.
///
/// Without a salt it is MD5 of the password; with one, MD5 of the hexadecimal
/// SHA-256 of user, salt and password. Sent as it is, whoever overhears it can
/// send it again; a device that says `Encrypt` takes it bound to one request.
pub struct UpdateDigest {
    digest: Zeroizing<ecb::Key>,
    salted: bool,
}

impl UpdateDigest {
    /// The most bytes of a user name that the salted form takes.
    pub const MAX_USER_BYTES: usize = 32;

    /// The characters of a salt.
    pub const SALT_BYTES: usize = 64;

    /// The bytes of the form bound to a request.
    const BOUND_FIELD: usize = 64;

    /// The name of the account where the device names none.
    pub const DEFAULT_USER: &str = "admin";

    /// Digests a password for a device that names this user and salt.
    pub fn new(user: &str, salt: Option<&str>, password: &Password) -> Result<Self, SealError> {
        let digest = match salt {
            None => Md5::digest(password.bytes()),
            Some(salt) => Md5::digest(&*salted_hex(user, salt, password)?),
        };
        Ok(Self {
            digest: Zeroizing::new(digest.into()),
            salted: salt.is_some(),
        })
    }

    /// Whether a salt went in: the element then carries `bSalt="true"`.
    pub(crate) fn is_salted(&self) -> bool {
        self.salted
    }

    /// The form for devices that do not say `Encrypt`. It can be replayed.
    pub fn plain(&self) -> Sealed {
        Sealed::encode(&*self.digest)
    }

    /// The form for devices that say `Encrypt`, good for the request of this
    /// UUID alone.
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

impl std::fmt::Debug for UpdateDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("UpdateDigest(..)")
    }
}

/// The 64 lower-case hexadecimal characters of SHA-256(user, salt, password).
fn salted_hex(
    user: &str,
    salt: &str,
    password: &Password,
) -> Result<Zeroizing<Vec<u8>>, SealError> {
    if user.len() > UpdateDigest::MAX_USER_BYTES {
        return Err(SealError::UserLength { bytes: user.len() });
    }
    if salt.len() != UpdateDigest::SALT_BYTES {
        return Err(SealError::SaltLength { bytes: salt.len() });
    }
    let mut sha = Sha256::new();
    sha.update(user);
    sha.update(salt);
    sha.update(password.bytes());
    let hash = Zeroizing::new(<[u8; 32]>::from(sha.finalize()));
    let digit = |value: u8| char::from_digit(value.into(), 16).map_or(0, |digit| digit as u8);
    let hex = hash
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
    Ok(Zeroizing::new(hex.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SALT: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    fn digest(user: &str, salt: Option<&str>) -> Result<UpdateDigest, SealError> {
        UpdateDigest::new(user, salt, &Password::new("Passw0rd!".into()).unwrap())
    }

    fn uuid() -> Uuid {
        Uuid::try_parse("11111111-2222-3333-4444-555555555555").unwrap()
    }

    #[test]
    fn without_a_salt_to_the_vectors() {
        let digest = digest("admin", None).unwrap();
        assert!(!digest.is_salted());
        assert_eq!(digest.plain().as_str(), "R7e/tl+oOsmnHcsPYpa7bg==");
        assert_eq!(
            digest.bound_to(uuid()).as_str(),
            "+zxRrRL6JdKrGHRhrST0mqgNPl3pV+NOgktXnab8XWYfyAjk9OXjnDYaLbSDG0oxuiFk7he59XDqJbj9EPTDXw=="
        );
    }

    #[test]
    fn with_a_salt_to_the_vectors() {
        let digest = digest("admin", Some(SALT)).unwrap();
        assert!(digest.is_salted());
        assert_eq!(digest.plain().as_str(), "jyLMtaTJr3cu8bWSFYgY7A==");
        assert_eq!(
            digest.bound_to(uuid()).as_str(),
            "q89+JFAidMEJd4G+TK6LN7IPE138pwUNF+ythuCOfdlt/f3x2MlGP4MCKFMX0xlxVAVuZmpsF+2VNQuEQSVhrA=="
        );
    }

    #[test]
    fn what_the_salted_form_does_not_take_is_refused() {
        let long = "u".repeat(33);
        assert_eq!(
            digest(&long, Some(SALT)).unwrap_err(),
            SealError::UserLength { bytes: 33 }
        );
        assert_eq!(
            digest("admin", Some("short")).unwrap_err(),
            SealError::SaltLength { bytes: 5 }
        );
        assert!(
            digest(&long, None).is_ok(),
            "the user counts only with a salt"
        );
    }
}
