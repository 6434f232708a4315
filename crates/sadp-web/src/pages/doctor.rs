//! Why devices are not found: checks of this computer, and of one scan.

use std::cmp::Reverse;

use axum::{
    Router,
    extract::State,
    response::{IntoResponse as _, Redirect, Response},
    routing::get,
};
use jiff::tz::TimeZone;
use maud::{Markup, html};
use sadp_doctor::{Check, Examination, Verdict};
use sadp_model::text::clean;
use sadp_ops::LedgerAccess;
use sadp_text::{Explanation, Platform, check_subject, check_text, count};

use super::problem;
use crate::{
    form::KeyedForm,
    looks::Found,
    page::{Tab, key, page, table},
    site::Site,
    wording::told,
};

const PATH: &str = "/doctor";

/// How long the checks take.
const HINT: &str = "It takes a few seconds, sends the probes of one scan, and changes nothing.";

pub(super) fn routes() -> Router<Site> {
    let content = get(async |State(site): State<Site>| content(&site));
    Router::new()
        .route(PATH, get(show).post(begin))
        .route("/live/doctor", content)
}

async fn show(State(site): State<Site>) -> Markup {
    let body = html! {
        p { "Devices are missing from the list? This checks the computer and its network. " (HINT) }
        form method="post" action=(PATH) {
            (key(&site))
            p .buttons { button .primary type="submit" { "Check now" } }
        }
        div #doctor data-live="/live/doctor" data-on="look" { (content(&site)) }
    };
    page(&site, Tab::Doctor, "Doctor", &body)
}

async fn begin(State(site): State<Site>, _: KeyedForm) -> Response {
    // Nothing is recorded.
    let access = LedgerAccess::Unavailable;
    let begun = site.begin_look(&site.looks.doctor, access, async |session, observer| {
        let examination = Examination::begin(&session.scan_config().link).await?;
        Ok(examination.finish(session.scan(observer).await)?)
    });
    match begun {
        Ok(()) => Redirect::to(PATH).into_response(),
        Err(error) => problem(&site, Tab::Doctor, &error),
    }
}

fn content(site: &Site) -> Markup {
    let now = site.looks.doctor.now();
    html! {
        (now.status("Checking this computer and its network"))
        @if let Some(found) = &now.found {
            (result(found))
        } @else if now.running.is_none() && now.failure.is_none() {
            p { "Nothing was checked yet." }
        }
    }
}

fn result(found: &Found<Vec<Check>>) -> Markup {
    let at = found.at.to_zoned(TimeZone::system());
    let mut checks: Vec<_> = found.what.iter().collect();
    // The worst first; what is alike stays in its order.
    checks.sort_by_key(|it| Reverse(it.verdict));
    let number = |verdict| checks.iter().filter(|it| it.verdict == verdict).count() as u64;
    let rows = html! { @for check in &checks { (row(check)) } };
    html! {
        h2 { "Checked at " (at.strftime("%H:%M:%S")) }
        p {
            (count(checks.len() as u64, "check", "checks")) ": "
            (count(number(Verdict::Problem), "problem", "problems")) ", "
            (count(number(Verdict::Warning), "warning", "warnings")) ", "
            (number(Verdict::Ok)) " ok"
        }
        (table("Checks, the worst first", &["Result", "Checked", "What was found", "What to do"], &rows))
    }
}

fn row(check: &Check) -> Markup {
    let Explanation { message, next } = check_text(check, Platform::HERE);
    let (class, word) = match check.verdict {
        Verdict::Ok => ("done", "ok"),
        Verdict::Warning => ("skipped", "warning"),
        Verdict::Problem => ("refused", "problem"),
    };
    html! {
        tr {
            td { span .status.(class) { (word) } }
            td { (clean(&check_subject(&check.subject))) }
            td { (told(&message, None)) }
            td { @if let Some(next) = &next { (told(next, None)) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use sadp_doctor::{Finding, Subject};

    use super::*;

    #[test]
    fn the_worst_comes_first() {
        let check = |subject, verdict| Check {
            subject,
            verdict,
            finding: Finding::NoFirewall,
        };
        let what = vec![
            check(Subject::Computer, Verdict::Ok),
            check(Subject::Port(37020), Verdict::Warning),
            check(Subject::Interface("eth0<b>".into()), Verdict::Problem),
        ];
        let at = Timestamp::UNIX_EPOCH;
        let page = result(&Found { at, what }).into_string();
        let places = ["eth0&lt;b&gt;", "UDP 37020", "this computer"].map(|it| page.find(it));
        assert!(
            places.is_sorted() && places.iter().all(Option::is_some),
            "{page}"
        );
        assert!(
            page.contains("3 checks: 1 problem, 1 warning, 1 ok"),
            "{page}"
        );
    }
}
