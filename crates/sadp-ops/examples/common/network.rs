//! Simulated devices on a network inside this process.

use std::sync::{Arc, Mutex};

use sadp_discovery::{LinkConfig, ScanConfig, VirtualLan};
use sadp_sim::{Fleet, FleetConfig, Site, serve_virtual};

/// A network with the devices of a site file.
pub(crate) fn simulated(site: &str) -> Result<ScanConfig, Box<dyn std::error::Error>> {
    let network = "192.168.1.9/24".parse()?;
    let (lan, devices) = VirtualLan::new(network, jiff::Timestamp::now());
    let config = FleetConfig::new(network.addr(), vec![network]);
    let fleet = Fleet::new(Site::parse(site)?.build(network)?, config);
    tokio::spawn(serve_virtual(Arc::new(Mutex::new(fleet)), devices));
    let link = LinkConfig {
        network: Some(lan),
        ..LinkConfig::default()
    };
    Ok(ScanConfig {
        link,
        ..ScanConfig::default()
    })
}
