//! What a SADP device is: its identity, firmware, network settings,
//! capabilities and state, and what a set of devices says about a site.
//!
//! This crate does no I/O, has no wire format, reads no clock and prints nothing.
//! `sadp-proto` fills these types from replies; the crates above decide by them.
//!
//! - [`Device`]: what one device reports of itself. What it did not report is
//!   `None`; every element it sent is in [`Device::raw`].
//! - [`Registry`]: one record for each device found, however often and by whatever
//!   transport it replied.
//! - [`assess`]: warnings about devices, as seen from this computer.
//! - [`assess_methods`]: which password recovery methods a device supports.
//! - [`free_addresses`] and [`order`]: addresses for many devices, and the order to
//!   set them in.
//! - [`PasswordCheck`]: the vendor's rules for new passwords; [`SecretText`]: how every
//!   secret is read.
//! - [`text`]: makes text of devices safe for terminals.
//!
//! Versions and addresses compare by value, however they are written:
//!
//! ```
//! use sadp_model::{Firmware, Kind, MacAddr, Version};
//!
//! let firmware = Firmware::new("V5.5.820 build 231108").expect("it is not blank");
//! assert!(firmware.version() > Some(Version::new(&[5, 5, 82])));
//! assert_eq!("44-47-CC-1D-6D-13".parse::<MacAddr>(), "44:47:cc:1d:6d:13".parse());
//! assert_eq!(Kind::of_model("DS-7608NI-K2/8P"), Kind::Nvr);
//! ```

/// Gives each type a `name` for scripts.
macro_rules! named {
    ($($type:ty),+) => {$(
        impl $type {
            /// Returns the name for scripts: lower case with hyphens.
            pub fn name(self) -> &'static str {
                self.into()
            }
        }
    )+};
}

mod addressing;
mod assess;
mod device;
mod firmware;
mod kind;
mod mac;
mod methods;
mod password;
mod raw;
mod registry;
mod secret;
mod serial;
mod site;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod text;

pub use addressing::{
    AddressError, AddressStep, HostSettings, Move, NetworkFull, NoSpare, free_addresses, order,
    read_mask,
};
pub use assess::{Assessment, LocalNetwork, Shared, Warning, assess, assess_one};
pub use device::{
    Channels, Cloud, Device, FACTORY_ADDRESSES, Ipv4Settings, Ipv6Settings, OfferedOverHttp, Ports,
    Recovery, RequestWay, SetUp, State,
};
pub use firmware::{Firmware, Version};
pub use kind::{Kind, Vendor};
pub use mac::{MacAddr, ParseMacError};
pub use methods::{
    Advice, Availability, FirmwareMinimum, FormFactor, MethodAssessment, MinimumSource, Note,
    OpenRequest, Prerequisite, RecorderSeries, RecoveryMethod, RecoverySetup, UnavailableReason,
    VaultedGuids, assess_methods,
};
pub use password::{PasswordCheck, PasswordProblem, Strength};
pub use raw::RawFields;
pub use registry::{
    AnsweredProbe, Contradiction, DeviceRecord, Protocol, Recorded, Registry, ReplyAddress,
    SenderConflict, Sighting, Via,
};
pub use secret::{SecretKind, SecretProblem, SecretText};
pub use serial::{Serial, SerialParts};
pub use site::{DeviceCounts, KnownAddresses, OffSubnet};

named!(
    Kind,
    Vendor,
    State,
    RequestWay,
    Via,
    Warning,
    Strength,
    PasswordProblem,
    RecoveryMethod,
    Advice,
    Prerequisite,
    UnavailableReason,
    Note
);
