use std::net::Ipv4Addr;

use sadp_model::MacAddr;
use sadp_proto::{NetworkSettings, UpdateError};

use super::Impact;

/// What is found of a device whose settings are to change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NetworkFinding {
    /// It has these settings already.
    AlreadySet,
    /// It has no password yet.
    NotActivated,
    /// Its command cannot be made.
    CannotSend(UpdateError),
    /// It takes the password only in a form that can be recorded and replayed.
    Replayable,
    /// No look found the device of this line of the plan file.
    NotFound {
        /// The line, from 1.
        line: u64,
    },
    /// Its new address is taken.
    AddressTaken {
        /// The address.
        address: Ipv4Addr,
        /// What has it.
        holder: AddressHolder,
    },
    /// Another device of the plan did not confirm that it gave up the address.
    AddressNotFreed {
        /// The address.
        address: Ipv4Addr,
        /// The other device.
        by: Option<MacAddr>,
    },
    /// The batch ended before.
    BatchEnded,
    /// An earlier step of the plan was not carried out.
    EarlierStepFailed,
}

impl NetworkFinding {
    /// What it means for the operation as a whole.
    pub(crate) const fn impact(&self) -> Impact {
        match self {
            Self::AlreadySet => Impact::None,
            Self::NotActivated
            | Self::CannotSend(_)
            | Self::Replayable
            | Self::AddressTaken { .. } => Impact::Safety,
            Self::NotFound { .. }
            | Self::AddressNotFreed { .. }
            | Self::BatchEnded
            | Self::EarlierStepFailed => Impact::Device,
        }
    }
}

/// What has an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressHolder {
    /// This computer.
    ThisComputer,
    /// A device, by its MAC where it tells one.
    Device(Option<MacAddr>),
    /// A host that takes or refuses TCP connections.
    Host,
}

/// The network settings of a device before and after.
#[derive(Clone, Debug)]
pub struct SettingsChange {
    /// What the device told.
    pub before: NetworkSettings,
    /// What it is sent.
    pub after: NetworkSettings,
    /// Whether `before` is put together from replies that are not alike: what is kept
    /// may be wrong, too.
    pub mixed: bool,
}
