use std::fmt;

use super::FirmwareMinimum;
use crate::{Device, Kind};

/// The series of recorders for which the vendor's document states the firmware
/// that takes the reserved e-mail and Hik-Connect ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecorderSeries {
    /// NVR 71Q, Q and K, e.g. `DS-7608NI-K2`.
    NvrQk,
    /// NVR I, e.g. `DS-7616NI-I2`.
    NvrI,
    /// DVR HG, e.g. `DS-7216HGHI-F1`.
    DvrHg,
    /// DVR 71 and 72 with HQ, HU or HT, e.g. `DS-7204HQHI-K1`.
    DvrHqHuHt,
    /// DVR M, e.g. `iDS-7208HQHI-M1/S`.
    DvrM,
}

impl RecorderSeries {
    /// All series.
    pub const ALL: [Self; 5] = [
        Self::NvrQk,
        Self::NvrI,
        Self::DvrHg,
        Self::DvrHqHuHt,
        Self::DvrM,
    ];

    /// The series of a recorder, where its kind and model tell one.
    pub fn of(device: &Device) -> Option<Self> {
        Self::of_model(device.model.as_deref()?).filter(|series| series.kind() == device.kind)
    }

    /// The series a model name tells. `None` for all that the document does not
    /// name for sure: other letters, NXI models, and HG models of generation M,
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

    /// The oldest firmware that takes the reserved e-mail and Hik-Connect ways.
    pub const fn minimum(self) -> FirmwareMinimum {
        FirmwareMinimum::of_vendor(match self {
            Self::NvrQk => "V4.30.005",
            Self::NvrI => "V4.21.005",
            Self::DvrHg => "V4.30.110",
            Self::DvrHqHuHt => "V4.21.100",
            Self::DvrM => "V4.26.000",
        })
    }

    /// The name people see, e.g. `NVR I series`.
    pub const fn label(self) -> &'static str {
        match self {
            Self::NvrQk => "NVR Q/K series",
            Self::NvrI => "NVR I series",
            Self::DvrHg => "DVR HG series",
            Self::DvrHqHuHt => "DVR 71/72 HQ/HU/HT series",
            Self::DvrM => "DVR M series",
        }
    }
}

impl fmt::Display for RecorderSeries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

/// The letter of `K2`, `I16/16P`, `Q1(C)`: one capital, then disks in digits.
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
    fn the_model_tells_the_series() {
        use RecorderSeries::{DvrHg, DvrHqHuHt, DvrM, NvrI, NvrQk};
        for (model, series) in [
            ("DS-7608NI-K2", Some(NvrQk)),
            ("DS-7608NI-K2/8P", Some(NvrQk)),
            ("DS-7604NI-K1(B)", Some(NvrQk)),
            ("DS-7716NI-K4/16P", Some(NvrQk)),
            ("DS-7732NI-Q4", Some(NvrQk)),
            ("DS-7616NI-Q2(C)", Some(NvrQk)),
            ("DS-7108NI-Q1", Some(NvrQk)),
            ("DS-7104NI-Q1/4P/M", Some(NvrQk)),
            ("DS-7616NI-I2", Some(NvrI)),
            ("DS-9664NI-I16", Some(NvrI)),
            (" DS-7716NI-I4/16P ", Some(NvrI)),
            ("DS-7216HGHI-F1", Some(DvrHg)),
            ("DS-7104HGHI-K1(S)", Some(DvrHg)),
            ("DS-7208HGHI-SH", Some(DvrHg)),
            ("DS-7204HQHI-K1", Some(DvrHqHuHt)),
            ("DS-7208HQHI-F1/N", Some(DvrHqHuHt)),
            ("DS-7104HQHI-K1", Some(DvrHqHuHt)),
            ("iDS-7208HQHI-K1/4S", Some(DvrHqHuHt)),
            ("DS-7208HUHI-K2/P", Some(DvrHqHuHt)),
            ("DS-7204HTHI-K1", Some(DvrHqHuHt)),
            ("DS-7208HUHI-M1", Some(DvrM)),
            ("iDS-7208HQHI-M1/S", Some(DvrM)),
            ("iDS-7316HQHI-M4/S", Some(DvrM)),
            // Two lines of the document could mean it.
            ("iDS-7104HGHI-M1/S", None),
            // Not named by the document.
            ("DS-7316HQHI-K4", None),
            ("DS-7208HVI-SV", None),
            ("DS-7608NI-E2/8P", None),
            ("DS-7608NI-M2/8P", None),
            ("DS-7616NI-ST", None),
            ("DS-7608NI-SE/P", None),
            ("DS-7608NXI-K2", None),
            ("iDS-7716NXI-I4/X(B)", None),
            ("iDS-9632NI-I8", None),
            // Not the form of a recorder's name.
            ("DS-7608NI", None),
            ("DS-7608NI-", None),
            ("DS-7608NI-K", None),
            ("DS-7608NI-K2X", None),
            ("DS-7608NI-K²", None),
            ("DS-7104HQHI", None),
            ("DS-7300", None),
            ("DS-2CD2143G0-I", None),
            ("NVR-K2", None),
            ("", None),
        ] {
            assert_eq!(RecorderSeries::of_model(model), series, "{model}");
            if let Some(series) = series {
                assert_eq!(Kind::of_model(model), series.kind(), "{model}");
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn any_model_is_survived(model in "(i?DS-)?\\PC{0,30}") {
            let _ = RecorderSeries::of_model(&model);
        }
    }
}
