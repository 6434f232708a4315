//! How a key exchange is answered.

use rand::{RngExt, rngs::Xoshiro256PlusPlus};
use sadp_proto::{
    rand_core::{CryptoRng, Error, RngCore},
    seal::device::answer_exchange,
};

use super::{
    command::{Answer, Order},
    memory::Memory,
};
use crate::desk::Nonce;

/// Chooses the key for the command that follows. The latest exchange counts,
/// whoever asked for it. `Result` stands before `Code`: the vendor's clients
/// refuse an exchange without it.
pub(super) fn answer(
    memory: &mut Memory,
    order: Order<'_>,
    rng: &mut Xoshiro256PlusPlus,
) -> Answer {
    let code = order.fields.first("Code").unwrap_or_default();
    let mut chance = Chance(rng);
    let random = chance.hexadecimal();
    match answer_exchange(code, random.as_bytes(), &mut chance) {
        Ok((code, session)) => {
            memory.keep_exchange(*order.asker.ip(), order.now, session);
            Answer::success().with("Code", code)
        }
        Err(_) => Answer::refused("failed"),
    }
}

/// A random word.
pub(super) fn nonce(rng: &mut Xoshiro256PlusPlus) -> Nonce {
    Nonce::new(&Chance(rng).hexadecimal())
}

/// The fleet's generator as sealing takes it. That it is no cryptographic one
/// is what makes a simulation repeatable: nothing here is secret.
pub(crate) struct Chance<'a>(pub(crate) &'a mut Xoshiro256PlusPlus);

impl Chance<'_> {
    /// What real devices choose: 32 lower-case hexadecimal digits.
    pub(crate) fn hexadecimal(&mut self) -> String {
        let digit = |_| char::from_digit(self.0.random_range(0..16), 16).unwrap_or_default();
        (0..32).map(digit).collect()
    }
}

impl RngCore for Chance<'_> {
    fn next_u32(&mut self) -> u32 {
        self.0.random()
    }

    fn next_u64(&mut self) -> u64 {
        self.0.random()
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        self.0.fill(bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

impl CryptoRng for Chance<'_> {}
