//! What became of commands.

use std::io::{self, Write};

use super::{
    Layout, Row,
    table::{Plain, known},
};
use crate::{
    outcome::Outcome,
    terminal::{GREEN, RED, YELLOW},
    text::clean,
};

impl Row for Outcome {
    const LIST: &'static str = "outcomes have";

    fn titles() -> Vec<&'static str> {
        vec![
            "mac", "serial", "address", "action", "result", "refusal", "number", "message", "next",
        ]
    }

    fn write_table(rows: &[Self], out: &mut impl Write, layout: Layout) -> io::Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let styles = [
            ("done", GREEN),
            ("refused", RED),
            ("unknown", YELLOW),
            ("no-answer", YELLOW),
            ("skipped", YELLOW),
        ];
        let titles = ["RESULT", "ADDRESS", "MAC", "SERIAL", "MESSAGE"];
        let mut table = Plain::new(&titles, &styles);
        for outcome in rows {
            let who = &outcome.device;
            table.row([
                outcome.result.into(),
                known(who.address.map(|address| address.to_string())),
                known(who.mac.as_ref()),
                known(who.number.as_ref()),
                clean(&outcome.message).into_owned(),
            ]);
        }
        table.write_within(out, layout.width)
    }
}
