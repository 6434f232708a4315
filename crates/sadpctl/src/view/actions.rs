//! The keys that begin an action, and leaving while one is under way.

use std::time::Duration;

use crossterm::event::KeyCode;
use sadp_model::State;
use sadp_ops::{
    job::{Job, Task},
    locate::Lamp,
};
use sadp_reset::DeviceKey;

use super::{Command, Mode, View, form::Form, question::Question, row::ViewRow};

/// How long a lamp blinks.
const BLINKS_FOR: Duration = Duration::from_secs(30);

/// What a key for an action leads to.
enum Start {
    /// What it needs is typed first.
    Form(Form),
    Job(Job),
}

impl View {
    /// Does what a key for an action is for. One action runs at a time.
    pub(super) fn handle_action_key(&mut self, key: KeyCode) -> Option<Command> {
        if let Some(busy) = &self.busy {
            self.message = Some(format!("{busy} is under way: x stops it"));
            return None;
        }
        let start = match key {
            KeyCode::Char('l') => self.lamp(),
            KeyCode::Char('a') => self.activation(),
            KeyCode::Char('n') => self.network(),
            KeyCode::Char('p') => self.preparation(),
            _ => self.export(),
        };
        match start {
            Ok(Start::Job(job)) => return Some(Command::Begin(job)),
            Ok(Start::Form(form)) => self.mode = Mode::Form(form),
            Err(why) => self.message = Some(why.into()),
        }
        None
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

    fn lamp(&self) -> Result<Start, &'static str> {
        let selected = self.selected_row().into_iter();
        Ok(Start::Job(Job {
            devices: keys(selected)?,
            task: Task::Lamp(Lamp::For(BLINKS_FOR)),
        }))
    }

    /// No password is asked for where no device needs one.
    fn activation(&self) -> Result<Start, &'static str> {
        let mut targets = self.targets();
        targets.retain(|row| is_unactivated(row));
        if targets.is_empty() {
            return Err("none of these devices is unactivated");
        }
        Ok(Start::Form(Form::activate(keys(targets.into_iter())?)))
    }

    fn preparation(&self) -> Result<Start, &'static str> {
        let devices = keys(self.active()?.into_iter())?;
        Ok(Start::Form(Form::prepare(devices)))
    }

    /// The rows of an action that needs the current password.
    fn active(&self) -> Result<Vec<&ViewRow>, &'static str> {
        let targets = self.targets();
        if !targets.is_empty() && targets.iter().all(|row| is_unactivated(row)) {
            return Err("it has no password yet: a activates it");
        }
        Ok(targets)
    }

    fn network(&self) -> Result<Start, &'static str> {
        let targets = self.active()?;
        let devices = keys(targets.iter().copied())?;
        Ok(Start::Form(match &*targets {
            [row] => Form::set(&row.told.found.entry.device, devices),
            _ => Form::addresses(devices),
        }))
    }

    fn export(&self) -> Result<Start, &'static str> {
        let devices = keys(self.targets().into_iter())?;
        Ok(Start::Form(Form::export(devices)))
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

/// Whether it has no password yet.
fn is_unactivated(row: &ViewRow) -> bool {
    row.told.found.entry.device.state == Some(State::Unactivated)
}

/// What the ledger and a look know devices by.
fn keys<'a>(rows: impl Iterator<Item = &'a ViewRow>) -> Result<Vec<DeviceKey>, &'static str> {
    let keys: Vec<_> = rows.filter_map(|row| row.told.found.key()).collect();
    if keys.is_empty() {
        return Err("no device is selected that can be sent this");
    }
    Ok(keys)
}
