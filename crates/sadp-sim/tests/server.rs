//! The server at real sockets, on loopback alone.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests, too")]

use std::{
    collections::HashSet,
    net::{Ipv4Addr, SocketAddrV4},
    time::Duration,
};

use getrandom::{SysRng, rand_core::UnwrapErr};
use sadp_proto::{
    Command, CommandOutcome, Exchange, ExchangeStep, Inquiry, Message, Target, seal::Password,
};
use sadp_sim::{Behavior, Device, Population, Reply, Server, ServerConfig, ServerInterface, Stats};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::{net::UdpSocket, sync::oneshot, time::timeout};
use uuid::Uuid;

const GROUP: Ipv4Addr = Ipv4Addr::new(239, 255, 77, 77);
const LOOPBACK: Ipv4Addr = Ipv4Addr::LOCALHOST;

/// Far more than it takes; only a failure waits for it.
const LIMIT: Duration = Duration::from_mins(10);

struct Running {
    port: u16,
    stop: oneshot::Sender<()>,
    task: tokio::task::JoinHandle<Stats>,
}

impl Running {
    fn start(count: u32, reply: Reply) -> Self {
        Self::play(population(count, reply))
    }

    fn play(devices: Vec<Device>) -> Self {
        let config = ServerConfig {
            group: SocketAddrV4::new(GROUP, 0),
            ..ServerConfig::new(ServerInterface::find("127.0.0.1").unwrap())
        };
        let server = Server::bind(&config, devices).unwrap();
        let port = server.port();
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(async move {
            let stop = async { drop(stopped.await) };
            server.run(stop).await.unwrap()
        });
        Self { port, stop, task }
    }

    async fn stop(self) -> Stats {
        self.stop.send(()).unwrap();
        timeout(LIMIT, self.task).await.unwrap().unwrap()
    }
}

fn population(count: u32, reply: Reply) -> Vec<Device> {
    let behavior = Behavior {
        reply,
        hello: false,
        ..Behavior::default()
    };
    let network = "192.168.1.9/24".parse().unwrap();
    Population {
        count,
        seed: 1,
        network,
        behavior,
    }
    .generate()
    .unwrap()
}

/// A client's socket on loopback. With a port other than 0 it shares the port
/// and hears the group.
fn client(port: u16) -> UdpSocket {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP)).unwrap();
    socket.set_nonblocking(true).unwrap();
    socket.set_multicast_if_v4(&LOOPBACK).unwrap();
    if port == 0 {
        socket.bind(&SocketAddrV4::new(LOOPBACK, 0).into()).unwrap();
    } else {
        socket.set_reuse_address(true).unwrap();
        #[cfg(unix)]
        socket.set_reuse_port(true).unwrap();
        socket
            .bind(&SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, port).into())
            .unwrap();
        socket.join_multicast_v4(&GROUP, &LOOPBACK).unwrap();
    }
    UdpSocket::from_std(socket.into()).unwrap()
}

/// The distinct devices heard until there are as many as expected.
async fn heard(socket: &UdpSocket, count: usize) -> usize {
    let mut found = HashSet::new();
    let mut buffer = [0; 4096];
    while found.len() < count {
        let (length, from) = timeout(LIMIT, socket.recv_from(&mut buffer))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(from.ip(), LOOPBACK);
        if let Message::Report(report) = Message::decode(&buffer[..length]).unwrap() {
            found.insert(report.device.mac);
        }
    }
    found.len()
}

fn inquiry() -> Vec<u8> {
    Inquiry {
        uuid: Uuid::from_u128(42),
    }
    .encode()
}

#[tokio::test]
async fn an_inquiry_to_the_group_is_answered_to_the_asker() {
    let server = Running::start(20, Reply::Unicast);
    let client = client(0);
    client
        .send_to(&inquiry(), (GROUP, server.port))
        .await
        .unwrap();
    assert_eq!(heard(&client, 20).await, 20);
    let stats = server.stop().await;
    assert_eq!((stats.inquiries, stats.replies, stats.failed), (1, 20, 0));
}

#[tokio::test]
async fn an_inquiry_to_the_group_is_answered_to_the_group() {
    let server = Running::start(20, Reply::Multicast);
    let listener = client(server.port);
    let asker = client(0);
    asker
        .send_to(&inquiry(), (GROUP, server.port))
        .await
        .unwrap();
    assert_eq!(heard(&listener, 20).await, 20);
    let stats = server.stop().await;
    assert_eq!((stats.inquiries, stats.replies), (1, 20));
}

#[tokio::test]
async fn an_inquiry_to_the_interfaces_address_is_answered_though_the_port_is_shared() {
    let server = Running::start(5, Reply::Unicast);
    let _other_program = client(server.port);
    let client = client(0);
    client
        .send_to(&inquiry(), (LOOPBACK, server.port))
        .await
        .unwrap();
    assert_eq!(heard(&client, 5).await, 5);
    assert_eq!(server.stop().await.inquiries, 1);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_inquiry_to_an_address_no_device_has_is_not_answered() {
    let server = Running::start(5, Reply::Unicast);
    let client = client(0);
    // All of 127.0.0.0/8 is this computer's, but no device's.
    client
        .send_to(&inquiry(), (Ipv4Addr::new(127, 0, 0, 9), server.port))
        .await
        .unwrap();
    // The server reads both before it answers: client and server share a thread.
    client
        .send_to(&inquiry(), (LOOPBACK, server.port))
        .await
        .unwrap();
    assert_eq!(heard(&client, 5).await, 5);
    let stats = server.stop().await;
    assert_eq!(
        (stats.inquiries, stats.nobody_there, stats.replies),
        (1, 1, 5)
    );
}

/// Plays one command to a device at the server.
async fn command(
    socket: &UdpSocket,
    port: u16,
    device: &Device,
    command: Command,
) -> CommandOutcome {
    let mac = device.identity.mac;
    let target = Target {
        mac,
        mac_text: mac.to_string().into(),
        from: LOOPBACK.into(),
        response_time: None,
        seals_code: false,
    };
    let mut exchange = Exchange::new(target, command, UnwrapErr(SysRng));
    // Its time stands still until it is answered: nothing is asked twice.
    let mut now = Duration::ZERO;
    let mut buffer = [0; 4096];
    loop {
        exchange.handle_timeout(now);
        if let Some(outcome) = exchange.poll_outcome() {
            return outcome;
        }
        if let Some(ExchangeStep::Key(payload) | ExchangeStep::Command(payload)) =
            exchange.poll_transmit()
        {
            socket.send_to(&payload, (GROUP, port)).await.unwrap();
            let heard = timeout(LIMIT, socket.recv_from(&mut buffer)).await;
            let (length, from) = heard.unwrap().unwrap();
            if let Ok(Message::CommandReply(reply)) = Message::decode(&buffer[..length]) {
                exchange.handle_reply(now, from.ip(), &reply);
            }
        }
        now = exchange.poll_timeout().unwrap();
    }
}

#[tokio::test]
async fn a_device_is_activated_over_the_network() {
    let devices = population(10, Reply::Unicast);
    let new = devices.iter().find(|device| !device.state.activated);
    let new = new.unwrap().clone();
    let server = Running::play(devices);
    let client = client(0);
    let password = Password::new("Garden72!".into()).unwrap();
    let activate = Command::Activate { password };
    let outcome = command(&client, server.port, &new, activate).await;
    assert!(matches!(outcome, CommandOutcome::Done(_)), "{outcome:?}");
    let stats = server.stop().await;
    assert_eq!(
        (stats.executions.exchanges, stats.executions.activations),
        (1, 1)
    );
    assert_eq!((stats.commands, stats.executions.repeated), (2, 0));
}
