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
    error::WebError,
    form::SentForm,
    page::{self, FormField, Tab, page},
    pages::{begun, shown},
    site::Site,
    targets::{TargetQuery, Targets},
};

pub(super) const PATH: &str = "/guids/export";

pub(super) fn routes() -> Router<Site> {
    Router::new().route(PATH, get(show).post(begin))
}

async fn show(State(site): State<Site>, Query(query): Query<TargetQuery>) -> Response {
    let page = Targets::of(&site, query).map(|it| form(&site, &it));
    shown(&site, Tab::Vault, page)
}

fn form(site: &Site, targets: &Targets) -> Markup {
    let passphrase = FormField::secret("passphrase", "Passphrase for the files").hint(
        "Leave it empty to keep the files as they are: whoever has one can take its device over.",
    );
    let again = FormField::secret("passphrase-again", "Type the passphrase again");
    let body = html! {
        p { "A GUID resets the password of its recorder once, without the vendor's support. It becomes void when the password changes." }
        (page::form(site, PATH, "Look and plan", &html! {
            (targets.render())
            (page::current_password())
            (FormField { required: false, ..passphrase }.render())
            (FormField { required: false, ..again }.render())
            (targets.guards(Action::GuidExport))
        }))
    };
    page(site, Tab::Vault, "Export GUIDs", &body)
}

async fn begin(State(site): State<Site>, form: SentForm) -> Response {
    begun(&site, Tab::Vault, start(&site, &form))
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
    site.jobs.begin(site, job, overrides)
}
