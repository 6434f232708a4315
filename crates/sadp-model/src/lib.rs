//! What a SADP device is: its identity, firmware, network settings,
//! capabilities and state, and what a set of devices says about a site.
//!
//! This crate does no I/O, knows no wire format, reads no clock and prints
//! nothing. `sadp-proto` fills these types from replies; everything above
//! decides by them.
//!
//! - [`Device`]: one device's account of itself. What it did not say is `None`, and
//!   every element it sent is in [`Device::raw`].
//! - [`Registry`]: all devices heard, one entry each, however often and by
//!   whatever way they were heard.
//! - [`assess`]: what is noteworthy about them from where this machine stands.
//! - [`assess_methods`]: which ways of bringing a password back fit one of them.
//! - [`free_addresses`] and [`order`]: addresses for many, and in which order to
//!   set them.
//! - [`PasswordCheck`]: the vendor's rules for new passwords.
//! - [`text`]: what devices say, made harmless for terminals.
//!
//! Numbers compare as numbers, however they are written:
//!
//! ```
//! use sadp_model::{Firmware, Kind, MacAddr, Version};
//!
//! let firmware = Firmware::new("V5.5.820 build 231108").expect("it is not blank");
//! assert!(firmware.version() > Some(Version::new(&[5, 5, 82])));
//! assert_eq!("44-47-CC-1D-6D-13".parse::<MacAddr>(), "44:47:cc:1d:6d:13".parse());
//! assert_eq!(Kind::of_model("DS-7608NI-K2/8P"), Kind::Nvr);
//! ```

/// Gives types the name of their values that scripts see.
macro_rules! named {
    ($($type:ty),+) => {$(
        impl $type {
            /// Returns the name that scripts see: lower case with hyphens.
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
mod serial;
mod site;
pub mod text;

pub use addressing::{
    AddressError, AddressStep, HostSettings, Move, NetworkFull, NoSpare, free_addresses, order,
};
pub use assess::{Assessment, Shared, Warning, assess, assess_one};
pub use device::{
    Channels, Cloud, Device, FACTORY_ADDRESSES, Ipv4Settings, Ipv6Settings, Ports, Recovery,
    RequestWay, SetUp, State,
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
    DeviceRecord, Protocol, Recorded, Registry, ReplyAddress, SenderConflict, Sighting, Via,
};
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
