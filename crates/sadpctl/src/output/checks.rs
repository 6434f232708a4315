//! What a look at this machine came to.

use std::io::{self, Write};

use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width, presets::NOTHING};
use sadp_doctor::Verdict;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::PlainFormat;
use crate::{
    terminal::{BOLD, GREEN, RED, YELLOW},
    text::clean,
};

/// One check, in words.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct CheckRow {
    /// What was checked, the same word whatever came of it.
    #[serde(rename = "check")]
    pub(crate) topic: &'static str,
    /// Of which interface, port or program.
    pub(crate) subject: String,
    #[serde(serialize_with = "by_name")]
    pub(crate) verdict: Verdict,
    pub(crate) message: String,
    /// What to do about it. A command stands at the end, after a colon.
    pub(crate) remedy: Option<String>,
    /// The figures behind it.
    pub(crate) data: Map<String, Value>,
}

impl CheckRow {
    /// A row without a message.
    pub(crate) fn new(topic: &'static str, subject: impl Into<String>, verdict: Verdict) -> Self {
        Self {
            topic,
            subject: subject.into(),
            verdict,
            message: String::new(),
            remedy: None,
            data: Map::new(),
        }
    }

    /// Sets what was found.
    pub(crate) fn message(mut self, message: impl Into<String>) -> Self {
        self.message = message.into();
        self
    }

    /// Sets what to do.
    pub(crate) fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    /// Adds a figure.
    pub(crate) fn data(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.data.insert(key.into(), value.into());
        self
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn by_name<S: Serializer>(verdict: &Verdict, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(name(*verdict))
}

const fn name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ok => "ok",
        Verdict::Warning => "warning",
        Verdict::Problem => "problem",
    }
}

/// Writes checks, one a fact.
pub(crate) fn write_checks(
    out: &mut impl Write,
    checks: &[CheckRow],
    format: PlainFormat,
    width: usize,
) -> io::Result<()> {
    match format {
        PlainFormat::Json(json) => json.write(out, checks),
        PlainFormat::Table => write_table(out, checks, width),
    }
}

const TITLES: [&str; 4] = ["VERDICT", "CHECK", "SUBJECT", "MESSAGE"];
const MESSAGE: usize = 3;
const GAP: u16 = 2;
const MIN_MESSAGE: u16 = 30;

/// The most columns for a subject, which wraps beyond.
const MAX_SUBJECT: u16 = 24;

/// Remedies stand below their line and do not wrap: their commands are copied.
fn write_table(out: &mut impl Write, checks: &[CheckRow], width: usize) -> io::Result<()> {
    let rows: Vec<_> = checks.iter().map(cells).collect();
    let widths = widths(&rows, width);
    let title = TITLES.map(String::from);
    for line in lines(&title, widths) {
        writeln!(out, "{BOLD}{line}{BOLD:#}")?;
    }
    for (check, row) in checks.iter().zip(&rows) {
        let (style, word) = (style(check.verdict), name(check.verdict));
        for line in lines(row, widths) {
            match line.strip_prefix(word) {
                Some(rest) => writeln!(out, "{style}{word}{style:#}{rest}")?,
                None => writeln!(out, "{line}")?,
            }
        }
        if let Some(remedy) = &check.remedy {
            writeln!(out, "{:8} -> {}", "", clean(remedy))?;
        }
    }
    Ok(())
}

fn style(verdict: Verdict) -> anstyle::Style {
    match verdict {
        Verdict::Ok => GREEN,
        Verdict::Warning => YELLOW,
        Verdict::Problem => RED,
    }
}

fn cells(check: &CheckRow) -> [String; 4] {
    [
        name(check.verdict).into(),
        check.topic.into(),
        clean(&check.subject).into_owned(),
        clean(&check.message).into_owned(),
    ]
}

/// The message gets what the other columns leave.
fn widths(rows: &[[String; 4]], width: usize) -> [u16; 4] {
    let mut widths = TITLES.map(str::len);
    for row in rows {
        for (widest, cell) in widths.iter_mut().zip(row) {
            *widest = (*widest).max(cell.chars().count());
        }
    }
    let [verdict, check, subject, message] =
        widths.map(|width| u16::try_from(width).unwrap_or(u16::MAX));
    let subject = subject.min(MAX_SUBJECT);
    let fixed = verdict + check + subject + 3 * GAP;
    let width = u16::try_from(width).unwrap_or(u16::MAX);
    let left = width.saturating_sub(fixed).max(MIN_MESSAGE);
    [verdict + GAP, check + GAP, subject + GAP, message.min(left)]
}

/// A row on as many lines as it takes.
fn lines(row: &[String; 4], widths: [u16; 4]) -> Vec<String> {
    let mut table = Table::new();
    table.load_style(NOTHING);
    table.add_row(row);
    for ((index, column), width) in table.column_iter_mut().enumerate().zip(widths) {
        column.set_padding((0, if index == MESSAGE { 0 } else { GAP }));
        column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(width)));
    }
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::MAX);
    let lines = table.lines();
    lines.map(|line| line.trim_end().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(checks: &[CheckRow], width: usize) -> String {
        let mut out = Vec::new();
        write_checks(&mut out, checks, PlainFormat::Table, width).unwrap();
        anstream::adapter::strip_str(&String::from_utf8(out).unwrap()).to_string()
    }

    #[test]
    fn messages_wrap_and_commands_do_not() {
        let command = "or let it through: sudo sysctl net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.lan0.rp_filter=0";
        let checks = [
            CheckRow::new("port", "UDP 37020", Verdict::Ok).message("free"),
            CheckRow::new("reverse-path", "lan0", Verdict::Problem)
                .message("word ".repeat(20))
                .remedy(command),
        ];
        let table = table(&checks, 70);
        let lines: Vec<_> = table.lines().collect();
        assert_eq!(lines[0], "VERDICT  CHECK         SUBJECT    MESSAGE");
        assert_eq!(lines[1], "ok       port          UDP 37020  free");
        assert!(lines[2].starts_with("problem  reverse-path  lan0       word word"));
        let (remedy, wrapped) = lines[3..].split_last().unwrap();
        assert_eq!(remedy.trim(), format!("-> {command}"));
        assert!(
            wrapped
                .iter()
                .all(|line| line.len() <= 70 && line.starts_with("    "))
        );
    }

    #[test]
    fn names_of_the_system_are_made_harmless() {
        let check = CheckRow::new("port", "a\x1b[2J", Verdict::Ok)
            .message("held by \u{202e}x\n")
            .remedy("close \x07it");
        let table = table(&[check], 100);
        assert!(table.contains("\\u{1b}[2J") && table.contains("\\u{202e}x\\u{a}"));
        assert!(table.contains("-> close \\u{7}it"), "{table}");
    }
}
