//! A scan in ten lines. To try it without any device, in two terminals:
//!
//! ```sh
//! cargo run -- -i lo sim run --count 25
//! cargo run -p sadp-discovery --example scan lo
//! ```

#![expect(clippy::print_stdout, reason = "an example shows what it finds")]

use std::{error::Error, future::pending};

use sadp_discovery::{LinkConfig, Scan, ScanConfig};
use sadp_model::{DeviceRecord, text::clean};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let interface = std::env::args().nth(1);
    let link = LinkConfig {
        interfaces: vec![interface.ok_or("name an interface to scan, e.g. lo")?],
        ..LinkConfig::default()
    };
    for entry in scan(link).await? {
        let device = &entry.device;
        let model = device.model.as_deref().unwrap_or("unknown model");
        // Whoever is on the network chose this text: no terminal should obey it.
        println!(
            "{} {:?} {:?}",
            clean(model),
            device.ipv4.address,
            device.state
        );
    }
    Ok(())
}

/// The devices on these interfaces. It asks until nothing new comes, and
/// changes nothing on them.
pub(crate) async fn scan(link: LinkConfig) -> Result<Vec<DeviceRecord>, Box<dyn Error>> {
    let config = ScanConfig {
        link,
        ..ScanConfig::default()
    };
    let report = Scan::open(&config)?.run(pending(), |_, _| {}).await;
    Ok(report.entries)
}
