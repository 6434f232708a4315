//! The document to hand over, its labels and its tables.

use std::{
    io::{self, BufWriter, Write},
    sync::Arc,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Redirect, Response},
    routing::get,
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use maud::{Markup, html};
use sadp_ops::{
    network::plan_file::{self, PlanRow},
    report::{SiteReport, SiteSources, site_report},
};
use sadp_reset::{Contact, SiteText};
use sadp_text::{
    Explanation, LabelSize, PageTemplate, Sentence, Sheet, SiteParties, TemplateError, count,
    plan_problems, report_sheets, with_cause, write_labels_page, write_report_page,
};
use tokio::sync::mpsc;

use super::{
    audit::{add_set_up, file_name, unwritable},
    problem,
};
use crate::{
    draft::FormDraft,
    error::WebError,
    form::{SentForm, Upload},
    kept::{XLSX, download},
    page::{FormField, Tab, page, upload_form},
    site::{ReportInput, Site},
};

const PATH: &str = "/report";

/// What a page that is handed over may do: show itself, and be printed.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'; sandbox allow-modals",
);

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route(PATH, get(show).post(set))
        .route("/report/page", get(document))
        .route("/report/labels", get(labels))
        .route("/report.xlsx", get(xlsx))
}

/// What a form says. A plan that was sent before stays, unless there is another one.
fn read_input(upload: &Upload, before: &ReportInput) -> Result<ReportInput, WebError> {
    let form = &upload.form;
    let plan = match &*upload.files {
        [] if form.is_ticked("no-plan") => Vec::new(),
        [] => before.plan.clone(),
        [file] => plan(&file.bytes)?,
        _ => return Err(WebError::bad("a report has one plan").next("choose one file")),
    };
    Ok(ReportInput {
        title: text(form, "title")?,
        customer: text(form, "customer")?,
        installer: text(form, "installer")?,
        label_size: match form.given("label-size") {
            Some(size) => size.parse().map_err(|error| {
                WebError::bad("this is no size of a label")
                    .at("label-size")
                    .next(format!("{error}"))
            })?,
            None => LabelSize::default(),
        },
        plan,
    })
}

fn text(form: &SentForm, name: &str) -> Result<Option<SiteText>, WebError> {
    let text = form.given(name).map(str::parse).transpose();
    text.map_err(|error| {
        WebError::bad(format!("the {name} cannot be used"))
            .at(name)
            .next(format!("{error}"))
    })
}

fn plan(bytes: &[u8]) -> Result<Vec<PlanRow>, WebError> {
    let read = plan_file::read(bytes);
    let (rows, _) = read.map_err(|problems| {
        let Explanation { message, next } = plan_problems(&problems);
        let error = WebError::bad(Sentence::from("the plan ").then(message));
        next.into_iter().fold(error, WebError::next)
    })?;
    Ok(rows)
}

async fn show(State(site): State<Site>) -> Markup {
    form(&site, &FormDraft::new(PATH))
}

fn form(site: &Site, draft: &FormDraft) -> Markup {
    let input = site.report_input();
    let value = |text: &Option<SiteText>| text.as_ref().map_or("", SiteText::as_str).to_owned();
    let [title, customer, installer] = [&input.title, &input.customer, &input.installer].map(value);
    let label_size = input.label_size.to_string();
    let plan = FormField {
        kind: "file",
        ..FormField::text("plan", "Address plan, if you have one")
    };
    let body = html! {
        p { "The document to hand over: the address plan, the devices with their state, what recovery is prepared, what the owner keeps where, and what is open. It holds no secret." }
        p { "What is set up on devices is as in the " a href="/audit" { "audit" } ": ask them there first." }
        div .actions role="group" aria-label="Open and download" {
            a .button.primary href="/report/page" target="_blank" rel="noopener" { "Open the report" }
            a .button href="/report/labels" target="_blank" rel="noopener" { "Open the labels" }
            a .button href="/report.xlsx" { "Download the tables as XLSX" }
        }
        h2 { "What stands in it" }
        (upload_form(site, draft, "Use these", &html! {
            (FormField::text("title", "Title").value(&title).render(draft))
            (FormField::text("customer", "Customer").value(&customer).render(draft))
            (FormField::text("installer", "Installer").value(&installer)
                .hint("Left empty, it is the contact for the vendor's support.").render(draft))
            (FormField::text("label-size", "Size of a label in mm").value(&label_size)
                .hint("Width x height, from 40x15 to 190x260.").render(draft))
            (plan.hint("CSV or XLSX. Its addresses stand beside those in use.").render(draft))
            @if !input.plan.is_empty() {
                p { label {
                    input type="checkbox" name="no-plan" value="true" checked[draft.is_ticked("no-plan", false)];
                    " Leave out the plan of " (count(input.plan.len() as u64, "device", "devices")) " that was sent before"
                } }
            }
        }))
    };
    page(site, Tab::Audit, "Report and labels", &body)
}

async fn set(State(site): State<Site>, upload: Upload) -> Response {
    match read_input(&upload, &site.report_input()) {
        Ok(input) => {
            site.set_report_input(input);
            Redirect::to(PATH).into_response()
        }
        Err(error) => {
            let status = error.status();
            let draft = FormDraft::refused(PATH, upload.form, error);
            (status, form(&site, &draft)).into_response()
        }
    }
}

async fn document(State(site): State<Site>) -> Response {
    let input = site.report_input();
    let contact = match contact(&site) {
        Ok(contact) => contact,
        Err(error) => return problem(&site, Tab::Audit, &error),
    };
    let parties = SiteParties {
        title: input.title.clone(),
        customer: input.customer.clone(),
        installer: input.installer.clone(),
        contact,
    };
    let write = move |report: &SiteReport, out: &mut PageWriter| {
        let template = PageTemplate::new(PageTemplate::REPORT)?;
        write_report_page(report, &parties, &template, out)
    };
    handed_over(&site, input, write).await
}

async fn labels(State(site): State<Site>) -> Response {
    let input = site.report_input();
    let label_size = input.label_size;
    let write = move |report: &SiteReport, out: &mut PageWriter| {
        let template = PageTemplate::new(PageTemplate::LABELS)?;
        write_labels_page(report, label_size, &template, out)
    };
    handed_over(&site, input, write).await
}

async fn xlsx(State(site): State<Site>) -> Result<Response, WebError> {
    let input = site.report_input();
    let bytes = read(&site, &input, |report| {
        let sheets = report_sheets(&report);
        drop(report);
        Sheet::workbook(&sheets).map_err(unwritable)
    });
    Ok(download(&file_name("report", "xlsx"), XLSX, bytes.await?))
}

/// Makes something of the report of this site.
async fn read<T: Send + 'static>(
    site: &Site,
    input: &Arc<ReportInput>,
    make: impl FnOnce(SiteReport) -> Result<T, WebError> + Send + 'static,
) -> Result<T, WebError> {
    let (input, prepared) = (Arc::clone(input), site.looks.prepared.now().found);
    let read = site.read(move |session, mut devices| {
        if let Some(prepared) = &prepared {
            add_set_up(&mut devices, &prepared.what);
        }
        let sources = SiteSources {
            devices,
            asked: prepared.is_some(),
            plan: &input.plan,
        };
        make(site_report(session, sources)?)
    });
    read.await
}

fn contact(site: &Site) -> Result<Contact, WebError> {
    let Some(folder) = &site.config else {
        return Ok(Contact::default());
    };
    Contact::read(&folder.join(Contact::FILE_NAME)).map_err(|error| {
        let message = with_cause(&error);
        WebError::bad(message).next("write lines as name = \"...\", or remove the file")
    })
}

/// Where a page is written: to the browser, as fast as that reads.
type PageWriter = BufWriter<PartSender>;

struct PartSender(mpsc::Sender<Result<Bytes, WebError>>);

impl Write for PartSender {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        let sent = self.0.blocking_send(Ok(Bytes::copy_from_slice(part)));
        sent.map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A page that stands alone. With thousands of devices it takes megabytes: it is sent while
/// it is made. What fails before the first part is sent is a page of its own; later the page
/// breaks off.
async fn handed_over(
    site: &Site,
    input: Arc<ReportInput>,
    write: impl FnOnce(&SiteReport, &mut PageWriter) -> Result<(), TemplateError> + Send + 'static,
) -> Response {
    /// The bytes of a part, and how many of them may wait.
    const PART: usize = 64 << 10;
    const WAITING: usize = 2;

    let (sender, mut parts) = mpsc::channel(WAITING);
    let making = site.clone();
    tokio::spawn(async move {
        let out = PartSender(sender.clone());
        let made = read(&making, &input, |report| {
            let mut out = BufWriter::with_capacity(PART, out);
            if let Err(error) = write(&report, &mut out) {
                // The rest of a page that failed is not sent, as it would be by a drop.
                drop(out.into_parts());
                let status = StatusCode::INTERNAL_SERVER_ERROR;
                return Err(WebError::new(status, with_cause(&error)));
            }
            // A browser that is gone needs no error.
            let _ = out.flush();
            Ok(())
        });
        if let Err(error) = made.await {
            let _ = sender.send(Err(error)).await;
        }
    });
    let first = match parts.recv().await {
        Some(Err(error)) => return problem(site, Tab::Audit, &error),
        first => first,
    };
    let rest = stream::unfold(parts, async |mut parts| Some((parts.recv().await?, parts)));
    let parts = stream::iter(first).chain(rest);
    let parts = parts.map_err(|_| io::Error::other("the page cannot be made"));
    let headers = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/html; charset=utf-8"),
        ),
    ];
    (headers, Body::from_stream(parts)).into_response()
}
