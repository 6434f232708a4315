//! The HTTP interface (ISAPI) of Hikvision-style devices: its documents, its login and
//! activation over HTTP, sans-I/O, and a thin [`Client`] beside them.
//!
//! It never logs in unless told to, never repeats a login, and resets no password.
//! [`digest`], [`activation`] and the documents open no socket, read no clock and draw
//! no random number; they never panic, whatever bytes arrive.
//!
//! ```text
//!   client                                             device
//!     |-- GET userCheck --------------------------------->|
//!     |<- 401, challenge, maybe lock and tries left ------|  no try is spent
//!     |-- GET userCheck, answer to the challenge -------->|  only if not locked
//!     |<- 200, or 401 with the tries left ----------------|  the end in any case
//! ```
//!
//! - [`Body`]: what is read from a reply, whether XML or JSON.
//! - [`ActivateStatus`], [`UserCheck`], [`ResponseStatus`], [`DeviceInfo`]: the documents.
//! - [`Time`] with [`DeviceZone`], [`NtpServer`], [`DiscoveryMode`], [`Integrate`],
//!   [`InputChannel`], [`ChannelStatus`], [`VideoSource`]: more, with a login.
//! - [`replace_text`]: one value of a document changed, and nothing else.
//! - [`digest`]: the answer to a challenge.
//! - [`activation`]: the first password, sealed for the device.
//! - [`prepare`]: requests that prepare recovery; [`fields`]: their encrypted values.
//! - [`Client`]: requests to one device, with at most one login each.
//!
//! Sources: the vendor's ISAPI guides and replies of real devices in public clients.
//! Where only one source is known, the item says so.
//!
//! ```
//! use sadp_isapi::{Body, IsapiDocument, UserCheck};
//!
//! let reply = b"<userCheck><lockStatus>lock</lockStatus><unlockTime>1795</unlockTime></userCheck>";
//! let check = UserCheck::read(&Body::read(reply)?).unwrap_or_default();
//! assert!(check.is_locked());
//! assert_eq!(check.unlock_time, Some(1795));
//! # Ok::<(), sadp_isapi::BodyError>(())
//! ```

#![cfg_attr(
    not(test),
    warn(
        clippy::arithmetic_side_effects,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )
)]

/// Implements `Debug` for secrets as `Type(..)`.
macro_rules! opaque_debug {
    ($($type:ident $(<$life:lifetime>)?),+) => {$(
        impl std::fmt::Debug for $type $(<$life>)? {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($type), "(..)"))
            }
        }
    )+};
}

/// Reads and writes words of devices, unknown ones unchanged.
macro_rules! words {
    ($type:ident) => {
        impl $type {
            pub(crate) fn of(word: &str) -> Self {
                word.parse()
                    .unwrap_or_else(|_| Self::Other(word.to_owned()))
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    };
}

pub mod activation;
mod body;
mod capabilities;
mod client;
mod device_info;
pub mod digest;
mod document;
mod edit;
mod failure;
pub mod fields;
mod input_proxy;
mod login;
pub mod prepare;
mod reply;
mod request;
mod response_status;
mod services;
mod status;
mod time;

pub use body::{Body, BodyError};
pub use capabilities::{RecoveryCapabilities, RecoveryWays, SecurityCapabilities};
pub use client::{
    ActivateError, AskError, Client, ClientSettings, SetupError, Timeouts, Transport,
};
pub use device_info::DeviceInfo;
pub use document::{IsapiDocument, list_to_xml, read_list};
pub use edit::{EditError, replace_text};
pub use failure::{BadFingerprint, CertificateFingerprint, HttpFailure};
pub use input_proxy::{
    ChannelStatus, DetectResult, InputChannel, InputSource, SecurityStatus, VideoSource,
};
pub use login::{BasicLogin, LoginOutcome, Withheld};
pub use reply::{HttpRefusal, IsapiReply};
pub use request::{HttpMethod, IsapiRequest, MediaType, RequestBody};
pub use response_status::{ResponseStatus, SubStatus};
pub use services::{DiscoveryMode, Integrate, OnvifUser, Switch, Visibility};
pub use status::{ActivateStatus, LockState, UserCheck};
pub use time::{
    BadDeviceZone, BadNtpHost, DeviceZone, NtpHost, NtpServer, Time, TimeMode, ZoneError,
};
