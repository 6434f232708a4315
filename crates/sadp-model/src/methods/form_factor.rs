use crate::{Device, Kind};

/// The form of a device, which says where its reset button is. Derived from the
/// model by public material: advice, not fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FormFactor {
    /// Small bullet camera.
    SmallBullet,
    /// Large bullet camera.
    LargeBullet,
    /// Dome camera.
    Dome,
    /// Turret camera.
    Turret,
    /// Box camera.
    Box,
    /// Recorder.
    Recorder,
    /// Any other, or unknown.
    Unknown,
}

impl FormFactor {
    /// The form of a device.
    pub fn of(device: &Device) -> Self {
        match device.kind {
            Kind::IpCamera => {
                let model = device.model.as_deref();
                model.map_or(Self::Unknown, Self::of_camera)
            }
            Kind::Nvr | Kind::Dvr => Self::Recorder,
            _ => Self::Unknown,
        }
    }

    /// Reads the two characters after `2CD`: the line, then the form, whose letters
    /// differ between lines.
    fn of_camera(model: &str) -> Self {
        let model = model.trim();
        let model = model.strip_prefix('i').unwrap_or(model);
        let mut code = model.strip_prefix("DS-2CD").unwrap_or_default().chars();
        match (code.next(), code.next()) {
            (Some('1'..='3'), Some('0')) => Self::SmallBullet,
            (Some('1'..='3'), Some('T' | '6')) | (Some('4' | '5' | '7'), Some('A')) => {
                Self::LargeBullet
            }
            (Some('1'..='3'), Some('1' | '5' | '7')) | (Some('4' | '5' | '7'), Some('1' | '5')) => {
                Self::Dome
            }
            (Some('1'..='3'), Some('3' | 'H')) => Self::Turret,
            (Some('4' | '5' | '7'), Some('0')) => Self::Box,
            _ => Self::Unknown,
        }
    }

    /// Where the reset button usually is.
    pub const fn button_place(self) -> &'static str {
        match self {
            Self::SmallBullet => "usually on the back of the housing",
            Self::LargeBullet | Self::Box => "usually near the SD card slot",
            Self::Dome => "usually inside, on the board under the cover",
            Self::Turret => "many turrets have none",
            Self::Recorder => "the vendor's document excludes this method for recorders",
            Self::Unknown => {
                "its place differs by model, often near the SD card slot or on the board inside; \
                 newer cameras may have none"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_shows_the_shape() {
        for (model, housing) in [
            ("DS-2CD2032-I", FormFactor::SmallBullet),
            ("DS-2CD1043G0-I", FormFactor::SmallBullet),
            ("DS-2CD2T47G1-L", FormFactor::LargeBullet),
            ("DS-2CD2642FWD-IZS", FormFactor::LargeBullet),
            ("iDS-2CD7A46G0/P-IZHSY", FormFactor::LargeBullet),
            ("DS-2CD2143G0-I", FormFactor::Dome),
            ("DS-2CD2542FWD-IS", FormFactor::Dome),
            ("DS-2CD7126G0-IZS", FormFactor::Dome),
            ("DS-2CD2385FWD-I", FormFactor::Turret),
            ("DS-2CD2H45FWD-IZS", FormFactor::Turret),
            ("DS-2CD5026G0", FormFactor::Box),
            ("DS-2CD2432F-IW", FormFactor::Unknown),
            ("DS-2CD6365G0E-I", FormFactor::Unknown),
            ("DS-2CD", FormFactor::Unknown),
            ("DS-2CV2041G2-IDW", FormFactor::Unknown),
            ("DS-2DE4225IW-DE", FormFactor::Unknown),
            ("DS-7608NI-K2/8P", FormFactor::Recorder),
            ("DS-7204HQHI-K1", FormFactor::Recorder),
            ("DS-KH6210-L", FormFactor::Unknown),
            ("", FormFactor::Unknown),
        ] {
            let mut device = Device::unknown();
            device.kind = Kind::of_model(model);
            device.model = Some(model.into());
            assert_eq!(FormFactor::of(&device), housing, "{model}");
        }
    }
}
