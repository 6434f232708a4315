//! Other devices' MACs, at the attacker's address.

use std::{net::Ipv4Addr, time::Duration};

use rand::rngs::Xoshiro256PlusPlus;
use sadp_model::RawFields;
use sadp_proto::{Document, Types};

use super::{Asked, Speaker, Trick, Volley, account};
use crate::{Device, device::Telling};

/// Half of the victims get a twin with a serial of its own; the others' whole
/// account is told, but for the address.
#[derive(Debug)]
pub(super) struct StolenMacs {
    accounts: Vec<RawFields>,
}

impl StolenMacs {
    /// How many devices it pretends to be.
    const VICTIMS: usize = 64;

    pub(super) fn new(address: Ipv4Addr, devices: &[Device]) -> Self {
        let address = address.to_string();
        let steal = |(number, device): (usize, &Device)| {
            let told = device.tell(Telling::Hello);
            let account = Document::decode(&told).ok()?.fields;
            let types = [("Types", "inquiry"), ("IPv4Address", &*address)];
            let account = account::but(&account, &types);
            let serial = format!("TWIN{number}");
            Some(if number % 2 == 0 {
                account::but(&account, &[("DeviceSN", &serial)])
            } else {
                account
            })
        };
        let victims = devices.iter().take(Self::VICTIMS).enumerate();
        Self {
            accounts: victims.filter_map(steal).collect(),
        }
    }
}

impl Trick for StolenMacs {
    fn hear(
        &mut self,
        asked: &Asked<'_>,
        _: &mut Xoshiro256PlusPlus,
        answers: &mut Vec<Volley>,
    ) -> u64 {
        if asked.request.header.types != Types::Inquiry {
            return 0;
        }
        let uuid = asked.request.fields.first("Uuid").unwrap_or_default();
        answers.extend(self.accounts.iter().map(|account| Volley {
            after: Duration::ZERO,
            speaker: Speaker::Attacker,
            destination: asked.asker,
            payload: account::reply(&account::but(account, &[("Uuid", uuid)])),
        }));
        0
    }
}
