//! Devices that answer HTTP at real sockets, on loopback alone, to curl and to a socket.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "helpers of tests are tests, too; one that is left out says so"
)]

use std::{
    collections::BTreeSet,
    net::{Ipv4Addr, SocketAddrV4},
    process::Command,
    time::Duration,
};

use getrandom::{SysRng, rand_core::UnwrapErr};
use sadp_isapi::{
    AskError, BasicLogin, Client, ClientSettings, DeviceInfo, HttpFailure, HttpRefusal,
    LoginOutcome, Transport, Withheld,
    activation::{Handshake, Scheme},
    digest::LoginCredentials,
};
use sadp_proto::{Inquiry, Message, seal::Password};
use sadp_sim::{
    Access, HttpAttack, HttpRequest, Server, ServerConfig, ServerInterface, Site, Stats,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, UdpSocket},
    sync::oneshot,
    task::{JoinHandle, spawn_blocking},
    time::timeout,
};
use uuid::Uuid;

/// Far more than it takes; only a failure waits for it.
const LIMIT: Duration = Duration::from_mins(10);

const USER_CHECK: &str = "/ISAPI/Security/userCheck";
const DEVICE_INFO: &str = "/ISAPI/System/deviceInfo";

/// Among them MD5 unnamed, MD5 named and quoted, both algorithms, and SHA-256 alone.
const FIRMWARE: [&str; 9] = [
    "camera-v5.2",
    "camera-v5.5",
    "camera-v5.6",
    "camera-v5.7",
    "camera-v5.8",
    "oem-v5.8",
    "recorder-v4.30",
    "recorder-v4.62",
    "recorder-v5.03",
];

struct Running {
    port: u16,
    addresses: Vec<Option<SocketAddrV4>>,
    https: Option<SocketAddrV4>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Stats>,
}

impl Running {
    fn play(site: &str) -> Self {
        let interface = ServerInterface::find("127.0.0.1").unwrap();
        let devices = Site::parse(site).unwrap();
        let devices = devices.build(interface.network()).unwrap();
        let count = devices.len();
        let config = ServerConfig {
            group: "239.255.77.78:0".parse().unwrap(),
            http: true,
            ..ServerConfig::new(interface)
        };
        let server = Server::bind(&config, devices).unwrap();
        let addresses = (0..count).map(|device| server.http_address(device));
        let addresses = addresses.collect();
        let https = server.https_address(0);
        let port = server.port();
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(async move {
            let stop = async { drop(stopped.await) };
            server.run(stop).await.unwrap()
        });
        Self {
            port,
            addresses,
            https,
            stop,
            task,
        }
    }

    /// One device with this HTTP interface.
    fn one(http: &str) -> Self {
        Self::play(&format!(
            "[[device]]\nprofile = \"ipc-v5.5.6\"\nhello = false\nhttp = {{ {http} }}"
        ))
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addresses[0].unwrap())
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.addresses[0].unwrap())
            .await
            .unwrap()
    }

    /// What a device sends to a request without credentials, up to its end or these bytes.
    async fn reply(&self, path: &str, most: u64) -> String {
        let mut stream = self.connect().await;
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut reply = Vec::new();
        let mut stream = stream.take(most);
        let read = timeout(LIMIT, stream.read_to_end(&mut reply));
        read.await.unwrap().unwrap();
        String::from_utf8_lossy(&reply).into_owned()
    }

    async fn stop(self) -> Stats {
        self.stop.send(()).unwrap();
        timeout(LIMIT, self.task).await.unwrap().unwrap()
    }
}

/// A client of the first device.
fn client(running: &Running) -> Client {
    let address = running.addresses[0].unwrap();
    Client::new(&ClientSettings::new(address.into(), Transport::Http)).unwrap()
}

/// A client of the first device over HTTPS.
fn https_client(running: &Running) -> Client {
    let address = running.https.unwrap();
    Client::new(&ClientSettings::new(address.into(), Transport::Https)).unwrap()
}

/// Tries a password once.
async fn verify(running: &Running, password: &str) -> LoginOutcome {
    let credentials = LoginCredentials {
        user: "admin",
        password: &password.into(),
    };
    client(running)
        .verify(credentials, BasicLogin::Refuse)
        .await
}

#[tokio::test]
async fn our_own_client_logs_in_to_each_firmware_by_one_request_with_credentials() {
    for http in FIRMWARE {
        let running = Running::one(&format!("profile = \"{http}\""));
        let right = verify(&running, Access::PASSWORD).await;
        assert!(
            matches!(right, LoginOutcome::Accepted(_)),
            "{http}: {right:?}"
        );
        let wrong = verify(&running, "Wrong-777").await;
        assert!(
            matches!(wrong, LoginOutcome::WrongPassword { .. }),
            "{http}: {wrong:?}"
        );
        let credentials = LoginCredentials {
            user: "admin",
            password: &Access::PASSWORD.into(),
        };
        let info = client(&running)
            .read::<DeviceInfo>(&DeviceInfo::request(), credentials, BasicLogin::Refuse)
            .await;
        assert!(info.unwrap().is_some(), "{http}");
        let counts = running.stop().await.http;
        assert_eq!((counts.with_credentials, counts.accepted), (3, 2), "{http}");
    }
}

#[tokio::test]
async fn our_own_client_sends_basic_only_where_it_may() {
    let running = Running::one("profile = \"camera-v4.1\"");
    let withheld = verify(&running, Access::PASSWORD).await;
    assert_eq!(withheld, LoginOutcome::Withheld(Withheld::BasicOnly));
    for (password, expected) in [("Wrong-777", false), (Access::PASSWORD, true)] {
        let credentials = LoginCredentials {
            user: "admin",
            password: &password.into(),
        };
        let outcome = client(&running)
            .verify(credentials, BasicLogin::Allow)
            .await;
        let accepted = matches!(outcome, LoginOutcome::Accepted(_));
        assert_eq!(accepted, expected, "{outcome:?}");
    }
    let counts = running.stop().await.http;
    assert_eq!((counts.with_credentials, counts.wrong), (2, 1));
}

#[tokio::test]
async fn our_own_client_activates_and_verifies() {
    const PASSWORD: &str = "Garden72!";
    for http in ["camera-v5.2", "camera-v5.6", "recorder-v4.62"] {
        let running = Running::play(&format!(
            "[[device]]\nprofile = \"ipc-v5.5.6\"\nactivated = false\nhttp = {{ profile = \"{http}\" }}"
        ));
        let client = client(&running);
        let status = client.activate_status().await.unwrap();
        assert!(!status.activated, "{http}");
        let scheme = Scheme::of(&status);
        let handshake = Handshake::start(scheme, &mut UnwrapErr(SysRng)).unwrap();
        let password = Password::new(PASSWORD.into()).unwrap();
        client.activate(&handshake, &password).await.unwrap();
        assert!(client.activate_status().await.unwrap().activated, "{http}");
        let verified = verify(&running, PASSWORD).await;
        assert!(
            matches!(verified, LoginOutcome::Accepted(_)),
            "{http}: {verified:?}"
        );
        assert_eq!(running.stop().await.http.activations, 1, "{http}");
    }
}

#[tokio::test]
async fn our_own_client_sends_no_credentials_to_a_device_that_says_it_is_locked() {
    for (http, status) in [("camera-v5.6", 401), ("camera-v5.8", 403)] {
        let running = Running::play(&format!(
            "[[device]]\nprofile = \"ipc-v5.5.6\"\ntries = 1\nhttp = {{ profile = \"{http}\" }}"
        ));
        // One try is as good as none.
        let only = verify(&running, Access::PASSWORD).await;
        assert_eq!(
            only,
            LoginOutcome::Withheld(Withheld::OneTryLeft),
            "{status}"
        );
        let Some((lock, _)) = curl(running.url(USER_CHECK), "Wrong-777").await else {
            return;
        };
        assert_eq!(lock, status.to_string());
        let check = client(&running).user_check().await;
        let refused = verify(&running, Access::PASSWORD).await;
        let LoginOutcome::Withheld(Withheld::Refused(HttpRefusal::Locked { seconds })) = refused
        else {
            panic!("{refused:?} {check:?}");
        };
        assert!(seconds.is_some_and(|it| it > 1700), "{seconds:?}");
        let counts = running.stop().await.http;
        assert_eq!((counts.with_credentials, counts.while_locked), (1, 0));
    }
}

#[tokio::test]
async fn our_own_client_gives_up_on_hostile_devices_without_credentials() {
    for (attack, expected) in [
        (
            "endless-body",
            Withheld::Failed(HttpFailure::TooLong { limit: 262_144 }),
        ),
        ("header-bomb", Withheld::Failed(HttpFailure::BadReply)),
        ("wrong-length", Withheld::Failed(HttpFailure::BadReply)),
        ("redirect", Withheld::Failed(HttpFailure::RedirectedAway)),
        ("long-realm", Withheld::NoChallenge),
    ] {
        let running = Running::one(&format!("profile = \"camera-v5.6\", attack = \"{attack}\""));
        let outcome = verify(&running, Access::PASSWORD).await;
        assert_eq!(outcome, LoginOutcome::Withheld(expected), "{attack}");
        assert_eq!(running.stop().await.http.with_credentials, 0, "{attack}");
    }
    let running = Running::one("profile = \"camera-v5.6\", attack = \"changing-challenge\"");
    let outcome = verify(&running, Access::PASSWORD).await;
    assert!(outcome.credentials_sent());
    assert_eq!(running.stop().await.http.with_credentials, 1, "never twice");
}

/// The status and body that curl gets with Digest. `None` without curl.
async fn curl(url: String, password: &'static str) -> Option<(String, String)> {
    let user = format!("admin:{password}");
    let run = move || {
        Command::new("curl")
            .args([
                "--silent",
                "--noproxy",
                "*",
                "--max-time",
                "600",
                "--digest",
                "--user",
            ])
            .args([&user, "--write-out", "\n%{http_code}", &url])
            .output()
    };
    let Ok(output) = spawn_blocking(run).await.unwrap() else {
        eprintln!("skipped: curl is not here");
        return None;
    };
    assert!(output.status.success(), "{output:?}");
    let output = String::from_utf8(output.stdout).unwrap();
    let (body, status) = output.rsplit_once('\n').unwrap();
    Some((status.to_owned(), body.to_owned()))
}

#[tokio::test(flavor = "multi_thread")]
async fn curl_logs_in_by_one_request_with_credentials() {
    // It writes no quotes around an algorithm, which that one requires.
    for http in FIRMWARE.into_iter().filter(|it| *it != "oem-v5.8") {
        let running = Running::one(&format!("profile = \"{http}\""));
        let right = curl(running.url(DEVICE_INFO), Access::PASSWORD).await;
        let Some((status, body)) = right else { return };
        assert_eq!(status, "200", "{http}");
        assert!(body.contains("<serialNumber>"), "{http}: {body}");
        let wrong = curl(running.url(USER_CHECK), "Wrong-777").await;
        assert_eq!(wrong.unwrap().0, "401", "{http}");
        let counts = running.stop().await.http;
        assert_eq!(
            (counts.with_credentials, counts.accepted, counts.wrong),
            (2, 1, 1),
            "{http}"
        );
    }
}

/// The port that each device reports over SADP, by its place in the site.
async fn reported_ports(running: &Running) -> BTreeSet<u16> {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let uuid = Uuid::from_u128(7);
    let to = ("127.0.0.1", running.port);
    socket
        .send_to(&Inquiry { uuid }.encode(), to)
        .await
        .unwrap();
    let mut ports = BTreeSet::new();
    let mut buffer = [0; 4096];
    while ports.len() < running.addresses.len() {
        let received = timeout(LIMIT, socket.recv(&mut buffer)).await.unwrap();
        if let Message::Report(report) = Message::decode(&buffer[..received.unwrap()]).unwrap() {
            ports.insert(report.device.ports.http.unwrap());
        }
    }
    ports
}

#[tokio::test]
async fn each_device_has_a_port_and_reports_it() {
    let running = Running::play(
        "[defaults]\nreply = \"unicast\"\n[[device]]\nprofile = \"ipc-v5.5.6\"\ncount = 3\n\
         ip = \"192.168.1.64\"\n[[device]]\nprofile = \"switch-v1.2.0\"\nip = \"192.168.1.70\"",
    );
    let (with, without) = running.addresses.split_at(3);
    assert_eq!(without, [None], "a switch speaks no HTTP");
    let mut ports = BTreeSet::from([80]);
    for address in with {
        let address = address.unwrap();
        assert_eq!(*address.ip(), Ipv4Addr::LOCALHOST);
        ports.insert(address.port());
    }
    assert_eq!(reported_ports(&running).await, ports);
    assert_eq!(ports.len(), 4);
    running.stop().await;
}

/// Linux has all of the loopback network.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_device_listens_at_its_own_address_where_this_computer_has_it() {
    let running = Running::play("[[device]]\nprofile = \"ipc-v5.5.6\"\nip = \"127.77.0.9\"");
    let address = running.addresses[0].unwrap();
    assert_eq!(*address.ip(), Ipv4Addr::new(127, 77, 0, 9));
    assert!(
        running
            .reply("/SDK/activateStatus", 1 << 20)
            .await
            .contains("true")
    );
    running.stop().await;
}

#[tokio::test]
async fn bounds_hold_for_requests() {
    let running = Running::one("profile = \"camera-v5.6\"");
    let mut stream = running.connect().await;
    let head = "PUT /ISAPI/System/activate HTTP/1.1\r\nHost: x\r\nConnection: close\r\n";
    let length = HttpRequest::MAX_BODY + 1;
    let head = format!("{head}Content-Length: {length}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&vec![b'x'; length]).await.unwrap();
    let mut reply = [0; 12];
    timeout(LIMIT, stream.read_exact(&mut reply))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(&reply, b"HTTP/1.1 413");
    running.stop().await;
}

#[tokio::test]
async fn https_is_the_same_device_with_its_certificate() {
    let mut seen = Vec::new();
    for tls in ["own-certificate", "own-certificate", "new-certificate"] {
        let http = format!("profile = \"camera-v5.7\", https = 0, tls = \"{tls}\"");
        let running = Running::one(&http);
        let client = https_client(&running);
        let credentials = LoginCredentials {
            user: "admin",
            password: &Access::PASSWORD.into(),
        };
        let outcome = client.verify(credentials, BasicLogin::Refuse).await;
        assert!(matches!(outcome, LoginOutcome::Accepted(_)), "{outcome:?}");
        // HTTP is there beside it.
        let told = self::client(&running).activate_status().await.unwrap();
        assert!(told.activated);
        seen.push(client.certificate().unwrap());
        let stats = running.stop().await;
        assert_eq!(stats.http.accepted, 1);
    }
    assert_eq!(seen[0], seen[1]);
    assert_ne!(seen[1], seen[2]);
}

#[tokio::test]
async fn old_tls_is_refused_in_the_handshake() {
    let running = Running::one("profile = \"camera-v5.7\", https = 0, tls = \"too-old\"");
    let refused = https_client(&running).activate_status().await.unwrap_err();
    assert_eq!(refused, AskError::Failed(HttpFailure::TlsTooOld));
    assert_eq!(running.stop().await.http.without_credentials, 0);
}

#[tokio::test]
async fn hostile_devices_do_what_they_say() {
    const MEGABYTE: u64 = 1 << 20;
    for attack in [
        "endless-body",
        "header-bomb",
        "wrong-length",
        "redirect",
        "long-realm",
        "changing-challenge",
    ] {
        let running = Running::one(&format!("profile = \"camera-v5.6\", attack = \"{attack}\""));
        let reply = running.reply(USER_CHECK, 2 * MEGABYTE).await;
        let (head, body) = reply.split_once("\r\n\r\n").unwrap_or((&reply, ""));
        let header = |name: &str| {
            let mut lines = head.lines();
            lines
                .find_map(|line| line.strip_prefix(name))
                .map(str::to_owned)
        };
        match attack {
            "endless-body" => assert!(reply.len() as u64 == 2 * MEGABYTE),
            "header-bomb" => assert!(head.len() as u64 == 2 * MEGABYTE),
            "wrong-length" => {
                let announced: usize = header("content-length: ").unwrap().parse().unwrap();
                assert!(announced > body.len());
            }
            "redirect" => {
                let location = header("location: ").unwrap();
                assert!(location.starts_with(HttpAttack::ELSEWHERE), "{location}");
            }
            "long-realm" => assert!(head.len() > HttpAttack::REALM_BYTES),
            _ => assert_ne!(reply, running.reply(USER_CHECK, MEGABYTE).await),
        }
        running.stop().await;
    }
}
