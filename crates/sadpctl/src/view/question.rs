//! Questions that are answered by y or no.

use crossterm::event::KeyCode;

use super::pane::fold;

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
