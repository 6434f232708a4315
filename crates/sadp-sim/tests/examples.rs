//! The examples do what they say: the scan finds the simulated device, on
//! loopback alone.

#[expect(dead_code, reason = "only its main is not called")]
#[path = "../examples/device.rs"]
mod device;
#[expect(dead_code, reason = "only its main is not called")]
#[path = "../../sadp-discovery/examples/scan.rs"]
mod scan;

use std::net::{Ipv4Addr, SocketAddrV4};

use sadp_discovery::LinkConfig;
use sadp_model::State;
use sadp_proto::Endpoint;
use sadp_sim::{Server, ServerConfig, ServerInterface};

const GROUP: Ipv4Addr = Ipv4Addr::new(239, 255, 77, 78);

#[tokio::test]
async fn the_scan_finds_the_simulated_device() {
    let interface = ServerInterface::find("127.0.0.1").unwrap();
    let devices = device::devices(&interface).unwrap();
    let config = ServerConfig {
        group: SocketAddrV4::new(GROUP, 0),
        ..ServerConfig::new(interface)
    };
    let server = Server::bind(&config, devices).unwrap();
    let mut link = LinkConfig {
        interfaces: vec!["127.0.0.1".into()],
        ..LinkConfig::default()
    };
    link.endpoints = vec![Endpoint::sadp(GROUP, server.port())];
    let playing = tokio::spawn(server.run(std::future::pending()));
    let entries = scan::scan(link).await.unwrap();
    playing.abort();
    assert_eq!(entries.len(), 1, "{entries:?}");
    let device = &entries[0].device;
    assert_eq!(device.model.as_deref(), Some("DS-2CD7777-I"));
    assert_eq!(device.oem.as_deref(), Some("Corner shop"));
    assert_eq!(device.state, Some(State::Unactivated));
    assert_eq!(device.ports.http, Some(8080));
}
