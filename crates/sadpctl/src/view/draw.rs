//! How it is drawn.

use ratatui::{
    buffer::Buffer,
    layout::{Constraint, Layout, Rect},
    style::{Color, Modifier, Style},
    text::{Line, Span},
    widgets::{Cell, Paragraph, Table, Widget},
};
use sadp_model::{State, text::clean};

use super::{Mode, SortColumn, View, row::ViewRow};

use crate::output;

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

const fn shape(
    column: Option<SortColumn>,
    title: &'static str,
    width: Constraint,
    from: u16,
) -> Shape {
    Shape {
        column,
        title,
        width,
        from,
    }
}

#[rustfmt::skip]
const SHAPES: [Shape; 9] = [
    shape(None, "", Constraint::Length(9), 40),
    shape(Some(SortColumn::State), "", Constraint::Length(11), 74),
    shape(Some(SortColumn::Address), "", Constraint::Length(15), 0),
    shape(Some(SortColumn::Model), "", Constraint::Fill(1), 0),
    shape(Some(SortColumn::Mac), "", Constraint::Length(17), 76),
    shape(Some(SortColumn::Firmware), "", Constraint::Length(9), 110),
    shape(Some(SortColumn::Serial), "", Constraint::Length(10), 92),
    shape(None, "NOTES", Constraint::Length(21), 126),
    shape(Some(SortColumn::Changed), "", Constraint::Length(8), 66),
];

impl View {
    /// Draws it into an area. What is visible is remembered for the keys.
    pub(crate) fn draw(&mut self, area: Rect, buffer: &mut Buffer) {
        let [head, body, message, keys] = Layout::vertical([
            Constraint::Length(1),
            Constraint::Fill(1),
            Constraint::Length(1),
            Constraint::Length(1),
        ])
        .areas(area);
        self.head().render(head, buffer);
        if matches!(self.mode, Mode::Details(_)) {
            self.draw_details(body, buffer);
        } else {
            self.draw_list(body, buffer);
        }
        self.message().render(message, buffer);
        self.keys().render(keys, buffer);
    }

    fn head(&self) -> Line<'static> {
        let (online, offline) = self.counts();
        let shown = if self.shown.len() == self.rows.len() {
            String::new()
        } else {
            format!(", {} shown", self.shown.len())
        };
        let counts = format!("  {online} online, {offline} offline{shown}");
        Line::from(vec![
            Span::styled("sadpctl watch", Modifier::BOLD),
            Span::raw(counts),
            Span::raw(format!("  {}", clean(&self.place))),
        ])
    }

    fn draw_list(&mut self, area: Rect, buffer: &mut Buffer) {
        self.page = usize::from(area.height.saturating_sub(1)).max(1);
        let selected = self.selected_place().unwrap_or(0);
        let last_top = self.shown.len().saturating_sub(self.page);
        self.top = self
            .top
            .clamp((selected + 1).saturating_sub(self.page), selected)
            .min(last_top);
        if self.shown.is_empty() {
            let text = if self.rows.is_empty() {
                "No device was found yet."
            } else {
                "No device fits the filter: Esc shows all."
            };
            let [_, line, _] = Layout::vertical([
                Constraint::Length(1),
                Constraint::Length(1),
                Constraint::Fill(1),
            ])
            .areas(area);
            Line::raw(text).render(line, buffer);
            return;
        }
        let shapes: Vec<&Shape> = SHAPES.iter().filter(|it| it.from <= area.width).collect();
        let header = shapes.iter().map(|shape| self.title(shape));
        let visible = self.shown.iter().skip(self.top).take(self.page);
        let rows = visible.filter_map(|number| {
            let row = self.rows.get(number)?;
            let cells = shapes.iter().map(|shape| self.cell(shape, row));
            let style = row_style(row, Some(*number) == self.selected);
            Some(ratatui::widgets::Row::new(cells).style(style))
        });
        Widget::render(
            Table::new(rows, shapes.iter().map(|shape| shape.width))
                .header(ratatui::widgets::Row::new(header).style(Modifier::BOLD))
                .column_spacing(1),
            area,
            buffer,
        );
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
            None if shape.title.is_empty() => Cell::from(row.word),
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

    fn draw_details(&mut self, area: Rect, buffer: &mut Buffer) {
        let lines = self.details();
        self.page = usize::from(area.height).max(1);
        let most = lines.len().saturating_sub(self.page);
        if let Mode::Details(scrolled) = &mut self.mode {
            *scrolled = (*scrolled).min(most);
            let visible = lines.into_iter().skip(*scrolled).take(self.page);
            Paragraph::new(visible.map(Line::raw).collect::<Vec<_>>()).render(area, buffer);
        }
    }

    /// All that is known of the chosen device, as `show` prints it.
    fn details(&self) -> Vec<String> {
        let Some(row) = self.selected_row() else {
            return Vec::new();
        };
        let what = row.told.what();
        let mut page = Vec::new();
        // Writing into memory does not fail.
        let _ = output::write_details(&mut page, &row.told.found);
        let page = String::from_utf8_lossy(&page).into_owned();
        let first = format!("{} at {} UTC  {what}", row.word, row.changed);
        let first = first.trim_end().to_owned();
        let rest = anstream::adapter::strip_str(&page).to_string();
        [first, String::new()]
            .into_iter()
            .chain(rest.lines().map(str::to_owned))
            .collect()
    }

    fn message(&self) -> Line<'static> {
        let alarm = self.palette.colour(Color::Yellow);
        match (&self.mode, &self.filter.error, &self.notice) {
            (Mode::Filter(text), error, _) => {
                let cursor = Span::styled(" ", Modifier::REVERSED);
                let mut spans = vec![Span::raw(format!("filter: {}", clean(text))), cursor];
                if let Some(error) = error {
                    spans.push(Span::styled(format!("  {}", clean(error)), alarm));
                }
                Line::from(spans)
            }
            (_, Some(error), _) => Line::styled(clean(error).into_owned(), alarm),
            (_, None, _) if !self.filter.text.is_empty() => {
                Line::raw(format!("filter: {}", clean(&self.filter.text)))
            }
            (_, None, Some(notice)) => Line::styled(clean(notice).into_owned(), alarm),
            (_, None, None) => Line::default(),
        }
    }

    fn keys(&self) -> Line<'static> {
        let keys: &[(&str, &str)] = match self.mode {
            Mode::List => &[
                ("q", "quit"),
                ("Enter", "details"),
                ("/", "filter"),
                ("s", "sort"),
                ("r", "reverse"),
                ("Up/Down", "move"),
                ("Esc", "show all"),
            ],
            Mode::Filter(_) => &[
                ("Enter", "keep"),
                ("Esc", "show all"),
                ("text", "or key=value, key!=value, key~part"),
            ],
            Mode::Details(_) => &[("Esc", "back"), ("Up/Down", "move")],
        };
        let spans = keys.iter().flat_map(|&(key, meaning)| {
            [
                Span::styled(key, Modifier::BOLD),
                Span::raw(format!(" {meaning}  ")),
            ]
        });
        Line::from(spans.collect::<Vec<_>>())
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
