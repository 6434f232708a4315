//! What the pretend vendor desk answered.

use std::io::{self, Write};

use serde::Serialize;

use super::{Format, Layout, Row};
use crate::text::clean;

/// A request, and the file that answers it.
#[derive(Serialize)]
pub(crate) struct AnswerLine {
    pub(crate) request: String,
    pub(crate) answer: String,
}

impl Row for AnswerLine {
    const LIST: &'static str = "a list of answers has";
    const FORMATS: &'static [Format] = &[];

    fn write_table(rows: &[Self], out: &mut impl Write, _layout: Layout) -> io::Result<()> {
        rows.iter()
            .try_for_each(|line| writeln!(out, "{}", clean(&line.answer)))
    }
}
