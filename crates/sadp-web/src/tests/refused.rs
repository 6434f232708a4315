//! Forms that are refused: they are shown again with what was typed.

use axum::http::StatusCode;

use super::browser::{Browser, ShownPage};

impl Browser {
    /// Sends the form of a page for the first device with these fields.
    async fn send_form(&self, path: &str, fields: &[(&str, &str)]) -> ShownPage {
        let page = self.get(&format!("{path}?device=1")).await;
        assert_eq!(page.status, StatusCode::OK, "{page:?}");
        let mut pairs = form_urlencoded::Serializer::new(String::new());
        pairs.append_pair("ticket", &page.ticket());
        pairs.append_pair("devices", "1");
        pairs.extend_pairs(fields);
        self.post_text(path, pairs.finish()).await
    }
}

/// That a form is back: with its problem, the field that it is about, and a new ticket.
fn assert_again(page: &ShownPage, field: &str, kept: &[&str]) {
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{page:?}");
    assert!(page.text.contains("role=\"alert\""), "{page:?}");
    assert!(
        page.text.contains(&format!("href=\"#{field}\"")),
        "{page:?}"
    );
    let (_, input) = page
        .text
        .split_once(&format!("input id=\"{field}\""))
        .unwrap();
    let (input, _) = input.split_once('>').unwrap();
    assert!(input.contains("aria-invalid=\"true\""), "{input}");
    assert!(input.contains("aria-describedby=\"form-problem"), "{input}");
    for text in kept {
        assert!(page.text.contains(text), "{text}: {page:?}");
    }
    assert!(
        page.text.contains("name=\"devices\" value=\"1\""),
        "{page:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_form_keeps_what_was_typed_but_secrets() {
    let browser = Browser::entered().await;
    let typed = [
        ("new-password", "Garden-77x"),
        ("again", "Garden-77y"),
        ("lift", "two-senders"),
    ];
    let page = browser.send_form("/activate", &typed).await;
    assert_again(&page, "device-name", &["value=\"two-senders\" checked"]);
    assert!(!page.text.contains("Garden-77"), "{page:?}");
    let page = browser.send_form("/activate", &typed[..2]).await;
    assert_again(&page, "again", &[]);
    assert!(!page.text.contains("Garden-77"), "{page:?}");

    let typed = [
        ("mailbox", "nobody@@example"),
        ("password", "Garden-77x"),
        ("passphrase", "Correct-horse"),
        ("passphrase-again", "Correct-horse"),
    ];
    let page = browser.send_form("/prepare", &typed).await;
    assert_again(&page, "mailbox", &["value=\"nobody@@example\""]);
    // Its box was not ticked.
    assert!(!page.text.contains("value=\"made\" checked"), "{page:?}");
    for secret in ["Garden-77x", "Correct-horse"] {
        assert!(!page.text.contains(secret), "{secret}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_is_shown_again_can_be_sent() {
    let browser = Browser::entered().await;
    let page = browser
        .send_form("/name", &[("name", "\u{202e}gate")])
        .await;
    assert_again(&page, "name", &[]);
    let fields = format!("ticket={}&devices=1&name=Gate", page.ticket());
    let page = browser.post_text("/name", fields).await;
    assert!(page.status.is_redirection(), "{page:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lowers_the_protection_of_a_password_needs_the_name() {
    let browser = Browser::entered().await;
    let basic = [
        ("login", "yes"),
        ("password", "Garden-77x"),
        ("allow-basic", "yes"),
        ("https-port", "8443"),
    ];
    let page = browser.send_form("/check", &basic).await;
    let kept = [
        "value=\"8443\"",
        "name=\"allow-basic\" value=\"yes\" checked",
    ];
    assert_again(&page, "device-name", &kept);
    assert!(!browser.site.jobs.is_busy());

    let settings = [
        ("address", "192.168.1.199"),
        ("address-before", "192.168.1.198"),
        ("account", "installer"),
        ("allow-replayable", "yes"),
        ("password", "Garden-77x"),
    ];
    let page = browser.send_form("/network", &settings).await;
    let kept = [
        "value=\"192.168.1.199\"",
        "name=\"address-before\" value=\"192.168.1.198\"",
        "value=\"installer\"",
    ];
    assert_again(&page, "device-name", &kept);
    let page = browser
        .send_form("/check", &[("accept-certificate", "12"), ("login", "yes")])
        .await;
    assert_again(&page, "accept-certificate", &["value=\"12\""]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_problem_leads_back() {
    let browser = Browser::entered().await;
    let page = browser.get("/prepare?device=4711").await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(
        page.text.contains("href=\"/recovery\">Back to Recovery"),
        "{page:?}"
    );
}
