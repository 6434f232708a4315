//! The elements of a command, and the request for a session key.

use sadp_model::RawFields;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::Document;

/// The `Types` of a key exchange.
pub(crate) const EXCHANGE: &str = "exchangecode";

/// Encodes the key request.
pub(crate) fn exchange_code(uuid: Uuid, mac: &str, code: &str) -> Zeroizing<Vec<u8>> {
    let mut fields = CommandFields::default();
    fields.head(uuid, mac, EXCHANGE);
    fields.put("Code", code);
    fields.encode()
}

/// The elements of a command, in the order they are sent. Wiped when dropped.
pub(super) struct CommandFields(Zeroizing<RawFields>);

impl Default for CommandFields {
    fn default() -> Self {
        Self(Zeroizing::new(RawFields::with_capacity(Self::MAX_BYTES)))
    }
}

impl CommandFields {
    /// More than any command needs. Growing would leave a copy in memory.
    pub(super) const MAX_BYTES: usize = 4096;

    /// Adds the first elements of most commands.
    pub(super) fn head(&mut self, uuid: Uuid, mac: &str, types: &str) {
        self.put_uuid(uuid);
        self.put("MAC", mac);
        self.put("Types", types);
    }

    pub(super) fn put_uuid(&mut self, uuid: Uuid) {
        let mut buffer = Uuid::encode_buffer();
        self.put("Uuid", uuid.hyphenated().encode_upper(&mut buffer));
    }

    pub(super) fn put(&mut self, name: &str, text: &str) {
        self.0.push(name, text);
    }

    pub(super) fn put_or(&mut self, name: &str, value: Option<impl ToString>, unset: &str) {
        let text = value.map_or_else(|| unset.to_owned(), |value| value.to_string());
        self.put(name, &text);
    }

    pub(super) fn put_some(&mut self, name: &str, value: Option<impl ToString>) {
        if let Some(value) = value {
            self.put(name, &value.to_string());
        }
    }

    pub(super) fn encode(&self) -> Zeroizing<Vec<u8>> {
        Document::encode_secret("Probe", &self.0)
    }
}
