//! Labels: a sticker a device.

use std::str::FromStr;

use minijinja::Value;
use sadp_ops::report::SiteReport;
use serde::Serialize;

use super::{DeviceCells, DeviceList};
use crate::minute;

/// The size of a label, in millimetres.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LabelSize {
    width: u16,
    height: u16,
}

/// A text is no size of a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write width x height in mm, from 40x15 to 190x260, e.g. 62x29")]
pub struct InvalidLabelSize;

impl Default for LabelSize {
    fn default() -> Self {
        Self {
            width: 62,
            height: 29,
        }
    }
}

impl FromStr for LabelSize {
    type Err = InvalidLabelSize;

    /// Reads `62x29`. Larger ones do not fit a page, of smaller ones nobody can read the
    /// text.
    fn from_str(text: &str) -> Result<Self, InvalidLabelSize> {
        let text = text.trim().to_lowercase();
        let sides = text.trim_end_matches("mm").split_once('x');
        let (width, height) = sides.ok_or(InvalidLabelSize)?;
        let side = |text: &str| text.trim().parse().map_err(|_| InvalidLabelSize);
        let (width, height) = (side(width)?, side(height)?);
        if (40..=190).contains(&width) && (15..=260).contains(&height) {
            return Ok(Self { width, height });
        }
        Err(InvalidLabelSize)
    }
}

impl std::fmt::Display for LabelSize {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

/// What the template of the labels reads. Lengths are in millimetres.
#[derive(Serialize)]
pub(super) struct Labels {
    date: String,
    width: u16,
    height: u16,
    qr: u16,
    /// The height of the letters.
    letters: String,
    /// [`DeviceCells`].
    devices: Value,
}

impl Labels {
    pub(super) fn new(report: &SiteReport, size: LabelSize) -> Self {
        let LabelSize { width, height } = size;
        let qr = (height - 3).min(width * 2 / 5).min(40);
        // Six lines, and a MAC beside the QR code, in letters six tenths as wide as high.
        let by_height = f64::from(height - 3) / 7.5;
        let by_width = f64::from(width - qr - 5) / 11.0;
        let letters = by_height.min(by_width).min(5.0);
        Self {
            date: minute(report.at),
            width,
            height,
            qr,
            letters: format!("{letters:.2}"),
            devices: Value::from_object(DeviceList(DeviceCells::all(report))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_bounded() {
        for text in ["62x29", " 62 X 29mm ", "40x15", "190x260"] {
            text.parse::<LabelSize>().unwrap();
        }
        for text in [
            "", "62", "62x", "39x29", "62x14", "191x29", "62x261", "-1x29", "6e1x29",
        ] {
            assert_eq!(text.parse::<LabelSize>(), Err(InvalidLabelSize), "{text}");
        }
        assert_eq!(LabelSize::default().to_string(), "62x29");
    }
}
