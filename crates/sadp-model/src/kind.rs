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
        if let Some(rest) = model.strip_prefix("HIK ") {
            return if rest.starts_with("TSC") {
                Self::Traffic
            } else {
                Self::Unknown
            };
        }
        let model = model.strip_prefix('i').unwrap_or(model);
        let Some(code) = model.strip_prefix("DS-") else {
            return Self::Unknown;
        };
        Self::PREFIXES
            .iter()
            .find(|(prefix, _)| code.starts_with(prefix))
            .map_or(Self::Unknown, |&(_, kind)| kind.refined(code))
    }

    const PREFIXES: [(&'static str, Self); 16] = [
        ("2CD", Self::IpCamera),
        ("2CV", Self::IpCamera),
        ("2DE", Self::Ptz),
        ("2DF", Self::Ptz),
        ("2SE", Self::Ptz),
        ("76", Self::Nvr),
        ("77", Self::Nvr),
        ("96", Self::Nvr),
        ("71", Self::Dvr),
        ("72", Self::Dvr),
        ("73", Self::Dvr),
        ("KD", Self::Intercom),
        ("KV", Self::Intercom),
        ("KH", Self::Intercom),
        ("K1", Self::AccessControl),
        ("3E", Self::Switch),
    ];

    /// Recorders of one number series come in both sorts, told by the letters
    /// behind the number: `DS-7104NI` is an NVR, `DS-7104HQHI` a DVR.
    fn refined(self, code: &str) -> Self {
        if !matches!(self, Self::Nvr | Self::Dvr) {
            return self;
        }
        match code
            .trim_start_matches(|c: char| c.is_ascii_digit())
            .chars()
            .next()
        {
            Some('N') => Self::Nvr,
            Some('H') => Self::Dvr,
            _ => self,
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
    /// Tells the brand from the model and the OEM elements of a reply.
    /// `None` where nothing tells.
    pub fn tell(model: Option<&str>, oem: Option<&str>, ezviz: bool) -> Option<Self> {
        let model = model.unwrap_or_default();
        if ezviz || model.starts_with("CS-") {
            Some(Self::Ezviz)
        } else if oem.is_some() {
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
            ("CS-C6N", Kind::Unknown),
            ("Virtual", Kind::Unknown),
            ("", Kind::Unknown),
        ] {
            assert_eq!(Kind::of_model(model), kind, "{model}");
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
    }
}
