//! The device's side of activation, for simulated devices.

use aes::{
    Aes128, Aes192, Aes256,
    cipher::{BlockCipherDecrypt, BlockModeDecrypt, KeyInit, KeyIvInit, block_padding::Pkcs7},
};
use rsa::{BoxedUint, Pkcs1v15Encrypt, PublicKey, rand_core::CryptoRng};
use sadp_model::RawFields;
use sadp_proto::XmlLayout;
use secrecy::SecretString;
use serde_json::json;
use zeroize::Zeroizing;

use super::{BLOCK, Iv, Random, Scheme, decode_hex, encode_hex};
use crate::Body;

/// A handshake that a device has answered.
pub struct DeviceHandshake {
    scheme: Scheme,
    random: Random,
}

opaque_debug!(DeviceHandshake);

impl DeviceHandshake {
    /// Answers the first request: encrypts `digits` for the client's key and returns the
    /// reply's body. The device chooses 32 lower-case hexadecimal digits, with
    /// [`Scheme::V3`] also 48 or 64. `rng` pads.
    pub fn answer(
        scheme: Scheme,
        request: &Body,
        digits: &str,
        rng: &mut impl CryptoRng,
    ) -> Result<(Self, Vec<u8>), ActivationRequestError> {
        let name = match scheme {
            Scheme::Legacy => "key",
            Scheme::V3 => "publicKey",
        };
        let modulus = request
            .text(name)
            .and_then(decode_hex)
            .ok_or(ActivationRequestError::Form)?;
        if modulus.len().checked_mul(8) != Some(scheme.key_bits()) {
            return Err(ActivationRequestError::KeySize);
        }
        let modulus = BoxedUint::from_be_slice_vartime(&modulus);
        let key = PublicKey::new(modulus, EXPONENT.into())
            .map_err(|_| ActivationRequestError::KeySize)?;
        let sealed = key.encrypt(rng, Pkcs1v15Encrypt, digits.as_bytes());
        let sealed = encode_hex(&sealed.map_err(|_| ActivationRequestError::KeySize)?);
        let reply = match scheme {
            Scheme::Legacy => {
                let mut fields = RawFields::default();
                fields.push("key", &sealed);
                sadp_proto::Document::encode("Challenge", &fields, XmlLayout::ElementPerLine)
            }
            Scheme::V3 => json!({ "challenge": *sealed }).to_string().into_bytes(),
        };
        let random = Random::new(scheme, digits.as_bytes()).ok_or(ActivationRequestError::Form)?;
        Ok((Self { scheme, random }, reply))
    }

    /// Opens the password of the second request.
    pub fn open_password(&self, request: &Body) -> Result<SecretString, ActivationRequestError> {
        let sealed = request
            .text("password")
            .and_then(decode_hex)
            .ok_or(ActivationRequestError::Form)?;
        let field = match self.scheme {
            Scheme::Legacy => self.open_legacy(sealed)?,
            Scheme::V3 => {
                let iv = request.text("iv").and_then(|iv| hex::decode(iv).ok());
                let iv = iv
                    .and_then(|iv| Iv::try_from(iv).ok())
                    .ok_or(ActivationRequestError::Form)?;
                self.open_v3(&sealed, &iv)?
            }
        };
        let password = field
            .strip_prefix(self.random.salt())
            .ok_or(ActivationRequestError::OtherKey)?;
        let text = std::str::from_utf8(password).map_err(|_| ActivationRequestError::OtherKey)?;
        if text.is_empty() || text.contains('\0') {
            return Err(ActivationRequestError::Form);
        }
        Ok(SecretString::from(text))
    }

    fn open_legacy(&self, sealed: Vec<u8>) -> Result<Zeroizing<Vec<u8>>, ActivationRequestError> {
        let mut field = Zeroizing::new(sealed);
        let cipher =
            Aes128::new_from_slice(&self.random.key).map_err(|_| ActivationRequestError::Form)?;
        if field.len() != 2 * BLOCK {
            return Err(ActivationRequestError::Form);
        }
        for block in field.as_chunks_mut::<BLOCK>().0 {
            cipher.decrypt_block(block.into());
        }
        let end = field
            .iter()
            .rposition(|&byte| byte != 0)
            .map_or(0, |last| last.saturating_add(1));
        field.truncate(end);
        Ok(field)
    }

    fn open_v3(
        &self,
        sealed: &[u8],
        iv: &Iv,
    ) -> Result<Zeroizing<Vec<u8>>, ActivationRequestError> {
        let key = &self.random.key;
        match key.len() {
            16 => decrypt_cbc::<Aes128>(key, iv, sealed),
            24 => decrypt_cbc::<Aes192>(key, iv, sealed),
            _ => decrypt_cbc::<Aes256>(key, iv, sealed),
        }
    }
}

/// The only public exponent that clients use.
const EXPONENT: u32 = 65_537;

fn decrypt_cbc<C: BlockCipherDecrypt + KeyInit>(
    key: &[u8],
    iv: &Iv,
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, ActivationRequestError> {
    let cipher =
        cbc::Decryptor::<C>::new_from_slices(key, iv).map_err(|_| ActivationRequestError::Form)?;
    let opened = cipher.decrypt_padded_vec::<Pkcs7>(sealed);
    opened
        .map(Zeroizing::new)
        .map_err(|_| ActivationRequestError::OtherKey)
}

/// Why a device cannot read an activation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ActivationRequestError {
    /// A value is missing, or not of its form and length.
    #[error("a value is missing or not in its form")]
    Form,
    /// The key is not of the size that the device takes: "Invalid JSON Content".
    #[error("not a public key of the right size")]
    KeySize,
    /// Sealed with another key.
    #[error("sealed with another key")]
    OtherKey,
}

#[cfg(test)]
mod tests {
    use getrandom::{SysRng, rand_core::UnwrapErr};
    use secrecy::ExposeSecret;

    use super::*;
    use crate::{
        ActivateStatus, IsapiRequest,
        activation::{ActivationError, Handshake},
    };
    use sadp_proto::seal::Password;

    const DIGITS: &str = "0123456789abcdef0123456789abcdef";
    const LEGACY: &str =
        "NGUwMzBjYTk3MzcwZmRlY2MzMzY3Zjk5NzBjMGI4YzNkMzc2ZDA0YjM3MjVlY2E4ZWRiMzhkMjNkNjBlMmIwYw==";
    const V3: &str =
        "MzI1Y2MwYzdiY2MxZjcyM2IxMjlkMWMyYTNlYjM5NGZmN2I2OGJjZjljMzk4YjExNWRkYjA1ZTMyMzk5MTUwYg==";
    const IV: &str = "000102030405060708090a0b0c0d0e0f";

    fn password(text: &str) -> Password {
        Password::new(text.into()).unwrap()
    }

    fn body(request: &IsapiRequest) -> Body {
        Body::read(&request.body.as_ref().unwrap().bytes).unwrap()
    }

    fn device(scheme: Scheme) -> DeviceHandshake {
        let random = Random::new(scheme, DIGITS.as_bytes()).unwrap();
        DeviceHandshake { scheme, random }
    }

    #[test]
    fn passwords_are_sealed_and_opened_to_the_vectors() {
        let legacy = device(Scheme::Legacy);
        assert_eq!(*legacy.random.seal_legacy(&password("Passw0rd!")), LEGACY);
        let request = format!("<ActivateInfo><password>{LEGACY}</password></ActivateInfo>");
        let opened = legacy.open_password(&Body::read(request.as_bytes()).unwrap());
        assert_eq!(opened.unwrap().expose_secret(), "Passw0rd!");

        let v3 = device(Scheme::V3);
        let iv = hex::decode(IV).unwrap().try_into().unwrap();
        assert_eq!(*v3.random.seal_v3(&password("Passw0rd!"), &iv).unwrap(), V3);
        let request = json!({ "password": V3, "iv": IV }).to_string();
        let opened = v3.open_password(&Body::read(request.as_bytes()).unwrap());
        assert_eq!(opened.unwrap().expose_secret(), "Passw0rd!");
    }

    #[test]
    fn both_sides_of_each_handshake_agree() {
        let mut rng = UnwrapErr(SysRng);
        for (scheme, digits) in [
            (Scheme::Legacy, DIGITS.to_owned()),
            (Scheme::V3, "0123456789abcdef".repeat(3)),
            (Scheme::V3, "0123456789abcdef".repeat(4)),
        ] {
            let client = Handshake::start(scheme, &mut rng).unwrap();
            let first = client.challenge_request();
            let (device, reply) =
                DeviceHandshake::answer(scheme, &body(&first), &digits, &mut rng).unwrap();
            for text in ["a", "abcdefgh12345678"] {
                let reply = Body::read(&reply).unwrap();
                let second = client
                    .activate_request(&reply, &password(text), &mut rng)
                    .unwrap();
                let opened = device.open_password(&body(&second)).unwrap();
                assert_eq!(opened.expose_secret(), text);
            }
            let other = match scheme {
                Scheme::Legacy => Scheme::V3,
                Scheme::V3 => Scheme::Legacy,
            };
            let refused = DeviceHandshake::answer(other, &body(&first), DIGITS, &mut rng);
            assert!(refused.is_err());
        }
    }

    #[test]
    fn digits_behind_others_are_found() {
        let mut rng = UnwrapErr(SysRng);
        let client = Handshake::start(Scheme::Legacy, &mut rng).unwrap();
        let key = PublicKey::from(&client.key);
        let sealed = key.encrypt(
            &mut rng,
            Pkcs1v15Encrypt,
            format!("ffff{DIGITS}").as_bytes(),
        );
        let reply = format!(
            "<Challenge><key>{}</key></Challenge>",
            *encode_hex(&sealed.unwrap())
        );
        let reply = Body::read(reply.as_bytes()).unwrap();
        assert_eq!(
            *client.open(&reply, &mut rng).unwrap().digits,
            DIGITS.as_bytes()
        );
    }

    #[test]
    fn no_password_leaves_for_a_reply_of_another() {
        let mut rng = UnwrapErr(SysRng);
        let client = Handshake::start(Scheme::Legacy, &mut rng).unwrap();
        let sealed_for_nobody = encode_hex(&[7; 128]);
        for reply in [
            "<x/>",
            "<x><key>?</key></x>",
            &format!("<x><key>{}</key></x>", *sealed_for_nobody),
        ] {
            let reply = Body::read(reply.as_bytes()).unwrap();
            let refused = client.activate_request(&reply, &password("Passw0rd!"), &mut rng);
            assert_eq!(refused.map(|_| ()), Err(ActivationError::BadChallenge));
        }
        let refusal = b"<ResponseStatus><statusCode>4</statusCode><subStatusCode>hasActivated</subStatusCode></ResponseStatus>";
        let refused = client.activate_request(
            &Body::read(refusal).unwrap(),
            &password("Passw0rd!"),
            &mut rng,
        );
        assert!(matches!(refused, Err(ActivationError::Refused(_))));
    }

    #[test]
    fn the_status_chooses_the_handshake() {
        for (support_version, scheme) in [
            (None, Scheme::Legacy),
            (Some(2), Scheme::Legacy),
            (Some(3), Scheme::V3),
        ] {
            let status = ActivateStatus {
                activated: false,
                support_version,
            };
            assert_eq!(Scheme::of(&status), scheme);
        }
    }
}
