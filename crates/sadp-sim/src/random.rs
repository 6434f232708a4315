//! Chance, repeatable by its seed.

use std::convert::Infallible;

use rand::{RngExt, rngs::Xoshiro256PlusPlus};
use sadp_proto::rand_core::{TryCryptoRng, TryRng};

/// The fleet's generator for sealing. It is not cryptographic, which makes simulations
/// repeatable: nothing here is secret.
pub(crate) struct SimulatedRng<'a>(pub(crate) &'a mut Xoshiro256PlusPlus);

impl SimulatedRng<'_> {
    /// Chooses 32 lower-case hexadecimal digits, as real devices do.
    pub(crate) fn hexadecimal(&mut self) -> String {
        (0..32)
            .filter_map(|_| char::from_digit(self.0.random_range(0..16), 16))
            .collect()
    }
}

impl TryRng for SimulatedRng<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.0.random())
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.0.random())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill(bytes);
        Ok(())
    }
}

impl TryCryptoRng for SimulatedRng<'_> {}
