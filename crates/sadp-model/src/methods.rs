//! Which password recovery methods a device supports, and why others are not
//! available.
//!
//! The table of methods and the firmware minima are from the vendor's document on
//! forgotten passwords. For what it does not cover, the device decides, and a
//! [`Note`] says so.

mod availability;
mod form_factor;
mod minimum;

use jiff::Timestamp;
use strum::IntoEnumIterator;

pub use availability::{Availability, Note, Prerequisite, UnavailableReason};
pub use form_factor::FormFactor;
pub use minimum::{FirmwareMinimum, MinimumSource, RecorderSeries};

use self::minimum::Minimum;
use crate::{Device, Firmware, Kind, RequestWay, State, Vendor, Version};

/// Assesses every method for one device, best first; each appears once.
///
/// Unavailable methods come last. Of the others, recommended ones come first, and
/// of equal advice those that are ready; the rest is the order of
/// [`RecoveryMethod`].
pub fn assess_methods(device: &Device, prepared: &RecoverySetup) -> Vec<MethodAssessment> {
    let mut fits: Vec<_> = RecoveryMethod::iter()
        .map(|method| MethodAssessment::judge(method, device, prepared))
        .collect();
    fits.sort_by_key(MethodAssessment::rank);
    fits
}

/// One of the vendor's methods to reset a password.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, strum::EnumIter, strum::IntoStaticStr,
)]
#[strum(serialize_all = "kebab-case")]
pub enum RecoveryMethod {
    /// The button on the device, held while it is powered on.
    ResetButton,
    /// Answers to security questions.
    Questions,
    /// A code sent to the reserved e-mail address.
    Mail,
    /// A request to the vendor's support: a file or QR code is sent, the answer is
    /// a file or key. Legacy devices take a dated code.
    Request,
    /// A GUID file exported while the password was known.
    Guid,
    /// The Hik-Connect app.
    HikConnect,
    /// Hik-ProConnect.
    #[strum(serialize = "hik-proconnect")]
    HikProConnect,
}

impl RecoveryMethod {
    /// The label for people, e.g. `reset button`.
    pub const fn label(self) -> &'static str {
        match self {
            Self::ResetButton => "reset button",
            Self::Questions => "security questions",
            Self::Mail => "reserved e-mail",
            Self::Request => "request to the vendor",
            Self::Guid => "GUID file",
            Self::HikConnect => "Hik-Connect app",
            Self::HikProConnect => "Hik-ProConnect",
        }
    }

    /// The vendor's advice on this method for a device.
    pub fn advice(self, device: &Device) -> Advice {
        let column = TableColumn::of(device);
        match (self, column) {
            (_, TableColumn::Other) => Advice::Unknown,
            (Self::ResetButton, TableColumn::Recorder)
            | (Self::Guid | Self::HikConnect, TableColumn::Camera) => Advice::Unlisted,
            (Self::ResetButton | Self::Questions, TableColumn::Camera)
            | (Self::Mail, _)
            | (Self::HikConnect, TableColumn::Recorder) => Advice::Recommended,
            _ => Advice::Listed,
        }
    }

    /// Whether the device reports that it supports this method. `None` if replies
    /// do not contain it.
    const fn offered(self, device: &Device) -> Option<bool> {
        match self {
            Self::Questions => device.recovery.questions,
            Self::Mail => device.recovery.mailbox,
            Self::Guid => device.recovery.guid,
            // Hik-Connect support does not imply that it can reset the password.
            Self::HikConnect => match device.cloud.supported {
                Some(false) => Some(false),
                _ => None,
            },
            Self::ResetButton | Self::Request | Self::HikProConnect => None,
        }
    }

    /// Whether the device's SADP reply says nothing about this method, and its HTTP
    /// interface may.
    pub fn is_untold(self, device: &Device) -> bool {
        let element = match self {
            Self::Questions => "SupportSecurityQuestion",
            Self::Mail => "SupportMailBox",
            Self::Guid => "SupportGUID",
            Self::ResetButton | Self::Request | Self::HikConnect | Self::HikProConnect => {
                return false;
            }
        };
        device.raw.told(element).is_none()
    }

    /// Whether the device reports that it supports this method over HTTP alone.
    pub fn is_offered_over_http(self, device: &Device) -> bool {
        let over_http = &device.recovery.over_http;
        let offered = match self {
            Self::Questions => over_http.questions,
            Self::Mail => over_http.mailbox,
            Self::Guid => over_http.guid,
            Self::ResetButton | Self::Request | Self::HikConnect | Self::HikProConnect => None,
        };
        offered == Some(true) && self.is_untold(device)
    }
}

/// The columns of the vendor's table.
#[derive(Clone, Copy)]
enum TableColumn {
    Camera,
    Recorder,
    Other,
}

impl TableColumn {
    fn of(device: &Device) -> Self {
        match device.kind {
            _ if device.vendor == Some(Vendor::Ezviz) => Self::Other,
            Kind::IpCamera | Kind::Ptz => Self::Camera,
            Kind::Nvr | Kind::Dvr => Self::Recorder,
            Kind::Intercom | Kind::AccessControl | Kind::Traffic | Kind::Switch | Kind::Unknown => {
                Self::Other
            }
        }
    }
}

/// The vendor's advice on a method for a kind of device, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, strum::IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum Advice {
    /// The table recommends it.
    Recommended,
    /// The table lists it.
    Listed,
    /// The table has no column for this kind.
    Unknown,
    /// The table excludes it for this kind.
    Unlisted,
}

/// What is known about a device besides its reports. By default nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecoverySetup {
    /// Whether security questions are set, as the device reports.
    pub questions: Option<bool>,
    /// Whether an e-mail address is reserved, as the device reports.
    pub mailbox: Option<bool>,
    /// Whether a valid GUID was exported, as the device reports.
    pub guid: Option<bool>,
    /// GUID files of this device in the vault. `None`: the vault was not read.
    pub guids: Option<VaultedGuids>,
    /// The open request to the vendor, if any.
    pub request: Option<OpenRequest>,
}

impl RecoverySetup {
    /// Whether the method is set up on the device, so that it works whatever
    /// documents say.
    fn is_set_up(&self, way: RecoveryMethod) -> bool {
        match way {
            RecoveryMethod::Questions => self.questions == Some(true),
            RecoveryMethod::Mail => self.mailbox == Some(true),
            RecoveryMethod::Guid => self.guids.is_some_and(|guids| guids.usable > 0),
            _ => false,
        }
    }

    /// Whether the device reports that the method is not set up.
    fn is_not_set_up(&self, way: RecoveryMethod, device: &Device) -> bool {
        match way {
            RecoveryMethod::Questions => self.questions == Some(false),
            RecoveryMethod::Mail => self.mailbox == Some(false),
            RecoveryMethod::Guid => self.guid == Some(false),
            RecoveryMethod::HikConnect => device.cloud.bound == Some(false),
            _ => false,
        }
    }
}

/// GUID files of one device in the vault.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VaultedGuids {
    /// Files that are not known to be void.
    pub usable: usize,
    /// Files that were used, or that a password change made void.
    pub void: usize,
    /// When the newest usable file was exported.
    pub newest: Option<Timestamp>,
}

/// A request to the vendor without an answer yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenRequest {
    /// When it was exported.
    pub exported_at: Timestamp,
    /// Whether something happened since then that usually voids it: a reboot,
    /// another export, too much time.
    pub may_be_invalid: bool,
}

/// How one method suits one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MethodAssessment {
    /// The method.
    pub method: RecoveryMethod,
    /// The vendor's advice for this kind of device.
    pub advice: Advice,
    /// Whether it can be used now.
    pub availability: Availability,
    /// Further notes.
    pub notes: Vec<Note>,
}

impl MethodAssessment {
    /// Assesses one method for one device.
    pub fn judge(way: RecoveryMethod, device: &Device, prepared: &RecoverySetup) -> Self {
        let mut fit = Self {
            method: way,
            advice: way.advice(device),
            availability: Availability::Ready,
            notes: Vec::new(),
        };
        if device.state == Some(State::Unactivated) {
            fit.availability = Availability::NotForThisDevice(UnavailableReason::Unactivated);
            return fit;
        }
        let obstacle = fit.obstacle(device, prepared);
        let over_http = way.is_offered_over_http(device);
        let offered = (over_http || way.offered(device) == Some(true))
            && !prepared.is_not_set_up(way, device);
        let mut may_work = over_http && !prepared.is_set_up(way);
        match obstacle {
            Some(obstacle) if prepared.is_set_up(way) => fit.notes.push(Note::Despite(obstacle)),
            Some(obstacle) if obstacle.is_documented_only() && offered => {
                may_work = true;
                fit.notes.push(Note::OfferedDespite(obstacle));
            }
            Some(obstacle) => {
                fit.availability = Availability::NotForThisDevice(obstacle);
                return fit;
            }
            None => {}
        }
        if over_http {
            fit.notes.push(Note::OfferedOverHttp);
        }
        fit.note_uncertainty(device, prepared);
        fit.note_advice(device, prepared);
        let needs = needs(way, device, prepared);
        if may_work {
            fit.availability = Availability::MayWork(needs);
        } else if !needs.is_empty() {
            fit.availability = Availability::Needs(needs);
        }
        fit
    }

    /// Why documents exclude a method for a device that reports it. It may work.
    pub fn excluded(way: RecoveryMethod, device: &Device) -> Option<UnavailableReason> {
        let fit = Self::judge(way, device, &RecoverySetup::default());
        fit.notes.iter().find_map(|note| match note {
            Note::OfferedDespite(reason) => Some(*reason),
            _ => None,
        })
    }

    /// The first reason against the method, the most helpful one first.
    fn obstacle(&self, device: &Device, prepared: &RecoverySetup) -> Option<UnavailableReason> {
        if self.advice == Advice::Unlisted {
            return Some(UnavailableReason::Kind(device.kind));
        }
        if let (Minimum::Stated(minimum), Some(version)) = self.firmware(device)
            && version < minimum.version()
        {
            return Some(UnavailableReason::FirmwareBelow(minimum));
        }
        if self.method.offered(device) == Some(false) && !self.method.is_offered_over_http(device) {
            return Some(UnavailableReason::NotOffered);
        }
        let refuted = prepared.is_not_set_up(self.method, device);
        refuted.then_some(UnavailableReason::NotSetUp(self.method))
    }

    /// Notes what is uncertain. A method that is set up is certain.
    fn note_uncertainty(&mut self, device: &Device, prepared: &RecoverySetup) {
        if prepared.is_set_up(self.method) {
            return;
        }
        if self.advice == Advice::Unknown {
            self.notes.push(Note::KindUnknown);
        }
        match self.firmware(device) {
            (Minimum::Stated(minimum), None) => self.notes.push(Note::FirmwareUnknown(minimum)),
            (Minimum::SeriesUnknown, _) => self.notes.push(Note::SeriesUnknown),
            _ => {}
        }
    }

    /// The stated minimum firmware, and the device's own.
    fn firmware(&self, device: &Device) -> (Minimum, Option<Version>) {
        let stated = match self.advice {
            Advice::Unknown => Minimum::None,
            _ => Minimum::of(self.method, device),
        };
        let version = device.firmware.as_ref().and_then(Firmware::version);
        (stated, version)
    }

    fn note_advice(&mut self, device: &Device, prepared: &RecoverySetup) {
        match self.method {
            RecoveryMethod::ResetButton => {
                self.notes.push(Note::ButtonPlace(FormFactor::of(device)));
                self.notes.push(Note::SettingsLost);
            }
            RecoveryMethod::Request => {
                self.notes.push(Note::ProofOfOwnership);
                if device.recovery.request == Some(RequestWay::LegacyCode) {
                    self.notes.push(Note::FactoryDefault);
                }
            }
            RecoveryMethod::Guid => {
                let newest = prepared.guids.filter(|guids| guids.usable > 0);
                let exported_at = newest.and_then(|guids| guids.newest);
                self.notes.extend(exported_at.map(Note::InVault));
            }
            RecoveryMethod::HikProConnect if device.cloud.supported == Some(false) => {
                self.notes.push(Note::CloudNotOffered);
            }
            RecoveryMethod::HikConnect | RecoveryMethod::HikProConnect
                if device.cloud.enabled == Some(false) =>
            {
                self.notes.push(Note::CloudOff);
            }
            RecoveryMethod::Questions
            | RecoveryMethod::Mail
            | RecoveryMethod::HikConnect
            | RecoveryMethod::HikProConnect => {}
        }
    }

    fn rank(&self) -> (bool, Advice, u8) {
        let standing = match self.availability {
            Availability::Ready => 0,
            Availability::Needs(_) => 1,
            Availability::MayWork(_) => 2,
            Availability::NotForThisDevice(_) => 3,
        };
        (standing == 3, self.advice, standing)
    }
}

/// What is missing for a method that suits the device.
fn needs(way: RecoveryMethod, device: &Device, prepared: &RecoverySetup) -> Vec<Prerequisite> {
    let lock = match device.state {
        Some(State::Locked { until }) => Some(Prerequisite::LockEnd(until)),
        _ => None,
    };
    let (need, lock) = match way {
        RecoveryMethod::ResetButton => (Some(Prerequisite::AtDevice), None),
        RecoveryMethod::Questions => {
            let unknown = prepared.questions.is_none();
            (unknown.then_some(Prerequisite::QuestionsSet), lock)
        }
        RecoveryMethod::Mail => {
            let unknown = prepared.mailbox.is_none();
            (unknown.then_some(Prerequisite::MailboxSet), lock)
        }
        RecoveryMethod::Guid if prepared.is_set_up(way) => (None, lock),
        RecoveryMethod::Guid => {
            let void = prepared.guids.map(|guids| guids.void);
            (Some(Prerequisite::GuidFile { void }), lock)
        }
        RecoveryMethod::Request => match (device.recovery.request, prepared.request) {
            (None | Some(RequestWay::None), _) => (Some(Prerequisite::WholeReply), None),
            // A locked device still exports requests.
            (_, None) => (None, None),
            (_, Some(open)) if open.may_be_invalid => {
                (Some(Prerequisite::NewRequest(open.exported_at)), None)
            }
            (_, Some(open)) => (Some(Prerequisite::VendorAnswer(open.exported_at)), lock),
        },
        RecoveryMethod::HikConnect => (Some(Prerequisite::BoundAccount), None),
        RecoveryMethod::HikProConnect => (Some(Prerequisite::InstallerSite), None),
    };
    need.into_iter().chain(lock).collect()
}

#[cfg(test)]
mod tests;
