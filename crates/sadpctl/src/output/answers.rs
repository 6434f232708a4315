//! What the pretend vendor desk answered.

use std::io::{self, Write};

use serde::Serialize;

use super::{Format, json};
use crate::text::clean;

/// A request, and the file that answers it.
#[derive(Serialize)]
pub(crate) struct AnswerLine {
    pub(crate) request: String,
    pub(crate) answer: String,
}

/// Writes the answers' paths. They have no CSV or XML form.
pub(crate) fn write_answers(
    out: &mut impl Write,
    answers: &[AnswerLine],
    format: Format,
) -> io::Result<()> {
    match format {
        Format::Json => json::write_array(out, answers.iter()),
        Format::Ndjson => json::write_lines(out, answers.iter()),
        Format::Table | Format::Csv | Format::Xml => answers
            .iter()
            .try_for_each(|line| writeln!(out, "{}", clean(&line.answer))),
    }
}
