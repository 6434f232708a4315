use std::io::{self, Write};

use serde::Serialize;

use crate::text::clean_json;

/// One array, an element a line.
pub(super) fn write_array<T: Serialize>(
    out: &mut impl Write,
    elements: impl Iterator<Item = T>,
) -> io::Result<()> {
    let mut before = "[\n";
    for element in elements {
        let json = serde_json::to_string(&element)?;
        write!(out, "{before}{}", clean_json(&json))?;
        before = ",\n";
    }
    if before == "[\n" {
        return writeln!(out, "[]");
    }
    writeln!(out, "\n]")
}

/// An object a line.
pub(super) fn write_lines<T: Serialize>(
    out: &mut impl Write,
    elements: impl Iterator<Item = T>,
) -> io::Result<()> {
    for element in elements {
        let json = serde_json::to_string(&element)?;
        writeln!(out, "{}", clean_json(&json))?;
    }
    Ok(())
}

/// One object, over several lines.
pub(super) fn write_object(out: &mut impl Write, element: &impl Serialize) -> io::Result<()> {
    let json = serde_json::to_string_pretty(element)?;
    writeln!(out, "{}", clean_json(&json))
}
