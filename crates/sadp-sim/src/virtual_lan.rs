//! A fleet on a network inside this process.

use std::{
    net::SocketAddrV4,
    sync::{Arc, Mutex, PoisonError},
};

use sadp_discovery::{VirtualDatagram, VirtualDevices};
use tokio::time::Instant;

use crate::{Fleet, FleetDestination, InboundDatagram, server::until};

/// Runs the devices until no client is left. The caller keeps the fleet and may inspect
/// its devices; time starts now and follows tokio's clock. Each device sends from its own
/// address.
pub async fn serve_virtual(fleet: Arc<Mutex<Fleet>>, mut network: VirtualDevices) {
    let start = Instant::now();
    loop {
        let due = {
            let mut fleet = fleet.lock().unwrap_or_else(PoisonError::into_inner);
            send_due(&mut fleet, &network, start);
            fleet.poll_timeout()
        };
        tokio::select! {
            biased;
            heard = network.recv() => {
                let Some(heard) = heard else { return };
                let mut fleet = fleet.lock().unwrap_or_else(PoisonError::into_inner);
                let datagram = InboundDatagram {
                    from: heard.from,
                    destination: Some(*heard.to.ip()),
                    payload: &heard.payload,
                };
                fleet.handle_datagram(start.elapsed(), &datagram);
            }
            () = until(due.map(|due| start + due)) => {}
        }
    }
}

fn send_due(fleet: &mut Fleet, network: &VirtualDevices, start: Instant) {
    while let Some(transmit) = fleet.poll_transmit(start.elapsed()) {
        let FleetDestination::Udp(to) = transmit.destination else {
            continue;
        };
        let Some(device) = fleet.devices().get(transmit.device) else {
            continue;
        };
        network.send(&VirtualDatagram {
            from: SocketAddrV4::new(device.settings.address, sadp_proto::PORT),
            to,
            payload: transmit.payload,
        });
    }
}
