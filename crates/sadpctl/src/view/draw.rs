//! How it is drawn.

use ratatui::{
    buffer::Buffer,
    layout::{Constraint, Layout, Rect},
    style::{Color, Modifier, Style, Stylize},
    text::{Line, Span},
    widgets::{Cell, Paragraph, Row, Table, Widget},
};
use sadp_model::{State, text::clean};

use super::{Mode, SortColumn, View, pane::fold, row::ViewRow};

/// Whether there are colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Palette {
    /// Colours, besides bold and reversed text.
    Colour,
    /// None.
    Plain,
}

impl Palette {
    fn colour(self, colour: Color) -> Style {
        match self {
            Self::Colour => Style::new().fg(colour),
            Self::Plain => Style::new(),
        }
    }
}

/// A column of the list, how wide it is, and from which width of the screen on
/// it is shown.
struct Shape {
    column: Option<SortColumn>,
    title: &'static str,
    width: Constraint,
    from: u16,
}

#[rustfmt::skip]
const SHAPES: [Shape; 9] = [
    Shape { column: None, title: "", width: Constraint::Length(10), from: 40 },
    Shape { column: Some(SortColumn::State), title: "", width: Constraint::Length(11), from: 58 },
    Shape { column: Some(SortColumn::Address), title: "", width: Constraint::Length(15), from: 0 },
    Shape { column: Some(SortColumn::Model), title: "", width: Constraint::Fill(1), from: 0 },
    Shape { column: Some(SortColumn::Mac), title: "", width: Constraint::Length(17), from: 76 },
    Shape { column: Some(SortColumn::Firmware), title: "", width: Constraint::Length(9), from: 110 },
    Shape { column: Some(SortColumn::Serial), title: "", width: Constraint::Length(10), from: 92 },
    Shape { column: None, title: "NOTES", width: Constraint::Length(21), from: 126 },
    Shape { column: Some(SortColumn::Changed), title: "", width: Constraint::Length(8), from: 66 },
];

impl View {
    /// Draws it into an area. What is visible is remembered for the keys.
    pub(crate) fn draw(&mut self, area: Rect, buffer: &mut Buffer) {
        let line = Constraint::Length(1);
        let [head, body, status, message, keys] =
            Layout::vertical([line, Constraint::Fill(1), line, line, line]).areas(area);
        self.head().render(head, buffer);
        match self.mode {
            Mode::Pane(_) => self.draw_pane(body, buffer),
            Mode::Form(_) => self.draw_form(body, buffer),
            Mode::Question(_) => self.draw_question(body, buffer),
            Mode::List | Mode::Filter(_) => self.draw_list(body, buffer),
        }
        Line::raw(self.status()).render(status, buffer);
        self.message().render(message, buffer);
        self.keys(keys.width).render(keys, buffer);
    }

    fn head(&self) -> Line<'static> {
        let (online, offline) = self.counts();
        let shown = if self.shown.len() == self.rows.len() {
            String::new()
        } else {
            format!(", {} shown", self.shown.len())
        };
        let latest = self.rows.values().max_by_key(|row| row.told.at);
        let zone = latest.map_or_else(String::new, |row| format!("  times in {}", row.zone));
        let counts = format!("  {online} online, {offline} offline{shown}{zone}");
        Line::from(vec![
            Span::styled("sadpctl watch", Modifier::BOLD),
            Span::raw(counts),
            Span::raw(format!("  {}", clean(&self.place))),
        ])
    }

    fn draw_list(&mut self, area: Rect, buffer: &mut Buffer) {
        let [header, body] =
            Layout::vertical([Constraint::Length(1), Constraint::Fill(1)]).areas(area);
        self.body = body;
        let page = usize::from(body.height).max(1);
        let selected = self.selected_place().unwrap_or(0);
        let last_top = self.shown.len().saturating_sub(page);
        self.top = self
            .top
            .clamp((selected + 1).saturating_sub(page), selected)
            .min(last_top);
        if self.shown.is_empty() {
            let text = if self.rows.is_empty() {
                "No device was found yet."
            } else {
                "No device fits the filter: Esc shows all."
            };
            Line::raw(text).render(body, buffer);
            return;
        }
        let shapes: Vec<&Shape> = SHAPES.iter().filter(|it| it.from <= area.width).collect();
        let widths = || shapes.iter().map(|shape| shape.width);
        let titles = Row::new(shapes.iter().map(|shape| self.title(shape)));
        let titles = Table::new([titles.style(Modifier::BOLD)], widths());
        Widget::render(titles.column_spacing(1), header, buffer);
        let visible = self.shown.iter().skip(self.top).take(page);
        let rows = visible.filter_map(|number| {
            let row = self.rows.get(number)?;
            let cells = shapes.iter().map(|shape| self.cell(shape, row));
            let style = row_style(row, Some(*number) == self.selected);
            Some(Row::new(cells).style(style))
        });
        let rows = Table::new(rows, widths());
        Widget::render(rows.column_spacing(1), body, buffer);
    }

    fn title(&self, shape: &Shape) -> String {
        let sorted = shape.column == Some(self.sort);
        let mark = match (sorted, self.reversed) {
            (true, false) => "^",
            (true, true) => "v",
            (false, _) => "",
        };
        let title = shape.column.map_or(shape.title, Into::into);
        format!("{title}{mark}")
    }

    fn cell<'a>(&self, shape: &Shape, row: &'a ViewRow) -> Cell<'a> {
        let [state, model, address, mac, firmware, serial] = &row.cells;
        match shape.column {
            Some(SortColumn::State) if row.online() => {
                Cell::from(&**state).style(self.state_style(row))
            }
            Some(SortColumn::State) => Cell::from(&**state),
            Some(SortColumn::Model) => Cell::from(&**model),
            Some(SortColumn::Address) => Cell::from(&**address),
            Some(SortColumn::Mac) => Cell::from(&**mac),
            Some(SortColumn::Firmware) => Cell::from(&**firmware),
            Some(SortColumn::Serial) => Cell::from(&**serial),
            Some(SortColumn::Changed) => Cell::from(&*row.changed),
            None if shape.title.is_empty() => {
                let mark = if self.is_marked(row) { '*' } else { ' ' };
                let twin = if row.shares_address() { '!' } else { ' ' };
                Cell::from(format!("{mark}{twin}{}", row.word))
            }
            None => Cell::from(&*row.notes),
        }
    }

    fn state_style(&self, row: &ViewRow) -> Style {
        self.palette
            .colour(match row.told.found.entry.device.state {
                Some(State::Unactivated) => Color::Yellow,
                Some(State::Active) => Color::Green,
                _ => Color::Red,
            })
    }

    fn draw_pane(&mut self, area: Rect, buffer: &mut Buffer) {
        self.body = area;
        let Mode::Pane(pane) = &self.mode else {
            return;
        };
        let lines = pane.lines(self, area.width);
        let height = usize::from(area.height).max(1);
        let scrolled = pane.scrolled.min(lines.len().saturating_sub(height));
        let visible = lines.into_iter().skip(scrolled).take(height);
        Paragraph::new(visible.map(Line::raw).collect::<Vec<_>>()).render(area, buffer);
        if let Mode::Pane(pane) = &mut self.mode {
            pane.scrolled = scrolled;
        }
    }

    fn draw_form(&self, area: Rect, buffer: &mut Buffer) {
        let Mode::Form(form) = &self.mode else {
            return;
        };
        let (lines, cursor) = form.lines();
        let lines = lines.into_iter().enumerate().flat_map(|(place, line)| {
            let folded = fold([line], area.width).into_iter();
            let mut lines: Vec<_> = folded.map(Line::raw).collect();
            if place == cursor {
                add_cursor(&mut lines);
            }
            lines
        });
        Paragraph::new(lines.collect::<Vec<_>>()).render(area, buffer);
    }

    fn draw_question(&mut self, area: Rect, buffer: &mut Buffer) {
        let Mode::Question(question) = &mut self.mode else {
            return;
        };
        let [plan, text] = question.lines(area.width.saturating_sub(1));
        let height = Constraint::Length(text.len().try_into().unwrap_or(u16::MAX));
        let [above, below] = Layout::vertical([Constraint::Fill(1), height]).areas(area);
        self.body = above;
        let last_top = plan.len().saturating_sub(above.height.into());
        question.scrolled = question.scrolled.min(last_top);
        let plan = plan.into_iter().skip(question.scrolled).map(Line::raw);
        Paragraph::new(plan.collect::<Vec<_>>()).render(above, buffer);
        let mut text: Vec<_> = text.into_iter().map(Line::raw).collect();
        add_cursor(&mut text);
        Paragraph::new(text).bold().render(below, buffer);
    }

    /// Where the cursor is, what is marked, and which rows are shown.
    fn status(&self) -> String {
        let place = self.selected_place().map_or(0, |place| place + 1);
        let marked = match self.marked.len() {
            0 => String::new(),
            marked => format!(", {marked} marked"),
        };
        let is_written = matches!(self.mode, Mode::Filter(_));
        let filter = Some(&self.filter.text).filter(|it| !is_written && !it.is_empty());
        let filter = filter.map_or_else(String::new, |it| format!("  filter: {}", clean(it)));
        let busy = self.busy.as_ref();
        let busy = busy.map_or_else(String::new, |it| format!("  {}", clean(it)));
        format!("row {place} of {}{marked}{busy}{filter}", self.shown.len())
    }

    fn message(&self) -> Line<'static> {
        let alarm = self.palette.colour(Color::Yellow);
        if let Mode::Filter(text) = &self.mode {
            let cursor = Span::styled(" ", Modifier::REVERSED);
            let mut spans = vec![Span::raw(format!("filter: {}", clean(text))), cursor];
            if let Err(error) = &self.filter.parsed {
                spans.push(Span::styled(format!("  {}", clean(error)), alarm));
            }
            return Line::from(spans);
        }
        if let Some(message) = &self.message {
            return Line::raw(clean(message).into_owned());
        }
        let error = self.filter.parsed.as_ref().err();
        if let Some(alarming) = error.or(self.notice.as_ref()) {
            return Line::styled(clean(alarming).into_owned(), alarm);
        }
        let row = self
            .selected_row()
            .filter(|_| matches!(self.mode, Mode::List));
        let notes = row.map(|row| row.notes.clone());
        Line::raw(notes.unwrap_or_default())
    }

    /// The most important keys, as many as fit.
    fn keys(&self, width: u16) -> Line<'static> {
        let keys: &[(&str, &str)] = match self.mode {
            Mode::List => &[
                ("?", "all keys"),
                ("q", "quit"),
                ("Enter", "details"),
                ("space", "mark"),
                ("a", "activate"),
                ("n", "network"),
                ("/", "filter"),
                ("s", "sort"),
                ("w", "ways"),
                ("R", "ask now"),
                ("o", "web page"),
                ("y", "copy MAC"),
            ],
            Mode::Filter(_) => &[
                ("Enter", "keep"),
                ("Esc", "show all"),
                ("text", "or key=value, key!=value, key~part"),
            ],
            Mode::Pane(_) => &[("Esc", "back"), ("Up/Down", "move")],
            Mode::Form(_) => &[("Enter", "next"), ("Up", "back"), ("Esc", "cancel")],
            Mode::Question(_) => &[("y Enter", "yes"), ("Esc", "no"), ("Up/Down", "move")],
        };
        let mut left = usize::from(width);
        let keys = keys.iter().map_while(|&(key, meaning)| {
            left = left.checked_sub(key.len() + meaning.len() + 1)?;
            left = left.saturating_sub(2);
            let key = Span::styled(key, Modifier::BOLD);
            Some([key, Span::raw(format!(" {meaning}  "))])
        });
        Line::from(keys.flatten().collect::<Vec<_>>())
    }
}

/// Shows where the next letter goes.
fn add_cursor(lines: &mut [Line<'_>]) {
    if let Some(last) = lines.last_mut() {
        last.push_span(Span::styled(" ", Modifier::REVERSED));
    }
}

fn row_style(row: &ViewRow, selected: bool) -> Style {
    let mut style = Style::new();
    if !row.online() {
        style = style.add_modifier(Modifier::DIM);
    }
    if selected {
        style = style.add_modifier(Modifier::REVERSED);
    }
    style
}
