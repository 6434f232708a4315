//! Why SADP devices are not found: checks of this computer, of its network and of
//! what a scan finds.
//!
//! This crate repairs nothing, changes nothing and sends nothing but the probes of
//! one scan and datagrams that do not leave the computer. It prints nothing and
//! holds no sentences: a [`Check`] has a [`Subject`], a [`Verdict`] and a typed
//! [`Finding`] with its figures, and the front end puts it into words. It does not
//! evaluate the rules of firewalls: it names the active [`Firewall`] and whether
//! UDP to the devices' port is plainly open.
//!
//! An [`Examination`] begins before the scan and judges both after it:
//!
//! ```
//! use sadp_discovery::{Scan, ScanConfig};
//! use sadp_doctor::{Examination, Verdict};
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let mut config = ScanConfig::default();
//! config.link.interfaces = vec!["127.0.0.1".into()]; // without this, every network
//! let examination = Examination::begin(&config.link).await?;
//! let report = Scan::open(&config)?.run(std::future::ready(()), |_, _| ()).await;
//! for check in examination.finish(Ok(report))? {
//!     if check.verdict != Verdict::Ok {
//!         println!("{:?}: {:?}", check.subject, check.finding);
//!     }
//! }
//! # Ok::<_, sadp_discovery::ScanError>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! # Limitations
//!
//! - Most facts are read from Linux' `/proc` and `/sys`. Elsewhere firewall, reverse
//!   path filter, routes and port holders are not examined
//!   ([`Finding::NotExamined`]).
//! - Without root, the rules of firewalls and the processes of other users cannot
//!   be read.

mod check;
mod firewall;
mod interfaces;
mod multicast;
mod port;
mod reverse_path;
mod routes;
mod scan;
mod sockets;
mod system;

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use sadp_discovery::{LinkConfig, ScanError, ScanReport};

pub use self::{
    check::{Check, Duplicates, Finding, OtherTool, ScanSummary, Subject, Verdict},
    firewall::{Firewall, FirewallState},
    interfaces::{HostInterface, InterfaceStatus},
    multicast::{LoopResult, MulticastLoop},
    port::{ListenPort, PortHolder, Process},
    reverse_path::{FilterMode, ReversePath},
    routes::{Route, RouteLookup},
    sockets::{RawEthernet, ReceiveBuffer},
};
use self::{
    reverse_path::{Filter, Observed},
    routes::Routes,
    system::Counters,
};
/// Whether a UDP port can be listened on.
pub use sadp_discovery::probe::PortUse as PortState;

/// What was found on this computer before a scan, which holds the port.
#[derive(Debug)]
pub struct Examination {
    /// The names or addresses of the interfaces to use.
    named: Vec<String>,
    interfaces: Vec<HostInterface>,
    listen_port: ListenPort,
    loops: Vec<MulticastLoop>,
    /// `None` where firewalls are not examined.
    firewalls: Option<firewall::Active>,
    filters: Vec<Filter>,
    raw: Option<RawEthernet>,
    counters: Counters,
}

impl Examination {
    /// Examines this computer, within a tokio runtime. It blocks its thread for up to 0.6 s for each
    /// interface, and asks firewalls for up to 5 s each time.
    ///
    /// # Errors
    ///
    /// [`ScanError::List`] where the interfaces cannot be listed.
    pub async fn begin(config: &LinkConfig) -> Result<Self, ScanError> {
        let interfaces = interfaces::gather(&config.interfaces).map_err(ScanError::List)?;
        let used = interfaces.iter().filter(|interface| interface.matters());
        let names: Vec<_> = used.clone().map(|interface| &*interface.name).collect();
        let wired: Vec<_> = used
            .filter(|interface| !interface.loopback)
            .map(|interface| &*interface.name)
            .collect();
        let listen_port = ListenPort::gather(config.endpoint().port);
        // These systems keep all of it elsewhere than Linux.
        let firewalls = if cfg!(any(windows, target_os = "macos")) {
            None
        } else {
            Some(firewall::gather(&wired, config.endpoint().port).await)
        };
        Ok(Self {
            loops: multicast::gather(&names, config, listen_port.can_listen()),
            filters: wired.iter().copied().filter_map(Filter::gather).collect(),
            raw: sockets::gather_raw(&wired),
            firewalls,
            listen_port,
            named: config.interfaces.clone(),
            interfaces,
            counters: Counters::read(),
        })
    }

    /// Judges it together with what the scan found, or why it could not begin.
    ///
    /// # Errors
    ///
    /// [`ScanError::UnknownInterface`] where a named interface does not exist,
    /// [`ScanError::List`] and [`ScanError::NoSocket`] as the scan returned them.
    /// Other errors of the scan are findings.
    pub fn finish(self, scan: Result<ScanReport, ScanError>) -> Result<Vec<Check>, ScanError> {
        match scan {
            // An interface without an address is explained by its check.
            Err(ScanError::UnknownInterface { name, known })
                if !self.named.iter().all(|name| self.exists(name)) =>
            {
                Err(ScanError::UnknownInterface { name, known })
            }
            Err(error @ (ScanError::List(_) | ScanError::NoSocket { .. })) => Err(error),
            scan => Ok(self.judge(scan)),
        }
    }

    /// Whether an interface has this name or address.
    fn exists(&self, name: &str) -> bool {
        let address: Option<Ipv4Addr> = name.parse().ok();
        self.interfaces.iter().any(|interface| {
            let mut addresses = interface.networks.iter().map(Ipv4Net::addr);
            interface.name == name || addresses.any(|own| Some(own) == address)
        })
    }

    fn judge(self, scan: Result<ScanReport, ScanError>) -> Vec<Check> {
        let dropped = Counters::read().since(self.counters);
        let routes = Routes::read();
        let report = scan.as_ref().ok();
        let devices = report.map_or(0, |report| report.entries.len());
        let frames_on = report.map_or(&[][..], |report| &report.frames_on);
        let observed = Observed {
            routes: &routes,
            frames_on,
            local: report.map_or(&[], |report| &report.local),
            dropped,
        };
        // A packet socket receives what a firewall drops.
        let received = (devices > 0 && frames_on.is_empty())
            || self.loops.iter().any(MulticastLoop::came_back);
        let port = self.listen_port.port;
        let mut checks = interfaces::judge(self.interfaces);
        checks.push(self.listen_port.judge());
        checks.extend(self.loops.into_iter().map(MulticastLoop::judge));
        let filters = self.filters.into_iter();
        checks.extend(filters.map(|filter| filter.judge(&observed)));
        if let Some(active) = self.firewalls {
            checks.extend(firewall::judge(active, port, received));
        } else {
            let finding = Finding::NotExamined;
            checks.push(Check::new(Subject::Computer, Verdict::Ok, finding));
        }
        checks.extend(self.raw.map(RawEthernet::judge));
        checks.push(ReceiveBuffer::gather().judge(devices, dropped));
        let stopped = checks.iter().any(Check::stops_replies);
        match scan {
            Ok(report) => checks.extend(scan::judge(report, &routes, stopped)),
            Err(error) => {
                let finding = Finding::ScanFailed(error);
                checks.push(Check::new(Subject::Scan, Verdict::Problem, finding));
            }
        }
        checks
    }
}
