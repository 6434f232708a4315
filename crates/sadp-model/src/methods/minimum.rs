//! The firmware that recovery methods need, by the series of recorders.

use std::fmt;

use super::RecoveryMethod;
use crate::{Device, Firmware, Kind, Version};

/// The oldest firmware that supports a method, as its source states it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FirmwareMinimum {
    text: &'static str,
    source: MinimumSource,
}

/// The source of a minimum.
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

    /// Its source.
    pub const fn source(self) -> MinimumSource {
        self.source
    }

    /// The number, for comparison.
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

/// The stated minimum for one method and one device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Minimum {
    /// None.
    None,
    /// It depends on the recorder's series, and none is stated for this one.
    SeriesUnknown,
    /// This one or newer.
    Stated(FirmwareMinimum),
}

impl Minimum {
    /// The stated minimum for a device whose kind the vendor's table contains.
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

/// The recorder series for which the vendor's document states the firmware that
/// supports reserved e-mail and Hik-Connect.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, strum::Display, strum::EnumIter,
)]
pub enum RecorderSeries {
    /// NVR 71Q, Q and K, e.g. `DS-7608NI-K2`.
    #[strum(to_string = "NVR Q/K series")]
    NvrQk,
    /// NVR I, e.g. `DS-7616NI-I2`.
    #[strum(to_string = "NVR I series")]
    NvrI,
    /// DVR HG, e.g. `DS-7216HGHI-F1`.
    #[strum(to_string = "DVR HG series")]
    DvrHg,
    /// DVR 71 and 72 with HQ, HU or HT, e.g. `DS-7204HQHI-K1`.
    #[strum(to_string = "DVR 71/72 HQ/HU/HT series")]
    DvrHqHuHt,
    /// DVR M, e.g. `iDS-7208HQHI-M1/S`.
    #[strum(to_string = "DVR M series")]
    DvrM,
}

impl RecorderSeries {
    /// The series of a recorder, if its kind and model identify one.
    pub fn of(device: &Device) -> Option<Self> {
        Self::of_model(device.model.as_deref()?).filter(|series| series.kind() == device.kind)
    }

    /// The series of a model name. `None` for models that the document does not
    /// clearly name: other letters, NXI models, and HG models of generation M,
    /// which two of its lines could mean.
    pub fn of_model(model: &str) -> Option<Self> {
        let model = model.trim();
        let (code, intelligent) = match model.strip_prefix("iDS-") {
            Some(code) => (code, true),
            None => (model.strip_prefix("DS-")?, false),
        };
        let (name, rest) = code.split_once('-')?;
        let letters = name.trim_start_matches(|c: char| c.is_ascii_digit());
        let number = name.strip_suffix(letters)?;
        match (letters, generation(rest)) {
            ("NI", Some('Q' | 'K')) if !intelligent => Some(Self::NvrQk),
            ("NI", Some('I')) if !intelligent => Some(Self::NvrI),
            ("HQHI" | "HUHI" | "HTHI", Some('M')) => Some(Self::DvrM),
            ("HGHI", Some('M')) => None,
            ("HGHI", _) => Some(Self::DvrHg),
            ("HQHI" | "HUHI" | "HTHI", _)
                if number.starts_with("71") || number.starts_with("72") =>
            {
                Some(Self::DvrHqHuHt)
            }
            _ => None,
        }
    }

    const fn kind(self) -> Kind {
        match self {
            Self::NvrQk | Self::NvrI => Kind::Nvr,
            Self::DvrHg | Self::DvrHqHuHt | Self::DvrM => Kind::Dvr,
        }
    }

    /// The oldest firmware that supports reserved e-mail and Hik-Connect.
    pub const fn minimum(self) -> FirmwareMinimum {
        FirmwareMinimum::of_vendor(match self {
            Self::NvrQk => "V4.30.005",
            Self::NvrI => "V4.21.005",
            Self::DvrHg => "V4.30.110",
            Self::DvrHqHuHt => "V4.21.100",
            Self::DvrM => "V4.26.000",
        })
    }
}

/// The letter of `K2`, `I16/16P`, `Q1(C)`: one capital, then the number of disks.
/// Older names such as `SH`, `ST` or `SE/P` have none.
fn generation(suffix: &str) -> Option<char> {
    let end = suffix.find(|c: char| !c.is_ascii_alphanumeric());
    let first = suffix.get(..end.unwrap_or(suffix.len()))?;
    let digits = first.trim_start_matches(|c: char| c.is_ascii_uppercase());
    let numbered = !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit());
    match first.strip_suffix(digits)?.as_bytes() {
        [letter] if numbered => Some(char::from(*letter)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_shows_the_series() {
        use RecorderSeries::{DvrHg, DvrHqHuHt, DvrM, NvrI, NvrQk};
        for (series, models) in [
            (
                NvrQk,
                "DS-7608NI-K2, DS-7608NI-K2/8P, DS-7604NI-K1(B), DS-7716NI-K4/16P, \
                 DS-7732NI-Q4, DS-7616NI-Q2(C), DS-7108NI-Q1, DS-7104NI-Q1/4P/M",
            ),
            (NvrI, "DS-7616NI-I2, DS-9664NI-I16,  DS-7716NI-I4/16P"),
            (DvrHg, "DS-7216HGHI-F1, DS-7104HGHI-K1(S), DS-7208HGHI-SH"),
            (
                DvrHqHuHt,
                "DS-7204HQHI-K1, DS-7208HQHI-F1/N, DS-7104HQHI-K1, iDS-7208HQHI-K1/4S, \
                 DS-7208HUHI-K2/P, DS-7204HTHI-K1",
            ),
            (DvrM, "DS-7208HUHI-M1, iDS-7208HQHI-M1/S, iDS-7316HQHI-M4/S"),
        ] {
            for model in models.split(", ") {
                assert_eq!(RecorderSeries::of_model(model), Some(series), "{model}");
                assert_eq!(Kind::of_model(model), series.kind(), "{model}");
            }
        }
        // The first could be in two lines of the document. It does not name those
        // up to `iDS-9632NI-I8`; the others are not names of recorders.
        let others = "iDS-7104HGHI-M1/S, DS-7316HQHI-K4, DS-7208HVI-SV, DS-7608NI-E2/8P, \
                      DS-7608NI-M2/8P, DS-7616NI-ST, DS-7608NI-SE/P, DS-7608NXI-K2, \
                      iDS-7716NXI-I4/X(B), iDS-9632NI-I8, DS-7608NI, DS-7608NI-, \
                      DS-7608NI-K, DS-7608NI-K2X, DS-7608NI-K², DS-7104HQHI, DS-7300, \
                      DS-2CD2143G0-I, NVR-K2,, ";
        for model in others.split(", ") {
            assert_eq!(RecorderSeries::of_model(model), None, "{model}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_model_is_survived(model in "(i?DS-)?\\PC{0,30}") {
            let _ = RecorderSeries::of_model(&model);
        }
    }
}
