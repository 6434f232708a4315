//! Recovery by the vendor's apps. The names of their menus are not known here, so
//! none is given.

use sadp_model::{Advice, Device, MethodAssessment, RecoveryMethod, State};
use sadp_ops::recovery::AppCheck;

/// What was checked.
#[rustfmt::skip]
pub fn app_check(check: &AppCheck) -> String {
    match check {
        AppCheck::Kind(kind, advice) => {
            let advice = match advice {
                Advice::Recommended => "the vendor recommends this method",
                Advice::Listed => "the vendor lists this method",
                Advice::Unknown => "the vendor's document does not cover this kind of device",
                Advice::Unlisted => "the vendor's document excludes this method for it",
            };
            format!("kind {kind}: {advice}")
        }
        AppCheck::Firmware { firmware, series } => {
            let firmware = firmware.as_ref().map_or_else(|| "unknown".into(), ToString::to_string);
            match series {
                Some(series) => format!("firmware {firmware}: {} or newer is needed ({series})", series.minimum()),
                None => format!("firmware {firmware}: the minimum for this series is not known"),
            }
        }
        AppCheck::CloudSupported(Some(true)) => "the device has Hik-Connect".into(),
        AppCheck::CloudSupported(Some(false)) => "the device does not report Hik-Connect".into(),
        AppCheck::CloudSupported(None) => "the device reports nothing about Hik-Connect".into(),
        AppCheck::CloudEnabled(Some(true)) => "Hik-Connect is on".into(),
        AppCheck::CloudEnabled(Some(false)) => "Hik-Connect is off; the device may be bound to no account".into(),
        AppCheck::CloudEnabled(None) => "the device does not report whether Hik-Connect is on".into(),
    }
}

/// What only the vendor's service knows.
pub const fn app_unknowns(way: RecoveryMethod) -> [&'static str; 3] {
    let owner = match way {
        RecoveryMethod::HikProConnect => {
            "whether the device was handed over to your company's site"
        }
        _ => "whether the device is bound to an account, and to whose",
    };
    [
        owner,
        "whether the service reaches the device now",
        "whether your version of the app offers it for this model",
    ]
}

/// What to do, where the app fits the device.
pub fn app_steps(fit: &MethodAssessment) -> &'static [&'static str] {
    match fit.method {
        _ if fit.availability.obstacle().is_some() => &[],
        RecoveryMethod::HikProConnect => &HIK_PRO_CONNECT,
        _ => &HIK_CONNECT,
    }
}

/// What to do where no app fits the device.
pub fn instead_of_apps(device: &Device) -> &'static str {
    if device.state == Some(State::Unactivated) {
        "it needs no recovery: sadpctl activate gives it its first password"
    } else {
        "sadpctl reset ways shows which other methods fit it"
    }
}

const HIK_CONNECT: [&str; 5] = [
    "Take the phone with the account that the device is bound to: usually its owner's.",
    "Leave the device powered on, with a way to the internet.",
    "In the Hik-Connect app, open this device's settings and look for resetting its password.",
    "Do as the app says, and note the new password at once.",
    "Sign in to the device with it. Whether it worked cannot be seen from here.",
];

const HIK_PRO_CONNECT: [&str; 5] = [
    "Sign in to Hik-ProConnect with the installer's account whose site holds the device: its owner must have handed it over.",
    "Leave the device powered on, with a way to the internet.",
    "Open this device in the site and look for resetting its password.",
    "Do as it says, and note the new password at once.",
    "Sign in to the device with it. Whether it worked cannot be seen from here.",
];
