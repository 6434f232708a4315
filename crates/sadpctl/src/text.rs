//! Words for people, and text of devices made harmless for a terminal.

pub(crate) use sadp_model::text::{clean, clean_json};
pub(crate) use sadp_text::{capitalised, count};
