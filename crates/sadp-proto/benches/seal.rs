//! Sealing speed: operations per second on one core.

use base64::{Engine, prelude::BASE64_STANDARD};
use divan::Bencher;
use getrandom::{SysRng, rand_core::UnwrapErr};
use rsa::{Pkcs1v15Encrypt, PublicKey, pkcs1::DecodeRsaPublicKey};
use sadp_proto::seal::{ExchangeKey, Password, Salts, UpdateDigest};
use uuid::Uuid;

fn main() {
    divan::main();
}

fn password() -> Password {
    Password::new("Garden7!".into()).expect("the password is short enough")
}

/// A key and a device's reply to it.
fn exchange() -> (ExchangeKey, String) {
    let key = ExchangeKey::generate(&mut UnwrapErr(SysRng)).expect("a key can be made");
    let code = key.public_code().expect("a key can be written");
    let der = BASE64_STANDARD.decode(code).expect("the code is base64");
    let public = PublicKey::from_pkcs1_der(&der).expect("the code is a public key");
    let sealed = public.encrypt(
        &mut UnwrapErr(SysRng),
        Pkcs1v15Encrypt,
        b"0123456789abcdef0123456789abcdef",
    );
    (
        key,
        BASE64_STANDARD.encode(sealed.expect("a key of 1024 bits holds 32 bytes")),
    )
}

#[divan::bench]
fn generate_key() -> ExchangeKey {
    ExchangeKey::generate(&mut UnwrapErr(SysRng)).expect("a key can be made")
}

#[divan::bench]
fn open_exchange(bencher: Bencher<'_, '_>) {
    let (key, code) = exchange();
    bencher.bench(|| key.open(&code, &mut UnwrapErr(SysRng)));
}

#[divan::bench]
fn seal_password(bencher: Bencher<'_, '_>) {
    let (key, code) = exchange();
    let session = key
        .open(&code, &mut UnwrapErr(SysRng))
        .expect("the code was made for this key");
    let password = password();
    bencher.bench(|| session.seal_password(&password));
}

#[divan::bench]
fn digest_for_update(bencher: Bencher<'_, '_>) {
    let password = password();
    let salt = "0123456789abcdef".repeat(4);
    bencher.bench(|| {
        Some(
            UpdateDigest::new("admin", Salts::single(&salt), &password)
                .ok()?
                .bound_to(Uuid::nil()),
        )
    });
}
