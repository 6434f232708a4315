//! Scans on loopback against devices made of one socket each.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set itself up has failed"
)]

use std::{
    future::pending,
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use sadp_discovery::{LinkConfig, Notice, Scan, ScanConfig, ScanError, ScanReport};
use sadp_model::{MacAddr, Via};
use sadp_proto::{Endpoint, Message, StopCondition, Sweep};
use socket2::{Domain, Socket, Type};
use tokio::net::UdpSocket;

const LOOPBACK: Ipv4Addr = Ipv4Addr::LOCALHOST;
const GROUP: Ipv4Addr = Ipv4Addr::new(239, 255, 77, 1);
const REPLY: &str = include_str!("../../../fixtures/replies/camera-v5.5.xml");
const UUID: &str = "0F6B1D5E-3C9A-4E57-9B7A-6A2C41D7E803";

/// A device's socket on a free port: shared as a device's would be when it
/// answers by multicast, else its own.
fn device_socket(shared: bool) -> (UdpSocket, u16) {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, None).unwrap();
    if shared {
        socket.set_reuse_address(true).unwrap();
        #[cfg(unix)]
        socket.set_reuse_port(true).unwrap();
    }
    socket.set_nonblocking(true).unwrap();
    socket.set_multicast_if_v4(&LOOPBACK).unwrap();
    socket
        .bind(&SocketAddr::from(([0, 0, 0, 0], 0)).into())
        .unwrap();
    socket.join_multicast_v4(&GROUP, &LOOPBACK).unwrap();
    let socket = UdpSocket::from_std(socket.into()).unwrap();
    let port = socket.local_addr().unwrap().port();
    (socket, port)
}

/// Answers every inquiry with these datagrams and its UUID, to the asker or to
/// the group.
async fn answer(socket: UdpSocket, port: u16, via: Via, replies: Vec<&str>) {
    let mut buffer = [0; 2048];
    while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
        let Ok(Message::Request(request)) = Message::decode(&buffer[..length]) else {
            continue;
        };
        let uuid = request.fields.first("Uuid").unwrap();
        let to = if via == Via::Multicast {
            SocketAddr::from((GROUP, port))
        } else {
            from
        };
        for reply in &replies {
            let reply = reply.replace(UUID, uuid);
            socket.send_to(reply.as_bytes(), to).await.unwrap();
        }
    }
}

fn config(port: u16, stop: StopCondition) -> ScanConfig {
    ScanConfig {
        link: LinkConfig {
            interfaces: vec!["127.0.0.1".into()],
            endpoints: vec![Endpoint::sadp(GROUP, port)],
            ..LinkConfig::default()
        },
        stop,
        ..ScanConfig::default()
    }
}

async fn scan(config: &ScanConfig) -> ScanReport {
    Scan::open(config).unwrap().run(pending(), |_, _| {}).await
}

#[tokio::test]
async fn a_device_that_answers_by_multicast_is_found() {
    let (socket, port) = device_socket(true);
    tokio::spawn(answer(socket, port, Via::Multicast, vec![REPLY]));
    let report = scan(&config(port, StopCondition::Auto)).await;
    assert_eq!(report.entries.len(), 1, "{report:?}");
    let entry = &report.entries[0];
    assert_eq!(
        entry.device.mac,
        Some(MacAddr::new([0xc4, 0x2f, 0x90, 0x5a, 0x10, 0x07]))
    );
    assert_eq!(entry.seen[0].via, Via::Multicast);
    assert_eq!(entry.seen[0].from, LOOPBACK);
    assert!(report.notices.is_empty(), "{:?}", report.notices);
}

#[tokio::test]
async fn a_device_that_answers_by_unicast_is_found_though_its_port_is_held_exclusively() {
    let (socket, port) = device_socket(false);
    let unreadable = "no XML at all";
    tokio::spawn(answer(socket, port, Via::Unicast, vec![unreadable, REPLY]));
    let report = scan(&config(port, StopCondition::Auto)).await;
    assert!(
        matches!(report.notices[..], [Notice::PortTaken(_)]),
        "{:?}",
        report.notices
    );
    assert_eq!(report.entries.len(), 1);
    assert_eq!(report.entries[0].seen[0].via, Via::Unicast);
    assert!(
        report.stats.unreadable > 0,
        "what cannot be read is counted"
    );
    assert!(report.stats.unreadable_from.contains_key(&LOOPBACK.into()));
}

#[tokio::test]
async fn a_target_is_asked_at_its_own_address() {
    let (socket, port) = device_socket(false);
    socket.leave_multicast_v4(GROUP, LOOPBACK).unwrap();
    let reply: &'static str = REPLY.replace("192.168.1.108", "127.0.0.1").leak();
    tokio::spawn(answer(socket, port, Via::Unicast, vec![reply]));
    let targets = ["127.0.0.1/32".parse().unwrap()];
    let config = ScanConfig {
        sweep: Some(Sweep::new(&targets, 1000).unwrap()),
        ..config(port, StopCondition::Auto)
    };
    let report = scan(&config).await;
    assert_eq!(report.entries.len(), 1, "{report:?}");
    assert!(report.entries[0].answered_directly);
}

#[tokio::test]
async fn a_scan_that_is_stopped_keeps_what_it_received() {
    let (socket, port) = device_socket(true);
    tokio::spawn(answer(socket, port, Via::Multicast, vec![REPLY]));
    let config = config(port, StopCondition::Fixed(Duration::from_hours(1)));
    let (found, stop) = tokio::sync::oneshot::channel();
    let mut found = Some(found);
    let observe = |progress: sadp_proto::SurveyProgress, _: &[sadp_model::DeviceRecord]| {
        if progress.devices > 0
            && let Some(found) = found.take()
        {
            found.send(()).unwrap();
        }
    };
    let stop = async { stop.await.unwrap() };
    let report = Scan::open(&config).unwrap().run(stop, observe).await;
    assert_eq!(report.entries.len(), 1);
}

#[tokio::test]
async fn an_unknown_interface_is_refused_with_those_there_are() {
    let link = LinkConfig {
        interfaces: vec!["no-such-interface".into()],
        ..LinkConfig::default()
    };
    let config = ScanConfig {
        link,
        ..ScanConfig::default()
    };
    let error = Scan::open(&config).unwrap_err();
    let ScanError::UnknownInterface { name, known } = &error else {
        panic!("{error}");
    };
    assert_eq!(name, "no-such-interface");
    assert!(
        known.iter().any(|known| known.contains("127.0.0.1")),
        "{known:?}"
    );
}
