//! Pages of recovery, each from its form to what became of the devices.

use axum::http::{StatusCode, header};
use sadp_model::RecoveryMethod;

use super::browser::{Browser, ShownPage};
use crate::{
    form::{KEY, TICKET},
    jobs::ShownJob,
};

/// The password of simulated devices.
const CURRENT: &str = "Simulated-7";

impl Browser {
    /// The number of the device of this model.
    fn device(&self, model: &str) -> u64 {
        let now = self.site.live.now();
        let mut devices = now.all();
        let device = devices.find(|it| {
            let name = it.found.entry.device.model.as_deref();
            name.is_some_and(|it| it.starts_with(model))
        });
        device.unwrap().number
    }

    /// Sends the form of a page with these fields, and the devices that it is for.
    async fn fill_in(&self, path: &str, action: &str, fields: &[(&str, &str)]) -> ShownPage {
        let page = self.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{page:?}");
        let start = format!("action=\"{action}\"");
        let (_, form) = page.text.split_once(&start).unwrap();
        let value = |name: &str| {
            let start = format!("name=\"{name}\" value=\"");
            let (_, rest) = form.split_once(&start).unwrap();
            rest.split('"').next().unwrap().to_owned()
        };
        let mut pairs = form_urlencoded::Serializer::new(String::new());
        pairs.append_pair(TICKET, &value(TICKET));
        pairs.append_pair("devices", &value("devices"));
        pairs.extend_pairs(fields);
        self.post_text(action, pairs.finish()).await
    }

    /// Sends a form that may be sent again.
    async fn post_keyed(&self, path: &str, fields: &str) -> ShownPage {
        let body = format!("{KEY}={}&{fields}", self.site.access.key());
        self.post_text(path, body).await
    }

    /// Waits for the question of the job, reads it and says yes.
    async fn confirm(&self) -> ShownPage {
        let mut changes = self.site.jobs.subscribe();
        let question = loop {
            match self.site.jobs.now() {
                ShownJob::Running {
                    question: Some(question),
                    ..
                } => break question,
                ShownJob::Running { .. } => changes.changed().await.unwrap(),
                _ => panic!("{:?}", self.get("/live/job").await),
            }
        };
        let page = self.get("/live/job").await;
        let answer = format!("question={}&answer=yes", question.number);
        let answered = self.post_keyed("/job/answer", &answer).await;
        assert_eq!(answered.status, StatusCode::SEE_OTHER);
        page
    }

    /// Waits until the job has ended, and reads what became of it.
    async fn ended(&self) -> ShownPage {
        let mut changes = self.site.jobs.subscribe();
        while self.site.jobs.is_busy() {
            changes.changed().await.unwrap();
        }
        self.get("/live/job").await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_matrix_has_each_device_and_a_device_each_method_with_its_place() {
    let browser = Browser::entered().await;
    let devices = browser.site.live.now().all().count();
    for path in ["/recovery", "/recovery?marked=true"] {
        let page = browser.get(path).await;
        assert_eq!(page.text.matches("<th scope=\"row\">").count(), devices);
        assert!(page.text.contains("no password yet"), "{page:?}");
    }
    let recorder = browser.device("DS-7");
    let page = browser.get(&format!("/recovery?device={recorder}")).await;
    let methods = <RecoveryMethod as strum::IntoEnumIterator>::iter();
    assert_eq!(page.text.matches("<li><h2>").count(), methods.count());
    let links = page.text.split("href=\"/").skip(1);
    let mut links = links.filter_map(|it| it.split('"').next());
    assert!(links.any(|it| it == format!("questions?device={recorder}")));
    // Those pages are there.
    for path in ["questions", "mail", "app", "prepare", "mail/confirm"] {
        let page = browser.get(&format!("/{path}?device={recorder}")).await;
        assert_eq!(page.status, StatusCode::OK, "{page:?}");
    }
    let page = browser.get("/recovery?device=999").await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn devices_are_asked_what_is_set_up_in_the_background() {
    let browser = Browser::entered().await;
    let recorder = browser.device("DS-7");
    let path = format!("/recovery?device={recorder}");
    let unasked = "Devices were not asked what is set up on them";
    assert!(browser.get(&path).await.text.contains(unasked));
    let begun = browser.post_keyed(&path, "").await;
    assert_eq!(begun.headers[header::LOCATION], path);
    browser.site.looks.end().await;
    let page = browser
        .get(&format!("/live/recovery?device={recorder}"))
        .await;
    assert!(!page.text.contains(unasked), "{page:?}");
    let known = browser.site.looks.prepared.now().found.unwrap();
    assert_eq!(known.what.len(), 1, "the others were not asked");
}

/// From the list of questions to the new password, by way of answers that were set here.
#[tokio::test(flavor = "multi_thread")]
async fn questions_are_set_and_answered() {
    let browser = Browser::entered().await;
    let recorder = browser.device("DS-7");
    let path = |page: &str| format!("{page}?device={recorder}");
    let page = browser.get(&path("/questions/set")).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "not asked");
    let begun = browser
        .fill_in(&path("/questions"), "/questions", &[])
        .await;
    assert_eq!(begun.headers[header::LOCATION], "/job");
    let page = browser.ended().await;
    assert!(page.text.contains(&path("/questions")), "{page:?}");
    let page = browser.get(&path("/questions")).await;
    assert!(page.text.contains("not set"), "{page:?}");

    let questions = [
        ("question-1", "1"),
        ("question-2", "4"),
        ("question-3", "9"),
    ];
    let answers = [
        ("answer-1", "Paris"),
        ("answer-2", "Rex"),
        ("answer-3", "blue"),
    ];
    let answers = [questions, answers].concat();
    let set = path("/questions/set");
    let twice = [("question-2", "1")]
        .iter()
        .chain(&answers)
        .copied()
        .collect::<Vec<_>>();
    let page = browser.fill_in(&set, "/questions/set", &twice).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{page:?}");
    for secret in ["Paris", "Rex", "blue"] {
        assert!(!page.text.contains(secret), "{page:?}");
    }
    let password = [&answers[..], &[("password", CURRENT)]].concat();
    browser.fill_in(&set, "/questions/set", &password).await;
    let question = browser.confirm().await;
    assert!(question.text.contains("Set the security questions of"));
    let page = browser.ended().await;
    assert!(page.text.contains(">done<"), "{page:?}");

    // What it told is no longer so.
    let page = browser.get(&path("/questions/answer")).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{page:?}");
    browser
        .fill_in(&path("/questions"), "/questions", &[])
        .await;
    browser.ended().await;
    let reset = path("/questions/answer");
    let new = [("new-password", "Garden-77x"), ("again", "Garden-77x")];
    let new = [&answers[..], &new].concat();
    browser.fill_in(&reset, "/questions/answer", &new).await;
    browser.confirm().await;
    let page = browser.ended().await;
    assert!(page.text.contains("the new password is set"), "{page:?}");
    assert!(!page.text.contains("Garden-77x"), "{page:?}");
}

/// The answers are on the disk and can be downloaded before any device has them.
#[tokio::test(flavor = "multi_thread")]
async fn recovery_is_prepared_with_answers_that_can_be_downloaded() {
    let browser = Browser::entered().await;
    let page = browser.get("/prepare/answers").await;
    assert!(page.text.contains("No answers were made"), "{page:?}");
    let camera = browser.device("DS-2CD2");
    let path = format!("/prepare?device={camera}");
    let fields = [("answers", "made"), ("password", CURRENT)];
    let bad = [("mailbox", "nobody"), fields[0], fields[1]];
    let page = browser.fill_in(&path, "/prepare", &bad).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{page:?}");
    browser.fill_in(&path, "/prepare", &fields).await;
    browser.confirm().await;
    let page = browser.ended().await;
    assert!(page.text.contains("/prepare/answers"), "{page:?}");
    let list = browser.get("/prepare/answers").await;
    let (_, rest) = list.text.split_once("href=\"/prepare/answers/").unwrap();
    let name = rest.split('"').next().unwrap();
    let file = browser.get(&format!("/prepare/answers/{name}")).await;
    let disposition = format!("attachment; filename=\"{name}\"");
    assert_eq!(file.headers[header::CONTENT_DISPOSITION], disposition);
    assert_eq!(file.text.lines().count(), 2, "{file:?}");
    assert!(!page.text.contains(file.text.lines().last().unwrap()));
}
