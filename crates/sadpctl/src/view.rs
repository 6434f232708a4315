//! The live list as it fills a screen: what is shown, which keys do what, and
//! how it is drawn. No terminal, no network and no clock: events and keys go in,
//! cells and commands come out.

mod actions;
mod draw;
mod form;
mod keys;
mod pane;
mod row;

use std::{
    cmp::Ordering,
    collections::{BTreeSet, HashMap, VecDeque},
};

use jiff::tz::TimeZone;
use ratatui::layout::Rect;
use sadp_model::MacAddr;
use sadp_ops::DiscoveredDevice;
use sadp_proto::WatchEventKind;
use sadp_text::select::Filter;
use strum::{EnumIter, IntoEnumIterator as _, IntoStaticStr};

pub(crate) use self::{draw::Palette, keys::Command, pane::Results};
use self::{
    form::Form,
    pane::{Content, Pane, Question},
    row::ViewRow,
};
use crate::output::{Told, Ways};

/// What is shown, and what is selected.
#[derive(Debug)]
pub(crate) struct View {
    rows: HashMap<u64, ViewRow>,
    /// The numbers of the rows that fit the filter, in order.
    shown: Vec<u64>,
    /// The row of the cursor. It stays selected when it moves.
    selected: Option<u64>,
    /// Whether the user moved the cursor. Before that it stays on the first row.
    moved: bool,
    /// The marked devices: they stay marked whatever is shown.
    marked: BTreeSet<MacAddr>,
    /// How many rows are above the first one visible.
    top: usize,
    /// Where the rows were drawn last.
    body: Rect,
    sort: SortColumn,
    reversed: bool,
    filter: Wanted,
    mode: Mode,
    /// What is shown once the user is back at the list.
    pending: VecDeque<Mode>,
    /// The action that is under way, and how far it is.
    busy: Option<String>,
    /// Where it asks, or why it does not.
    place: String,
    /// What limits it, the latest.
    notice: Option<String>,
    /// What the last key did.
    message: Option<String>,
    palette: Palette,
    zone: TimeZone,
}

/// What the keys are for.
#[derive(Debug)]
enum Mode {
    List,
    /// A filter is being written.
    Filter(String),
    /// A text over the list.
    Pane(Pane),
    /// What an action needs is typed.
    Form(Form),
    Question(Question),
}

/// What is wanted of a row.
#[derive(Debug)]
struct Wanted {
    text: String,
    /// The filter that the text is, if it is one. Where it cannot be understood all rows fit.
    parsed: Result<Option<Filter>, String>,
}

/// By what rows are sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, IntoStaticStr)]
#[strum(serialize_all = "UPPERCASE")]
pub(crate) enum SortColumn {
    /// Unactivated devices first, then by address.
    State,
    Model,
    Address,
    Mac,
    Firmware,
    Serial,
    /// What changed last first.
    Changed,
}

impl SortColumn {
    fn next(self) -> Self {
        let mut columns = Self::iter().cycle().skip_while(|it| *it != self);
        columns.nth(1).unwrap_or(self)
    }
}

impl View {
    /// An empty list. Times are shown in this time zone.
    pub(crate) fn new(filter: Option<&Filter>, palette: Palette, zone: TimeZone) -> Self {
        Self {
            rows: HashMap::new(),
            shown: Vec::new(),
            selected: None,
            moved: false,
            marked: BTreeSet::new(),
            top: 0,
            body: Rect::ZERO,
            sort: SortColumn::State,
            reversed: false,
            filter: Wanted::new(filter.map_or("", Filter::as_str)),
            mode: Mode::List,
            pending: VecDeque::new(),
            busy: None,
            place: String::new(),
            notice: None,
            message: None,
            palette,
            zone,
        }
    }

    /// Takes in what became of a device.
    pub(crate) fn take(&mut self, told: Told) {
        let number = told.number;
        if told.happened == WatchEventKind::Forgotten {
            self.rows.remove(&number);
        } else if let Some(row) = self.rows.get_mut(&number) {
            row.update(told, &self.zone);
        } else {
            self.rows.insert(number, ViewRow::new(told, &self.zone));
        }
        self.place_row(number);
    }

    /// Where it asks now.
    pub(crate) fn set_place(&mut self, place: String) {
        self.place = place;
    }

    /// What limits it, and what to do about it.
    pub(crate) fn set_notice(&mut self, notice: String) {
        self.notice = Some(notice);
    }

    /// What became of a command. It stays until the next key.
    pub(crate) fn set_message(&mut self, message: String) {
        self.message = Some(message);
    }

    /// The device of this number.
    pub(crate) fn found(&self, number: u64) -> Option<DiscoveredDevice> {
        Some(self.rows.get(&number)?.told.found.clone())
    }

    /// Shows the recovery methods of a device.
    pub(crate) fn show_ways(&mut self, ways: Ways) {
        self.show(Content::Ways(Box::new(ways)));
    }

    /// Shows how far an action is. `None` once it is over.
    pub(crate) fn set_busy(&mut self, progress: Option<String>) {
        self.busy = progress;
    }

    /// Asks what is answered by [`Command::Answer`]. Nothing that the user is typing is
    /// taken for the answer.
    pub(crate) fn ask(&mut self, plan: String, text: String) {
        self.show_later(Mode::Question(Question::new(plan, text)));
    }

    /// Shows what became of an action, until that is dismissed.
    pub(crate) fn show_results(&mut self, results: Results) {
        // A question of an action that is over has no answer.
        self.pending.clear();
        let is_outdated = matches!(self.mode, Mode::Question(_));
        self.show_later(Mode::Pane(Pane::new(Content::Results(results))));
        if is_outdated {
            self.go_back();
        }
    }

    fn show_later(&mut self, mode: Mode) {
        self.pending.push_back(mode);
        if matches!(self.mode, Mode::List) {
            self.go_back();
        }
    }

    /// Goes back to the list, or on to what waits.
    fn go_back(&mut self) {
        self.mode = self.pending.pop_front().unwrap_or(Mode::List);
    }

    fn show(&mut self, content: Content) {
        self.mode = Mode::Pane(Pane::new(content));
    }

    /// Puts one row where it belongs, or takes it out of those shown.
    fn place_row(&mut self, number: u64) {
        let before = self.selected_place();
        self.shown.retain(|&shown| shown != number);
        if let Some(row) = self.rows.get(&number)
            && self.filter.holds(row)
        {
            let place = self
                .shown
                .partition_point(|&other| self.order(other, number) == Ordering::Less);
            self.shown.insert(place, number);
        }
        self.keep_selection(before);
    }

    /// Chooses and sorts all rows again.
    fn arrange(&mut self) {
        let before = self.selected_place();
        let fitting = self.rows.iter().filter(|(_, row)| self.filter.holds(row));
        let mut shown: Vec<u64> = fitting.map(|(&number, _)| number).collect();
        shown.sort_unstable_by(|&a, &b| self.order(a, b));
        self.shown = shown;
        self.keep_selection(before);
    }

    /// Offline devices stand last, whichever way is sorted. What is alike is in
    /// the order it came.
    fn order(&self, a: u64, b: u64) -> Ordering {
        let (Some(row), Some(other)) = (self.rows.get(&a), self.rows.get(&b)) else {
            return a.cmp(&b);
        };
        let order = row.compare(other, self.sort);
        let order = if self.reversed {
            order.reverse()
        } else {
            order
        };
        let by_presence = other.online().cmp(&row.online());
        by_presence.then(order).then(a.cmp(&b))
    }

    /// Keeps the selected row selected; where it is gone, the one in its place is.
    fn keep_selection(&mut self, before: Option<usize>) {
        if !self.moved {
            self.selected = self.shown.first().copied();
        } else if self.selected_place().is_none() {
            let place = before.unwrap_or(0).min(self.shown.len().saturating_sub(1));
            self.selected = self.shown.get(place).copied();
        }
        if let (None, Mode::Pane(pane)) = (self.selected, &self.mode)
            && matches!(pane.content, Content::Details)
        {
            self.go_back();
        }
    }

    /// Moves the cursor to a row, or to the last one.
    fn select_place(&mut self, place: usize) {
        let place = place.min(self.shown.len().saturating_sub(1));
        self.selected = self.shown.get(place).copied();
        self.moved = true;
    }

    fn selected_place(&self) -> Option<usize> {
        let selected = self.selected?;
        self.shown.iter().position(|&number| number == selected)
    }

    fn selected_row(&self) -> Option<&ViewRow> {
        self.rows.get(&self.selected?)
    }

    fn is_marked(&self, row: &ViewRow) -> bool {
        row.mac().is_some_and(|mac| self.marked.contains(&mac))
    }

    /// Marks the selected row, or takes its mark away, and goes on to the next.
    fn mark_selected(&mut self) {
        let Some(mac) = self.selected_row().and_then(ViewRow::mac) else {
            self.message = Some("a device without a MAC cannot be marked".into());
            return;
        };
        if !self.marked.remove(&mac) {
            self.marked.insert(mac);
        }
        self.select_place(self.selected_place().map_or(0, |place| place + 1));
    }

    /// Marks all rows shown, or takes their marks away where all have one.
    fn mark_shown(&mut self) {
        let rows = self.shown.iter().filter_map(|it| self.rows.get(it));
        let shown: BTreeSet<_> = rows.filter_map(ViewRow::mac).collect();
        if shown.is_subset(&self.marked) {
            self.marked.retain(|mac| !shown.contains(mac));
        } else {
            self.marked.extend(shown);
        }
    }

    fn set_filter(&mut self, text: &str) {
        self.filter = Wanted::new(text);
        self.arrange();
    }

    /// How many devices are online, and how many are not.
    fn counts(&self) -> (usize, usize) {
        let online = self.rows.values().filter(|row| row.online()).count();
        (online, self.rows.len() - online)
    }
}

impl Wanted {
    /// A filter as for `--where`, or any part of what a row says.
    fn new(text: &str) -> Self {
        let text = text.trim();
        let is_filter = text.contains(['=', '~', '<', '>']);
        Self {
            text: text.into(),
            parsed: is_filter.then(|| text.parse()).transpose(),
        }
    }

    fn holds(&self, row: &ViewRow) -> bool {
        match &self.parsed {
            Ok(Some(filter)) => filter.holds(&row.told.found),
            Ok(None) => row.contains(&self.text),
            Err(_) => true,
        }
    }
}

#[cfg(test)]
mod tests;
