//! Runs a survey on this computer's interfaces.

use std::{pin::pin, sync::Arc, time::Duration};

use ipnet::Ipv4Net;
use sadp_model::{DeviceRecord, LocalNetwork};
use sadp_proto::{DiscoveryStats, StopCondition, Survey, SurveyConfig, SurveyProgress, Sweep};
use tokio::time::Instant;
use uuid::Uuid;

use crate::{
    LinkConfig, LinkInfo, Notice, ScanError, interface, links::Links, receive::BatchReceiver,
    receive::ReceivedBatch,
};

/// How often the observer is called.
const OBSERVE_EVERY: Duration = Duration::from_millis(100);

/// How long received datagrams are read at most before the next probe.
const CATCH_UP: Duration = Duration::from_secs(1);

/// What to scan.
#[derive(Clone, Debug)]
pub struct ScanConfig {
    /// The interfaces.
    pub link: LinkConfig,
    /// When to stop.
    pub stop: StopCondition,
    /// Addresses to probe one by one as well.
    pub sweep: Option<Sweep>,
    /// Whether the subnets' broadcast addresses are probed as well.
    pub broadcast: bool,
}

impl Default for ScanConfig {
    fn default() -> Self {
        Self {
            link: LinkConfig::default(),
            stop: StopCondition::Auto,
            sweep: None,
            broadcast: false,
        }
    }
}

/// A scan that is ready to run: its sockets are open, nothing was sent.
#[derive(Debug)]
pub struct Scan {
    config: ScanConfig,
    links: Links,
}

impl Scan {
    /// Opens the sockets. Call it within a tokio runtime.
    pub fn open(config: &ScanConfig) -> Result<Self, ScanError> {
        Ok(Self {
            config: config.clone(),
            links: Links::open(&config.link, config.sweep.is_some())?,
        })
    }

    /// The addresses that probes leave from.
    pub fn links(&self) -> impl Iterator<Item = LinkInfo> {
        self.links.infos()
    }

    /// The interfaces on which it also sends and receives raw Ethernet frames.
    pub fn frames_on(&self) -> impl Iterator<Item = &Arc<str>> {
        self.links.raw.names()
    }

    /// Scans until the survey is complete or `stop` is ready. Calls `observe` about ten
    /// times a second with the progress and the devices found.
    pub async fn run(
        mut self,
        stop: impl Future<Output = ()>,
        mut observe: impl FnMut(SurveyProgress, &[DeviceRecord]),
    ) -> ScanReport {
        let mut survey = Survey::new(
            SurveyConfig {
                links: self.links.protocols(),
                broadcast: self.config.broadcast,
                sweep: self.config.sweep.clone(),
                stop: self.config.stop,
            },
            Uuid::new_v4,
        )
        .with_frame_probes(self.links.raw.askers());
        let (mut queue, _tasks) = self.links.start_draining();
        let mut stop = pin!(stop);
        let start = Instant::now();
        let (mut observed, mut flooded) = (Duration::ZERO, Duration::ZERO);
        while !survey.is_finished() {
            if start.elapsed() >= flooded {
                flooded = self.catch_up(&mut survey, &mut queue, start).await;
            }
            self.take_beginnings(&mut survey, false, start.elapsed());
            survey.handle_timeout(start.elapsed());
            while let Some(transmit) = survey.poll_transmit() {
                self.links
                    .send(transmit.destination, &transmit.payload)
                    .await;
            }
            let Some(mut due) = survey.poll_timeout() else {
                break;
            };
            while start.elapsed() < due {
                tokio::select! {
                    biased;
                    () = &mut stop => return self.report(survey, start.elapsed()),
                    Some(batch) = queue.recv() => {
                        self.take_in(&mut survey, batch, start.elapsed());
                        // A reply may show that datagrams are lost.
                        due = survey.poll_timeout().map_or(due, |next| next.min(due));
                    }
                    () = tokio::time::sleep_until(start + due) => {}
                }
                if start.elapsed() >= observed + OBSERVE_EVERY {
                    observed = start.elapsed();
                    observe(survey.progress(), survey.registry().entries());
                }
            }
        }
        self.report(survey, start.elapsed())
    }

    /// Reads what was received already, before the survey decides what to probe again:
    /// where thousands reply at once, reading takes longer than the time between two
    /// probes, and each probe would cause as many replies more. A flood has no end:
    /// reading stops after a while, until the returned time.
    async fn catch_up(
        &mut self,
        survey: &mut Survey,
        queue: &mut BatchReceiver,
        start: Instant,
    ) -> Duration {
        let until = start.elapsed().saturating_add(CATCH_UP);
        while start.elapsed() < until {
            let mut waiting = queue.try_recv();
            if waiting.is_none() {
                // The sockets may have more.
                tokio::task::yield_now().await;
                waiting = queue.try_recv();
            }
            let Some(batch) = waiting else {
                return Duration::ZERO;
            };
            self.take_in(survey, batch, start.elapsed());
        }
        until.saturating_add(CATCH_UP)
    }

    fn take_in(&mut self, survey: &mut Survey, batch: ReceivedBatch, now: Duration) {
        self.links
            .take_in(batch, |datagram| survey.handle_datagram(now, datagram));
    }

    /// Reads replies whose other IP fragments did not arrive.
    fn take_beginnings(&mut self, survey: &mut Survey, all: bool, now: Duration) {
        self.links
            .take_beginnings(all, |datagram| survey.handle_datagram(now, datagram));
    }

    fn report(mut self, mut survey: Survey, now: Duration) -> ScanReport {
        self.take_beginnings(&mut survey, true, now);
        self.links.finish();
        let frames_on: Vec<_> = self.links.raw.names().cloned().collect();
        let only_frames = !frames_on.is_empty() && !self.links.by_udp;
        let links: Vec<_> = self.links().collect();
        // A network inside this process has no other interfaces.
        let networks = match self.config.link.network {
            None => local_networks(&links),
            Some(_) => named(&links).collect(),
        };
        let progress = survey.progress();
        let (registry, stats) = survey.into_parts();
        ScanReport {
            entries: registry.into_entries(),
            stats,
            local: links.iter().map(|link| link.network).collect(),
            networks,
            links,
            frames_on,
            only_frames,
            notices: self.links.notices,
            progress,
        }
    }
}

/// The networks of these links, and those of the other interfaces of this computer, which
/// take what is sent to an address there. Links on loopback alone are a simulation, which
/// has no others.
pub fn local_networks(links: &[LinkInfo]) -> Vec<LocalNetwork> {
    let mut networks: Vec<_> = named(links).collect();
    if links.iter().all(|link| link.network.addr().is_loopback()) {
        return networks;
    }
    // What cannot be listed is not known.
    let others = interface::list().unwrap_or_default();
    let others = others.into_iter().filter(|it| it.up && !it.loopback);
    let others = others.map(|it| LocalNetwork {
        interface: Some(it.name),
        network: it.network,
    });
    for other in others {
        if !networks.contains(&other) {
            networks.push(other);
        }
    }
    networks
}

fn named(links: &[LinkInfo]) -> impl Iterator<Item = LocalNetwork> {
    links.iter().map(|link| LocalNetwork {
        interface: Some(link.interface.clone()),
        network: link.network,
    })
}

/// The result of a scan.
#[derive(Debug)]
pub struct ScanReport {
    /// The devices, in the order of their first reply.
    pub entries: Vec<DeviceRecord>,
    /// Statistics of what was received.
    pub stats: DiscoveryStats,
    /// This computer's networks on the scanned interfaces.
    pub local: Vec<Ipv4Net>,
    /// The same with their interfaces, and those of this computer's other interfaces.
    pub networks: Vec<LocalNetwork>,
    /// The addresses that probes left from.
    pub links: Vec<LinkInfo>,
    /// The interfaces on which it also sent and received raw Ethernet frames.
    pub frames_on: Vec<Arc<str>>,
    /// Whether it received nothing but by packet sockets, which a firewall does not stop.
    pub only_frames: bool,
    /// What limited it.
    pub notices: Vec<Notice>,
    /// How long it took and how many probes it sent.
    pub progress: SurveyProgress,
}
