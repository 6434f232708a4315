//! A simulated device of one's own, until Ctrl-C. In two terminals:
//!
//! ```sh
//! cargo run -p sadp-sim --example device lo
//! cargo run -- -i lo scan
//! ```

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::{error::Error, time::Duration};

use sadp_sim::{Device, Reply, Server, ServerConfig, ServerInterface, Site};

/// It comes from the box and says what its maker never wrote; its firmware
/// refuses every first password.
const SITE: &str = r#"
    [[device]]
    profile = "ipc-v5.5.82"
    model = "DS-2CD7777-I"
    mac = "44:47:cc:77:77:77"
    activated = false
    fields = { OEMInfo = "Corner shop" }
    refuse = { activate = "riskPassword" }
"#;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let name = std::env::args().nth(1);
    let interface = ServerInterface::find(&name.ok_or("name an interface to be on, e.g. lo")?)?;
    let devices = devices(&interface)?;
    let server = Server::bind(&ServerConfig::new(interface), devices)?;
    println!("playing one device; Ctrl-C ends it");
    let stats = server
        .run(async { drop(tokio::signal::ctrl_c().await) })
        .await?;
    println!("heard {} inquiries", stats.inquiries);
    Ok(())
}

/// A site file says what a device is; what it says there can be changed in
/// code, too.
pub(crate) fn devices(interface: &ServerInterface) -> Result<Vec<Device>, Box<dyn Error>> {
    let mut devices = Site::parse(SITE)?.build(interface.network())?;
    for device in &mut devices {
        device.behavior.reply = Reply::Unicast;
        device.behavior.restart = Some(Duration::from_mins(1));
        device.settings.http_port = 8080;
    }
    Ok(devices)
}
