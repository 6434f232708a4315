//! The apps' ways in words. What their menus are called is not known here, so
//! none is named.

use std::io::{self, Write};

use sadp_model::{Device, MethodAssessment, RecoveryMethod, State};

use super::readiness;
use crate::{
    commands::reset::name,
    terminal::{BOLD, GREEN, RED, YELLOW},
    text::{capitalised, clean},
};

/// Writes each app: whether it fits, what was checked, what to do.
pub(super) fn write<'a>(
    out: &mut impl Write,
    device: &Device,
    fits: impl Iterator<Item = &'a MethodAssessment>,
) -> io::Result<()> {
    writeln!(out, "{BOLD}{}{BOLD:#}", clean(&name(device)))?;
    for fit in fits {
        writeln!(out)?;
        write_app(out, device, fit)?;
    }
    Ok(())
}

/// What to do, where the way fits.
pub(super) fn steps(fit: &MethodAssessment) -> &'static [&'static str] {
    match fit.method {
        _ if fit.availability.obstacle().is_some() => &[],
        RecoveryMethod::HikProConnect => &HIK_PRO_CONNECT,
        _ => &HIK_CONNECT,
    }
}

/// What to do where no app fits.
pub(super) fn instead(device: &Device) -> &'static str {
    if device.state == Some(State::Unactivated) {
        "it needs no recovery: sadpctl activate gives it its first password"
    } else {
        "sadpctl reset ways tells which other ways fit it"
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

fn write_app(out: &mut impl Write, device: &Device, fit: &MethodAssessment) -> io::Result<()> {
    let label = capitalised(fit.method.label());
    if let Some(obstacle) = fit.availability.obstacle() {
        writeln!(
            out,
            "{BOLD}{label}{BOLD:#}: {RED}not for this device{RED:#}: {obstacle}"
        )?;
    } else {
        writeln!(out, "{BOLD}{label}{BOLD:#}: {GREEN}may work{GREEN:#}")?;
        for need in fit.availability.needs() {
            writeln!(out, "  needs    {need}")?;
        }
    }
    for check in readiness::checks(device, fit) {
        let text = clean(&check.text);
        match check.holds {
            Some(true) => writeln!(out, "  {GREEN}yes{GREEN:#}      {text}")?,
            Some(false) => writeln!(out, "  {RED}no{RED:#}       {text}")?,
            None => writeln!(out, "  {YELLOW}unknown{YELLOW:#}  {text}")?,
        }
    }
    let steps = steps(fit);
    if steps.is_empty() {
        return Ok(());
    }
    for unseen in readiness::unseen(fit.method) {
        writeln!(out, "  {YELLOW}unseen{YELLOW:#}   {unseen}")?;
    }
    for (number, step) in (1..).zip(steps) {
        writeln!(out, "  {number}. {step}")?;
    }
    writeln!(
        out,
        "  What the menus are called differs by version; this program does not know them."
    )
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use sadp_model::{Firmware, Kind, RecoverySetup};

    use super::*;

    fn device(model: &str, firmware: &str, cloud: (Option<bool>, Option<bool>)) -> Device {
        let mut device = Device::unknown();
        device.model = Some(model.into());
        device.kind = Kind::of_model(model);
        device.mac = "44:47:cc:00:00:01".parse().ok();
        device.ipv4.address = Some([192, 168, 1, 101].into());
        device.firmware = Firmware::new(firmware);
        device.state = Some(State::Active);
        (device.cloud.supported, device.cloud.enabled) = cloud;
        device
    }

    fn told(device: &Device) -> String {
        let ways = [RecoveryMethod::HikConnect, RecoveryMethod::HikProConnect];
        let fits = ways.map(|way| MethodAssessment::judge(way, device, &RecoverySetup::default()));
        let mut out = anstream::StripStream::new(Vec::new());
        write(&mut out, device, fits.iter()).unwrap();
        String::from_utf8(out.into_inner()).unwrap()
    }

    #[test]
    fn every_sort_of_device_is_told_how_the_apps_fit() {
        let on = (Some(true), Some(true));
        let mut fresh = device("DS-2CD2143G0-I", "V5.5.82", on);
        fresh.state = Some(State::Unactivated);
        let devices = [
            device("DS-7608NI-K2", "V4.30.085 build 201225", on),
            device("DS-7608NI-K2", "V3.4.106 build 200101", on),
            device("DS-7608NI-K2", "", (Some(true), Some(false))),
            device("DS-9664NI-XX", "V4.1.70", (None, None)),
            device("DS-2CD2143G0-I", "V5.5.82", (Some(false), None)),
            device("DS-KH6210-L", "V1.5.0", on),
            fresh,
        ];
        let told: Vec<_> = devices.iter().map(told).collect();
        assert_snapshot!(told.join("\n"));
    }
}
