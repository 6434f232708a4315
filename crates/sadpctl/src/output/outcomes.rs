//! What became of commands.

use std::io::{self, Write};

use super::{
    Layout, Row,
    table::{Plain, known},
};
use crate::{
    outcome::{Ending, Outcome},
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
            (Ending::Done, GREEN),
            (Ending::Refused, RED),
            (Ending::Unknown, YELLOW),
            (Ending::NoAnswer, YELLOW),
            (Ending::Skipped, YELLOW),
        ];
        let styles = styles.map(|(ending, style)| (ending.name(), style));
        let titles = ["RESULT", "ADDRESS", "MAC", "SERIAL", "MESSAGE"];
        let mut table = Plain::new(&titles, &styles);
        for outcome in rows {
            let who = &outcome.device;
            table.row([
                outcome.result.name().into(),
                known(who.address.map(|address| address.to_string())),
                known(who.mac.as_ref()),
                known(who.number.as_ref()),
                clean(&outcome.message).into_owned(),
            ]);
        }
        table.write_within(out, layout.width)
    }
}
