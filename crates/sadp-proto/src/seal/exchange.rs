use base64::{Engine, prelude::BASE64_STANDARD};
use rsa::{
    Pkcs1v15Encrypt, PrivateKey, PublicKey, pkcs1::EncodeRsaPublicKey, rand_core::CryptoRng,
};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::{Password, SealError, Sealed, ecb};

/// The key pair of one exchange. Make a new one for each command.
pub struct ExchangeKey(PrivateKey);

impl ExchangeKey {
    /// The size that devices accept.
    const BITS: usize = 1024;

    /// Makes a key pair.
    pub fn generate(rng: &mut impl CryptoRng) -> Result<Self, SealError> {
        let key = PrivateKey::new(rng, Self::BITS).map_err(|_| SealError::NoKey)?;
        Ok(Self(key))
    }

    /// The public key as `exchangecode` sends it: base64 of the PKCS#1
    /// `RSAPublicKey`, 188 characters.
    pub fn public_code(&self) -> Result<String, SealError> {
        let public = PublicKey::from(&self.0);
        let der = public.to_pkcs1_der().map_err(|_| SealError::NoKey)?;
        Ok(BASE64_STANDARD.encode(der))
    }

    /// Opens the `Code` of the device's reply. `rng` blinds the operation. A code of the
    /// right length that was not sealed for this key opens to random bytes, so that
    /// nobody can learn from it how it was padded.
    pub fn open(&self, code: &str, rng: &mut impl CryptoRng) -> Result<SessionKey, SealError> {
        let sealed = BASE64_STANDARD
            .decode(code.trim())
            .map_err(|_| SealError::BadExchange)?;
        let opened = self.0.decrypt_blinded(rng, Pkcs1v15Encrypt, &sealed);
        let random = Zeroizing::new(opened.map_err(|_| SealError::BadExchange)?);
        if random.is_empty() {
            return Err(SealError::BadExchange);
        }
        Ok(SessionKey::of(&random))
    }
}

/// The key of both sides after an exchange. It seals the fields of one command.
pub struct SessionKey(Zeroizing<ecb::Key>);

impl SessionKey {
    /// The most bytes of an answer.
    pub const MAX_ANSWER_BYTES: usize = 192;

    pub(super) fn of(random: &[u8]) -> Self {
        Self(ecb::session_key(random))
    }

    /// Seals a password: the key, then the password, zero-filled to 32 bytes.
    pub fn seal_password(&self, password: &Password) -> Sealed {
        self.seal_with_key(password.bytes())
    }

    /// Seals a code in the same form: the key, then the code, zero-filled to whole
    /// blocks. `Code` is sealed if the device reports `codeEncrypt`,
    /// `VerificationCode` always. The caller bounds the length.
    pub fn seal_code(&self, code: &str) -> Sealed {
        self.seal_with_key(code.as_bytes())
    }

    fn seal_with_key(&self, content: &[u8]) -> Sealed {
        let bytes = ecb::BLOCK.saturating_add(content.len());
        self.seal(bytes, self.0.iter().chain(content))
    }

    /// Seals `bytes` bytes, zero-filled to whole blocks.
    fn seal<'a>(&self, bytes: usize, content: impl Iterator<Item = &'a u8>) -> Sealed {
        let mut field = Zeroizing::new(vec![0; bytes.next_multiple_of(ecb::BLOCK)]);
        for (slot, byte) in field.iter_mut().zip(content) {
            *slot = *byte;
        }
        ecb::encrypt(&self.0, &mut field);
        Sealed::encode(&field)
    }

    /// Checks whether an answer can be sealed.
    pub(crate) fn check_answer(answer: &SecretString) -> Result<(), SealError> {
        let answer = answer.expose_secret();
        let bytes = answer.len();
        if bytes == 0 || bytes > Self::MAX_ANSWER_BYTES {
            return Err(SealError::AnswerLength(bytes));
        }
        if answer.contains('\0') {
            return Err(SealError::Nul);
        }
        Ok(())
    }

    /// Seals the answer to a security question: the answer alone, zero-filled
    /// to whole blocks.
    pub fn seal_answer(&self, answer: &SecretString) -> Result<Sealed, SealError> {
        Self::check_answer(answer)?;
        let answer = answer.expose_secret().as_bytes();
        Ok(self.seal(answer.len(), answer.iter()))
    }
}

opaque_debug!(ExchangeKey, SessionKey);

#[cfg(test)]
mod tests {
    use getrandom::{SysRng, rand_core::UnwrapErr};
    use rsa::pkcs1::DecodeRsaPrivateKey;

    use super::*;
    use crate::seal::vectors;

    /// A key made for these tests, PKCS#1 DER.
    const KEY: &str = "MIICWwIBAAKBgQDIPckVpEaZB8Y/Yej8sLR/5x11UIWQ3OqNzyQOwwiPXqbZu/tITaXbM9uerYs6f5y9jlCjLhk9J84sJo7BJEXjq1vP6ytKqW4HaIB9aNmaeBTDvveIVz1kwZdkudBzZhKUVKtBy6Mlufi/XWyfILHFUckFlWhgCfdviWz1EKgzqQIDAQABAoGAG1+O4J1/ZSYR7NI2pmyFkEKI3WOvjpkUm2QourfgsLCwwG0ZMc4jkS6qpCt3L/0H8UXGMjh4DMsnPRPcSfzqbLHnZKFga82osJA4i4b0Vv8QH31sKAsaoB6+E9yIz2qM0TEKUzRAfHKeIA362mRP7dobkHmtflmTZ2hNzHq5Jf0CQQD6JW8Y4mgexL2iUTANSwuWRkHUc9lGQzvCrNMslqF/GphgUY+cyW5xXO4PnyVs5/xvIXrww15+R1D3ikUcQO8rAkEAzO1iJHa99r62eXzGcU5S5HXwXrV54arGALX5WIPbsWnGlMg3Nb7r6kR5bxg+mvKc9xLLRaKE7gUvwGYqUyreewJADeO8On5/142HFhc5+tL67rox95EDNIKRM+sSwrwOdZdNdLOyrLsGlebaFSX6FwT+oFEUmX/PpGVjWotj8QCuBwJACI1TjjACZ3y4AsPpSCs7nFsrp9gs+PT2hGsTt9Tw4yuF5Qmh/DU2hTVMWA2L901urYT0RLiukXxX7NCWrZfZZwJAeNNbEkJeIpkAXCNuQ3T+IqR0BVB7pKZC2vG/zGbSBpeQfq1hcyFKAdULWi73dVONd+yLaah3h42ub1Y44uJ6gA==";

    /// A device's reply to it, with `0123456789abcdef` twice.
    const CODE: &str = "BgYt7aORa/Hv2mCkbhhV4E2EvkQlK5pYdY1Pikn/rkMJAHJNGdD6v8Iw2C5RGCEgoQ//5NmN9+4XIKQI+xj2UCqtYiBy80Og7WjF98nCprMnJ8M5QEUvygfhonE86MDxeSp6EyowdZPZ2oZ9h8iArrtn69/j2A6bHIbOJkFpb+w=";

    fn key() -> ExchangeKey {
        let der = BASE64_STANDARD.decode(KEY).unwrap();
        ExchangeKey(PrivateKey::from_pkcs1_der(&der).unwrap())
    }

    fn session() -> SessionKey {
        key().open(CODE, &mut UnwrapErr(SysRng)).unwrap()
    }

    #[test]
    fn the_public_key_goes_out_as_pkcs1() {
        assert_eq!(
            key().public_code().unwrap(),
            "MIGJAoGBAMg9yRWkRpkHxj9h6PywtH/nHXVQhZDc6o3PJA7DCI9eptm7+0hNpdsz256tizp/nL2OUKMuGT0nziwmjsEkReOrW8/rK0qpbgdogH1o2Zp4FMO+94hXPWTBl2S50HNmEpRUq0HLoyW5+L9dbJ8gscVRyQWVaGAJ92+JbPUQqDOpAgMBAAE="
        );
        let fresh = ExchangeKey::generate(&mut UnwrapErr(SysRng)).unwrap();
        assert_eq!(fresh.public_code().unwrap().len(), 188);
    }

    #[test]
    fn the_answer_opens_to_sixteen_bytes_that_seal_to_the_vectors() {
        let session = session();
        assert_eq!(&*session.0, b"0123456789abcdef");
        for (password, sealed) in vectors::PASSWORDS {
            let password = Password::new(password.into()).unwrap();
            assert_eq!(session.seal_password(&password).as_str(), sealed);
        }
        for (code, sealed) in vectors::CODES {
            assert_eq!(session.seal_code(code).as_str(), sealed);
        }
        let [code, key, sealed] = vectors::VERIFICATION_CODE;
        let other = SessionKey::of(key.as_bytes());
        assert_eq!(other.seal_code(code).as_str(), sealed);
        for (answer, sealed) in vectors::ANSWERS {
            let answer = session.seal_answer(&answer.into()).unwrap();
            assert_eq!(answer.as_str(), sealed);
        }
        assert!(session.seal_answer(&"x".repeat(192).into()).is_ok());
        for bytes in [0, 193] {
            let refused = session.seal_answer(&"x".repeat(bytes).into()).unwrap_err();
            assert_eq!(refused, SealError::AnswerLength(bytes));
        }
    }

    #[test]
    fn an_answer_that_is_not_ours_is_refused_or_opens_to_no_key_of_the_device() {
        let torn = CODE.replacen('B', "C", 1);
        let opened = key().open(&torn, &mut UnwrapErr(SysRng)).unwrap();
        assert_ne!(opened.0, session().0);
        for code in ["", "AAAA", "not base64", CODE.get(..80).unwrap()] {
            let refused = key().open(code, &mut UnwrapErr(SysRng)).unwrap_err();
            assert_eq!(refused, SealError::BadExchange, "{code}");
        }
    }
}
