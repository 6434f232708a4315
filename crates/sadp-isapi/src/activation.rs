//! Activation over HTTP: two handshakes that seal the first password for the device.
//!
//! ```text
//!   client                                                      device
//!     |-- GET /SDK/activateStatus ------------------------------->|  which of them
//!     |-- POST challenge: an RSA modulus ------------------------>|
//!     |<- random hexadecimal digits, encrypted for it ------------|
//!     |-- PUT or POST: the password, encrypted with the digits -->|
//! ```
//!
//! Neither authenticates the device: whoever answers first can open what is sealed.
//! After the V3 handshake even a reply without an error does not prove that the password
//! was understood: look at the status again, and log in once.

#[cfg(any(test, feature = "device-side"))]
pub mod device;

use aes::{
    Aes128, Aes192, Aes256,
    cipher::{BlockCipherEncrypt, BlockModeEncrypt, KeyInit, KeyIvInit, block_padding::Pkcs7},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use rsa::{Pkcs1v15Encrypt, PrivateKey, rand_core::CryptoRng, traits::PublicKeyParts};
use sadp_model::RawFields;
use sadp_proto::{XmlLayout, seal::Password};
use serde_json::json;
use zeroize::Zeroizing;

use crate::{
    ActivateStatus, Body, HttpMethod, IsapiDocument, IsapiRequest, MediaType, RequestBody,
    ResponseStatus,
};

/// The handshakes. They differ in all but the idea.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// XML, RSA-1024, AES-128-ECB. Source: the vendor's guides, which call it CBC, and
    /// several clients, none of which does.
    Legacy,
    /// JSON, RSA-3072, AES-CBC: cameras since about firmware 5.7. One public source.
    V3,
}

impl Scheme {
    /// The handshake that a device takes. It refuses the other one.
    pub fn of(status: &ActivateStatus) -> Self {
        if status.support_version.is_some_and(|version| version >= 3) {
            Self::V3
        } else {
            Self::Legacy
        }
    }

    /// The size of the RSA key that devices take.
    const fn key_bits(self) -> usize {
        match self {
            Self::Legacy => 1024,
            Self::V3 => 3072,
        }
    }

    /// The request that begins it.
    const fn challenge_path(self) -> &'static str {
        match self {
            Self::Legacy => "/ISAPI/Security/challenge",
            Self::V3 => "/ISAPI/System/activate/GetChallengeV3?format=json",
        }
    }

    /// The request that ends it.
    const fn activate_path(self) -> &'static str {
        match self {
            Self::Legacy => "/ISAPI/System/activate",
            Self::V3 => "/ISAPI/System/activate/StartActivateV3?format=json",
        }
    }
}

/// One activation under way. Make a new one for each device.
pub struct Handshake {
    scheme: Scheme,
    key: PrivateKey,
}

opaque_debug!(Handshake);

impl Handshake {
    /// Makes a key pair. That of [`Scheme::V3`] takes a second or more.
    pub fn start(scheme: Scheme, rng: &mut impl CryptoRng) -> Result<Self, ActivationError> {
        let key = PrivateKey::new(rng, scheme.key_bits()).map_err(|_| ActivationError::NoKey)?;
        Ok(Self { scheme, key })
    }

    /// The first request: the modulus of our key.
    pub fn challenge_request(&self) -> IsapiRequest {
        let modulus = encode_hex(&self.key.n_bytes());
        IsapiRequest {
            method: HttpMethod::Post,
            path: self.scheme.challenge_path().into(),
            body: Some(match self.scheme {
                Scheme::Legacy => xml("PublicKey", "key", &modulus),
                Scheme::V3 => json_body(&json!({ "publicKey": *modulus })),
            }),
            reply_limit: Body::MAX_BYTES,
        }
    }

    /// The second request: the password, sealed with what the reply to the first one
    /// holds. `rng` blinds the decryption and draws the initialization vector.
    pub fn activate_request(
        &self,
        reply: &Body,
        password: &Password,
        rng: &mut impl CryptoRng,
    ) -> Result<IsapiRequest, ActivationError> {
        let random = self.open(reply, rng)?;
        let mut iv = Iv::default();
        rng.fill_bytes(&mut iv);
        Ok(IsapiRequest {
            method: match self.scheme {
                Scheme::Legacy => HttpMethod::Put,
                Scheme::V3 => HttpMethod::Post,
            },
            path: self.scheme.activate_path().into(),
            body: Some(match self.scheme {
                Scheme::Legacy => xml("ActivateInfo", "password", &random.seal_legacy(password)),
                Scheme::V3 => {
                    let sealed = random.seal_v3(password, &iv)?;
                    json_body(&json!({ "password": *sealed, "iv": hex::encode(iv) }))
                }
            }),
            reply_limit: Body::MAX_BYTES,
        })
    }

    /// Decrypts the device's random digits.
    fn open(&self, reply: &Body, rng: &mut impl CryptoRng) -> Result<Random, ActivationError> {
        let name = match self.scheme {
            Scheme::Legacy => "key",
            Scheme::V3 => "challenge",
        };
        let Some(sealed) = reply.text(name) else {
            return Err(match ResponseStatus::read(reply) {
                Some(status) => ActivationError::Refused(Box::new(status)),
                None => ActivationError::BadChallenge,
            });
        };
        let sealed = decode_hex(sealed).ok_or(ActivationError::BadChallenge)?;
        let opened = self.key.decrypt_blinded(rng, Pkcs1v15Encrypt, &sealed);
        let opened = Zeroizing::new(opened.map_err(|_| ActivationError::BadChallenge)?);
        let mut digits = opened.trim_ascii();
        if self.scheme == Scheme::Legacy {
            // Some firmware sends more in front of them.
            let from = digits.len().saturating_sub(LEGACY_DIGITS);
            digits = digits.get(from..).unwrap_or_default();
        }
        Random::new(self.scheme, digits).ok_or(ActivationError::BadChallenge)
    }
}

/// The digits that the device chose: in hexadecimal the key, as text the salt.
struct Random {
    digits: Zeroizing<Vec<u8>>,
    key: Zeroizing<Vec<u8>>,
}

/// An initialization vector of AES-CBC.
type Iv = [u8; BLOCK];

const BLOCK: usize = 16;

/// The digits of the legacy handshake: an AES-128 key.
const LEGACY_DIGITS: usize = 32;

impl Random {
    fn new(scheme: Scheme, digits: &[u8]) -> Option<Self> {
        let fits = match scheme {
            Scheme::Legacy => digits.len() == LEGACY_DIGITS,
            Scheme::V3 => matches!(digits.len(), 32 | 48 | 64),
        };
        if !fits {
            return None;
        }
        Some(Self {
            digits: Zeroizing::new(digits.to_vec()),
            key: Zeroizing::new(hex::decode(digits).ok()?),
        })
    }

    /// The first half of the digits of a short key, which stands before the password.
    fn salt(&self) -> &[u8] {
        self.digits.get(..BLOCK).unwrap_or_default()
    }

    /// AES-128-ECB of salt and password, the password zero-filled to a block.
    fn seal_legacy(&self, password: &Password) -> Zeroizing<String> {
        let mut field = Zeroizing::new([0; 2 * BLOCK]);
        let content = self.salt().iter().chain(password.bytes());
        for (slot, byte) in field.iter_mut().zip(content) {
            *slot = *byte;
        }
        if let Ok(cipher) = Aes128::new_from_slice(&self.key) {
            for block in field.as_chunks_mut::<BLOCK>().0 {
                cipher.encrypt_block(block.into());
            }
        }
        encode_hex(&*field)
    }

    /// AES-CBC with padding of salt and password. The key's length chooses the cipher.
    fn seal_v3(&self, password: &Password, iv: &Iv) -> Result<Zeroizing<String>, ActivationError> {
        let field = Zeroizing::new([self.salt(), password.bytes()].concat());
        let sealed = match self.key.len() {
            16 => encrypt_cbc::<Aes128>(&self.key, iv, &field),
            24 => encrypt_cbc::<Aes192>(&self.key, iv, &field),
            _ => encrypt_cbc::<Aes256>(&self.key, iv, &field),
        };
        sealed
            .map(|bytes| encode_hex(&bytes))
            .ok_or(ActivationError::BadChallenge)
    }
}

opaque_debug!(Random);

/// `None` if the key is not of the cipher's length.
fn encrypt_cbc<C: BlockCipherEncrypt + KeyInit>(
    key: &[u8],
    iv: &Iv,
    field: &[u8],
) -> Option<Vec<u8>> {
    let cipher = cbc::Encryptor::<C>::new_from_slices(key, iv).ok()?;
    Some(cipher.encrypt_padded_vec::<Pkcs7>(field))
}

/// Base64 of lower-case hexadecimal digits, as both handshakes write bytes.
fn encode_hex(bytes: &[u8]) -> Zeroizing<String> {
    let digits = Zeroizing::new(hex::encode(bytes));
    Zeroizing::new(BASE64_STANDARD.encode(digits.as_bytes()))
}

fn decode_hex(text: &str) -> Option<Vec<u8>> {
    let digits = BASE64_STANDARD.decode(text.trim()).ok()?;
    hex::decode(digits.trim_ascii()).ok()
}

fn xml(root: &str, name: &str, text: &str) -> RequestBody {
    let mut fields = RawFields::default();
    fields.push(name, text);
    let bytes = sadp_proto::Document::encode(root, &fields, XmlLayout::Request);
    RequestBody {
        media_type: MediaType::Xml,
        bytes: Zeroizing::new(bytes),
    }
}

fn json_body(value: &serde_json::Value) -> RequestBody {
    RequestBody {
        media_type: MediaType::Json,
        bytes: Zeroizing::new(value.to_string().into_bytes()),
    }
}

/// Why an activation ends before the password is sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ActivationError {
    /// No key could be made.
    #[error("cannot make a key for the activation")]
    NoKey,
    /// The device refused the first request.
    #[error("the device refused the key exchange")]
    Refused(Box<ResponseStatus>),
    /// The reply to the first request is not for our key.
    #[error("the device's answer to the key exchange cannot be decrypted")]
    BadChallenge,
}
