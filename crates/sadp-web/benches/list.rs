//! The list of 5,000 devices, as a page of a browser asks for it at each change: the
//! request, and the rows that are seen.
//!
//! A release build (thin LTO) on a busy machine of two cores took, for each part below in its
//! order: 4.0, 12.8, 33 and 2.9 ms, measured from a client of its own with simulated devices
//! on loopback.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    path::Path,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use divan::Bencher;
use ipnet::Ipv4Net;
use sadp_discovery::{LinkConfig, ScanConfig, VirtualLan};
use sadp_ops::Cancellation;
use sadp_sim::{Behavior, Fleet, FleetConfig, Population, serve_virtual};
use sadp_web::{WebConfig, WebServer};
use tokio::runtime::Runtime;

const DEVICES: u32 = 5000;

fn main() {
    divan::main();
}

/// Which part of the list is asked for.
#[divan::bench(args = [
    "/live/devices",
    "/live/devices?sort=26&page=9",
    "/live/devices?filter=ds-2cd",
    "/live/devices?filter=state%3Dunactivated",
])]
fn list(bencher: Bencher<'_, '_>, path: &str) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let runtime = Runtime::new().expect("a runtime");
    let server = runtime.block_on(server(folder.path()));
    let (address, link) = (server.address(), server.link());
    runtime.spawn(server.run());
    let mut browser = Browser::enter(address, &link);
    let all = format!("{DEVICES} devices are online");
    while !browser.get(path).1.contains(&all) {
        thread::sleep(Duration::from_millis(100));
    }
    bencher.bench_local(|| browser.get(path));
}

/// A page with simulated devices on a network inside this process.
async fn server(state: &Path) -> WebServer {
    let network: Ipv4Net = "10.77.0.1/16".parse().expect("a network");
    let (lan, devices) = VirtualLan::new(network, jiff::Timestamp::now());
    let population = Population {
        count: DEVICES,
        seed: 1,
        network,
        behavior: Behavior::default(),
    };
    let config = FleetConfig::new(network.addr(), vec![network]);
    let fleet = Fleet::new(population.generate().expect("devices"), config);
    tokio::spawn(serve_virtual(Arc::new(Mutex::new(fleet)), devices));
    let config = WebConfig {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        identity: None,
        idle: Duration::from_mins(30),
        scan: ScanConfig {
            link: LinkConfig {
                network: Some(lan),
                ..LinkConfig::default()
            },
            ..ScanConfig::default()
        },
        state: state.to_owned(),
        config: None,
        lock_wait: Duration::ZERO,
        cancellation: Cancellation::default(),
    };
    WebServer::bind(config).await.expect("a port on loopback")
}

/// A connection of a browser that was let in.
struct Browser {
    stream: BufReader<TcpStream>,
    address: SocketAddr,
    cookie: String,
}

impl Browser {
    fn enter(address: SocketAddr, link: &str) -> Self {
        let stream = TcpStream::connect(address).expect("a connection");
        let mut browser = Self {
            stream: BufReader::new(stream),
            address,
            cookie: String::new(),
        };
        let (_, path) = link.rsplit_once('/').expect("a path");
        let (headers, _) = browser.get(&format!("/{path}"));
        let mut cookies = headers
            .lines()
            .filter_map(|it| it.strip_prefix("set-cookie: "));
        let pair = cookies.find_map(|it| it.split(';').next());
        browser.cookie = pair.expect("a cookie").into();
        browser
    }

    /// The headers and the page.
    fn get(&mut self, path: &str) -> (String, String) {
        let Self {
            address, cookie, ..
        } = self;
        let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\ncookie: {cookie}\r\n\r\n");
        let sent = self.stream.get_mut().write_all(request.as_bytes());
        sent.expect("a request");
        let mut headers = String::new();
        while !headers.ends_with("\r\n\r\n") {
            let read = self.stream.read_line(&mut headers);
            assert_ne!(read.expect("a line"), 0);
        }
        let mut lengths = headers
            .lines()
            .filter_map(|it| it.strip_prefix("content-length: "));
        let length = lengths.next().and_then(|it| it.parse().ok());
        let mut page = vec![0; length.expect("a length")];
        self.stream.read_exact(&mut page).expect("a page");
        (headers, String::from_utf8_lossy(&page).into_owned())
    }
}
