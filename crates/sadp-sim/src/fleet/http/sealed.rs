//! Encrypted values within requests: `?security=1&iv=..`.
//!
//! Values are encrypted towards the device only: what it shows stays plain text.

use quick_xml::escape::unescape;
use sadp_isapi::{SecurityCapabilities, digest::LoginCredentials, fields::FieldKey};
use secrecy::SecretString;

use super::{RequestContext, StatusWord};

/// The rounds of the key's derivation, as all known devices have them.
pub(super) const ROUNDS: u32 = 100;

impl RequestContext<'_> {
    /// What a client needs for the key. Recorders keep passwords in a form that they can
    /// read; cameras use the account's salt.
    pub(super) fn sealing(&self) -> SecurityCapabilities {
        SecurityCapabilities {
            security_version: Some("1".into()),
            key_iterate_num: Some(ROUNDS),
            is_irreversible: Some(!self.device.profile.is_recorder()),
            salt: Some(hex::encode(self.device.identity.salt).into()),
            ..SecurityCapabilities::default()
        }
    }

    /// Reads a value of an XML document. Clients escape it before they encrypt it.
    pub(super) fn open_xml(&self, text: &str) -> Result<SecretString, StatusWord> {
        match self.open(text)? {
            None => Ok(text.into()),
            Some(opened) => match unescape(&opened) {
                Ok(text) => Ok((&*text).into()),
                Err(_) => Err(StatusWord::BadXmlContent),
            },
        }
    }

    /// Reads a value of a JSON document.
    pub(super) fn open_json(&self, text: &str) -> Result<SecretString, StatusWord> {
        let opened = self.open(text)?;
        Ok(opened.as_deref().unwrap_or(text).into())
    }

    /// Decrypts a value. `None` where the request has plain values.
    fn open(&self, text: &str) -> Result<Option<String>, StatusWord> {
        match self.parameter("security") {
            None | Some("0") => return Ok(None),
            Some("1") if self.profile.sealed_values => {}
            Some(_) => return Err(StatusWord::BadParameters),
        }
        let mut iv = [0; 16];
        let digits = self.parameter("iv").unwrap_or_default();
        hex::decode_to_slice(digits, &mut iv).map_err(|_| StatusWord::BadParameters)?;
        let credentials = LoginCredentials {
            user: &self.device.user(),
            password: self.device.access.password.text(),
        };
        let key = FieldKey::derive(&self.sealing(), credentials);
        let opened = key.and_then(|key| key.open(text, &iv));
        let opened = opened.ok_or(StatusWord::BadParameters)?;
        Ok(Some(opened.to_string()))
    }

    /// A parameter of the query.
    fn parameter(&self, name: &str) -> Option<&str> {
        let (_, query) = self.request.target.split_once('?')?;
        let mut all = query.split('&').filter_map(|pair| pair.split_once('='));
        all.find_map(|(known, value)| (known == name).then_some(value))
    }
}
