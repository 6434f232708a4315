//! All that is known of one device, for people.

use std::io::{self, Write};

use sadp_model::{State, text::clean};
use sadp_ops::DiscoveredDevice;
use sadp_text::{details::DetailLine, fields::Section, words};

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
    let style = match device.state {
        Some(State::Unactivated) => YELLOW,
        Some(State::Active) => GREEN,
        _ => RED,
    };
    let state = words::state(device);
    // The vendor's word, for those who know that.
    let inactive = if device.state == Some(State::Unactivated) {
        " (inactive)"
    } else {
        ""
    };
    writeln!(out, "{}  {style}{state}{style:#}{inactive}", heading(found))?;
    for &section in Section::ALL {
        write_section(out, section, found, width)?;
    }
    Ok(())
}

/// Writes a device's network settings.
pub(crate) fn write_network(
    out: &mut impl Write,
    found: &DiscoveredDevice,
    width: Width,
) -> io::Result<()> {
    let device = &found.entry.device;
    writeln!(out, "{}", heading(found))?;
    for line in [
        DetailLine::new("serial", device.serial.as_ref()),
        DetailLine::new("MAC", device.mac),
    ] {
        write_line(out, &line, width)?;
    }
    for section in [Section::Network, Section::Warnings] {
        write_section(out, section, found, width)?;
    }
    Ok(())
}

fn heading(found: &DiscoveredDevice) -> String {
    let model = found.entry.device.model.as_deref();
    format!("{BOLD}{}{BOLD:#}", clean(model.unwrap_or("unknown model")))
}

fn write_section(
    out: &mut impl Write,
    section: Section,
    found: &DiscoveredDevice,
    width: Width,
) -> io::Result<()> {
    let lines = section.lines(found);
    // That nothing can be shown as received is said by its title alone.
    if lines.is_empty() && section != Section::Raw {
        return Ok(());
    }
    if let Some(title) = section.title() {
        writeln!(out, "\n{BOLD}{title}{BOLD:#}")?;
    }
    for line in &lines {
        if section == Section::Raw {
            let line = format!("  {}: {}", line.label, line.value);
            writeln!(out, "{}", fold(&line, width))?;
        } else {
            write_line(out, line, width)?;
        }
    }
    Ok(())
}

fn write_line(out: &mut impl Write, line: &DetailLine, width: Width) -> io::Result<()> {
    let line = format!("  {:<18}  {}", line.label, line.value);
    writeln!(out, "{}", fold(&line, width))
}
