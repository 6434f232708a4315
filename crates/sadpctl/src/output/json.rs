//! JSON. Characters that a terminal obeys are escaped.

use sadp_model::text::clean_json;
use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;

/// An object a line.
pub(super) fn write_lines<T: Serialize>(out: &mut impl Write, elements: &[T]) -> io::Result<()> {
    for element in elements {
        let json = serde_json::to_string(element)?;
        writeln!(out, "{}", clean_json(&json))?;
    }
    Ok(())
}

/// One object, over several lines.
pub(super) fn write_object(out: &mut impl Write, element: &impl Serialize) -> io::Result<()> {
    let json = serde_json::to_string_pretty(element)?;
    writeln!(out, "{}", clean_json(&json))
}

/// What stands under each title at the top of each element, or under `device`.
pub(super) fn cells<T: Serialize>(elements: &[T], titles: &[&str]) -> io::Result<Vec<Vec<String>>> {
    let rows = elements.iter().map(|element| {
        let value = serde_json::to_value(element)?;
        let cells = titles.iter().map(|title| {
            let known = value.get(title).or_else(|| value["device"].get(title));
            known.map_or_else(String::new, cell)
        });
        Ok(cells.collect())
    });
    rows.collect()
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(elements) => elements.iter().map(cell).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}
