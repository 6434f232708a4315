//! What the pretend vendor desk answered.

use std::io::{self, Write};

use serde::Serialize;

use super::PlainFormat;
use crate::text::clean;

/// A request, and the file that answers it.
#[derive(Serialize)]
pub(crate) struct AnswerLine {
    pub(crate) request: String,
    pub(crate) answer: String,
}

/// Writes the answers' paths.
pub(crate) fn write_answers(
    out: &mut impl Write,
    answers: &[AnswerLine],
    format: PlainFormat,
) -> io::Result<()> {
    match format {
        PlainFormat::Json(json) => json.write(out, answers),
        PlainFormat::Table => answers
            .iter()
            .try_for_each(|line| writeln!(out, "{}", clean(&line.answer))),
    }
}
