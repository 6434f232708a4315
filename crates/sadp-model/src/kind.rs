use std::fmt;

/// What sort of device it is, told from its model's prefix. `DeviceType`
/// numbers are opaque and not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    /// Any model the prefixes do not tell.
    Unknown,
}

impl Kind {
    /// The kind a model name tells.
    pub fn of_model(model: &str) -> Self {
        let model = model.trim();
        let prefixed = |(prefix, _): &&(&str, Self)| model.starts_with(prefix);
        if let Some(&(_, kind)) = Self::OTHER_BRANDS.iter().find(prefixed) {
            return kind;
        }
        let model = model.strip_prefix('i').unwrap_or(model);
        let Some(code) = model.strip_prefix("DS-") else {
            return Self::Unknown;
        };
        Self::SERIES
            .iter()
            .find(|(prefix, _)| code.starts_with(prefix))
            .map_or_else(|| Self::of_recorder(code), |&(_, kind)| kind)
    }

    /// The kind that a description without a model tells, e.g. `IPCamera`.
    pub fn of_description(description: &str) -> Self {
        let letters = description.chars().filter(char::is_ascii_alphanumeric);
        match &*letters.collect::<String>().to_ascii_lowercase() {
            "ipc" | "ipcamera" | "networkcamera" => Self::IpCamera,
            "nvr" | "networkvideorecorder" => Self::Nvr,
            "dvr" | "digitalvideorecorder" => Self::Dvr,
            _ => Self::Unknown,
        }
    }

    /// What stands behind `DS-` or `iDS-`, recorders aside.
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

    /// Model names of other brands, `HiWatch`, `HiLook` and EZVIZ, and traffic. Of
    /// EZVIZ's, those that are cameras or recorders for sure.
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

    /// A recorder's kind is told by the letters behind its number: `DS-7104NI`
    /// is an NVR, `DS-7104HQHI` a DVR. Where they tell nothing, by the number.
    fn of_recorder(code: &str) -> Self {
        let letters = code.trim_start_matches(|c: char| c.is_ascii_digit());
        let number = code.strip_suffix(letters).unwrap_or_default();
        if number.len() < 4 {
            return Self::Unknown;
        }
        let begins = |names: &[&str], text: &str| names.iter().any(|name| text.starts_with(name));
        if begins(&["NI", "NXI"], letters) {
            Self::Nvr
        } else if begins(&["HG", "HQ", "HU", "HT"], letters) && begins(&["7", "8", "9"], number) {
            Self::Dvr
        } else if begins(&["76", "77", "96"], number) {
            Self::Nvr
        } else if begins(&["71", "72", "73", "78", "80", "81", "90"], number) {
            Self::Dvr
        } else {
            Self::Unknown
        }
    }

    /// The name scripts see, e.g. `ip-camera`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::IpCamera => "ip-camera",
            Self::Ptz => "ptz",
            Self::Nvr => "nvr",
            Self::Dvr => "dvr",
            Self::Intercom => "intercom",
            Self::AccessControl => "access-control",
            Self::Traffic => "traffic",
            Self::Switch => "switch",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Under whose name a device is sold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

    /// Tells the brand from the model and the OEM elements of a reply.
    /// `None` where nothing tells.
    pub fn tell(model: Option<&str>, oem: Option<&str>, ezviz: bool) -> Option<Self> {
        let model = model.unwrap_or_default();
        if ezviz || model.starts_with("CS-") {
            Some(Self::Ezviz)
        } else if oem.is_some() || Self::OEM_PREFIXES.iter().any(|it| model.starts_with(it)) {
            Some(Self::Oem)
        } else if ["DS-", "iDS-", "HIK "]
            .iter()
            .any(|prefix| model.starts_with(prefix))
        {
            Some(Self::Hikvision)
        } else {
            None
        }
    }

    /// The name scripts see, e.g. `hikvision`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hikvision => "hikvision",
            Self::Ezviz => "ezviz",
            Self::Oem => "oem",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_tells_the_kind() {
        for (model, kind) in [
            ("DS-2CD2320D-I", Kind::IpCamera),
            ("iDS-2CD7A46G0/P-IZHS", Kind::IpCamera),
            ("DS-2CV2041G2-IDW", Kind::IpCamera),
            ("DS-2DE4225IW-DE", Kind::Ptz),
            ("DS-2SE4C425MWG-E", Kind::Ptz),
            ("DS-7608NI-K2/8P", Kind::Nvr),
            ("DS-9632NI-I8", Kind::Nvr),
            ("DS-7104NI-Q1", Kind::Nvr),
            ("DS-7104HQHI-K1", Kind::Dvr),
            ("DS-7204HUHI-K1", Kind::Dvr),
            ("iDS-7208HQHI-M1/S", Kind::Dvr),
            ("DS-7300", Kind::Dvr),
            ("DS-KH6210-L", Kind::Intercom),
            ("DS-KV8113-WME1", Kind::Intercom),
            ("DS-K1T671M", Kind::AccessControl),
            ("DS-3E0318P-E/M", Kind::Switch),
            ("HIK TSC", Kind::Traffic),
            ("DS-2TD2617-3/QA", Kind::IpCamera),
            ("iDS-2SK7144MXS-D", Kind::Ptz),
            ("iDS-2DE7A445IX-AE", Kind::Ptz),
            ("DS-2DF8442IXS-AEL", Kind::Ptz),
            ("DS-KD8003-IME1", Kind::Intercom),
            ("DS-7804HQH", Kind::Dvr),
            ("DS-7808HUHI-K1", Kind::Dvr),
            ("DS-8116HQHI-K8", Kind::Dvr),
            ("DS-9016HTHI-K8", Kind::Dvr),
            ("DS-8016HGHI-SH", Kind::Dvr),
            ("DS-7316HQH-SH", Kind::Dvr),
            ("iDS-7204HQHI-M1/FA", Kind::Dvr),
            ("DS-7804NI-Q1", Kind::Nvr),
            ("DS-8632NI-K8", Kind::Nvr),
            ("iDS-7716NXI-I4/X(B)", Kind::Nvr),
            ("iDS-96128NXI-I24", Kind::Nvr),
            ("DS-9600", Kind::Nvr),
            // An encoder, and a decoder.
            ("DS-6704HUHI", Kind::Unknown),
            ("DS-6908UDI", Kind::Unknown),
            ("DS-71", Kind::Unknown),
            ("HWI-T220H", Kind::IpCamera),
            ("HWN-4104MH-4P", Kind::Nvr),
            ("HWD-6108MH-G2", Kind::Dvr),
            ("IPC-B140H", Kind::IpCamera),
            ("NVR-104MH-C/4P", Kind::Nvr),
            ("DVR-208Q-M1", Kind::Dvr),
            ("CS-C6N", Kind::IpCamera),
            ("CS-BC1C", Kind::IpCamera),
            ("CS-X5S-8P", Kind::Nvr),
            ("CS-T31", Kind::Unknown),
            ("HIK Other", Kind::Unknown),
            ("IPCamera", Kind::Unknown),
            ("Virtual", Kind::Unknown),
            ("", Kind::Unknown),
        ] {
            assert_eq!(Kind::of_model(model), kind, "{model}");
        }
    }

    #[test]
    fn a_description_without_a_model_tells_the_kind_by_its_words() {
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
    fn the_brand_is_told_by_what_the_reply_holds() {
        assert_eq!(
            Vendor::tell(Some("DS-2CD2320D-I"), None, false),
            Some(Vendor::Hikvision)
        );
        assert_eq!(
            Vendor::tell(Some("DS-2CD2320D-I"), Some("Acme"), false),
            Some(Vendor::Oem)
        );
        assert_eq!(
            Vendor::tell(Some("CS-C6N"), None, false),
            Some(Vendor::Ezviz)
        );
        assert_eq!(Vendor::tell(None, None, true), Some(Vendor::Ezviz));
        assert_eq!(Vendor::tell(Some("Virtual"), None, false), None);
        for model in [
            "HWI-T220H",
            "HWN-4104MH",
            "HWD-6108MH",
            "IPC-B140H",
            "NVR-104MH",
            "DVR-208Q",
        ] {
            assert_eq!(
                Vendor::tell(Some(model), None, false),
                Some(Vendor::Oem),
                "{model}"
            );
        }
    }
}
