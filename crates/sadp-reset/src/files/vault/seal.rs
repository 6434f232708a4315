//! Encryption with a passphrase, in the format of age: <https://age-encryption.org/v1>.

use age::{DecryptError, EncryptError, scrypt};
use secrecy::SecretString;
use zeroize::Zeroizing;

pub(super) fn seal(
    bytes: &[u8],
    phrase: &SecretString,
    work_factor: Option<u8>,
) -> Result<Vec<u8>, EncryptError> {
    let mut recipient = scrypt::Recipient::new(phrase.clone());
    if let Some(log_n) = work_factor {
        recipient.set_work_factor(log_n);
    }
    age::encrypt(&recipient, bytes)
}

pub(super) fn open(
    bytes: &[u8],
    phrase: &SecretString,
) -> Result<Zeroizing<Vec<u8>>, DecryptError> {
    let mut identity = scrypt::Identity::new(phrase.clone());
    identity.set_max_work_factor(MAX_WORK_FACTOR);
    age::decrypt(&identity, bytes).map(Zeroizing::new)
}

pub(super) fn is_sealed(bytes: &[u8]) -> bool {
    bytes.starts_with(b"age-encryption.org/")
}

/// Files of a fast machine have to open on a slow one; a hostile file must not
/// keep it busy for ever, nor take more than 4 GiB.
const MAX_WORK_FACTOR: u8 = 22;
