//! Driving a survey over this machine's interfaces.

use std::{pin::pin, sync::Arc, time::Duration};

use ipnet::Ipv4Net;
use sadp_model::DeviceRecord;
use sadp_proto::{DiscoveryStats, StopCondition, Survey, SurveyConfig, SurveyProgress, Sweep};
use tokio::time::Instant;
use uuid::Uuid;

use crate::{LinkConfig, LinkInfo, Notice, ScanError, links::Links, queue, receive::Batch};

/// How often the observer is told how far the scan is.
const OBSERVE_EVERY: Duration = Duration::from_millis(100);

/// How long what was received is read at most before the next inquiry is due.
const CATCH_UP: Duration = Duration::from_secs(1);

/// What to scan.
#[derive(Clone, Debug)]
pub struct ScanConfig {
    /// By which interfaces.
    pub link: LinkConfig,
    /// When to end.
    pub stop: StopCondition,
    /// Addresses to ask one by one as well.
    pub sweep: Option<Sweep>,
    /// Whether the subnets' broadcast addresses are asked as well.
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

    /// The addresses from which it asks.
    pub fn links(&self) -> impl Iterator<Item = LinkInfo> {
        self.links.infos()
    }

    /// The interfaces on which it sends and hears bare Ethernet frames too.
    pub fn frames_on(&self) -> impl Iterator<Item = &Arc<str>> {
        self.links.card_names()
    }

    /// Scans until enough was heard or until `stop` is ready, and tells
    /// `observe` some ten times a second how far it is and whom it has heard.
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
        .asking_by_frames(self.links.askers());
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
            let Some(due) = survey.poll_timeout() else {
                break;
            };
            while start.elapsed() < due {
                tokio::select! {
                    biased;
                    () = &mut stop => return self.report(survey, start.elapsed()),
                    Some(batch) = queue.recv() => self.take_in(&mut survey, batch, start.elapsed()),
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

    /// Takes in what was received already, before it is decided who has to be
    /// asked again: where thousands answer at once, reading takes longer than
    /// the time between two inquiries, and each inquiry would bring as many
    /// answers more. A flood has no end: after a while it is left, until the
    /// time that is returned.
    async fn catch_up(
        &mut self,
        survey: &mut Survey,
        queue: &mut queue::Receiver,
        start: Instant,
    ) -> Duration {
        let until = start.elapsed().saturating_add(CATCH_UP);
        while start.elapsed() < until {
            let mut waiting = queue.try_recv();
            if waiting.is_none() {
                // There may be more at the sockets.
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

    fn take_in(&mut self, survey: &mut Survey, batch: Batch, now: Duration) {
        let at = self.config.link.now();
        self.links.take_in(batch, |interface, via, received| {
            survey.handle_datagram(now, &received.datagram(interface, via, at));
        });
    }

    /// Takes in replies whose other IP fragments did not come.
    fn take_beginnings(&mut self, survey: &mut Survey, all: bool, now: Duration) {
        let at = self.config.link.now();
        self.links.take_beginnings(all, |interface, via, received| {
            survey.handle_datagram(now, &received.datagram(interface, via, at));
        });
    }

    fn report(mut self, mut survey: Survey, now: Duration) -> ScanReport {
        self.take_beginnings(&mut survey, true, now);
        self.links.finish();
        let frames_on = self.links.card_names().cloned().collect();
        let links: Vec<_> = self.links().collect();
        let progress = survey.progress();
        let (registry, stats) = survey.into_parts();
        ScanReport {
            entries: registry.into_entries(),
            stats,
            local: links.iter().map(|link| link.network).collect(),
            links,
            frames_on,
            notices: self.links.into_notices(),
            progress,
        }
    }
}

/// What a scan brought.
#[derive(Debug)]
pub struct ScanReport {
    /// The devices, in the order they were first heard.
    pub entries: Vec<DeviceRecord>,
    /// What else was heard.
    pub stats: DiscoveryStats,
    /// This machine's networks on the interfaces scanned.
    pub local: Vec<Ipv4Net>,
    /// The addresses it asked from.
    pub links: Vec<LinkInfo>,
    /// The interfaces on which it sent and heard bare Ethernet frames too.
    pub frames_on: Vec<Arc<str>>,
    /// What limited it.
    pub notices: Vec<Notice>,
    /// How long it took and how often it asked.
    pub progress: SurveyProgress,
}
