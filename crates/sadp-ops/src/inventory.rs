//! The devices that a look found.

mod name;

use std::time::Duration;

use ipnet::Ipv4Net;
use sadp_discovery::{Notice, Scan, ScanError, ScanReport};
use sadp_model::DeviceRecord;
use sadp_proto::{SurveyProgress, Sweep};
use sadp_reset::{DeviceKey, KnownDevice, Ledger};
use tokio::sync::Notify;

use self::name::WebPort;
pub use self::name::{BadName, DeviceName, Naming, NotSelected, SelectionError, select};
use crate::{DeviceRef, DiscoveredDevice, Event, Observer, OpsError, Session};

/// How long a look for certain devices lasts at least, so that a second device
/// with the same MAC is received too.
const DUPLICATES_SHOW: Duration = Duration::from_millis(1_500);

/// The devices found by one look.
#[derive(Debug, Default)]
pub struct Inventory {
    /// The devices, in the order they were received.
    pub devices: Vec<DiscoveredDevice>,
    /// This computer's networks on the interfaces used.
    pub local: Vec<Ipv4Net>,
    /// Devices that a look by names meant, that the ledger knows and that it did not find.
    pub absent: Vec<KnownDevice>,
}

/// What a look found, and the report of its scan.
pub type Look = (Inventory, ScanReport);

/// When a look may end before the survey is complete.
pub(crate) enum Enough<'a> {
    Never,
    /// These were received, and any other with the MAC of one of them.
    Devices(&'a [DeviceKey]),
    /// These were received.
    Received(&'a [DeviceKey]),
    /// So many were received: after commands that leave devices where they are.
    Count(usize),
}

impl Enough<'_> {
    fn is_reached(&self, progress: &SurveyProgress, entries: &[DeviceRecord]) -> bool {
        match self {
            Self::Never => false,
            Self::Count(number) => progress.devices >= *number,
            Self::Devices(wanted) => {
                progress.elapsed >= DUPLICATES_SHOW && have_all(entries, wanted)
            }
            Self::Received(wanted) => have_all(entries, wanted),
        }
    }
}

fn have_all(entries: &[DeviceRecord], wanted: &[DeviceKey]) -> bool {
    if entries.len() < wanted.len() {
        return false;
    }
    let keys = entries.iter().filter_map(|it| DeviceKey::of(&it.device));
    let keys: Vec<_> = keys.collect();
    let mut wanted = wanted.iter();
    wanted.all(|key| keys.iter().any(|it| it.is_same(key)))
}

impl Session {
    /// Looks which devices there are, and marks those remembered as locked.
    /// Returns the scan's report with an inventory of its devices.
    ///
    /// Fails with [`OpsError::Stopped`] where it was asked to stop meanwhile.
    pub async fn look(&mut self, observer: &mut dyn Observer) -> Result<Look, OpsError> {
        let found = self.look_between(observer).await?;
        self.note_moves(&found.0.devices)?;
        Ok(found)
    }

    /// The same between two steps of an operation that moves devices itself.
    pub(crate) async fn look_between(
        &mut self,
        observer: &mut dyn Observer,
    ) -> Result<Look, OpsError> {
        self.look_until(&Enough::Never, observer).await
    }

    /// Looks only until these devices were received, and long enough to receive
    /// another with the MAC of one of them.
    pub async fn look_for(
        &mut self,
        wanted: &[DeviceKey],
        observer: &mut dyn Observer,
    ) -> Result<Look, OpsError> {
        let found = self.look_until(&Enough::Devices(wanted), observer).await?;
        self.note_moves(&found.0.devices)?;
        Ok(found)
    }

    /// A look for devices that are expected: those that it does not find are looked
    /// for twice more, because replies may have been lost.
    pub async fn look_with(
        &mut self,
        expected: &[DeviceKey],
        observer: &mut dyn Observer,
    ) -> Result<Look, OpsError> {
        let (mut inventory, report) = self.look(observer).await?;
        for _ in 0..2 {
            let mut missing = expected.to_vec();
            missing.retain(|key| inventory.with_key(key).is_none());
            if missing.is_empty() || inventory.devices.is_empty() {
                break;
            }
            inventory.add(self.look_for(&missing, observer).await?.0);
        }
        Ok((inventory, report))
    }

    /// A look for devices that are named. Those that are not found, but known to the
    /// ledger, are then asked at the addresses that they had.
    pub async fn look_by_name(
        &mut self,
        names: &[DeviceName],
        observer: &mut dyn Observer,
    ) -> Result<Look, OpsError> {
        let (mut inventory, report) = self.look(observer).await?;
        let ledger = self.ledger().filter(|_| !names.is_empty());
        let known = match ledger.map(Ledger::known_devices) {
            Some(Ok(known)) => known,
            Some(Err(error)) => {
                observer.observe(Event::LocksUnreadable(&error));
                Vec::new()
            }
            None => Vec::new(),
        };
        inventory.absent = name::absent(names, &inventory.devices, &known);
        let absent = inventory.absent.iter();
        let wanted: Vec<_> = absent.clone().map(|it| it.device.clone()).collect();
        let hosts = absent.map(DeviceRef::from).filter_map(|it| it.address);
        let hosts: Vec<_> = hosts.collect();
        if hosts.is_empty() {
            return Ok((inventory, report));
        }
        let hosts = hosts.into_iter();
        let all = hosts
            .clone()
            .fold(self.scan.sweep.take().unwrap_or_default(), Sweep::with);
        self.scan.sweep = Some(hosts.fold(Sweep::default(), Sweep::with));
        let found = self.look_for(&wanted, observer).await;
        self.scan.sweep = Some(all);
        inventory.add(found?.0);
        inventory.absent = name::absent(names, &inventory.devices, &known);
        Ok((inventory, report))
    }

    /// The same for operations over HTTP: a device that is named by its address is asked
    /// there, even if it does not answer SADP; a URL tells whether by HTTPS, and the port.
    pub async fn look_for_http(
        &mut self,
        names: &[DeviceName],
        observer: &mut dyn Observer,
    ) -> Result<Look, OpsError> {
        let (mut inventory, report) = self.look_by_name(names, observer).await?;
        for name in names {
            let Some(address) = name.address() else {
                continue;
            };
            let of_address =
                |it: &&mut DiscoveredDevice| it.entry.device.ipv4.address == Some(address);
            if inventory.devices.iter_mut().find(of_address).is_none() {
                let mut known = inventory.absent.iter();
                let known = known.find(|it| it.address == Some(address.into()));
                let device = DiscoveredDevice::at_address(address, known.map(|it| &it.device));
                inventory.devices.push(device);
            }
            for device in inventory.devices.iter_mut().filter(of_address) {
                match name.web() {
                    Some(WebPort::Http(port)) => device.entry.device.ports.http = Some(port),
                    Some(WebPort::Https(port)) => device.https_port = Some(port),
                    None => {}
                }
            }
        }
        Ok((inventory, report))
    }

    async fn look_until(
        &mut self,
        enough: &Enough<'_>,
        observer: &mut dyn Observer,
    ) -> Result<Look, OpsError> {
        let found = self.look_so_far(enough, observer).await?;
        if self.cancellation.stop.is_cancelled() {
            return Err(OpsError::Stopped);
        }
        Ok(found)
    }

    /// The same for what only reads: a request to stop ends the look, and what was
    /// found by then is returned.
    pub async fn look_until_stopped(
        &mut self,
        observer: &mut dyn Observer,
    ) -> Result<Look, OpsError> {
        self.look_so_far(&Enough::Never, observer).await
    }

    async fn look_so_far(
        &mut self,
        enough: &Enough<'_>,
        observer: &mut dyn Observer,
    ) -> Result<Look, OpsError> {
        let stop = self.cancellation.stop.clone();
        let mut report = self
            .limited_scan(enough, stop.cancelled(), observer)
            .await?;
        self.mark_locks(&mut report.entries, observer);
        let entries = std::mem::take(&mut report.entries);
        let mut devices = DiscoveredDevice::assess_all(entries, &report.networks);
        self.name_devices(&mut devices);
        let inventory = Inventory::new(devices, report.local.clone());
        Ok((inventory, report))
    }

    /// Looks again, as after commands. A failure is an event, and leaves the
    /// inventory empty: the commands were sent anyway.
    pub async fn look_again(&mut self, observer: &mut dyn Observer) -> Inventory {
        self.look_again_until(Enough::Never, observer).await
    }

    /// The same until enough is found.
    pub(crate) async fn look_again_until(
        &mut self,
        enough: Enough<'_>,
        observer: &mut dyn Observer,
    ) -> Inventory {
        let abandon = self.cancellation.abandon.clone();
        match self
            .limited_scan(&enough, abandon.cancelled(), observer)
            .await
        {
            Ok(report) => {
                let devices = DiscoveredDevice::assess_all(report.entries, &report.networks);
                Inventory::new(devices, report.local)
            }
            Err(error) => {
                observer.observe(Event::LookFailed(&error));
                Inventory::default()
            }
        }
    }

    /// One scan, for a caller that judges itself what limits it. A request to stop ends
    /// it.
    pub async fn scan(&self, observer: &mut dyn Observer) -> Result<ScanReport, ScanError> {
        let stop = self.cancellation.stop.cancelled();
        self.scan_until(&Enough::Never, stop, observer).await
    }

    async fn limited_scan(
        &self,
        enough: &Enough<'_>,
        stop: impl Future<Output = ()>,
        observer: &mut dyn Observer,
    ) -> Result<ScanReport, OpsError> {
        let report = self.scan_until(enough, stop, observer).await?;
        for notice in &report.notices {
            if !is_moot(notice, &report.entries) {
                observer.observe(Event::LookLimited(notice));
            }
        }
        observer.observe(Event::LookTally(&report.stats));
        Ok(report)
    }

    async fn scan_until(
        &self,
        enough: &Enough<'_>,
        stop: impl Future<Output = ()>,
        observer: &mut dyn Observer,
    ) -> Result<ScanReport, ScanError> {
        let scan = Scan::open(&self.scan)?;
        let links: Vec<_> = scan.links().collect();
        let raw: Vec<_> = scan.frames_on().cloned().collect();
        observer.observe(Event::LookBegins {
            links: &links,
            raw: &raw,
        });
        let reached = Notify::new();
        let stop = async {
            tokio::select! {
                () = stop => {}
                () = reached.notified() => {}
            }
        };
        let report = scan
            .run(stop, |progress, entries| {
                if enough.is_reached(&progress, entries) {
                    reached.notify_one();
                }
                observer.observe(Event::Looking(progress));
            })
            .await;
        observer.observe(Event::LookEnds);
        Ok(report)
    }

    /// Marks the devices that are remembered as locked. Where the ledger cannot
    /// be read, the look goes on without.
    fn mark_locks(&mut self, entries: &mut [DeviceRecord], observer: &mut dyn Observer) {
        let now = self.now();
        if let Some(error) = &self.unreadable {
            observer.observe(Event::LocksUnreadable(error));
        }
        let Some(ledger) = self.ledger() else {
            return;
        };
        let marked = ledger.apply_locks(entries, now);
        match marked.and_then(|()| ledger.is_ahead_of(now)) {
            Ok(false) => {}
            Ok(true) => {
                let ledger = self.ledger_mut();
                let followed = ledger.and_then(|ledger| ledger.follow_clock(now));
                observer.observe(Event::ClockSetBack(followed.err().as_ref()));
            }
            Err(error) => observer.observe(Event::LocksUnreadable(&error)),
        }
    }
}

impl Inventory {
    /// These devices, seen by a computer in the networks `local`.
    pub(crate) const fn new(devices: Vec<DiscoveredDevice>, local: Vec<Ipv4Net>) -> Self {
        Self {
            devices,
            local,
            absent: Vec::new(),
        }
    }

    /// Adds the devices of another look that are not in this one.
    fn add(&mut self, mut more: Self) {
        more.devices.retain(|it| self.same(it).is_none());
        self.devices.append(&mut more.devices);
    }

    /// The same device, as this look found it.
    pub fn same(&self, before: &DiscoveredDevice) -> Option<&DiscoveredDevice> {
        self.with_key(&before.key()?)
    }

    /// The device with this key. The first, where there are several.
    pub fn with_key(&self, key: &DeviceKey) -> Option<&DiscoveredDevice> {
        self.devices.iter().find(|it| it.is(key))
    }
}

/// Whether the devices that could not be asked directly replied all the same.
fn is_moot(notice: &Notice, entries: &[DeviceRecord]) -> bool {
    let Notice::TargetsNotSent { addresses, .. } = notice else {
        return false;
    };
    addresses.iter().all(|&address| {
        let mut devices = entries.iter().map(|it| &it.device);
        devices.any(|device| device.ipv4.address == Some(address))
    })
}
