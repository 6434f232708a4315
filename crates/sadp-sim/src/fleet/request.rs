//! How a request to the vendor is made: `getcode` and `getencryptstring`.

use rand::rngs::Xoshiro256PlusPlus;

use super::{
    command::{Answer, Order},
    exchange::nonce,
    memory::{Made, Memory},
};
use crate::{Device, desk::RequestCode};

/// Makes a request, in place of the one before. Only `getencryptstring` makes
/// one that a key answers, too.
pub(super) fn answer(
    device: &Device,
    memory: &mut Memory,
    order: Order<'_>,
    rng: &mut Xoshiro256PlusPlus,
) -> Answer {
    if !device.state.activated {
        return Answer::refused("notActivated");
    }
    let takes_key = order.types == "getencryptstring";
    let element = if takes_key { "EncryptString" } else { "Code" };
    let code = RequestCode {
        takes_key,
        mac: device.identity.mac,
        nonce: nonce(rng),
    };
    let answer = Answer::success().with(element, code.to_string());
    memory.request = Some(Made::new(code, order.now));
    answer
}
