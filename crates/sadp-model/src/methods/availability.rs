use jiff::Timestamp;

use super::{FirmwareMinimum, FormFactor, MinimumSource, RecoveryMethod};
use crate::{Kind, text::local_minute};

/// Whether a method can be used now.
#[derive(Clone, Debug, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum Availability {
    /// Nothing is known to be missing.
    Ready,
    /// It suits the device, but something is missing; never empty.
    Needs(Vec<Prerequisite>),
    /// The device reports it, although documents exclude it for the device, or reports
    /// it over HTTP alone. What is missing, if anything.
    MayWork(Vec<Prerequisite>),
    /// It does not suit the device.
    NotForThisDevice(UnavailableReason),
}

impl Availability {
    /// Returns the name for scripts, e.g. `not-for-this-device`.
    pub fn name(&self) -> &'static str {
        self.into()
    }

    /// What is missing.
    pub fn needs(&self) -> &[Prerequisite] {
        match self {
            Self::Needs(needs) | Self::MayWork(needs) => needs,
            Self::Ready | Self::NotForThisDevice(_) => &[],
        }
    }

    /// Why the method is not available.
    pub const fn obstacle(&self) -> Option<UnavailableReason> {
        match self {
            Self::NotForThisDevice(obstacle) => Some(*obstacle),
            Self::Ready | Self::Needs(_) | Self::MayWork(_) => None,
        }
    }
}

/// Something missing for a method that suits the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr, thiserror::Error)]
#[strum(serialize_all = "kebab-case")]
pub enum Prerequisite {
    /// A person at the device.
    #[error("someone at the device")]
    AtDevice,
    /// Security questions set earlier; unknown whether they are.
    #[error("security questions that were set earlier (it is not known whether they are)")]
    QuestionsSet,
    /// An e-mail address reserved earlier; unknown whether one is.
    #[error("an e-mail address that was reserved earlier (it is not known whether one is)")]
    MailboxSet,
    /// A GUID file exported earlier.
    #[error("a GUID file exported earlier with the password{}", in_vault(*void))]
    GuidFile {
        /// How many void files of this device the vault contains; no usable one.
        /// `None`: the vault was not read.
        void: Option<usize>,
    },
    /// The vendor's answer to the request exported at this time.
    #[error(
        "the vendor's answer to the request of {}; until it is in, neither reboot the device nor \
         export again",
        local_minute(*.0)
    )]
    VendorAnswer(Timestamp),
    /// Another request: the one exported at this time may be void.
    #[error("a new request; that of {} may no longer be valid", local_minute(*.0))]
    NewRequest(Timestamp),
    /// A complete reply with the kind of request.
    #[error("a complete reply, which says which request the device takes: scan again")]
    WholeReply,
    /// The account the device is bound to.
    #[error("the Hik-Connect account that the device was bound to")]
    BoundAccount,
    /// The device in the installer's site.
    #[error("the device handed over to the installer's site in Hik-ProConnect")]
    InstallerSite,
    /// The end of the lock, at this time.
    #[error("the end of the lock at {}", local_minute(*.0))]
    LockEnd(Timestamp),
}

const fn in_vault(void: Option<usize>) -> &'static str {
    match void {
        None => "",
        Some(0) => "; the vault holds none of this device",
        Some(_) => "; those in the vault are void",
    }
}

/// Why a method is not available for a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr, thiserror::Error)]
#[strum(serialize_all = "kebab-case")]
pub enum UnavailableReason {
    /// The device has no password.
    #[error("it has no password yet; activate it")]
    Unactivated,
    /// The vendor excludes the method for this kind.
    #[error("the vendor's document excludes this method for {}", devices(*.0))]
    Kind(Kind),
    /// The firmware is older than the stated minimum.
    #[error("its firmware is older than {0}, {why}", why = states(.0.source()))]
    FirmwareBelow(FirmwareMinimum),
    /// The device does not report the method, or denies it.
    #[error("the device does not report this method")]
    NotOffered,
    /// The device reports that the method is not set up.
    #[error("the device reports that {}", not_set_up(*.0))]
    NotSetUp(RecoveryMethod),
}

impl UnavailableReason {
    /// Whether only documents say so; the device may support it anyway.
    pub(super) const fn is_documented_only(self) -> bool {
        matches!(self, Self::Kind(_) | Self::FirmwareBelow(_))
    }
}

/// A kind in the plural, as far as the vendor's table distinguishes.
const fn devices(kind: Kind) -> &'static str {
    match kind {
        Kind::IpCamera | Kind::Ptz => "cameras",
        Kind::Nvr | Kind::Dvr => "recorders",
        _ => "this kind of device",
    }
}

const fn states(source: MinimumSource) -> &'static str {
    match source {
        MinimumSource::Vendor => "which the vendor asks for",
        MinimumSource::Public => "the first version that public guides name",
    }
}

const fn not_set_up(method: RecoveryMethod) -> &'static str {
    match method {
        RecoveryMethod::Questions => "no security questions are set",
        RecoveryMethod::Mail => "no e-mail address is reserved",
        RecoveryMethod::Guid => "no valid GUID was exported from it",
        RecoveryMethod::HikConnect => "it is not bound to a Hik-Connect account",
        _ => "it was not set up",
    }
}

/// A note about a method for one device, besides its availability.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr, thiserror::Error)]
#[strum(serialize_all = "kebab-case")]
pub enum Note {
    /// The vendor's document has no column for this kind.
    #[error("the vendor's document does not cover this kind of device; it may work")]
    KindUnknown,
    /// The vendor's document states no firmware for this recorder's series.
    #[error("the minimum firmware of this series is not known; it may work")]
    SeriesUnknown,
    /// A minimum firmware is stated, and the device's own is unknown.
    #[error("it takes firmware {0} or newer; the device's is not known")]
    FirmwareUnknown(FirmwareMinimum),
    /// The reason against the method, which is set up on the device anyway.
    #[error("set up on the device, although {0}")]
    Despite(UnavailableReason),
    /// The device reports the method, although documents exclude it for this reason.
    #[error("the device reports this method, although {0}")]
    OfferedDespite(UnavailableReason),
    /// The device reports the method over HTTP, and says nothing about it by SADP.
    #[error(
        "the device reports this method over HTTP, not by SADP: see \"Forgot Password\" on its own \
         web page"
    )]
    OfferedOverHttp,
    /// Where the reset button may be.
    #[error("the button: {}", .0.button_place())]
    ButtonPlace(FormFactor),
    /// The button resets more than the password.
    #[error("all other settings return to their factory values, too")]
    SettingsLost,
    /// What the vendor's support asks for.
    #[error("the vendor's support asks for proof of ownership")]
    ProofOfOwnership,
    /// What a legacy device does with the vendor's code.
    #[error("the device gets the default password of its manual; give it a new one at once")]
    FactoryDefault,
    /// When the newest usable GUID file was exported.
    #[error("the newest file in the vault is of {}", local_minute(*.0))]
    InVault(Timestamp),
    /// Hik-Connect is disabled on the device.
    #[error("Hik-Connect is off on the device; it may be bound to no account")]
    CloudOff,
    /// The device does not report Hik-Connect, or denies it.
    #[error("the device does not report Hik-Connect; the service may not reach it")]
    CloudNotOffered,
}
