//! All that is known of one device, for people.

use std::io::{self, Write};

use sadp_model::{
    Device, RequestWay, State, Via,
    text::{clean, local_minute},
};
use sadp_ops::DiscoveredDevice;
use sadp_text::{
    fields::{FIELDS, Section, Value, heard_at},
    words,
};

use crate::{
    fold::{Width, fold},
    terminal::{BOLD, GREEN, RED, YELLOW},
};

pub(crate) fn write_details(
    out: &mut impl Write,
    found: &DiscoveredDevice,
    width: Width,
) -> io::Result<()> {
    let device = &found.entry.device;
    let mut page = Page { out, width };
    page.identity(found)?;
    page.serial(device)?;
    page.network(found)?;
    page.recovery(found)?;
    page.section("Hik-Connect")?;
    page.lines(found, Section::Cloud)?;
    page.seen(found)?;
    page.warnings(found)?;
    page.raw(device)
}

/// Writes a device's network settings.
pub(crate) fn write_network(
    out: &mut impl Write,
    found: &DiscoveredDevice,
    width: Width,
) -> io::Result<()> {
    let device = &found.entry.device;
    let mut page = Page { out, width };
    let name = device.model.as_deref().unwrap_or("unknown model");
    writeln!(page.out, "{BOLD}{}{BOLD:#}", clean(name))?;
    page.line("serial", device.serial.as_ref())?;
    page.line("MAC", device.mac)?;
    page.network(found)?;
    page.warnings(found)
}

struct Page<W> {
    out: W,
    width: Width,
}

impl<W: Write> Page<W> {
    fn identity(&mut self, found: &DiscoveredDevice) -> io::Result<()> {
        let device = &found.entry.device;
        let name = device.model.as_deref().unwrap_or("unknown model");
        let style = match device.state {
            Some(State::Unactivated) => YELLOW,
            Some(State::Active) => GREEN,
            _ => RED,
        };
        let state = words::state(device);
        writeln!(
            self.out,
            "{BOLD}{}{BOLD:#}  {style}{state}{style:#}{}",
            clean(name),
            // The vendor's word, for those who know that.
            if device.state == Some(State::Unactivated) {
                " (inactive)"
            } else {
                ""
            },
        )?;
        self.lines(found, Section::Device)
    }

    /// The fields of a section. A lock is shown only where there is one.
    fn lines(&mut self, found: &DiscoveredDevice, section: Section) -> io::Result<()> {
        let lines = FIELDS.iter().filter_map(|it| Some((it, it.line.as_ref()?)));
        let mut lines: Vec<_> = lines.filter(|(_, it)| it.section == section).collect();
        lines.sort_by_key(|(_, line)| line.place);
        for (field, line) in lines {
            let value = line.words.unwrap_or(field.value)(found);
            if value != Value::Unknown || !["locked_until", "name", "place"].contains(&field.key) {
                self.line(line.label, Some(value.detail()))?;
            }
        }
        Ok(())
    }

    fn serial(&mut self, device: &Device) -> io::Result<()> {
        let model = device.model.as_deref();
        let parts = device
            .serial
            .as_ref()
            .and_then(|serial| serial.parts(model));
        let Some(parts) = parts else {
            return Ok(());
        };
        self.section("Serial number")?;
        self.line("produced", Some(parts.date))?;
        self.line("region", parts.region)?;
        self.line("factory", parts.factory)?;
        self.line("channels", parts.channel_count)?;
        self.line("features", parts.features)
    }

    fn network(&mut self, found: &DiscoveredDevice) -> io::Result<()> {
        self.section("Network")?;
        self.lines(found, Section::Network)
    }

    /// A device that needs no request has nothing to recover.
    fn recovery(&mut self, found: &DiscoveredDevice) -> io::Result<()> {
        self.section("Password recovery it offers")?;
        let request = found.entry.device.recovery.request;
        if request == Some(RequestWay::None) {
            return self.line("request to vendor", request.map(words::request));
        }
        self.lines(found, Section::Recovery)
    }

    fn seen(&mut self, found: &DiscoveredDevice) -> io::Result<()> {
        if found.entry.seen.is_empty() {
            return Ok(());
        }
        self.section("Seen")?;
        for seen in &found.entry.seen {
            let at = heard_at(seen);
            let at = at.map_or_else(String::new, |at| format!(" at {}", local_minute(at)));
            let how = format!("from {} by {}{at}", seen.from, Via::name(seen.via));
            self.line(&seen.interface, Some(how))?;
        }
        Ok(())
    }

    fn warnings(&mut self, found: &DiscoveredDevice) -> io::Result<()> {
        if found.warnings.is_empty() {
            return Ok(());
        }
        self.section("Look at")?;
        for &warning in &found.warnings {
            self.line(warning.name(), Some(words::meaning(warning)))?;
        }
        Ok(())
    }

    fn raw(&mut self, device: &Device) -> io::Result<()> {
        self.section("As received")?;
        for (name, text) in device.raw.iter() {
            let line = format!("  {}: {}", clean(name), clean(text));
            writeln!(self.out, "{}", fold(&line, self.width))?;
        }
        Ok(())
    }

    fn section(&mut self, title: &str) -> io::Result<()> {
        writeln!(self.out, "\n{BOLD}{title}{BOLD:#}")
    }

    fn line(&mut self, label: &str, value: Option<impl ToString>) -> io::Result<()> {
        let value = value.map(|value| value.to_string());
        let value = value.as_deref().map_or_else(|| "-".into(), clean);
        let line = format!("  {:<18}  {value}", clean(label));
        writeln!(self.out, "{}", fold(&line, self.width))
    }
}
