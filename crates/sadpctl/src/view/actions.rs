//! The keys that begin an action, and leaving while one is under way.

use std::time::Duration;

use crossterm::event::KeyCode;
use sadp_model::State;
use sadp_ops::{
    job::{Job, Task},
    locate::Lamp,
};
use sadp_reset::DeviceKey;

use super::{Command, Mode, View, form::Form, pane::Question, row::ViewRow};

/// How long a lamp blinks.
const BLINKS_FOR: Duration = Duration::from_secs(30);

impl View {
    /// Does what a key for an action is for. One action runs at a time.
    pub(super) fn handle_action_key(&mut self, key: KeyCode) -> Option<Command> {
        let begun = match &self.busy {
            Some(busy) => Err(format!("{busy} is under way: x stops it")),
            None if key == KeyCode::Char('l') => {
                let task = Task::Lamp(Lamp::For(BLINKS_FOR));
                let devices = keys(self.selected_row().as_slice());
                devices.map(|devices| Some(Command::Begin(Job { devices, task })))
            }
            None => self.form_for(key).map(|form| {
                self.mode = Mode::Form(form);
                None
            }),
        };
        begun.unwrap_or_else(|why| {
            self.message = Some(why);
            None
        })
    }

    /// The form for what an action needs.
    fn form_for(&self, key: KeyCode) -> Result<Form, String> {
        let targets = self.targets();
        let mut unactivated = targets.clone();
        unactivated.retain(|it| it.told.found.entry.device.state == Some(State::Unactivated));
        let needs_password = matches!(key, KeyCode::Char('n' | 'p'));
        if needs_password && !targets.is_empty() && unactivated.len() == targets.len() {
            return Err("it has no password yet: a activates it".into());
        }
        match (key, &targets[..]) {
            // No password is asked for where no device needs one.
            (KeyCode::Char('a'), _) if unactivated.is_empty() => {
                Err("none of these devices is unactivated".into())
            }
            (KeyCode::Char('a'), _) => keys(&unactivated).map(Form::activate),
            (KeyCode::Char('e'), _) => keys(&targets).map(Form::export),
            (KeyCode::Char('p'), _) => keys(&targets).map(Form::prepare),
            (KeyCode::Char('n'), [row]) => {
                let devices = keys(&targets)?;
                Ok(Form::set(&row.told.found.entry.device, devices))
            }
            (KeyCode::Char('n'), _) => keys(&targets).map(Form::addresses),
            _ => Err("this key has no action".into()),
        }
    }

    /// The rows that an action is for, in the order of the list: the marked ones, or else
    /// the selected one.
    fn targets(&self) -> Vec<&ViewRow> {
        if self.marked.is_empty() {
            return self.selected_row().into_iter().collect();
        }
        let rows = self.rows.values();
        let mut marked: Vec<_> = rows.filter(|row| self.is_marked(row)).collect();
        marked.sort_by(|a, b| self.order(a.told.number, b.told.number));
        marked
    }

    /// Leaves at once, or asks where an action is under way.
    pub(super) fn quit(&mut self) -> Option<Command> {
        let Some(busy) = &self.busy else {
            return Some(Command::Quit);
        };
        let leaving = Question::leaving(format!("{busy}: stop it and leave?"));
        let before = std::mem::replace(&mut self.mode, Mode::Question(leaving));
        // A question that is not answered yet is asked again.
        if matches!(&before, Mode::Question(question) if !question.leaves) {
            self.pending.push_front(before);
        }
        None
    }
}

/// What the ledger and a look know devices by.
fn keys(rows: &[&ViewRow]) -> Result<Vec<DeviceKey>, String> {
    let keys: Vec<_> = rows.iter().filter_map(|row| row.told.found.key()).collect();
    if keys.is_empty() {
        return Err("no device is selected that can be sent this".into());
    }
    Ok(keys)
}
