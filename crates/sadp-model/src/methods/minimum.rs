use std::fmt;

use super::{RecorderSeries, RecoveryMethod};
use crate::{Device, Firmware, Kind, Version};

/// The oldest firmware that takes a way, as written in its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FirmwareMinimum {
    text: &'static str,
    source: MinimumSource,
}

/// Who states a minimum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MinimumSource {
    /// The vendor's document on forgotten passwords.
    Vendor,
    /// Public guides and manuals.
    Public,
}

impl FirmwareMinimum {
    pub(super) const fn of_vendor(text: &'static str) -> Self {
        let source = MinimumSource::Vendor;
        Self { text, source }
    }

    const fn of_guides(text: &'static str) -> Self {
        let source = MinimumSource::Public;
        Self { text, source }
    }

    /// The text, e.g. `V4.30.005`.
    pub const fn text(self) -> &'static str {
        self.text
    }

    /// Who states it.
    pub const fn source(self) -> MinimumSource {
        self.source
    }

    /// The number to compare with.
    pub fn version(self) -> Version {
        let firmware = Firmware::new(self.text);
        let version = firmware.and_then(|firmware| firmware.version());
        version.unwrap_or_else(|| Version::new(&[]))
    }
}

impl fmt::Display for FirmwareMinimum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text)
    }
}

/// What is stated on the firmware for one way and one device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Minimum {
    /// Nothing is asked for.
    None,
    /// It depends on the recorder's series, and none is stated for this one.
    SeriesUnknown,
    /// This one or newer.
    Stated(FirmwareMinimum),
}

impl Minimum {
    /// What is stated for a device whose kind the vendor's table has.
    pub(super) fn of(way: RecoveryMethod, device: &Device) -> Self {
        match (way, device.kind) {
            (RecoveryMethod::Questions, Kind::IpCamera | Kind::Ptz) => {
                Self::Stated(FirmwareMinimum::of_vendor("V5.5.0"))
            }
            (RecoveryMethod::Guid, Kind::Nvr) => {
                Self::Stated(FirmwareMinimum::of_guides("V3.4.90"))
            }
            (RecoveryMethod::Guid, Kind::Dvr) => {
                Self::Stated(FirmwareMinimum::of_guides("V3.4.80"))
            }
            (RecoveryMethod::Mail | RecoveryMethod::HikConnect, Kind::Nvr | Kind::Dvr) => {
                RecorderSeries::of(device)
                    .map_or(Self::SeriesUnknown, |series| Self::Stated(series.minimum()))
            }
            _ => Self::None,
        }
    }
}
