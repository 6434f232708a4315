//! The keys that begin an action, and leaving while one is under way.

use crossterm::event::KeyCode;
use sadp_model::State;
use sadp_reset::DeviceKey;

use super::{Command, Job, Mode, View, form::Form, question::Question, row::ViewRow};

/// What a key for an action leads to.
enum Begun {
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
        let begun = match key {
            KeyCode::Char('l') => self.lamp(),
            KeyCode::Char('a') => self.activation(),
            KeyCode::Char('n') => self.network(),
            _ => self.export(),
        };
        match begun {
            Ok(Begun::Job(job)) => return Some(Command::Begin(job)),
            Ok(Begun::Form(form)) => self.mode = Mode::Form(form),
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

    fn lamp(&self) -> Result<Begun, &'static str> {
        let selected = self.selected_row().into_iter();
        Ok(Begun::Job(Job::lamp(keys(selected)?)))
    }

    /// No password is asked for where no device needs one.
    fn activation(&self) -> Result<Begun, &'static str> {
        let mut targets = self.targets();
        targets.retain(|row| row.told.found.entry.device.state == Some(State::Unactivated));
        if targets.is_empty() {
            return Err("none of these devices is unactivated");
        }
        Ok(Begun::Form(Form::activate(keys(targets.into_iter())?)))
    }

    fn network(&self) -> Result<Begun, &'static str> {
        let targets = self.targets();
        let devices = keys(targets.iter().copied())?;
        Ok(Begun::Form(match &*targets {
            [row] => Form::set(&row.told.found.entry.device, devices),
            _ => Form::addresses(devices),
        }))
    }

    fn export(&self) -> Result<Begun, &'static str> {
        let devices = keys(self.targets().into_iter())?;
        Ok(Begun::Form(Form::export(devices)))
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
fn keys<'a>(rows: impl Iterator<Item = &'a ViewRow>) -> Result<Vec<DeviceKey>, &'static str> {
    let keys: Vec<_> = rows.filter_map(|row| row.told.found.key()).collect();
    if keys.is_empty() {
        return Err("no device is selected that can be sent this");
    }
    Ok(keys)
}
