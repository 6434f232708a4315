//! The device's side of sealing, for simulated devices: answers an exchange and
//! opens sealed fields.
//!
//! It does not weaken real devices: it needs the key of the exchange, or the
//! password itself.

use base64::{Engine, prelude::BASE64_STANDARD};
use rsa::{
    Pkcs1v15Encrypt, PublicKey, pkcs1::DecodeRsaPublicKey, rand_core::CryptoRng,
    traits::PublicKeyParts,
};
use secrecy::SecretString;
use zeroize::Zeroizing;

use super::{MAX_CODE_BYTES, SessionKey, UpdateDigest, ecb};

/// The bytes of the modulus that devices take.
const MODULUS: usize = 128;

/// Answers a key exchange: seals `random` for the client's public key, and returns
/// the `Code` of the reply. Real devices choose 32 lower-case hexadecimal digits.
/// `rng` pads.
pub fn answer_exchange(
    public_code: &str,
    random: &[u8],
    rng: &mut impl CryptoRng,
) -> Result<(String, DeviceSession), OpenError> {
    let der = decode(public_code)?;
    let public = PublicKey::from_pkcs1_der(&der).map_err(|_| OpenError::NoKey)?;
    if public.size() != MODULUS {
        return Err(OpenError::NoKey);
    }
    let sealed = public.encrypt(rng, Pkcs1v15Encrypt, random);
    let code = BASE64_STANDARD.encode(sealed.map_err(|_| OpenError::NoKey)?);
    Ok((code, DeviceSession::of(random)))
}

/// The device's side of a [`SessionKey`]: opens the fields of the command that
/// follows the exchange.
#[derive(Clone)]
pub struct DeviceSession(Zeroizing<ecb::Key>);

impl DeviceSession {
    /// The bytes of a sealed password.
    const PASSWORD_FIELD: usize = 32;

    fn of(random: &[u8]) -> Self {
        Self(ecb::session_key(random))
    }

    /// Opens a sealed password. It must begin with the key, which detects another
    /// session's.
    pub fn open_password(&self, sealed: &str) -> Result<SecretString, OpenError> {
        let field = Zeroizing::new(decode(sealed)?);
        if field.len() != Self::PASSWORD_FIELD {
            return Err(OpenError::Length);
        }
        self.open_with_key(field)
    }

    /// Opens a sealed code of at most
    /// [`Code::MAX_BYTES`](super::super::Code::MAX_BYTES), which has the form of a
    /// password.
    pub fn open_code(&self, sealed: &str) -> Result<SecretString, OpenError> {
        let field = Zeroizing::new(decode(sealed)?);
        if field.len() > ecb::BLOCK + MAX_CODE_BYTES || !field.len().is_multiple_of(ecb::BLOCK) {
            return Err(OpenError::Length);
        }
        self.open_with_key(field)
    }

    fn open_with_key(&self, mut field: Zeroizing<Vec<u8>>) -> Result<SecretString, OpenError> {
        ecb::decrypt(&self.0, &mut field);
        let (key, content) = field
            .split_at_checked(ecb::BLOCK)
            .ok_or(OpenError::Length)?;
        if key != self.0.as_slice() {
            return Err(OpenError::OtherSession);
        }
        text(content)
    }

    /// Opens a sealed answer to a security question. Another session's is not
    /// detected and opens to nonsense.
    pub fn open_answer(&self, sealed: &str) -> Result<SecretString, OpenError> {
        let mut field = Zeroizing::new(decode(sealed)?);
        let whole = field.len().is_multiple_of(ecb::BLOCK);
        if field.is_empty() || !whole || field.len() > SessionKey::MAX_ANSWER_BYTES {
            return Err(OpenError::Length);
        }
        ecb::decrypt(&self.0, &mut field);
        text(&field)
    }
}

opaque_debug!(DeviceSession);

/// How an `update` proves that its sender knows the password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpdateForm {
    /// The digest unencrypted: for devices that do not report `Encrypt`.
    Plain,
    /// Digest, `;` and UUID of the request, encrypted with the digest.
    Bound,
    /// Digest and 48 zero bytes, encrypted with the digest: from some clients, for
    /// devices that report `Encrypt`.
    Unbound,
}

/// Verifies the password of an `update` against the digest of the device's
/// password, salted or not. `uuid` is the request's, as written. `None` means a
/// wrong password.
pub fn verify_update(
    sealed: &str,
    digest: &UpdateDigest,
    uuid: &str,
) -> Result<Option<UpdateForm>, OpenError> {
    let mut field = Zeroizing::new(decode(sealed)?);
    let key = digest.key();
    if field.len() == ecb::BLOCK {
        return Ok((*field == *key).then_some(UpdateForm::Plain));
    }
    if field.len() != UpdateDigest::BOUND_FIELD {
        return Err(OpenError::Length);
    }
    ecb::decrypt(key, &mut field);
    let Some(rest) = field.strip_prefix(key.as_slice()) else {
        return Ok(None);
    };
    if rest.iter().all(|&byte| byte == 0) {
        return Ok(Some(UpdateForm::Unbound));
    }
    let bound = rest
        .strip_prefix(b";")
        .and_then(|rest| rest.strip_prefix(uuid.as_bytes()))
        .is_some_and(|rest| rest.iter().all(|&byte| byte == 0));
    Ok((bound && !uuid.is_empty()).then_some(UpdateForm::Bound))
}

/// Why a sealed field cannot be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Not base64.
    #[error("not base64")]
    NotBase64,
    /// Not a PKCS#1 public key of 1024 bits, or too small for the answer.
    #[error("not a PKCS#1 public key of 1024 bits")]
    NoKey,
    /// Wrong length for this field.
    #[error("not of the length of such a field")]
    Length,
    /// Sealed in another session, or damaged.
    #[error("sealed with another key")]
    OtherSession,
    /// Not a text, or with bytes after its end.
    #[error("no text inside")]
    NoText,
}

fn decode(sealed: &str) -> Result<Vec<u8>, OpenError> {
    BASE64_STANDARD
        .decode(sealed.trim())
        .map_err(|_| OpenError::NotBase64)
}

/// The text of a zero-filled field.
fn text(field: &[u8]) -> Result<SecretString, OpenError> {
    let text = std::str::from_utf8(field).map_err(|_| OpenError::NoText)?;
    let text = text.trim_end_matches('\0');
    let is_text = !text.is_empty() && !text.contains('\0');
    is_text.then(|| text.into()).ok_or(OpenError::NoText)
}

#[cfg(test)]
mod tests {
    use getrandom::{SysRng, rand_core::UnwrapErr};
    use secrecy::ExposeSecret;
    use uuid::Uuid;

    use super::*;
    use crate::seal::{
        ExchangeKey, Password, Salts,
        vectors::{self, BOUND, PLAIN, SALT, SALT2},
    };

    const RANDOM: &[u8] = b"0123456789abcdef0123456789abcdef";
    const UUID: &str = "11111111-2222-3333-4444-555555555555";

    fn session() -> DeviceSession {
        DeviceSession::of(RANDOM)
    }

    const UNSALTED: Salts<'_> = Salts {
        first: None,
        second: None,
    };
    const SALTED: Salts<'_> = Salts::single(SALT);
    const SALTED_TWICE: Salts<'_> = Salts {
        first: Some(SALT),
        second: Some(SALT2),
    };

    fn digest(salts: Salts<'_>, password: &str) -> UpdateDigest {
        UpdateDigest::new("admin", salts, &Password::new(password.into()).unwrap()).unwrap()
    }

    fn verify(sealed: &str, salts: Salts<'_>, uuid: &str) -> Option<UpdateForm> {
        verify_update(sealed, &digest(salts, "Passw0rd!"), uuid).unwrap()
    }

    #[test]
    fn both_sides_of_an_exchange_agree() {
        let key = ExchangeKey::generate(&mut UnwrapErr(SysRng)).unwrap();
        let public = key.public_code().unwrap();
        for random in [RANDOM, b"abc"] {
            let (code, device) = answer_exchange(&public, random, &mut UnwrapErr(SysRng)).unwrap();
            let client = key.open(&code, &mut UnwrapErr(SysRng)).unwrap();
            let password = Password::new("Passw0rd!".into()).unwrap();
            let opened = device.open_password(client.seal_password(&password).as_str());
            assert_eq!(opened.unwrap().expose_secret(), "Passw0rd!");
            let answer = client.seal_answer(&"Paris, France, Europe".into()).unwrap();
            let opened = device.open_answer(answer.as_str()).unwrap();
            assert_eq!(opened.expose_secret(), "Paris, France, Europe");
        }
    }

    #[test]
    fn the_vectors_open() {
        for (password, sealed) in vectors::PASSWORDS {
            let opened = session().open_password(sealed).unwrap();
            assert_eq!(opened.expose_secret(), password);
        }
        for (code, sealed) in vectors::CODES {
            assert_eq!(session().open_code(sealed).unwrap().expose_secret(), code);
        }
        let [code, key, sealed] = vectors::VERIFICATION_CODE;
        let opened = DeviceSession::of(key.as_bytes()).open_code(sealed);
        assert_eq!(opened.unwrap().expose_secret(), code);
        for (answer, sealed) in vectors::ANSWERS {
            let opened = session().open_answer(sealed).unwrap();
            assert_eq!(opened.expose_secret(), answer);
        }
    }

    #[test]
    fn what_was_sealed_otherwise_does_not_open() {
        let sealed = "cnJ+iB7c/QEApxhoeQm1ZXAWuSq+o2lL0exEMJACd5o=";
        let other = DeviceSession::of(b"fedcba9876543210");
        let refused = |result: Result<SecretString, OpenError>| result.map(|_| ()).unwrap_err();
        let sealed_otherwise = refused(other.open_password(sealed));
        assert_eq!(sealed_otherwise, OpenError::OtherSession);
        let session = session();
        assert_eq!(refused(session.open_password("?")), OpenError::NotBase64);
        assert_eq!(refused(session.open_password("AAAA")), OpenError::Length);
        assert_eq!(refused(session.open_answer("")), OpenError::Length);
        for key in ["", "AAAA", "?"] {
            let answered = answer_exchange(key, RANDOM, &mut UnwrapErr(SysRng));
            assert!(answered.is_err(), "{key:?}");
        }
    }

    /// Digest and zeros, made with OpenSSL from the digests of the protocol's vectors.
    const UNBOUND: [&str; 2] = [
        "+zxRrRL6JdKrGHRhrST0mlxh1EeEBgB/IxGbEedPkZRcYdRHhAYAfyMRmxHnT5GUXGHUR4QGAH8jEZsR50+RlA==",
        "q89+JFAidMEJd4G+TK6LNz7ZmVHcCYRgEFP+qV5HrcI+2ZlR3AmEYBBT/qleR63CPtmZUdwJhGAQU/6pXketwg==",
    ];

    #[test]
    fn every_form_of_an_update_is_verified_to_the_vectors() {
        let salts = [UNSALTED, SALTED, SALTED_TWICE];
        for (forms, form) in [
            (&PLAIN[..], UpdateForm::Plain),
            (&BOUND, UpdateForm::Bound),
            (&UNBOUND, UpdateForm::Unbound),
        ] {
            for (sealed, its) in forms.iter().zip(salts) {
                for salts in salts {
                    let verified = verify(sealed, salts, UUID);
                    assert_eq!(
                        verified,
                        (salts == its).then_some(form),
                        "{form:?} {salts:?}"
                    );
                }
            }
        }
        for other in ["", &UUID.replace('5', "6")] {
            assert_eq!(
                verify(BOUND[0], UNSALTED, other),
                None,
                "of another request"
            );
        }
        let wrong = digest(UNSALTED, "Passw0rd?").bound_to(Uuid::nil());
        let verified = verify(wrong.as_str(), UNSALTED, &Uuid::nil().to_string());
        assert_eq!(verified, None);
    }

    #[test]
    fn other_lengths_are_no_password() {
        let digest = digest(UNSALTED, "Passw0rd!");
        assert_eq!(verify_update("AAAA", &digest, UUID), Err(OpenError::Length));
        assert_eq!(verify_update("?", &digest, UUID), Err(OpenError::NotBase64));
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

        #[test]
        fn what_a_client_seals_a_device_opens(
            password in "[ -~]{1,16}",
            code in "[ -~\\n]{1,1024}",
            answer in "[ -~\u{e4}\u{6444}]{1,40}",
            random in "[0-9a-f]{32}",
        ) {
            let device = DeviceSession::of(random.as_bytes());
            let client = SessionKey::of(random.as_bytes());
            let opened = device.open_code(client.seal_code(&code).as_str()).unwrap();
            proptest::prop_assert_eq!(opened.expose_secret(), &code);
            let sealed = client.seal_password(&Password::new(password.as_str().into()).unwrap());
            let opened = device.open_password(sealed.as_str()).unwrap();
            proptest::prop_assert_eq!(opened.expose_secret(), &password);
            let sealed = client.seal_answer(&answer.as_str().into()).unwrap();
            let opened = device.open_answer(sealed.as_str()).unwrap();
            proptest::prop_assert_eq!(opened.expose_secret(), &answer);
        }

        #[test]
        fn any_field_is_survived(sealed in "[A-Za-z0-9+/]{0,90}={0,2}", uuid: String) {
            let _ = session().open_password(&sealed);
            let _ = session().open_code(&sealed);
            let _ = session().open_answer(&sealed);
            let _ = answer_exchange(&sealed, RANDOM, &mut UnwrapErr(SysRng));
            let _ = verify_update(&sealed, &digest(UNSALTED, "a"), &uuid);
        }
    }
}
