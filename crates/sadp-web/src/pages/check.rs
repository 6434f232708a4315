//! What devices tell over their own HTTP interface, and whether a password is right.

use axum::{
    Router,
    extract::{Query, State},
    response::Response,
    routing::get,
};
use maud::{Markup, html};
use sadp_ops::job::{Job, Task};
use sadp_reset::Action;

use super::{begun, shown};
use crate::{
    error::WebError,
    form::SentForm,
    page::{self, Tab, page},
    site::Site,
    targets::{TargetQuery, Targets},
};

const PATH: &str = "/check";

/// The field that says that the password is tried.
const LOGIN: &str = "login";

pub(super) fn routes() -> Router<Site> {
    Router::new().route(PATH, get(show).post(begin))
}

async fn show(State(site): State<Site>, Query(query): Query<TargetQuery>) -> Response {
    let targets = Targets::of(&site, query);
    shown(&site, Tab::Devices, targets.map(|it| forms(&site, &it)))
}

fn forms(site: &Site, targets: &Targets) -> Markup {
    let body = html! {
        h2 { "Ask without a login" }
        p { "Whether each has a password, and whether it is locked. Nothing is changed, and no try is spent." }
        (page::form(site, PATH, "Ask", &targets.render()))
        h2 { "Try the password" }
        p { "One login goes to one device after the other, and shows model, firmware and clock. "
            "A wrong password costs a try, and the first refusal ends the logins." }
        (page::form(site, PATH, "Try the password", &html! {
            (targets.render())
            input type="hidden" name=(LOGIN) value="true";
            (page::current_password())
            (targets.guards(Action::Check))
        }))
    };
    page(site, Tab::Devices, "Check over HTTP", &body)
}

async fn begin(State(site): State<Site>, form: SentForm) -> Response {
    begun(&site, Tab::Devices, start(&site, &form))
}

fn start(site: &Site, form: &SentForm) -> Result<(), WebError> {
    let targets = Targets::of_form(site, form)?;
    let overrides = targets.lifted(form)?;
    let login = form.is_ticked(LOGIN);
    let password = login.then(|| form.current_password()).transpose()?;
    let job = Job {
        devices: targets.keys()?,
        task: Task::Check(password),
    };
    site.jobs.begin(site, job, overrides)
}
