//! Texts over the list: details of a device, help, recovery methods, results; and questions
//! that are answered by y or no.

use crossterm::event::KeyCode;
use sadp_model::text::clean;

use super::{View, row::ViewRow};
use crate::{
    failure::Failure,
    output::{self, Format, Layout, Outcome, Ways},
};

/// A text over the list, and how far it is scrolled.
#[derive(Debug)]
pub(super) struct Pane {
    pub(super) content: Content,
    /// How many lines are above the first one visible. Drawing keeps it within the text.
    pub(super) scrolled: usize,
}

/// What a pane shows.
#[derive(Debug)]
pub(super) enum Content {
    /// All that is known of the selected device.
    Details,
    Help,
    Ways(Box<Ways>),
    Results(Results),
}

/// What became of an action.
#[derive(Debug, Default)]
pub(crate) struct Results {
    pub(crate) outcomes: Vec<Outcome>,
    /// What limited it.
    pub(crate) notes: Vec<String>,
    /// Why it ended early.
    pub(crate) failure: Option<Failure>,
}

impl Pane {
    pub(super) const fn new(content: Content) -> Self {
        let scrolled = 0;
        Self { content, scrolled }
    }

    /// Its lines, for a screen of this width.
    pub(super) fn lines(&self, view: &View, width: u16) -> Vec<String> {
        let lines = match &self.content {
            Content::Details => view.selected_row().map_or_else(Vec::new, details),
            Content::Help => HELP.lines().map(str::to_owned).collect(),
            Content::Ways(ways) => table(std::slice::from_ref(&**ways), width),
            Content::Results(results) => results.lines(width),
        };
        fold(lines, width)
    }
}

impl Results {
    /// As the command line prints them.
    fn lines(&self, width: u16) -> Vec<String> {
        let mut lines = table(&self.outcomes, width);
        if !self.outcomes.is_empty() {
            lines.push(String::new());
            lines.push(output::summary(&self.outcomes));
            let hints = output::hints(&self.outcomes).into_iter();
            lines.extend(hints.map(|hint| format!("hint: {}", clean(&hint))));
        }
        lines.extend(self.notes.iter().map(|note| clean(note).into_owned()));
        if let Some(failure) = &self.failure {
            lines.push(format!("error: {}", clean(&failure.message())));
            let hints = failure.hints.iter();
            lines.extend(hints.map(|hint| format!("hint: {}", clean(hint))));
        }
        lines
    }
}

/// What will be done, and the question.
#[derive(Debug)]
pub(super) struct Question {
    plan: String,
    text: String,
    answer: String,
    /// Whether it is about leaving while an action runs.
    pub(super) leaves: bool,
    pub(super) scrolled: usize,
}

impl Question {
    /// The most letters of an answer.
    const MAX: usize = 8;

    pub(super) fn new(plan: String, text: String) -> Self {
        Self {
            plan,
            text,
            answer: String::new(),
            leaves: false,
            scrolled: 0,
        }
    }

    pub(super) fn leaving(text: String) -> Self {
        Self {
            leaves: true,
            ..Self::new(String::new(), text)
        }
    }

    /// The plan's lines, and those of the question with the answer so far.
    pub(super) fn lines(&self, width: u16) -> [Vec<String>; 2] {
        let question = format!("{} [y/N] {}", self.text, self.answer);
        let plan = self.plan.lines().map(str::to_owned);
        [fold(plan, width), fold([question], width)]
    }

    /// Returns the answer once there is one. Anything but y and yes is a no.
    pub(super) fn handle_key(&mut self, key: KeyCode) -> Option<bool> {
        match key {
            KeyCode::Esc => return Some(false),
            KeyCode::Enter => {
                let answer = self.answer.trim().to_ascii_lowercase();
                return Some(matches!(&*answer, "y" | "yes"));
            }
            KeyCode::Backspace => drop(self.answer.pop()),
            KeyCode::Char(letter) if self.answer.len() < Self::MAX => self.answer.push(letter),
            _ => {}
        }
        None
    }
}

/// Lines within a width: those that are longer go on below, indented.
pub(super) fn fold(lines: impl IntoIterator<Item = String>, width: u16) -> Vec<String> {
    let options = textwrap::Options::new(usize::from(width).max(8)).subsequent_indent("    ");
    let lines = lines.into_iter();
    let folded = lines.flat_map(|line| {
        let folded = textwrap::wrap(&line, &options).into_iter();
        folded.map(Into::into).collect::<Vec<_>>()
    });
    folded.collect()
}

/// All that is known of a device, as `show` prints it.
fn details(row: &ViewRow) -> Vec<String> {
    let at = format!("{} {}", row.changed, row.zone);
    let first = format!("{} at {at}  {}", row.word, row.told.what());
    let mut page = Vec::new();
    // Writing into memory does not fail.
    let _ = output::write_details(&mut page, &row.told.found, None);
    let mut lines = vec![clean(first.trim_end()).into_owned(), String::new()];
    lines.extend(plain(&page));
    lines
}

/// Rows as the command line prints them, within this width.
fn table<R: output::Row>(rows: &[R], width: u16) -> Vec<String> {
    let (width, wide) = (Some(width.into()), false);
    let mut page = Vec::new();
    let _ = output::write_rows(&mut page, rows, Format::Table, Layout { width, wide });
    plain(&page)
}

/// The lines of a page, without styles.
fn plain(page: &[u8]) -> Vec<String> {
    let page = String::from_utf8_lossy(page);
    let page = anstream::adapter::strip_str(&page).to_string();
    page.lines().map(str::to_owned).collect()
}

const HELP: &str = "\
Up Down PgUp PgDn  move; Home End: first, last; also k j g G
Enter              all that is known of the device
w                  its ways to recover a password
l                  its lamp blinks for 30 s
o                  open its web page in the browser
y Y                copy its MAC, its address
space              mark it, and go on to the next
*                  mark all shown, or take their marks away
a                  activate the marked devices, or this one
n                  network settings; of several: addresses
p                  prepare recovery while the password is known
e                  export requests to the vendor's support
x                  stop what is under way
R                  ask all devices now
/                  filter: any text, or as --where, e.g.
                   state=unactivated,model~DS-2CD
Esc                show all again
s r                sort by the next column; reverse
q Ctrl-C           quit

Marks stay with their devices, whatever is shown.
*  marked          !  another device has the same address

The mouse selects a row, and its wheel scrolls. To select
text, hold Shift as you drag.";
