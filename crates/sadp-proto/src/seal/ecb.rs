//! AES-128-ECB over whole blocks, as SADP uses it throughout.

use aes::{
    Aes128,
    cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit},
};
use zeroize::Zeroizing;

pub(super) const BLOCK: usize = 16;

pub(super) type Key = [u8; BLOCK];

/// The key of both sides after an exchange: the first 16 raw bytes that the device chose.
pub(super) fn session_key(random: &[u8]) -> Zeroizing<Key> {
    let mut key = Zeroizing::new([0; BLOCK]);
    for (slot, byte) in key.iter_mut().zip(random) {
        *slot = *byte;
    }
    key
}

/// Encrypts in place. Bytes after the last whole block stay unchanged.
pub(super) fn encrypt(key: &Key, bytes: &mut [u8]) {
    let cipher = Aes128::new(key.into());
    for block in bytes.as_chunks_mut::<BLOCK>().0 {
        cipher.encrypt_block(block.into());
    }
}

/// Decrypts in place. Bytes after the last whole block stay unchanged.
pub(super) fn decrypt(key: &Key, bytes: &mut [u8]) {
    let cipher = Aes128::new(key.into());
    for block in bytes.as_chunks_mut::<BLOCK>().0 {
        cipher.decrypt_block(block.into());
    }
}
