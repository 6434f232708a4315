//! Which key does what, and the mouse.

use std::net::SocketAddrV4;

use crossterm::event::{
    KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};
use ratatui::layout::Position;
use sadp_ops::job::Job;

use super::{Content, Mode, View, form::FormStep};

/// What a key asks for that the view cannot do itself.
#[derive(Debug)]
pub(crate) enum Command {
    /// The user wants to leave. What is under way is stopped.
    Quit,
    /// Ask all devices at once.
    AskNow,
    /// Copy this text to the clipboard.
    Copy(String),
    /// Open the web page that stands there.
    Open(SocketAddrV4),
    /// Show the recovery methods of the device of this number.
    Ways(u64),
    /// Begin an action.
    Begin(Job),
    /// The answer to the question of the action that is under way.
    Answer(bool),
    /// Stop it: nothing more is sent.
    Stop,
}

/// The longest filter that can be written.
const MAX_FILTER: usize = 200;

/// How many rows one step of the wheel goes.
const WHEEL: usize = 3;

impl View {
    /// Does what a key is for.
    pub(crate) fn handle_key(&mut self, key: KeyEvent) -> Option<Command> {
        if key.kind == KeyEventKind::Release {
            return None;
        }
        if key.modifiers.contains(KeyModifiers::CONTROL) {
            return match key.code {
                KeyCode::Char('c') => self.quit(),
                _ => None,
            };
        }
        self.message = None;
        match &self.mode {
            Mode::Filter(_) => self.handle_filter_key(key.code),
            Mode::Pane(_) => self.handle_pane_key(key.code),
            Mode::Form(_) => return self.handle_form_key(key.code),
            Mode::Question(_) => return self.handle_question_key(key.code),
            Mode::List => return self.handle_list_key(key.code),
        }
        None
    }

    /// Selects the row that is clicked, and scrolls. Returns whether anything changed.
    pub(crate) fn handle_mouse(&mut self, mouse: MouseEvent) -> bool {
        let step = match mouse.kind {
            MouseEventKind::ScrollUp => KeyCode::Up,
            MouseEventKind::ScrollDown => KeyCode::Down,
            MouseEventKind::Down(MouseButton::Left) => {
                return self.click(Position::new(mouse.column, mouse.row));
            }
            _ => return false,
        };
        match self.mode {
            Mode::Pane(_) => (0..WHEEL).for_each(|_| self.handle_pane_key(step)),
            Mode::List => (0..WHEEL).for_each(|_| self.move_cursor(step)),
            Mode::Filter(_) | Mode::Form(_) | Mode::Question(_) => return false,
        }
        true
    }

    fn click(&mut self, at: Position) -> bool {
        let place = self.top + usize::from(at.y.saturating_sub(self.body.y));
        let hits = matches!(self.mode, Mode::List) && self.body.contains(at);
        if hits && place < self.shown.len() {
            self.select_place(place);
        }
        hits
    }

    fn handle_list_key(&mut self, key: KeyCode) -> Option<Command> {
        match key {
            KeyCode::Char('q') => return self.quit(),
            KeyCode::Char('x') if self.busy.is_some() => return Some(Command::Stop),
            KeyCode::Char('a' | 'n' | 'p' | 'e' | 'l') => return self.handle_action_key(key),
            KeyCode::Char('R') => return Some(Command::AskNow),
            KeyCode::Char('y' | 'Y' | 'o' | 'w') => return self.handle_device_key(key),
            KeyCode::Char('?') => self.show(Content::Help),
            KeyCode::Char('/') => self.mode = Mode::Filter(self.filter.text.clone()),
            KeyCode::Esc => self.set_filter(""),
            KeyCode::Enter if self.selected.is_some() => self.show(Content::Details),
            KeyCode::Char(' ') => self.mark_selected(),
            KeyCode::Char('*') => self.mark_shown(),
            KeyCode::Char('s') => {
                self.sort = self.sort.next();
                self.arrange();
            }
            KeyCode::Char('r') => {
                self.reversed = !self.reversed;
                self.arrange();
            }
            _ => self.move_cursor(key),
        }
        None
    }

    /// Keys for the selected device.
    fn handle_device_key(&mut self, key: KeyCode) -> Option<Command> {
        let row = self.selected_row()?;
        let device = &row.told.found.entry.device;
        let command = match key {
            KeyCode::Char('y') => device.mac.map(|mac| Command::Copy(mac.to_string())),
            KeyCode::Char('Y') => (device.ipv4.address).map(|it| Command::Copy(it.to_string())),
            KeyCode::Char('o') => device.ipv4.address.map(|address| {
                let port = device.ports.http.unwrap_or(80);
                Command::Open(SocketAddrV4::new(address, port))
            }),
            _ => Some(Command::Ways(row.told.number)),
        };
        if command.is_none() {
            self.message = Some("the device does not report it".into());
        }
        command
    }

    fn handle_form_key(&mut self, key: KeyCode) -> Option<Command> {
        let Mode::Form(form) = &mut self.mode else {
            return None;
        };
        let job = match form.handle_key(key) {
            FormStep::Stay => return None,
            FormStep::Cancel => None,
            FormStep::Done(job) => Some(job),
        };
        self.go_back();
        job.map(Command::Begin)
    }

    fn handle_question_key(&mut self, key: KeyCode) -> Option<Command> {
        let Mode::Question(question) = &mut self.mode else {
            return None;
        };
        if let KeyCode::Up | KeyCode::Down | KeyCode::PageUp | KeyCode::PageDown = key {
            question.scrolled = moved(key, question.scrolled, self.body.height.into())?;
            return None;
        }
        let leaves = question.leaves;
        let answer = question.handle_key(key)?;
        self.go_back();
        match (leaves, answer) {
            (true, true) => Some(Command::Quit),
            (true, false) => None,
            (false, answer) => Some(Command::Answer(answer)),
        }
    }

    fn move_cursor(&mut self, key: KeyCode) {
        let place = self.selected_place().unwrap_or(0);
        if let Some(place) = moved(key, place, self.body.height.into()) {
            self.select_place(place);
        }
    }

    fn handle_pane_key(&mut self, key: KeyCode) {
        let Mode::Pane(pane) = &mut self.mode else {
            return;
        };
        match key {
            KeyCode::Char('q' | '?') | KeyCode::Esc | KeyCode::Enter => self.go_back(),
            key => {
                if let Some(scrolled) = moved(key, pane.scrolled, self.body.height.into()) {
                    pane.scrolled = scrolled;
                }
            }
        }
    }

    /// Each letter narrows the list at once. Escape leaves it as it was.
    fn handle_filter_key(&mut self, key: KeyCode) {
        let Mode::Filter(text) = &mut self.mode else {
            return;
        };
        match key {
            KeyCode::Enter => return self.go_back(),
            KeyCode::Esc => text.clear(),
            KeyCode::Backspace => drop(text.pop()),
            KeyCode::Char(letter) if text.chars().count() < MAX_FILTER => text.push(letter),
            _ => return,
        }
        let text = text.clone();
        if key == KeyCode::Esc {
            self.go_back();
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
        KeyCode::PageDown => from.saturating_add(page),
        KeyCode::Home | KeyCode::Char('g') => 0,
        KeyCode::End | KeyCode::Char('G') => usize::MAX,
        _ => return None,
    })
}
