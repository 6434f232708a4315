//! The vendor's apps, one object or paragraph each.

use std::{
    fmt::{self, Write as _},
    io::{self, Write},
};

use sadp_model::{MethodAssessment, text::clean};
use sadp_ops::{DiscoveredDevice, recovery::AppCheck};
use sadp_text::{app_check, app_steps, app_unknowns, capitalised, device_label};
use serde::Serialize;

use super::{Layout, Row};
use crate::{
    fold::fold,
    output::Who,
    terminal::{BOLD, GREEN, RED, YELLOW},
};

/// One app, as scripts see it.
#[derive(Serialize)]
pub(crate) struct AppRow<'a> {
    device: Who,
    way: &'a str,
    label: &'a str,
    advice: &'a str,
    availability: &'a str,
    needs: Vec<Word>,
    obstacle: Option<Word>,
    notes: Vec<Word>,
    checks: Vec<Check>,
    unseen: [&'a str; 3],
    steps: &'a [&'a str],
    /// The device for people.
    #[serde(skip)]
    name: String,
}

/// A word for scripts and the same for people.
#[derive(Serialize)]
struct Word {
    name: &'static str,
    text: String,
}

#[derive(Serialize)]
struct Check {
    name: &'static str,
    holds: Option<bool>,
    text: String,
}

impl<'a> AppRow<'a> {
    pub(crate) fn new(found: &'a DiscoveredDevice, fit: &'a MethodAssessment) -> Self {
        let checks = AppCheck::all(&found.entry.device, fit);
        let checks = checks.iter().map(|it| Check {
            name: it.name(),
            holds: it.holds(),
            text: app_check(it),
        });
        let word = |name, text| Word { name, text };
        let needs = fit.availability.needs().iter();
        let notes = fit.notes.iter();
        Self {
            device: Who::new(found),
            way: fit.method.name(),
            label: fit.method.label(),
            advice: fit.advice.name(),
            availability: fit.availability.name(),
            needs: needs.map(|it| word(it.name(), it.to_string())).collect(),
            obstacle: (fit.availability.obstacle()).map(|it| word(it.name(), it.to_string())),
            notes: notes.map(|it| word(it.name(), it.to_string())).collect(),
            checks: checks.collect(),
            unseen: app_unknowns(fit.method),
            steps: app_steps(fit),
            name: device_label(&found.entry.device),
        }
    }
}

impl Row for AppRow<'_> {
    const LIST: &'static str = "guidance has";

    /// How each app fits the device, what was checked and what to do.
    fn write_table(rows: &[Self], out: &mut impl Write, layout: Layout) -> io::Result<()> {
        let mut text = String::new();
        let written = write_all(rows, &mut text).map_err(io::Error::other);
        write!(out, "{}", fold(&text, layout.width))?;
        written
    }
}

fn write_all(rows: &[AppRow<'_>], out: &mut String) -> fmt::Result {
    if let Some(first) = rows.first() {
        writeln!(out, "{BOLD}{}{BOLD:#}", clean(&first.name))?;
    }
    for row in rows {
        writeln!(out)?;
        row.write(out)?;
    }
    Ok(())
}

impl AppRow<'_> {
    fn write(&self, out: &mut String) -> fmt::Result {
        write!(out, "{BOLD}{}{BOLD:#}: ", capitalised(self.label))?;
        match &self.obstacle {
            Some(obstacle) => writeln!(out, "{RED}not for this device{RED:#}: {}", obstacle.text)?,
            None => writeln!(out, "{GREEN}may work{GREEN:#}")?,
        }
        for need in &self.needs {
            writeln!(out, "  needs    {}", need.text)?;
        }
        for check in &self.checks {
            let text = clean(&check.text);
            match check.holds {
                Some(true) => writeln!(out, "  {GREEN}yes{GREEN:#}      {text}")?,
                Some(false) => writeln!(out, "  {RED}no{RED:#}       {text}")?,
                None => writeln!(out, "  {YELLOW}unknown{YELLOW:#}  {text}")?,
            }
        }
        if self.steps.is_empty() {
            return Ok(());
        }
        for unknown in self.unseen {
            writeln!(out, "  {YELLOW}unseen{YELLOW:#}   {unknown}")?;
        }
        for (number, step) in (1..).zip(self.steps) {
            writeln!(out, "  {number}. {step}")?;
        }
        writeln!(
            out,
            "  What the menus are called differs by version; this program does not know them."
        )
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use sadp_model::{Device, Firmware, Kind, RecoveryMethod, RecoverySetup, State};

    use super::*;
    use crate::samples::named;

    fn device(model: &str, firmware: &str, cloud: [Option<bool>; 2]) -> Device {
        let mut device = Device::unknown();
        device.model = Some(model.into());
        device.kind = Kind::of_model(model);
        device.mac = "44:47:cc:00:00:01".parse().ok();
        device.ipv4.address = Some([192, 168, 1, 101].into());
        device.firmware = Firmware::new(firmware);
        device.state = Some(State::Active);
        [device.cloud.supported, device.cloud.enabled] = cloud;
        device
    }

    fn told(device: &Device) -> String {
        let ways = [RecoveryMethod::HikConnect, RecoveryMethod::HikProConnect];
        let fits = ways.map(|way| MethodAssessment::judge(way, device, &RecoverySetup::default()));
        let mut out = anstream::StripStream::new(Vec::new());
        let mut found = named("44:47:cc:00:00:01");
        *found.entry.device = device.clone();
        let rows: Vec<_> = fits.iter().map(|fit| AppRow::new(&found, fit)).collect();
        let (width, wide) = (Some(100), false);
        AppRow::write_table(&rows, &mut out, Layout { width, wide }).unwrap();
        String::from_utf8(out.into_inner()).unwrap()
    }

    #[test]
    fn how_the_apps_fit_each_sort_of_device() {
        let on = [Some(true); 2];
        let mut fresh = device("DS-2CD2143G0-I", "V5.5.82", on);
        fresh.state = Some(State::Unactivated);
        let devices = [
            device("DS-7608NI-K2", "V4.30.085 build 201225", on),
            device("DS-7608NI-K2", "V3.4.106 build 200101", on),
            device("DS-7608NI-K2", "", [Some(true), Some(false)]),
            device("DS-9664NI-XX", "V4.1.70", [None; 2]),
            device("DS-2CD2143G0-I", "V5.5.82", [Some(false), None]),
            device("DS-KH6210-L", "V1.5.0", on),
            fresh,
        ];
        let told: Vec<_> = devices.iter().map(told).collect();
        assert_snapshot!(told.join("\n"));
    }
}
