//! Devices' own words, from the attacker's address.

use std::time::Duration;

use rand::rngs::Xoshiro256PlusPlus;
use sadp_proto::Types;

use super::{Asked, Speaker, Trick, Volley, exchange::ForgedExchange};
use crate::{Device, device::Telling};

/// Tells what the devices tell, sooner than most of them, so that it is taken
/// for a second way to hear them. Who then asks it for a key seals for it.
#[derive(Debug)]
pub(super) struct EchoedAccounts {
    victims: Vec<Device>,
    exchange: ForgedExchange,
}

impl EchoedAccounts {
    /// How many devices it pretends to be.
    const VICTIMS: usize = 64;

    pub(super) fn new(devices: &[Device]) -> Self {
        let victims: Vec<_> = devices.iter().take(Self::VICTIMS).cloned().collect();
        Self {
            exchange: ForgedExchange::new(&victims, Speaker::Attacker, Duration::ZERO),
            victims,
        }
    }
}

impl Trick for EchoedAccounts {
    fn hear(
        &mut self,
        asked: &Asked<'_>,
        rng: &mut Xoshiro256PlusPlus,
        answers: &mut Vec<Volley>,
    ) -> u64 {
        if asked.request.header.types != Types::Inquiry {
            return self.exchange.hear(asked, rng, answers);
        }
        let uuid = asked.request.fields.first("Uuid").unwrap_or_default();
        answers.extend(self.victims.iter().map(|device| Volley {
            after: Duration::ZERO,
            speaker: Speaker::Attacker,
            destination: asked.asker,
            payload: device.tell(Telling::Inquiry { uuid }),
        }));
        0
    }
}
