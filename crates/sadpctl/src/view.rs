//! The live list as it fills a screen: what is shown, which keys do what, and
//! how it is drawn. No terminal and no clock: events and keys go in, cells come
//! out.

mod draw;
mod keys;
mod row;

use std::{cmp::Ordering, collections::HashMap};

use sadp_proto::WatchEventKind;
use strum::{EnumIter, IntoEnumIterator as _, IntoStaticStr};

use self::row::ViewRow;
pub(crate) use self::{draw::Palette, keys::Next};
use crate::{output::Told, select::Filter};

/// What is shown, and what is chosen.
#[derive(Debug)]
pub(crate) struct View {
    rows: HashMap<u64, ViewRow>,
    /// The numbers of the rows that fit the filter, in order.
    shown: Vec<u64>,
    /// The row that is chosen. It stays chosen when it moves.
    selected: Option<u64>,
    /// How many rows are above the first one visible.
    top: usize,
    /// How many rows were visible when it was last drawn.
    page: usize,
    sort: SortColumn,
    reversed: bool,
    filter: Wanted,
    mode: Mode,
    /// Where it asks, or why it does not.
    place: String,
    /// What limits it, the latest.
    notice: Option<String>,
    palette: Palette,
}

/// What the keys are for just now.
#[derive(Debug, PartialEq, Eq)]
enum Mode {
    List,
    /// A filter is being written.
    Filter(String),
    /// One device in full, scrolled by so many lines.
    Details(usize),
}

/// What is wanted of a row.
#[derive(Debug, Default)]
struct Wanted {
    text: String,
    parsed: Option<Filter>,
    /// Why it cannot be understood. Then all rows fit.
    error: Option<String>,
}

/// By what rows are sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, IntoStaticStr)]
#[strum(serialize_all = "UPPERCASE")]
pub(crate) enum SortColumn {
    /// What waits for its first password first, then by address.
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
    /// An empty list.
    pub(crate) fn new(filter: Option<&Filter>, palette: Palette) -> Self {
        Self {
            rows: HashMap::new(),
            shown: Vec::new(),
            selected: None,
            top: 0,
            page: 1,
            sort: SortColumn::State,
            reversed: false,
            filter: Wanted::new(filter.map_or("", Filter::as_str)),
            mode: Mode::List,
            place: String::new(),
            notice: None,
            palette,
        }
    }

    /// Takes in what became of a device.
    pub(crate) fn take(&mut self, told: Told) {
        let number = told.number;
        if told.happened == WatchEventKind::Forgotten {
            self.rows.remove(&number);
        } else if let Some(row) = self.rows.get_mut(&number) {
            row.update(told);
        } else {
            self.rows.insert(number, ViewRow::new(told));
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
        let rows = self.rows.iter();
        let mut shown: Vec<u64> = rows
            .filter(|(_, row)| self.filter.holds(row))
            .map(|(&number, _)| number)
            .collect();
        shown.sort_unstable_by(|&a, &b| self.order(a, b));
        self.shown = shown;
        self.keep_selection(before);
    }

    /// Those that are gone stand last, whichever way is sorted. What is alike
    /// is in the order it came.
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
        other
            .online()
            .cmp(&row.online())
            .then(order)
            .then(a.cmp(&b))
    }

    /// Keeps the chosen row chosen; where it is gone, the one in its place is.
    fn keep_selection(&mut self, before: Option<usize>) {
        if self.selected_place().is_none() {
            let place = before.unwrap_or(0).min(self.shown.len().saturating_sub(1));
            self.selected = self.shown.get(place).copied();
        }
        if self.selected.is_none() && matches!(self.mode, Mode::Details(_)) {
            self.mode = Mode::List;
        }
    }

    fn selected_place(&self) -> Option<usize> {
        let selected = self.selected?;
        self.shown.iter().position(|&number| number == selected)
    }

    fn selected_row(&self) -> Option<&ViewRow> {
        self.rows.get(&self.selected?)
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
        let is_filter = text.contains(['=', '~']);
        let parsed = is_filter.then(|| text.parse::<Filter>());
        let (parsed, error) = match parsed {
            Some(Ok(filter)) => (Some(filter), None),
            Some(Err(error)) => (None, Some(error)),
            None => (None, None),
        };
        Self {
            text: text.into(),
            parsed,
            error,
        }
    }

    fn holds(&self, row: &ViewRow) -> bool {
        match &self.parsed {
            Some(filter) => filter.holds(&row.told.found),
            None => self.error.is_some() || row.contains(&self.text),
        }
    }
}

#[cfg(test)]
mod tests;
