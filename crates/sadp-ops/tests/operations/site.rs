use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use sadp_discovery::{LinkConfig, ScanConfig, VirtualLan};
use sadp_ops::{Cancellation, Event, LedgerAccess, Session, SessionConfig};
use sadp_proto::Endpoint;
use sadp_sim::{Executions, Fleet, FleetConfig, Site, serve_virtual};
use tempfile::TempDir;
use tokio::task::JoinHandle;

/// This computer's address and its network.
const NETWORK: &str = "192.168.1.9/24";

/// Simulated devices on a network inside this process, and a session with them.
pub(crate) struct Simulated {
    pub(crate) session: Session,
    pub(crate) fleet: Arc<Mutex<Fleet>>,
    pub(crate) cancellation: Cancellation,
    devices: JoinHandle<()>,
    state: TempDir,
}

impl Simulated {
    /// The devices of a site file.
    pub(crate) fn new(site: &str) -> Self {
        let network = NETWORK.parse().unwrap();
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let (lan, devices) = VirtualLan::new(network, now);
        let fleet = Arc::new(Mutex::new(fleet(site)));
        let devices = tokio::spawn(serve_virtual(Arc::clone(&fleet), devices));
        let state = tempfile::tempdir().unwrap();
        let cancellation = Cancellation::default();
        let link = LinkConfig {
            network: Some(lan),
            ..LinkConfig::default()
        };
        let session = Session::open(SessionConfig {
            scan: ScanConfig {
                link,
                ..ScanConfig::default()
            },
            state: state.path().to_owned(),
            access: LedgerAccess::Write,
            cancellation: cancellation.clone(),
        });
        Self {
            session: session.unwrap(),
            fleet,
            cancellation,
            devices,
            state,
        }
    }

    /// Opens the session again, as the next run does.
    pub(crate) fn reopen(&mut self, access: LedgerAccess) {
        self.cancellation = Cancellation::default();
        let config = SessionConfig {
            scan: self.session.scan_config().clone(),
            state: self.state.path().to_owned(),
            access,
            cancellation: self.cancellation.clone(),
        };
        self.session = Session::open(config).unwrap();
    }

    /// Opens the session again behind a router, which passes no datagram to the group.
    pub(crate) fn move_behind_router(&mut self) {
        let mut scan = self.session.scan_config().clone();
        scan.link.endpoints = vec![Endpoint::sadp([192, 0, 2, 1].into(), sadp_proto::PORT)];
        let config = SessionConfig {
            scan,
            state: self.state.path().to_owned(),
            access: LedgerAccess::Write,
            cancellation: self.cancellation.clone(),
        };
        self.session = Session::open(config).unwrap();
    }

    /// Puts the devices of another site file in place of those that are there.
    pub(crate) fn replace_devices(&self, site: &str) {
        *self.fleet.lock().unwrap() = fleet(site);
    }

    /// Takes all devices off the network.
    pub(crate) fn disconnect(&self) {
        self.devices.abort();
    }

    /// What a device made of commands, by its place in the site file.
    pub(crate) fn executions(&self, device: usize) -> Executions {
        self.fleet.lock().unwrap().executions(device)
    }
}

/// The devices of a site file.
pub(crate) fn fleet(site: &str) -> Fleet {
    let network = NETWORK.parse::<ipnet::Ipv4Net>().unwrap();
    let site = Site::parse(site).unwrap();
    let config = FleetConfig {
        seed: site.seed(),
        ..FleetConfig::new(network.addr(), vec![network])
    };
    Fleet::new(site.build(network).unwrap(), config)
}

/// Passes over all events.
pub(crate) fn quiet(_: Event<'_>) {}
