//! All that is known of one device, for people.

use std::io::{self, Write};

use sadp_model::{Device, RequestWay, Serial, State, Via};
use sadp_ops::DiscoveredDevice;

use super::words;
use crate::{
    terminal::{BOLD, GREEN, RED, YELLOW},
    text::clean,
};

pub(crate) fn write_details(out: &mut impl Write, found: &DiscoveredDevice) -> io::Result<()> {
    let device = &found.entry.device;
    let mut page = Page { out };
    page.identity(device)?;
    page.serial(device)?;
    page.network(found)?;
    page.recovery(device)?;
    page.cloud(device)?;
    page.seen(found)?;
    page.warnings(found)?;
    page.raw(device)
}

/// Writes a device's network settings.
pub(crate) fn write_network(out: &mut impl Write, found: &DiscoveredDevice) -> io::Result<()> {
    let device = &found.entry.device;
    let mut page = Page { out };
    let name = device.model.as_deref().unwrap_or("unknown model");
    writeln!(page.out, "{BOLD}{}{BOLD:#}", clean(name))?;
    page.line("serial", device.serial.as_ref())?;
    page.line("MAC", device.mac)?;
    page.network(found)?;
    page.warnings(found)
}

struct Page<W> {
    out: W,
}

impl<W: Write> Page<W> {
    fn identity(&mut self, device: &Device) -> io::Result<()> {
        let name = device.model.as_deref().unwrap_or("unknown model");
        let style = match device.state {
            Some(State::Unactivated) => YELLOW,
            Some(State::Active) => GREEN,
            _ => RED,
        };
        let state = words::state(device);
        writeln!(
            self.out,
            "{BOLD}{}{BOLD:#}  {style}{state}{style:#}",
            clean(name)
        )?;
        if let Some(State::Locked { until }) = device.state {
            self.line("locked until", Some(super::device::whole_seconds(until)))?;
        }
        self.line("kind", Some(device.kind))?;
        self.line("serial", device.serial.as_ref())?;
        let label = device.serial.as_ref().and_then(Serial::label);
        self.line("label number", label)?;
        self.line("MAC", device.mac)?;
        self.line("firmware", device.firmware.as_ref())?;
        self.line("DSP", device.dsp.as_deref())?;
        let clock = device
            .boot_time
            .map(|at| at.strftime("%Y-%m-%d %H:%M:%S by its own clock"));
        self.line("started", clock)?;
        self.line("brand", device.vendor.map(sadp_model::Vendor::name))?;
        self.line("OEM", device.oem.as_deref())?;
        self.line("analog channels", device.channels.analog)?;
        self.line("digital channels", device.channels.digital)?;
        self.line("disks", device.disks)?;
        self.line("verifies access", device.access_verification.map(yes))
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
        let device = &found.entry.device;
        self.section("Network")?;
        self.line("address", device.ipv4.address)?;
        self.line("mask", device.ipv4.mask)?;
        self.line("gateway", device.ipv4.gateway)?;
        self.line("DHCP", device.ipv4.dhcp.map(on))?;
        self.line("IPv6 address", device.ipv6.address)?;
        self.line("IPv6 prefix", device.ipv6.prefix)?;
        self.line("IPv6 gateway", device.ipv6.gateway)?;
        self.line("HTTP port", device.ports.http)?;
        self.line("SDK port", device.ports.sdk)?;
        self.line("SDK port, TLS", device.ports.sdk_tls)?;
        let reachable = found.reachable.map(|reachable| {
            if reachable {
                "yes"
            } else {
                "no: its address is in none of this machine's networks"
            }
        });
        self.line("reachable", reachable)
    }

    fn recovery(&mut self, device: &Device) -> io::Result<()> {
        self.section("Password recovery it offers")?;
        let recovery = &device.recovery;
        let asked = recovery.request.filter(|&way| way != RequestWay::None);
        self.line("request to vendor", recovery.request.map(words::request))?;
        if recovery.request.is_some() && asked.is_none() {
            return Ok(());
        }
        let set_up = &recovery.set_up;
        let guid = recovery.guid.map(|it| prepared(it, set_up.guid));
        self.line("GUID file", guid)?;
        let questions = recovery.questions;
        let questions = questions.map(|it| prepared(it, set_up.questions));
        self.line("security questions", questions)?;
        let mailbox = recovery.mailbox.map(|it| prepared(it, set_up.mailbox));
        self.line("reserved e-mail", mailbox)?;
        let sync = recovery.sync_camera_passwords.map(yes);
        self.line("sets cameras' too", sync)
    }

    fn cloud(&mut self, device: &Device) -> io::Result<()> {
        self.section("Hik-Connect")?;
        self.line("supported", device.cloud.supported.map(yes))?;
        self.line("switched", device.cloud.enabled.map(on))?;
        self.line("bound", device.cloud.bound.map(yes))?;
        let code = device.recovery.set_up.verification_code;
        self.line("verification code", code.map(set))
    }

    fn seen(&mut self, found: &DiscoveredDevice) -> io::Result<()> {
        if found.entry.seen.is_empty() {
            return Ok(());
        }
        self.section("Seen")?;
        for seen in &found.entry.seen {
            let at = super::device::heard_at(seen);
            let at = at.map_or_else(String::new, |at| format!(" at {at}"));
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
            writeln!(self.out, "  {}: {}", clean(name), clean(text))?;
        }
        Ok(())
    }

    fn section(&mut self, title: &str) -> io::Result<()> {
        writeln!(self.out, "\n{BOLD}{title}{BOLD:#}")
    }

    fn line(&mut self, label: &str, value: Option<impl ToString>) -> io::Result<()> {
        let value = value.map(|value| value.to_string());
        let value = value.as_deref().map_or_else(|| "-".into(), clean);
        writeln!(self.out, "  {:<18}  {value}", clean(label))
    }
}

fn yes(value: bool) -> &'static str {
    if value { "yes" } else { "no" }
}

fn on(value: bool) -> &'static str {
    if value { "on" } else { "off" }
}

/// That a device has a way does not mean that it was set up.
fn prepared(offered: bool, set_up: Option<bool>) -> &'static str {
    match (offered, set_up) {
        (false, _) => "no",
        (true, None) => "yes, if it was set up",
        (true, Some(true)) => "yes, it is set up",
        (true, Some(false)) => "yes, but it is not set up",
    }
}

fn set(value: bool) -> &'static str {
    if value { "set" } else { "not set" }
}
