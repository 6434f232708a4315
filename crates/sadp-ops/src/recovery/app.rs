//! What can be checked from here of recovery by the vendor's apps.

use sadp_model::{
    Advice, Device, Firmware, Kind, MethodAssessment, RecorderSeries, RecoveryMethod, State,
};

/// One thing that an app needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AppCheck {
    /// What the vendor's document says for this kind of device.
    Kind(Kind, Advice),
    /// Whether a recorder's firmware is as new as the vendor asks for its series.
    Firmware {
        /// What the device reports.
        firmware: Option<Firmware>,
        /// Its series. `None` where it is unknown, and the minimum with it.
        series: Option<RecorderSeries>,
    },
    /// Whether the device has Hik-Connect.
    CloudSupported(Option<bool>),
    /// Whether Hik-Connect is switched on.
    CloudEnabled(Option<bool>),
}

impl AppCheck {
    /// Checks what the device reports against what the app of this method needs.
    /// Nothing where the device has no password.
    pub fn all(device: &Device, fit: &MethodAssessment) -> Vec<Self> {
        if device.state == Some(State::Unactivated) {
            return Vec::new();
        }
        let mut checks = vec![Self::Kind(device.kind, fit.advice)];
        if fit.method == RecoveryMethod::HikConnect && matches!(device.kind, Kind::Nvr | Kind::Dvr)
        {
            checks.push(Self::Firmware {
                firmware: device.firmware.clone(),
                series: RecorderSeries::of(device),
            });
        }
        let cloud = &device.cloud;
        checks.push(Self::CloudSupported(cloud.supported));
        if cloud.supported.unwrap_or_else(|| cloud.enabled.is_some()) {
            checks.push(Self::CloudEnabled(cloud.enabled));
        }
        checks
    }

    /// The name scripts see, e.g. `cloud-enabled`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Kind(..) => "kind",
            Self::Firmware { .. } => "firmware",
            Self::CloudSupported(_) => "cloud-supported",
            Self::CloudEnabled(_) => "cloud-enabled",
        }
    }

    /// Whether it is as the app needs it. `None` where that is unknown.
    pub fn holds(&self) -> Option<bool> {
        match self {
            Self::Kind(_, Advice::Recommended | Advice::Listed) => Some(true),
            Self::Kind(_, Advice::Unknown) => None,
            Self::Kind(_, Advice::Unlisted) => Some(false),
            Self::Firmware { firmware, series } => {
                let version = firmware.as_ref().and_then(Firmware::version)?;
                Some(version >= (*series)?.minimum().version())
            }
            Self::CloudSupported(holds) | Self::CloudEnabled(holds) => *holds,
        }
    }
}
