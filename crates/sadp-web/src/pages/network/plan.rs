//! Network settings of many devices by a plan file: proposed, changed in a spreadsheet,
//! applied.

use axum::{
    Router,
    extract::{Path, Query, RawQuery, State},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use maud::{Markup, html};
use sadp_model::text::clean;
use sadp_ops::{
    DiscoveredDevice, Overrides,
    job::{Job, JobSettings, PlanToApply, Task},
    network::{Proposal, plan_file},
};
use sadp_text::{Explanation, Remedy as _, Sentence, Sheet, count, select, with_cause};
use serde::Deserialize;
use strum::{EnumIter, IntoEnumIterator as _, IntoStaticStr};

use super::{TypedRange, account, account_field, range_fields};
use crate::{
    draft::FormDraft,
    error::WebError,
    form::{SentForm, Upload, UploadedFile},
    kept::{CSV, KeptFiles, XLSX, download},
    page::{self, FormField, Tab, page, table},
    pages::{begun, problem},
    site::Site,
    wording::device_title,
};

pub(super) const PATH: &str = "/network/plan";
const APPLY: &str = "/network/apply";

/// How many rows of a plan are shown. The file has all.
const SHOWN: usize = 200;

/// The largest plan that is read.
const MAX_PLAN: usize = 16 << 20;

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route(PATH, get(show))
        .route("/network/plan.csv", get(csv))
        .route("/network/plan.xlsx", get(xlsx))
        .route(APPLY, post(apply))
        .route("/network/results/{name}", get(results))
}

/// What a plan is proposed for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct PlanQuery {
    devices: PlannedDevices,
    #[serde(flatten)]
    range: TypedRange,
}

/// For which devices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, EnumIter, IntoStaticStr)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
enum PlannedDevices {
    Marked,
    #[default]
    Needing,
    All,
}

impl PlannedDevices {
    const fn label(self) -> &'static str {
        match self {
            Self::Marked => "The marked devices",
            Self::Needing => {
                "Devices that need an address: they have none, a factory address, one that another device has, or one outside of the network"
            }
            Self::All => "All devices that are online",
        }
    }
}

/// A proposal, and how many devices keep their addresses.
struct Proposed {
    proposal: Proposal,
    keeping: usize,
}

impl PlanQuery {
    /// New addresses for the devices of the list. Nothing is sent.
    fn propose(&self, site: &Site) -> Result<Proposed, WebError> {
        let range = self.range.read()?;
        let (mut chosen, mut others) = (Vec::new(), Vec::new());
        let local = {
            let now = site.live.now();
            for device in now.all().filter(|it| it.online) {
                let is_chosen =
                    self.devices != PlannedDevices::Marked || now.is_marked(device.number);
                let devices = if is_chosen { &mut chosen } else { &mut others };
                devices.push(DiscoveredDevice::clone(&device.found));
            }
            now.local.clone()
        };
        let impossible = |error: sadp_ops::network::ProposalError| {
            WebError::bad(with_cause(&error)).next(error.remedy())
        };
        select::by_urgency(&mut chosen);
        let mut keeping = 0;
        if self.devices == PlannedDevices::Needing {
            let (needing, kept) = range.split(chosen, &local).map_err(impossible)?;
            keeping = kept.len();
            chosen = needing;
            others.extend(kept);
        }
        let proposal = Proposal::new(chosen, &others, &local, range).map_err(impossible)?;
        Ok(Proposed { proposal, keeping })
    }
}

async fn show(
    State(site): State<Site>,
    Query(mut query): Query<PlanQuery>,
    RawQuery(raw): RawQuery,
) -> Markup {
    // Whoever marked devices comes here for them.
    if raw.is_none() && site.live.now().marked().next().is_some() {
        query.devices = PlannedDevices::Marked;
    }
    content(&site, &query, raw.as_deref(), &FormDraft::new(APPLY))
}

fn content(site: &Site, query: &PlanQuery, raw: Option<&str>, draft: &FormDraft) -> Markup {
    let proposed = match query.range.from.trim() {
        "" => None,
        _ => Some(query.propose(site)),
    };
    let marked = site.live.now().marked().count();
    let body = html! {
        h2 { "1. Make a plan" }
        form method="get" action=(PATH) {
            fieldset {
                legend { "For which devices" }
                @for devices in PlannedDevices::iter() {
                    @let value: &str = devices.into();
                    label { input type="radio" name="devices" value=(value) checked[devices == query.devices];
                        " " (devices.label())
                        @if devices == PlannedDevices::Marked { " (" (marked) ")" }
                    } br;
                }
            }
            (range_fields(&query.range, &FormDraft::new(PATH)))
            p .buttons { button .primary type="submit" { "Show the plan" } }
        }
        @match &proposed {
            None => {}
            Some(Err(error)) => { (error.notice()) }
            Some(Ok(proposed)) => { (proposed.render(raw.unwrap_or_default())) }
        }
        h2 { "2. Apply a plan" }
        (page::upload_form(site, draft, "Read it and look", &html! {
            (FormField { kind: "file", ..FormField::text("plan", "Plan file") }.required()
                .hint("CSV or an Excel workbook (.xlsx): a plan of this page, changed as you like, or the device list of the vendor's tool. It needs the columns mac and ip; what is empty stays as it is. You can drop it here.").render(draft))
            (page::current_password(draft))
            (account_field(draft))
            p { "You see which device gets which settings before anything is sent." }
        }))
        (results_list(site))
    };
    page(site, Tab::Devices, "Network settings by a plan", &body)
}

impl Proposed {
    /// The plan as a table, what limits it, and its download.
    fn render(&self, query: &str) -> Markup {
        let Self { proposal, keeping } = self;
        let rows = proposal.rows.iter();
        let first = rows.clone().take(SHOWN);
        html! {
            div role="status" {
                p { strong { (count(proposal.rows.len() as u64, "device is planned.", "devices are planned.")) } " Nothing was sent." }
            }
            @if *keeping > 0 { p { (count(*keeping as u64, "device keeps its address, which needs no change.", "devices keep their addresses, which need no change.")) } }
            @if !proposal.left_out.is_empty() {
                (page::notice("limit", &format!("{} left out, without a MAC or with one that another has",
                    count(proposal.left_out.len() as u64, "device is", "devices are")), None))
            }
            @if !proposal.rows.is_empty() {
                @if proposal.gateway.is_none() {
                    (page::notice("limit", "no gateway is known there, so the plan has none", Some("type one if there is one")))
                }
                p .buttons {
                    a .button .primary href=(format!("/network/plan.csv?{query}")) download { "Download it as CSV" }
                    a .button href=(format!("/network/plan.xlsx?{query}")) download { "Download it as a workbook" }
                }
                (table("The plan", &["Device", "MAC", "Address now", "Planned address", "Subnet mask", "Gateway"], &html! {
                    @for (found, settings) in first {
                        @let device = &found.entry.device;
                        tr {
                            td { (device_title(found)) }
                            td { @if let Some(mac) = device.mac { (mac) } }
                            td { @match device.ipv4.address { Some(now) => { (now) } None => { "none" } } }
                            td { (settings.address()) }
                            td { (settings.mask()) }
                            td { @match settings.gateway() { Some(it) => { (it) } None => { "none" } } }
                        }
                    }
                }))
                @if rows.len() > SHOWN { p { "and " (rows.len() - SHOWN) " more in the file" } }
            }
        }
    }
}

async fn csv(State(site): State<Site>, Query(query): Query<PlanQuery>) -> Response {
    let written = query.propose(&site).map(|Proposed { proposal, .. }| {
        let mut bytes = Vec::new();
        // Memory takes it all.
        let _ = proposal.write(&mut bytes);
        download("plan.csv", CSV, bytes)
    });
    written.unwrap_or_else(|error| problem(&site, Tab::Devices, &error))
}

async fn xlsx(State(site): State<Site>, Query(query): Query<PlanQuery>) -> Response {
    let written = query.propose(&site).and_then(|Proposed { proposal, .. }| {
        let (titles, rows) = proposal.table();
        let name = "Plan";
        let workbook = Sheet::workbook(&[Sheet { name, titles, rows }]);
        let bytes = workbook.map_err(|_| WebError::bad("the workbook cannot be written"))?;
        Ok(download("plan.xlsx", XLSX, bytes))
    });
    written.unwrap_or_else(|error| problem(&site, Tab::Devices, &error))
}

async fn apply(State(site): State<Site>, upload: Upload) -> Response {
    let Upload { form: sent, files } = upload;
    match start(&site, &sent, files).await {
        Ok(()) => begun(&site, Tab::Devices, Ok(())),
        Err(error) => {
            let status = error.status();
            let draft = FormDraft::refused(APPLY, sent, error);
            let page = content(&site, &PlanQuery::default(), None, &draft);
            (status, page).into_response()
        }
    }
}

async fn start(site: &Site, form: &SentForm, files: Vec<UploadedFile>) -> Result<(), WebError> {
    let mut files = files.into_iter();
    let (Some(file), None) = (files.next(), files.next()) else {
        return Err(WebError::bad("one plan is applied at a time")
            .at("plan")
            .next("choose one file; nothing was sent"));
    };
    let password = form.current_password()?;
    let (plan, warnings) = read(site, file).await?;
    let job = Job {
        devices: Vec::new(),
        task: Task::Apply(Box::new(plan), password),
    };
    let settings = JobSettings {
        account: account(form)?,
        ..site.job_settings(Overrides::default())
    };
    site.begin(job, settings)?;
    for warning in warnings {
        site.jobs.note(warning);
    }
    Ok(())
}

/// Reads a plan, and what there is to say about it.
async fn read(site: &Site, file: UploadedFile) -> Result<(PlanToApply, Vec<String>), WebError> {
    let UploadedFile { name, bytes } = file;
    if bytes.len() > MAX_PLAN {
        return Err(WebError::bad("the plan is larger than 16 MB").next("apply it in parts"));
    }
    // A workbook is unpacked first.
    let task = tokio::task::spawn_blocking(move || plan_file::read(&bytes));
    let read = task
        .await
        .map_err(|_| WebError::bad("reading the plan ended unexpectedly"))?;
    let (rows, table) = read.map_err(|problems| {
        let Explanation { message, next } = sadp_text::plan_problems(&problems);
        let error = WebError::bad(Sentence::from(format!("{} ", clean(&name))).then(message));
        next.into_iter()
            .fold(error, WebError::next)
            .next("nothing was sent")
    })?;
    if rows.is_empty() {
        return Err(WebError::bad("the plan has no device").next("nothing was sent"));
    }
    let mut notes: Vec<_> = table
        .passwords()
        .map(|title| {
            format!(
                "the column {title:?} is not read, and not copied to the results: the password is the one that you typed"
            )
        })
        .collect();
    let sheet = table.sheet.iter();
    notes.extend(sheet.map(|it| format!("the sheet {it:?} of the workbook is read")));
    let plan = PlanToApply {
        rows,
        table,
        results: KeptFiles::RESULTS.new_path(site)?,
        message: sadp_text::message,
    };
    Ok((plan, notes))
}

async fn results(State(site): State<Site>, Path(name): Path<String>) -> Response {
    let file = KeptFiles::RESULTS.download(&site, &name).await;
    file.unwrap_or_else(|error| problem(&site, Tab::Devices, &error))
}

/// The results of plans that were applied.
fn results_list(site: &Site) -> Markup {
    let files = KeptFiles::RESULTS.list(site);
    html! {
        @if !files.is_empty() {
            h2 #results { "Results" }
            p { "What became of each row of the plans that were applied." }
            ul { @for file in &files {
                li { a href=(format!("/network/results/{}", file.name)) download { (file.name) }
                    ", " (file.made.strftime("%Y-%m-%d %H:%M")) }
            } }
        }
    }
}
