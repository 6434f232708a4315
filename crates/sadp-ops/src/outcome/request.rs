use jiff::Timestamp;
use sadp_reset::{OpenedCase, Package, RequestKind};

use super::Impact;

/// What is known of how a request came about, or why it did not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequestFinding {
    /// Not sent: the device has no password yet.
    Unactivated {
        /// Whether the user named the device.
        named: bool,
    },
    /// Not sent: the device does not report which kind of request it takes.
    KindUnknown,
    /// Not sent: an earlier request waits for its answer, and another would make
    /// it void.
    Pending {
        /// When that was exported.
        since: Timestamp,
    },
    /// Not sent: a dry run.
    Planned(RequestKind),
    /// The request is on the disk.
    Exported {
        /// What the device takes.
        kind: RequestKind,
        /// Whether it does not end in the serial number, though it should.
        lacks_serial: bool,
        /// Whether the ledger knows of it.
        recorded: bool,
    },
    /// The device answered without a request.
    NoCode,
    /// The device gave a request, which could not be written.
    NotWritten,
}

impl RequestFinding {
    /// What a device that was skipped for it means for the operation.
    pub(crate) const fn impact(&self) -> Impact {
        match self {
            Self::Unactivated { named: false } => Impact::None,
            Self::Unactivated { named: true } | Self::Pending { .. } => Impact::Safety,
            _ => Impact::Device,
        }
    }
}

/// A request on the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportedRequest {
    /// Its package.
    pub package: Package,
    /// Its case in the ledger, and the older ones it closed. `None` where the
    /// ledger could not be written.
    pub case: Option<OpenedCase>,
    /// The text to show as a QR code, where the device takes a key.
    pub qr_text: Option<String>,
}
