//! The security questions of one device: which it has, setting them, and a new password by
//! the answers to them.

use axum::{
    Router,
    extract::{Query, State},
    response::Response,
    routing::get,
};
use maud::{Markup, html};
use sadp_model::SecretKind;
use sadp_ops::{
    Overrides,
    job::{Job, Task},
    recovery::{
        password_reset::OwnerSecret,
        questions::{ListedQuestion, ListedQuestions},
    },
};
use sadp_proto::{AnswersError, SecretAnswers};
use sadp_reset::{Action, QuestionNames};
use sadp_text::with_cause;
use secrecy::SecretString;

use super::FormPage;
use crate::{
    draft::FormDraft,
    error::WebError,
    form::SentForm,
    page::{self, Tab, page, table},
    site::Site,
    targets::{TargetQuery, Targets},
    wording::device_title,
};

const PATH: &str = "/questions";
const SET: &str = "/questions/set";
const ANSWER: &str = "/questions/answer";

const ASKING: FormPage = FormPage {
    path: PATH,
    tab: Tab::Recovery,
    render: content,
};

const SETTING: FormPage = FormPage {
    path: SET,
    tab: Tab::Recovery,
    render: setting_form,
};

const ANSWERING: FormPage = FormPage {
    path: ANSWER,
    tab: Tab::Recovery,
    render: reset_form,
};

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route(PATH, get(show).post(ask))
        .route(SET, get(show_setting).post(set))
        .route(ANSWER, get(show_reset).post(answer))
}

async fn show(State(site): State<Site>, Query(query): Query<TargetQuery>) -> Response {
    ASKING.show(&site, query)
}

fn content(site: &Site, targets: &Targets, draft: &FormDraft) -> Result<Markup, WebError> {
    let device = targets.only()?;
    let listed = site.replies.of(&device.found).questions;
    let body = html! {
        (page::device_links(&device))
        @if let Some(listed) = &listed {
            p { "As it replied on " (listed.minute()) ". Devices tell the numbers of questions alone; their texts stand in the vendor's tools." }
            @if listed.what.questions.len() >= SecretAnswers::COUNT {
                p .buttons {
                    a .button.primary href=(format!("{ANSWER}?device={}", device.number)) { "Reset the password by the answers" }
                    a .button href=(format!("{SET}?device={}", device.number)) { "Set the questions" }
                }
            }
            (list(&listed.what))
            h2 { "Ask it again" }
        } @else {
            p { "First the device has to tell which questions it has." }
        }
        (page::form(site, draft, "Ask the device", &html! {
            (targets.hidden())
            p .hint { "That changes nothing and costs no try." }
        }))
    };
    let title = format!("Security questions of {}", device_title(&device.found));
    Ok(page(site, Tab::Recovery, &title, &body))
}

/// The questions that the only device has listed.
fn listed(site: &Site, targets: &Targets) -> Result<ListedQuestions, WebError> {
    let questions = site.replies.of(&targets.only()?.found).questions;
    questions.map(|it| it.what).ok_or_else(|| {
        WebError::bad("the device has not listed its questions")
            .next("ask it first, on the page of its security questions")
            .back(PATH, "its security questions")
    })
}

fn list(list: &ListedQuestions) -> Markup {
    let rows = html! {
        @for question in &list.questions {
            tr {
                th scope="row" { (question.id) }
                td { (question.name.as_deref().unwrap_or("-")) }
                td { @if question.set { strong { "set" } } @else { "not set" } }
            }
        }
    };
    html! {
        (table("Questions", &["Number", "Name", "State"], &rows))
        @if list.questions.is_empty() { p { "It lists no questions." } }
        p .hint { "Names come from the file " (QuestionNames::FILE_NAME) " in the folder of settings." }
    }
}

async fn show_reset(State(site): State<Site>, Query(query): Query<TargetQuery>) -> Response {
    ANSWERING.show(&site, query)
}

fn reset_form(site: &Site, targets: &Targets, draft: &FormDraft) -> Result<Markup, WebError> {
    let list = listed(site, targets)?;
    let body = html! {
        p { "The answers are sent once, with the new password. Wrong answers cost a try, and after a few the device locks." }
        (page::form(site, draft, "Look and plan", &html! {
            (targets.render())
            (answer_fields(&list, draft))
            (page::new_password(draft))
            (targets.after_reset(draft))
            (targets.guards(Action::QuestionsAnswer, draft))
        }))
    };
    Ok(page(
        site,
        Tab::Recovery,
        "Reset a password by answers",
        &body,
    ))
}

async fn show_setting(State(site): State<Site>, Query(query): Query<TargetQuery>) -> Response {
    SETTING.show(&site, query)
}

fn setting_form(site: &Site, targets: &Targets, draft: &FormDraft) -> Result<Markup, WebError> {
    let list = listed(site, targets)?;
    let body = html! {
        p { "Three questions, in place of any former ones. Note the answers: no device tells them." }
        (page::form(site, draft, "Look and plan", &html! {
            (targets.render())
            (answer_fields(&list, draft))
            (page::current_password(draft))
            (targets.guards(Action::QuestionsSet, draft))
        }))
    };
    Ok(page(site, Tab::Recovery, "Set security questions", &body))
}

/// Three questions to choose, those that are set first, and their answers. What is typed is
/// shown: a slip costs a try, or makes an answer that nobody knows.
fn answer_fields(list: &ListedQuestions, draft: &FormDraft) -> Markup {
    let set = list.questions.iter().filter(|it| it.set);
    let others = list.questions.iter().filter(|it| !it.set);
    let offered: Vec<_> = set.chain(others).take(SecretAnswers::COUNT).collect();
    html! {
        @for (place, chosen) in (1..).zip(&offered) {
            @let question_id = question_name(place);
            @let answer_id = answer_name(place);
            @let usual = chosen.id.to_string();
            @let selected = draft.value(&question_id, &usual);
            fieldset {
                legend { "Question " (place) " of " (SecretAnswers::COUNT) }
                div .field {
                    label for=(question_id) { "Question" }
                    select id=(question_id) name=(question_id) {
                        @for question in &list.questions {
                            option value=(question.id) selected[question.id.to_string() == selected] { (option(question)) }
                        }
                    }
                }
                div .field {
                    label for=(answer_id) { "Answer" }
                    input id=(answer_id) name=(answer_id) type="text" autocomplete="off"
                        autocapitalize="none" spellcheck="false" required;
                }
            }
        }
    }
}

fn question_name(place: usize) -> String {
    format!("question-{place}")
}

fn answer_name(place: usize) -> String {
    format!("answer-{place}")
}

fn option(question: &ListedQuestion) -> String {
    let name = question.name.as_ref().map(|it| format!(": {it}"));
    let set = if question.set { " (set)" } else { "" };
    format!("{}{}{set}", question.id, name.unwrap_or_default())
}

/// What makes three answers of those given: [`SecretAnswers::new`] or
/// [`SecretAnswers::to_set`].
type Make = fn(Vec<(u32, SecretString)>) -> Result<SecretAnswers, AnswersError>;

fn answers(form: &SentForm, make: Make) -> Result<SecretAnswers, WebError> {
    let given = (1..=SecretAnswers::COUNT).map(|place| {
        let number = form.text(&question_name(place)).parse();
        let number = number.map_err(|_| WebError::bad("no question was chosen"))?;
        let what = format!("answer to question {number}");
        let answer = form.secret(&answer_name(place), SecretKind::Answer, &what)?;
        Ok((number, answer))
    });
    let given = given.collect::<Result<Vec<_>, WebError>>()?;
    make(given).map_err(|error| {
        let text = format!("the answers cannot be used: {}", with_cause(&error));
        WebError::bad(text).next("give three different questions an answer each; nothing was sent")
    })
}

async fn ask(State(site): State<Site>, sent: SentForm) -> Response {
    let begun = start_asking(&site, &sent);
    ASKING.begun(&site, sent, begun)
}

async fn set(State(site): State<Site>, sent: SentForm) -> Response {
    let begun = start_setting(&site, &sent);
    SETTING.begun(&site, sent, begun)
}

async fn answer(State(site): State<Site>, sent: SentForm) -> Response {
    let begun = start_reset(&site, &sent);
    ANSWERING.begun(&site, sent, begun)
}

fn start_asking(site: &Site, form: &SentForm) -> Result<(), WebError> {
    let targets = Targets::of_form(site, form)?;
    let file = site
        .config
        .as_ref()
        .map(|it| it.join(QuestionNames::FILE_NAME));
    let names = file.map_or_else(
        || Ok(QuestionNames::default()),
        |it| QuestionNames::read(&it),
    );
    let names = names.map_err(|error| {
        WebError::bad(with_cause(&error))
            .next("write lines as 1 = \"first school\" under [names], or remove the file")
    })?;
    let job = Job {
        devices: targets.keys()?,
        task: Task::AskQuestions(names),
    };
    site.begin(job, site.job_settings(Overrides::default()))
}

fn start_setting(site: &Site, form: &SentForm) -> Result<(), WebError> {
    let targets = Targets::of_form(site, form)?;
    targets.only()?;
    let overrides = targets.lifted(form)?;
    let answers = answers(form, SecretAnswers::to_set)?;
    let job = Job {
        devices: targets.keys()?,
        task: Task::SetQuestions(answers, form.current_password()?),
    };
    site.begin(job, site.job_settings(overrides))
}

fn start_reset(site: &Site, form: &SentForm) -> Result<(), WebError> {
    let targets = Targets::of_form(site, form)?;
    targets.only()?;
    let overrides = targets.lifted(form)?;
    let answers = answers(form, SecretAnswers::new)?;
    let password = form.new_password(overrides)?;
    let job = Job {
        devices: targets.keys()?,
        task: Task::ResetPassword(OwnerSecret::Answers(answers), password),
    };
    site.begin(job, form.reset_settings(site, overrides))
}
