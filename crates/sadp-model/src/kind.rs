use strum::{Display, IntoStaticStr, VariantNames};

/// The kind of a device, by the prefix of its model. `DeviceType` numbers have no
/// known meaning and are not used.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Display,
    IntoStaticStr,
    VariantNames,
)]
#[strum(serialize_all = "kebab-case")]
pub enum Kind {
    /// Fixed network camera.
    IpCamera,
    /// Pan-tilt-zoom camera.
    Ptz,
    /// Recorder for network cameras.
    Nvr,
    /// Recorder for analogue cameras.
    Dvr,
    /// Door station or indoor station.
    Intercom,
    /// Access control terminal or controller.
    AccessControl,
    /// Traffic device.
    Traffic,
    /// Network switch.
    Switch,
    /// A model with no known prefix.
    #[default]
    Unknown,
}

impl Kind {
    /// The kind of a model name.
    pub fn of_model(model: &str) -> Self {
        let model = model.trim();
        if let Some(kind) = of_prefix(&Self::OTHER_BRANDS, model) {
            return kind;
        }
        let model = model.strip_prefix('i').unwrap_or(model);
        let Some(code) = model.strip_prefix("DS-") else {
            return Self::Unknown;
        };
        of_prefix(&Self::SERIES, code).unwrap_or_else(|| Self::of_recorder(code))
    }

    /// The kind of a description that contains no model, e.g. `IPCamera`.
    pub fn of_description(description: &str) -> Self {
        let letters = description.chars().filter(char::is_ascii_alphanumeric);
        match &*letters.collect::<String>().to_ascii_lowercase() {
            "ipc" | "ipcamera" | "networkcamera" => Self::IpCamera,
            "nvr" | "networkvideorecorder" => Self::Nvr,
            "dvr" | "digitalvideorecorder" => Self::Dvr,
            _ => Self::Unknown,
        }
    }

    /// Prefixes after `DS-` or `iDS-`, without recorders.
    const SERIES: [(&'static str, Self); 12] = [
        ("2CD", Self::IpCamera),
        ("2CV", Self::IpCamera),
        ("2TD", Self::IpCamera),
        ("2DE", Self::Ptz),
        ("2DF", Self::Ptz),
        ("2SE", Self::Ptz),
        ("2SK", Self::Ptz),
        ("KD", Self::Intercom),
        ("KV", Self::Intercom),
        ("KH", Self::Intercom),
        ("K1", Self::AccessControl),
        ("3E", Self::Switch),
    ];

    /// Prefixes of other brands (`HiWatch`, `HiLook`, EZVIZ) and of traffic
    /// devices. Of EZVIZ only those that are certainly cameras or recorders.
    const OTHER_BRANDS: [(&'static str, Self); 11] = [
        ("HWI-", Self::IpCamera),
        ("HWN-", Self::Nvr),
        ("HWD-", Self::Dvr),
        ("IPC-", Self::IpCamera),
        ("NVR-", Self::Nvr),
        ("DVR-", Self::Dvr),
        ("CS-C", Self::IpCamera),
        ("CS-B", Self::IpCamera),
        ("CS-H", Self::IpCamera),
        ("CS-X", Self::Nvr),
        ("HIK TSC", Self::Traffic),
    ];

    /// The kind of a recorder, by the letters after its number: `DS-7104NI` is an
    /// NVR, `DS-7104HQHI` a DVR. Without known letters, by the number.
    fn of_recorder(code: &str) -> Self {
        let letters = code.trim_start_matches(|c: char| c.is_ascii_digit());
        let number = code.strip_suffix(letters).unwrap_or_default();
        if number.len() < 4 {
            return Self::Unknown;
        }
        if begins_with(&["NI", "NXI"], letters) {
            Self::Nvr
        } else if begins_with(&["HG", "HQ", "HU", "HT"], letters)
            && begins_with(&["7", "8", "9"], number)
        {
            Self::Dvr
        } else if begins_with(&["76", "77", "96"], number) {
            Self::Nvr
        } else if begins_with(&["71", "72", "73", "78", "80", "81", "90"], number) {
            Self::Dvr
        } else {
            Self::Unknown
        }
    }
}

/// The kind of the first prefix in the table that matches.
fn of_prefix(table: &[(&str, Kind)], text: &str) -> Option<Kind> {
    let found = table.iter().find(|(prefix, _)| text.starts_with(prefix));
    found.map(|(_, kind)| *kind)
}

fn begins_with(prefixes: &[&str], text: &str) -> bool {
    prefixes.iter().any(|prefix| text.starts_with(prefix))
}

/// The brand a device is sold under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "kebab-case")]
pub enum Vendor {
    /// The vendor's own brand.
    Hikvision,
    /// The vendor's consumer brand.
    Ezviz,
    /// Another brand on the vendor's hardware.
    Oem,
}

impl Vendor {
    /// Model prefixes of the brands `HiWatch` and `HiLook`.
    const OEM_PREFIXES: [&'static str; 6] = ["HWI-", "HWN-", "HWD-", "IPC-", "NVR-", "DVR-"];

    /// The brand, by the model and the OEM elements of a reply. `None` if unknown.
    pub fn detect(model: Option<&str>, oem: Option<&str>, ezviz: bool) -> Option<Self> {
        let model = model.unwrap_or_default();
        if ezviz || model.starts_with("CS-") {
            Some(Self::Ezviz)
        } else if oem.is_some() || begins_with(&Self::OEM_PREFIXES, model) {
            Some(Self::Oem)
        } else if begins_with(&["DS-", "iDS-", "HIK "], model) {
            Some(Self::Hikvision)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_shows_the_kind() {
        for (kind, models) in [
            (
                Kind::IpCamera,
                "DS-2CD2320D-I, iDS-2CD7A46G0/P-IZHS, DS-2CV2041G2-IDW, DS-2TD2617-3/QA, \
                 HWI-T220H, IPC-B140H, CS-C6N, CS-BC1C",
            ),
            (
                Kind::Ptz,
                "DS-2DE4225IW-DE, DS-2SE4C425MWG-E, iDS-2SK7144MXS-D, iDS-2DE7A445IX-AE, \
                 DS-2DF8442IXS-AEL",
            ),
            (
                Kind::Nvr,
                "DS-7608NI-K2/8P, DS-9632NI-I8, DS-7104NI-Q1, DS-7804NI-Q1, DS-8632NI-K8, \
                 iDS-7716NXI-I4/X(B), iDS-96128NXI-I24, DS-9600, HWN-4104MH-4P, NVR-104MH-C/4P, \
                 CS-X5S-8P",
            ),
            (
                Kind::Dvr,
                "DS-7104HQHI-K1, DS-7204HUHI-K1, iDS-7208HQHI-M1/S, DS-7300, DS-7804HQH, \
                 DS-7808HUHI-K1, DS-8116HQHI-K8, DS-9016HTHI-K8, DS-8016HGHI-SH, DS-7316HQH-SH, \
                 iDS-7204HQHI-M1/FA, HWD-6108MH-G2, DVR-208Q-M1",
            ),
            (
                Kind::Intercom,
                "DS-KH6210-L, DS-KV8113-WME1, DS-KD8003-IME1",
            ),
            (Kind::AccessControl, "DS-K1T671M"),
            (Kind::Switch, "DS-3E0318P-E/M"),
            (Kind::Traffic, "HIK TSC"),
            (
                Kind::Unknown,
                "DS-6704HUHI, DS-6908UDI, DS-71, CS-T31, HIK Other, IPCamera, Virtual",
            ),
        ] {
            for model in models.split(", ") {
                assert_eq!(Kind::of_model(model), kind, "{model}");
            }
        }
        assert_eq!(Kind::of_model(""), Kind::Unknown);
    }

    #[test]
    fn a_description_without_a_model_shows_the_kind_by_its_words() {
        for (description, kind) in [
            ("IPCamera", Kind::IpCamera),
            ("IP CAMERA", Kind::IpCamera),
            ("IPC", Kind::IpCamera),
            ("NVR", Kind::Nvr),
            ("Network Video Recorder", Kind::Nvr),
            ("DVR", Kind::Dvr),
            ("Virtual", Kind::Unknown),
            ("", Kind::Unknown),
        ] {
            assert_eq!(Kind::of_description(description), kind, "{description}");
        }
    }

    #[test]
    fn the_brand_is_known_by_what_the_reply_holds() {
        use Vendor::{Ezviz, Hikvision, Oem};
        for (model, oem, ezviz, vendor) in [
            (Some("DS-2CD2320D-I"), None, false, Some(Hikvision)),
            (Some("DS-2CD2320D-I"), Some("Acme"), false, Some(Oem)),
            (Some("CS-C6N"), None, false, Some(Ezviz)),
            (None, None, true, Some(Ezviz)),
            (Some("Virtual"), None, false, None),
            (Some("HWI-T220H"), None, false, Some(Oem)),
            (Some("HWN-4104MH"), None, false, Some(Oem)),
            (Some("HWD-6108MH"), None, false, Some(Oem)),
            (Some("IPC-B140H"), None, false, Some(Oem)),
            (Some("NVR-104MH"), None, false, Some(Oem)),
            (Some("DVR-208Q"), None, false, Some(Oem)),
        ] {
            assert_eq!(Vendor::detect(model, oem, ezviz), vendor, "{model:?}");
        }
    }
}
