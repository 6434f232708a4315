//! What of an app's way can be checked from here.

use sadp_model::{
    Advice, Device, Firmware, Kind, MethodAssessment, RecorderSeries, RecoveryMethod, State,
};
use serde::Serialize;

/// One thing checked.
#[derive(Debug, Serialize)]
pub(super) struct Readiness {
    pub(super) name: &'static str,
    /// `None` where it is not known.
    pub(super) holds: Option<bool>,
    pub(super) text: String,
}

/// What the device's own account tells. Nothing where it has no password.
pub(super) fn checks(device: &Device, fit: &MethodAssessment) -> Vec<Readiness> {
    if device.state == Some(State::Unactivated) {
        return Vec::new();
    }
    let mut checks = vec![kind(device, fit)];
    if fit.method == RecoveryMethod::HikConnect && matches!(device.kind, Kind::Nvr | Kind::Dvr) {
        checks.push(firmware(device));
    }
    let (holds, text) = match device.cloud.supported {
        Some(true) => (Some(true), "the device has Hik-Connect"),
        Some(false) => (
            Some(false),
            "the device does not say that it has Hik-Connect",
        ),
        None => (None, "the device tells nothing of Hik-Connect"),
    };
    checks.push(check("cloud-supported", holds, text));
    // Where the device has it, or at least tells of the switch.
    let cloud = &device.cloud;
    if cloud.supported == Some(true) || (cloud.supported.is_none() && cloud.enabled.is_some()) {
        let (holds, text) = match device.cloud.enabled {
            Some(true) => (Some(true), "Hik-Connect is on"),
            Some(false) => (
                Some(false),
                "Hik-Connect is off; the device may be bound to no account",
            ),
            None => (None, "the device does not tell whether Hik-Connect is on"),
        };
        checks.push(check("cloud-enabled", holds, text));
    }
    checks
}

/// What only the vendor's service knows.
pub(super) const fn unseen(way: RecoveryMethod) -> &'static [&'static str] {
    if matches!(way, RecoveryMethod::HikProConnect) {
        return &[
            "whether the device was handed over to your company's site",
            "whether the service reaches the device now",
            "whether your version of the app offers it for this model",
        ];
    }
    &[
        "whether the device is bound to an account, and to whose",
        "whether the service reaches the device now",
        "whether your version of the app offers it for this model",
    ]
}

fn kind(device: &Device, fit: &MethodAssessment) -> Readiness {
    let kind = device.kind;
    let (holds, text) = match fit.advice {
        Advice::Recommended => (Some(true), "the vendor recommends this way"),
        Advice::Listed => (Some(true), "the vendor lists this way"),
        Advice::Untold => (None, "the vendor's document does not tell for this kind"),
        Advice::Unlisted => (Some(false), "the vendor does not give this way to it"),
    };
    check("kind", holds, format!("kind {kind}: {text}"))
}

fn firmware(device: &Device) -> Readiness {
    let text = device.firmware.as_ref().map(ToString::to_string);
    let has = text.unwrap_or_else(|| "not told".into());
    let Some(series) = RecorderSeries::of(device) else {
        let text = format!("firmware {has}: the minimum for this series is not known");
        return check("firmware", None, text);
    };
    let minimum = series.minimum();
    let version = device.firmware.as_ref().and_then(Firmware::version);
    let holds = version.map(|version| version >= minimum.version());
    let text = format!("firmware {has}: {minimum} or newer is asked for ({series})");
    check("firmware", holds, text)
}

fn check(name: &'static str, holds: Option<bool>, text: impl Into<String>) -> Readiness {
    Readiness {
        name,
        holds,
        text: text.into(),
    }
}
