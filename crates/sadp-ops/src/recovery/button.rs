//! Recovery by the reset button. A person holds the button; the device is followed
//! until it is back without a password. Nothing but probes is sent.

use std::time::Duration;

use ipnet::Ipv4Net;
use jiff::{SignedDuration, civil::DateTime};
use sadp_discovery::{Scan, ScanConfig};
use sadp_model::{Device, MethodAssessment, RecoveryMethod, RecoverySetup, State, assess_methods};
use sadp_proto::{StopCondition, Sweep};
use sadp_reset::DeviceKey;
use tokio::time::{Instant, sleep_until};

pub use crate::outcome::recovery::{ButtonFinding, ButtonProgress};
use crate::{DiscoveredDevice, Event, Guard, Inventory, Observer, Outcome, Overrides, Session};

/// How long one look lasts. Slow devices take a second to answer.
const LOOK: Duration = Duration::from_secs(2);

/// A look shows its results at its end, so it must not be long.
const LONGEST_LOOK: Duration = Duration::from_secs(10);

/// The time between two looks.
const PAUSE: Duration = Duration::from_secs(3);

/// After so many looks without it a device is offline: one look may miss it.
const MISSED: u32 = 2;

/// A restart by the button moves the boot time by more than this: so long the
/// button is held. A clock that is set moves it by less.
const RESTART: SignedDuration = SignedDuration::from_secs(30);

/// A device whose button is about to be held.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The device, as it was found before.
    pub device: DiscoveredDevice,
    /// How the method fits it.
    pub fit: MethodAssessment,
    key: DeviceKey,
}

/// How a reset ended.
#[derive(Debug)]
pub struct Reset {
    /// The outcome.
    pub outcome: Outcome,
    /// The device, where it is unactivated and can get its first password.
    pub unactivated: Option<Inventory>,
}

/// Plans to follow a device, found by a computer in the networks `local`. Returns
/// how it ended where there is nothing to wait for. [`Guard::WayNotOffered`] lets a
/// device pass that the method does not fit.
pub fn plan(
    device: DiscoveredDevice,
    local: &[Ipv4Net],
    overrides: Overrides,
) -> Result<Plan, Box<Reset>> {
    let ended = |finding: ButtonFinding| {
        let unactivated = (finding == ButtonFinding::Unactivated)
            .then(|| Inventory::new(vec![device.clone()], local.to_vec()));
        let outcome = finding.outcome(&device);
        Box::new(Reset {
            outcome,
            unactivated,
        })
    };
    let facts = &device.entry.device;
    if facts.state == Some(State::Unactivated) {
        return Err(ended(ButtonFinding::Unactivated));
    }
    let fit = MethodAssessment::judge(
        RecoveryMethod::ResetButton,
        facts,
        &RecoverySetup::default(),
    );
    if let Some(obstacle) = fit.availability.obstacle()
        && !overrides.lifts(Guard::WayNotOffered)
    {
        let fits = assess_methods(facts, &RecoverySetup::default()).into_iter();
        let others = fits.filter(|fit| fit.availability.obstacle().is_none());
        let others = others.map(|fit| fit.method).collect();
        return Err(ended(ButtonFinding::NotForDevice { obstacle, others }));
    }
    match device.key() {
        Some(key) => Ok(Plan { device, fit, key }),
        None => Err(ended(ButtonFinding::Unrecognisable)),
    }
}

/// How a reset is awaited.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How long at most.
    pub limit: Duration,
    /// Addresses that every look probes one by one, in place of the session's.
    pub sweep: Option<Sweep>,
}

impl Plan {
    /// Looks for the device every few seconds until it is back without a password,
    /// until the time is up, or until the session is asked to stop.
    pub async fn carry_out(
        self,
        session: &Session,
        settings: Settings,
        observer: &mut dyn Observer,
    ) -> Reset {
        let look = match session.scan.stop {
            StopCondition::Auto => LOOK,
            StopCondition::Fixed(time) => time.min(LONGEST_LOOK),
        };
        let mut wait = ButtonWait {
            key: &self.key,
            scan: ScanConfig {
                stop: StopCondition::Fixed(look),
                sweep: settings.sweep,
                ..session.scan.clone()
            },
            progress: ResetProgress::new(&self.device.entry.device),
            can_look: true,
            observer,
        };
        let ended = tokio::select! {
            biased;
            () = session.cancellation.stop.cancelled() => None,
            ended = wait.run(settings.limit) => ended,
        };
        let finding = match ended {
            Some(Ended::Back(inventory)) => {
                let now = inventory.devices.first().unwrap_or(&self.device);
                wait.observe(ButtonProgress::Back {
                    before: self.device.entry.device.ipv4.address,
                    now: now.entry.device.ipv4.address,
                });
                return Reset {
                    outcome: ButtonFinding::Reset.outcome(now),
                    unactivated: Some(inventory),
                };
            }
            Some(Ended::StateUnknown) => ButtonFinding::StateUnknown,
            None if wait.progress.is_offline() => ButtonFinding::Offline,
            None if wait.progress.reports_state => ButtonFinding::StillActive,
            None => ButtonFinding::NoRestart,
        };
        Reset {
            outcome: finding.outcome(&self.device),
            unactivated: None,
        }
    }
}

struct ButtonWait<'a> {
    key: &'a DeviceKey,
    scan: ScanConfig,
    progress: ResetProgress,
    can_look: bool,
    observer: &'a mut dyn Observer,
}

enum Ended {
    /// The device without its password, and this computer's networks.
    Back(Inventory),
    StateUnknown,
}

impl ButtonWait<'_> {
    /// `None` when the time is up.
    async fn run(&mut self, limit: Duration) -> Option<Ended> {
        let begin = Instant::now();
        let end = begin + limit;
        self.observe(ButtonProgress::Begins(limit));
        loop {
            self.observe(ButtonProgress::Waiting {
                elapsed: begin.elapsed(),
                offline: self.progress.is_offline(),
            });
            if let Some(ended) = self.look(end).await {
                return Some(ended);
            }
            if Instant::now() >= end {
                return None;
            }
            sleep_until(end.min(Instant::now() + PAUSE)).await;
        }
    }

    async fn look(&mut self, end: Instant) -> Option<Ended> {
        let scan = match Scan::open(&self.scan) {
            Ok(scan) => scan,
            Err(error) => {
                if std::mem::take(&mut self.can_look) {
                    self.observe(ButtonProgress::CannotLook(&error.into()));
                }
                self.take_in(None);
                return None;
            }
        };
        self.can_look = true;
        let report = scan.run(sleep_until(end), |_, _| {}).await;
        let local = report.local;
        let mut devices = DiscoveredDevice::assess_all(report.entries, &report.networks);
        devices.retain(|device| device.is(self.key));
        devices.truncate(1);
        match self.take_in(devices.first().map(|device| &*device.entry.device)) {
            Observation::Unactivated => Some(Ended::Back(Inventory::new(devices, local))),
            Observation::StateUnknown => Some(Ended::StateUnknown),
            _ => None,
        }
    }

    fn take_in(&mut self, device: Option<&Device>) -> Observation {
        let observation = self.progress.look(device);
        match observation {
            Observation::WentOffline => self.observe(ButtonProgress::Offline),
            Observation::StillActive => self.observe(ButtonProgress::StillActive),
            _ => {}
        }
        observation
    }

    fn observe(&mut self, progress: ButtonProgress<'_>) {
        self.observer.observe(Event::Button(progress));
    }
}

/// How far a reset is, from one look after the other.
#[derive(Debug)]
struct ResetProgress {
    boot_time: Option<DateTime>,
    missed: u32,
    reports_state: bool,
}

/// What one look shows of the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Observation {
    /// It has no password.
    Unactivated,
    /// It restarted, and does not report whether it has one.
    StateUnknown,
    /// It went offline.
    WentOffline,
    /// It restarted with its password.
    StillActive,
    /// Nothing new.
    Nothing,
}

impl ResetProgress {
    fn new(device: &Device) -> Self {
        Self {
            boot_time: device.boot_time,
            missed: 0,
            reports_state: device.state.is_some(),
        }
    }

    fn look(&mut self, device: Option<&Device>) -> Observation {
        let Some(device) = device else {
            self.missed = self.missed.saturating_add(1);
            return if self.missed == MISSED {
                Observation::WentOffline
            } else {
                Observation::Nothing
            };
        };
        let restarted = self.is_offline() || self.has_moved(device.boot_time);
        self.missed = 0;
        self.boot_time = device.boot_time.or(self.boot_time);
        match device.state {
            Some(State::Unactivated) => Observation::Unactivated,
            Some(_) if restarted => Observation::StillActive,
            // Of a device that reported its state before, only a part arrived.
            None if restarted && !self.reports_state => Observation::StateUnknown,
            _ => Observation::Nothing,
        }
    }

    const fn is_offline(&self) -> bool {
        self.missed >= MISSED
    }

    fn has_moved(&self, boot_time: Option<DateTime>) -> bool {
        let (Some(before), Some(now)) = (self.boot_time, boot_time) else {
            return false;
        };
        now.duration_since(before).abs() > RESTART
    }
}

#[cfg(test)]
mod tests {
    use super::{
        Observation::{Nothing, StateUnknown, StillActive, Unactivated, WentOffline},
        *,
    };

    const ACTIVE: Option<State> = Some(State::Active);
    const FRESH: Option<State> = Some(State::Unactivated);

    fn device(state: Option<State>, boot_time: &str) -> Device {
        let mut device = Device::unknown();
        device.state = state;
        device.boot_time = boot_time.parse().ok();
        device
    }

    fn looks(before: &Device, seen: &[Option<Device>]) -> Vec<Observation> {
        let mut progress = ResetProgress::new(before);
        let looks = seen.iter().map(|device| progress.look(device.as_ref()));
        looks.collect()
    }

    const NOON: &str = "2026-05-01T12:00:00";
    const LATER: &str = "2026-05-01T12:05:00";
    const NO_CLOCK: &str = "1970-01-01T00:00:00";

    #[test]
    fn a_reset_is_seen_with_and_without_silence() {
        let before = device(ACTIVE, NOON);
        let back = Some(device(FRESH, NO_CLOCK));
        assert_eq!(looks(&before, std::slice::from_ref(&back)), [Unactivated]);
        let seen = [Some(before.clone()), None, None, None, back];
        let expected = [Nothing, Nothing, WentOffline, Nothing, Unactivated];
        assert_eq!(looks(&before, &seen), expected);
    }

    #[test]
    fn a_restart_with_the_password_is_reported_once() {
        let before = device(ACTIVE, NOON);
        let later = Some(device(ACTIVE, LATER));
        assert_eq!(
            looks(&before, &[later.clone(), later]),
            [StillActive, Nothing]
        );
        // Without a clock, only its silence tells.
        let clockless = device(ACTIVE, NO_CLOCK);
        let seen = [None, None, Some(clockless.clone())];
        assert_eq!(looks(&clockless, &seen)[2..], [StillActive]);
    }

    #[test]
    fn one_lost_look_or_a_clock_set_is_no_restart() {
        let before = device(ACTIVE, NOON);
        let set = device(ACTIVE, "2026-05-01T12:00:20");
        let seen = [None, Some(before.clone()), Some(set)];
        assert_eq!(looks(&before, &seen), [Nothing; 3]);
    }

    #[test]
    fn firmware_that_shows_no_state_is_followed_to_its_restart() {
        let before = device(None, NOON);
        let later = Some(device(None, LATER));
        let seen = [Some(before.clone()), later.clone()];
        assert_eq!(looks(&before, &seen), [Nothing, StateUnknown]);
        // A torn reply of a device that does tell it decides nothing.
        assert_eq!(looks(&device(ACTIVE, NOON), &[later]), [Nothing]);
    }
}
