//! Which key does what.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::{Mode, View};

/// What follows on a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// It goes on.
    GoOn,
    /// The user wants to leave.
    Quit,
}

/// The longest filter that can be written.
const MAX_FILTER: usize = 200;

impl View {
    /// Does what a key is for.
    pub(crate) fn handle_key(&mut self, key: KeyEvent) -> Next {
        if key.kind == KeyEventKind::Release {
            return Next::GoOn;
        }
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        if control && key.code == KeyCode::Char('c') {
            return Next::Quit;
        }
        if control {
            return Next::GoOn;
        }
        match &self.mode {
            Mode::Filter(_) => self.handle_filter_key(key.code),
            Mode::Details(_) => return self.handle_details_key(key.code),
            Mode::List => return self.handle_list_key(key.code),
        }
        Next::GoOn
    }

    fn handle_list_key(&mut self, key: KeyCode) -> Next {
        match key {
            KeyCode::Char('q') => return Next::Quit,
            KeyCode::Char('/') => self.mode = Mode::Filter(self.filter.text.clone()),
            KeyCode::Esc => self.set_filter(""),
            KeyCode::Enter if self.selected.is_some() => self.mode = Mode::Details(0),
            KeyCode::Char('s') => {
                self.sort = self.sort.next();
                self.arrange();
            }
            KeyCode::Char('r') => {
                self.reversed = !self.reversed;
                self.arrange();
            }
            _ => {
                if let Some(place) = moved(key, self.selected_place().unwrap_or(0), self.page) {
                    let place = place.min(self.shown.len().saturating_sub(1));
                    self.selected = self.shown.get(place).copied();
                }
            }
        }
        Next::GoOn
    }

    fn handle_details_key(&mut self, key: KeyCode) -> Next {
        let Mode::Details(scrolled) = self.mode else {
            return Next::GoOn;
        };
        match key {
            KeyCode::Char('q') | KeyCode::Esc | KeyCode::Enter => self.mode = Mode::List,
            // Drawing keeps it within the text.
            key => {
                if let Some(scrolled) = moved(key, scrolled, self.page) {
                    self.mode = Mode::Details(scrolled);
                }
            }
        }
        Next::GoOn
    }

    /// Each letter narrows the list at once. Escape leaves it as it was.
    fn handle_filter_key(&mut self, key: KeyCode) {
        let Mode::Filter(text) = &mut self.mode else {
            return;
        };
        match key {
            KeyCode::Enter => {
                self.mode = Mode::List;
                return;
            }
            KeyCode::Esc => text.clear(),
            KeyCode::Backspace => {
                text.pop();
            }
            KeyCode::Char(letter) if text.chars().count() < MAX_FILTER => text.push(letter),
            _ => return,
        }
        let text = text.clone();
        if key == KeyCode::Esc {
            self.mode = Mode::List;
        }
        self.set_filter(&text);
    }
}

/// Where a key moves to, if it does.
fn moved(key: KeyCode, from: usize, page: usize) -> Option<usize> {
    Some(match key {
        KeyCode::Up | KeyCode::Char('k') => from.saturating_sub(1),
        KeyCode::Down | KeyCode::Char('j') => from.saturating_add(1),
        KeyCode::PageUp => from.saturating_sub(page),
        KeyCode::PageDown | KeyCode::Char(' ') => from.saturating_add(page),
        KeyCode::Home | KeyCode::Char('g') => 0,
        KeyCode::End | KeyCode::Char('G') => usize::MAX,
        _ => return None,
    })
}
