//! Words for people, and text of devices made harmless for a terminal.

pub(crate) use sadp_model::text::{clean, clean_json};

/// `1 device`, `2 devices`.
pub(crate) fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
