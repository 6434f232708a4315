//! Exports GUIDs of the marked devices into the vault.

use axum::{
    Router,
    extract::{Query, State},
    response::Response,
    routing::get,
};
use maud::{Markup, html};
use sadp_ops::job::{Job, Task};
use sadp_reset::Action;

use crate::{
    draft::FormDraft,
    error::WebError,
    form::SentForm,
    page::{self, Tab, page},
    pages::FormPage,
    site::Site,
    targets::{TargetQuery, Targets},
};

pub(super) const PATH: &str = "/guids/export";

const PAGE: FormPage = FormPage {
    path: PATH,
    tab: Tab::Vault,
    render: form,
};

pub(super) fn routes() -> Router<Site> {
    Router::new().route(PATH, get(show).post(begin))
}

async fn show(State(site): State<Site>, Query(query): Query<TargetQuery>) -> Response {
    PAGE.show(&site, query)
}

#[expect(clippy::unnecessary_wraps, reason = "pages with a form may fail")]
fn form(site: &Site, targets: &Targets, draft: &FormDraft) -> Result<Markup, WebError> {
    let body = html! {
        p { "A GUID resets the password of its recorder once, without the vendor's support. It becomes void when the password changes." }
        (page::form(site, draft, "Look and plan", &html! {
            (targets.render())
            (page::current_password(draft))
            (page::new_passphrase(draft))
            (targets.guards(Action::GuidExport, draft))
        }))
    };
    Ok(page(site, Tab::Vault, "Export GUIDs", &body))
}

async fn begin(State(site): State<Site>, sent: SentForm) -> Response {
    let begun = start(&site, &sent);
    PAGE.begun(&site, sent, begun)
}

fn start(site: &Site, form: &SentForm) -> Result<(), WebError> {
    let targets = Targets::of_form(site, form)?;
    let overrides = targets.lifted(form)?;
    let job = Job {
        devices: targets.keys()?,
        task: Task::ExportGuids {
            password: form.current_password()?,
            passphrase: form.new_passphrase()?,
        },
    };
    site.begin(job, site.job_settings(overrides))
}
