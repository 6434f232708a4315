//! The live list.

use std::cmp::Ordering;

use axum::{
    Router,
    extract::{Query, State},
    http::{HeaderMap, StatusCode},
    response::{Redirect, Response},
    routing::{get, post},
};
use jiff::{Zoned, tz::TimeZone};
use maud::{Markup, html};
use sadp_model::{Device, State as DeviceState, text::clean};
use sadp_ops::DiscoveredDevice;
use sadp_text::{
    Sheet, device_sheet,
    fields::{Field, Value, columns},
    select::{self, Filter, Key},
};
use serde::Deserialize;

use super::audit::{file_name, unwritable};
use crate::{
    error::WebError,
    form::KeyedForm,
    kept::{CSV, XLSX, download},
    live::{LiveDevice, LiveState},
    page::{Tab, key, page, paging},
    site::{ChosenColumns, Site},
};

/// How many rows stand on one page of the list: a browser draws them in a moment.
const ROWS: usize = 100;

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/", get(show))
        .route("/live/devices", get(list))
        .route("/devices.csv", get(csv))
        .route("/devices.xlsx", get(xlsx))
        .route("/live/mark", post(mark))
        .route("/mark-all", post(mark_all))
        .route("/columns", post(choose_columns))
        .route("/probe", post(probe))
}

/// Which devices are listed, and in which order.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct ListQuery {
    /// As `--where`, or any part of what a row says.
    filter: String,
    /// The place of a column; by urgency where there is none.
    sort: Option<u8>,
    descending: bool,
    /// The page, from 1.
    page: usize,
}

impl ListQuery {
    /// The address of the same list with this changed.
    fn path(&self, base: &str) -> String {
        let mut pairs = form_urlencoded::Serializer::new(String::new());
        if !self.filter.is_empty() {
            pairs.append_pair("filter", &self.filter);
        }
        if let Some(sort) = self.sort {
            pairs.append_pair("sort", &sort.to_string());
        }
        if self.descending {
            pairs.append_pair("descending", "true");
        }
        if self.page > 1 {
            pairs.append_pair("page", &self.page.to_string());
        }
        match pairs.finish() {
            query if query.is_empty() => base.into(),
            query => format!("{base}?{query}"),
        }
    }

    /// The order as a part of a form.
    fn order(&self) -> Markup {
        html! {
            @if let Some(sort) = self.sort { input type="hidden" name="sort" value=(sort); }
            @if self.descending { input type="hidden" name="descending" value="true"; }
        }
    }
}

/// A column of the list.
pub(crate) struct ListColumn {
    place: u8,
    title: &'static str,
    field: &'static Field,
}

impl ListColumn {
    /// All there are, in the vendor tool's order, then ours.
    fn all() -> impl Iterator<Item = Self> {
        columns().into_iter().map(|(field, column)| Self {
            place: column.place,
            title: column.title,
            field,
        })
    }

    /// Those of these places, in their order.
    fn of(places: &[u8]) -> Vec<Self> {
        let chosen = places
            .iter()
            .filter_map(|&place| Self::all().find(|it| it.place == place));
        chosen.collect()
    }
}

/// A filter as it was typed.
enum ListFilter {
    All,
    Fields(Filter),
    /// A part of what a row says, in lower case, in any of the columns there are.
    Text {
        part: String,
        fields: Vec<&'static Field>,
    },
    /// It cannot be understood. All devices are listed.
    Bad(String),
}

impl ListFilter {
    fn new(text: &str) -> Self {
        let text = text.trim();
        if text.is_empty() {
            return Self::All;
        }
        if !text.contains(['=', '~', '<', '>']) {
            return Self::Text {
                part: text.to_lowercase(),
                fields: ListColumn::all().map(|it| it.field).collect(),
            };
        }
        text.parse().map_or_else(Self::Bad, Self::Fields)
    }

    fn holds(&self, found: &DiscoveredDevice) -> bool {
        match self {
            Self::All | Self::Bad(_) => true,
            Self::Fields(filter) => filter.holds(found),
            Self::Text { part, fields } => fields
                .iter()
                .any(|field| (field.value)(found).cell().to_lowercase().contains(part)),
        }
    }
}

async fn show(State(site): State<Site>, Query(query): Query<ListQuery>) -> Markup {
    let site = &site;
    let body = html! {
        form .filter method="get" action="/" role="search" {
            label for="filter" { "Show only" }
            input id="filter" name="filter" type="search" value=(query.filter) spellcheck="false" autocomplete="off"
                placeholder="any text, or state=unactivated";
            (query.order())
            button type="submit" { "Filter" }
        }
        (common_filters(&query))
        (actions(site, &query))
        div #devices data-live=(query.path("/live/devices")) data-on="devices" { (content(site, &query)) }
        p .buttons {
            a .button href=(query.path("/devices.csv")) download { "Download as CSV" }
            a .button href=(query.path("/devices.xlsx")) download { "Download as XLSX" }
        }
        (column_form(site))
    };
    page(site, Tab::Devices, "Devices", &body)
}

async fn list(State(site): State<Site>, Query(query): Query<ListQuery>) -> Markup {
    content(&site, &query)
}

/// Filters that are used often. Each is a link, which keeps the order.
fn common_filters(now: &ListQuery) -> Markup {
    const FILTERS: [(&str, &str); 7] = [
        ("", "All"),
        ("state=unactivated", "Not activated"),
        ("state=locked", "Locked"),
        ("kind=camera", "Cameras"),
        ("kind=recorder", "Recorders"),
        ("warnings=duplicate-ip", "Same address"),
        ("warnings=factory-address", "Factory address"),
    ];
    html! {
        nav .filters aria-label="Usual filters" {
            @for (filter, name) in FILTERS {
                @let query = ListQuery { filter: filter.into(), page: 1, ..now.clone() };
                a href=(query.path("/")) aria-current=[(filter == now.filter).then_some("true")] { (name) }
            }
        }
    }
}

/// The devices that the list shows, in its order, with all columns there are.
fn listed(site: &Site, query: &ListQuery) -> Result<Sheet, WebError> {
    if let ListFilter::Bad(why) = ListFilter::new(&query.filter) {
        return Err(WebError::bad(why).next("filter the list first, then download it"));
    }
    let now = site.live.now();
    let rows = rows(&now, query).into_iter();
    Ok(device_sheet(rows.map(|it| &*it.found)))
}

async fn csv(
    State(site): State<Site>,
    Query(query): Query<ListQuery>,
) -> Result<Response, WebError> {
    let mut bytes = Vec::new();
    let sheet = listed(&site, &query)?;
    sheet.write_csv(&mut bytes).map_err(unwritable)?;
    Ok(download(&file_name("devices", "csv"), CSV, bytes))
}

async fn xlsx(
    State(site): State<Site>,
    Query(query): Query<ListQuery>,
) -> Result<Response, WebError> {
    let bytes = Sheet::workbook(&[listed(&site, &query)?]).map_err(unwritable)?;
    Ok(download(&file_name("devices", "xlsx"), XLSX, bytes))
}

/// A mark that the script sets or takes away.
#[derive(Deserialize)]
struct Mark {
    number: u64,
    on: bool,
}

async fn mark(
    State(site): State<Site>,
    Query(mark): Query<Mark>,
    headers: HeaderMap,
) -> Result<StatusCode, WebError> {
    site.access.has_key(&headers)?;
    site.live.mark([mark.number], mark.on);
    Ok(StatusCode::NO_CONTENT)
}

async fn mark_all(State(site): State<Site>, KeyedForm(form): KeyedForm) -> Redirect {
    let query = ListQuery {
        filter: form.text("filter").into(),
        sort: form.text("sort").parse().ok(),
        descending: form.text("descending") == "true",
        page: 1,
    };
    let wanted = ListFilter::new(&query.filter);
    let on = form.text("on") == "true";
    let numbers: Vec<_> = {
        let now = site.live.now();
        // All marks are taken away, also of devices that are not shown.
        let shown = now
            .all()
            .filter(|it| !on || (it.online && wanted.holds(&it.found)));
        shown.map(|it| it.number).collect()
    };
    site.live.mark(numbers, on);
    Redirect::to(&query.path("/"))
}

async fn choose_columns(State(site): State<Site>, KeyedForm(form): KeyedForm) -> Redirect {
    let chosen: Vec<u8> = match form.text("columns") {
        "vendor" => (1..=Field::VENDOR_COLUMNS).collect(),
        "usual" => ChosenColumns::USUAL.into(),
        _ => form
            .all("column")
            .filter_map(|it| it.parse().ok())
            .collect(),
    };
    if !chosen.is_empty() {
        site.set_columns(ChosenColumns(chosen));
    }
    Redirect::to("/")
}

async fn probe(State(site): State<Site>, _: KeyedForm) -> Redirect {
    site.live.probe_now();
    Redirect::to("/")
}

/// The counts, what can be done with the marked devices, and the rows.
fn content(site: &Site, query: &ListQuery) -> Markup {
    let wanted = ListFilter::new(&query.filter);
    let chosen = ListColumn::of(&site.columns().0);
    let now = site.live.now();
    let rows = rows(&now, query);
    let online = now.all().filter(|it| it.online).count();
    let marked = now.marked().count();
    let gone = now.marked().filter(|it| !it.online).count();
    let pages = rows.len().div_ceil(ROWS).max(1);
    let number = query.page.clamp(1, pages);
    let shown: Vec<_> = rows.iter().skip((number - 1) * ROWS).take(ROWS).collect();
    html! {
        p .place { "Devices are looked for " (clean(&now.place)) "." }
        @for notice in &now.notices { div .notice .limit { (crate::wording::told(notice, None)) } }
        @if let ListFilter::Bad(why) = &wanted { (crate::page::notice("problem", why, None)) }
        p .counts {
            (sadp_text::count(online as u64, "device is online", "devices are online"))
            @if rows.len() < now.all().count() { ", " (rows.len()) " shown" }
            @if marked > 0 { ", " (marked) " marked" }
            @if gone > 0 { ", " (gone) " of them offline" }
        }
        div .scroll tabindex="0" role="region" aria-label="List of devices" {
            table {
                caption .hidden { "Devices" }
                thead { tr {
                    th scope="col" { span .hidden { "Mark" } }
                    @for column in &chosen { (heading(column, query)) }
                    th scope="col" { "Changed" }
                } }
                tbody { @for device in shown { (row(device, &chosen, &now)) } }
            }
        }
        @if rows.is_empty() { p { "No device is shown." } }
        (paging("list", number, pages, |page| {
            let query = ListQuery { page, ..query.clone() };
            query.path("/")
        }))
    }
}

/// The devices that are listed, in order.
fn rows<'a>(now: &'a LiveState, query: &ListQuery) -> Vec<&'a LiveDevice> {
    let wanted = ListFilter::new(&query.filter);
    let mut rows: Vec<_> = now.all().filter(|it| wanted.holds(&it.found)).collect();
    sort(&mut rows, query);
    rows
}

fn sort(rows: &mut [&LiveDevice], query: &ListQuery) {
    let column = query
        .sort
        .and_then(|place| ListColumn::all().find(|it| it.place == place));
    match column {
        Some(column) => select::by_key(rows, &Key::Field(column.field)),
        None => select::by_urgency(rows),
    }
    if query.descending {
        rows.reverse();
    }
    // Devices that are gone stand last, whichever way is sorted.
    rows.sort_by(|a, b| match (a.online, b.online) {
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        _ => Ordering::Equal,
    });
}

fn heading(column: &ListColumn, query: &ListQuery) -> Markup {
    let sorted = query.sort == Some(column.place);
    let other = ListQuery {
        sort: Some(column.place),
        descending: sorted && !query.descending,
        page: 1,
        ..query.clone()
    };
    let order = match (sorted, query.descending) {
        (true, false) => Some("ascending"),
        (true, true) => Some("descending"),
        (false, _) => None,
    };
    html! {
        th scope="col" aria-sort=[order] {
            a id=(format!("sort-{}", column.place)) href=(other.path("/")) { (column.title) }
        }
    }
}

fn row(device: &LiveDevice, chosen: &[ListColumn], now: &LiveState) -> Markup {
    let found = &device.found;
    let name = crate::wording::device_title(found);
    let mark = format!("mark-{}", device.number);
    let changed = device.changed.to_zoned(TimeZone::system());
    // A page may be open for days.
    let is_today = changed.date() == Zoned::now().date();
    let changed = changed.strftime(if is_today {
        "%H:%M:%S"
    } else {
        "%Y-%m-%d %H:%M"
    });
    html! {
        tr .offline[!device.online] id=(format!("row-{}", device.number)) {
            td { input type="checkbox" id=(mark) data-mark=(device.number) checked[now.is_marked(device.number)]
                aria-label=(format!("Mark {name}")); }
            @for (place, column) in chosen.iter().enumerate() {
                td { (cell(device, column, place == 0)) }
            }
            td { @if !device.online { "offline since " } (changed) }
        }
    }
}

/// The first one leads to the details.
fn cell(device: &LiveDevice, column: &ListColumn, is_first: bool) -> Markup {
    let value = (column.field.value)(&device.found);
    let text = match &value {
        Value::Unknown => "-".into(),
        value => value.cell(),
    };
    let text = clean(&text);
    let state = (column.field.key == "state").then(|| state_class(&device.found.entry.device));
    html! {
        @if is_first {
            a id=(format!("device-{}", device.number)) href=(format!("/device/{}", device.number)) {
                @if let Some(state) = state { span .state.(state) { (text) } } @else { (text) }
            }
        } @else if let Some(state) = state {
            span .state.(state) { (text) }
        } @else { (text) }
    }
}

/// The class of the state in the style.
pub(super) fn state_class(device: &Device) -> &'static str {
    match device.state {
        Some(DeviceState::Unactivated) => "unactivated",
        Some(DeviceState::Active) => "active",
        Some(DeviceState::Locked { .. }) => "locked",
        None => "unknown",
    }
}

/// What can be done, with the marked devices and with all. It stands outside of what is
/// replaced: its places stay.
fn actions(site: &Site, query: &ListQuery) -> Markup {
    const FOR_MARKED: [(&str, &str); 7] = [
        ("/activate", "Activate"),
        ("/network", "Set addresses"),
        ("/prepare", "Prepare recovery"),
        ("/recovery?marked=true", "Recovery methods"),
        ("/requests/export", "Export requests"),
        ("/guids/export", "Export GUIDs"),
        ("/check", "Check over HTTP"),
    ];
    html! {
        div .actions role="group" aria-label="Actions" {
            @for (path, name) in FOR_MARKED { a .button href=(path) { (name) } }
            form method="post" action="/mark-all" {
                (key(site))
                input type="hidden" name="filter" value=(query.filter);
                (query.order())
                button type="submit" name="on" value="true" { "Mark all shown" }
                button type="submit" name="on" value="false" { "Remove all marks" }
            }
            form method="post" action="/probe" {
                (key(site))
                button type="submit" { "Ask all devices now" }
            }
            a .button href="/record" { "Record a scan" }
        }
    }
}

fn column_form(site: &Site) -> Markup {
    let chosen = site.columns().0;
    html! {
        details .columns {
            summary { "Columns" }
            form method="post" action="/columns" {
                (key(site))
                fieldset {
                    legend { "Columns of the list" }
                    @for column in ListColumn::all() {
                        label { input type="checkbox" name="column" value=(column.place) checked[chosen.contains(&column.place)]; " " (column.title) }
                    }
                }
                p .buttons {
                    button .primary type="submit" { "Show these" }
                    button type="submit" name="columns" value="vendor" { "The vendor tool's columns" }
                    button type="submit" name="columns" value="usual" { "The usual columns" }
                }
            }
        }
    }
}
