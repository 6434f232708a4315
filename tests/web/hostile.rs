//! Devices whose names are made to harm whoever shows them.

use std::fmt::Write as _;

use crate::{
    browser::{Browser, SIZES, is_missing},
    server::Server,
};

const NAMES: [&str; 12] = [
    "<script>document.title='hacked'</script>",
    "<img src=x onerror=\"document.title='hacked'\">",
    "\"><svg/onload=document.title='hacked'>",
    "' onfocus='document.title=1' autofocus='",
    "</td></tr></table><h1>hacked</h1>",
    "<!--",
    "</title><style>*{display:none}</style>",
    "javascript:document.title='hacked'",
    "&lt;b&gt;&#60;script&#62;",
    "<base href=//example.invalid><meta http-equiv=refresh content='0;url=//example.invalid'>",
    "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW",
    "{{7*7}}${7*7}%s",
];

fn site() -> String {
    let mut site = String::new();
    for (name, last) in NAMES.iter().zip(100..) {
        let name = serde_json::to_string(name).unwrap();
        let end = last - 100;
        let _ = write!(
            site,
            "[[device]]\nprofile = \"ipc-v5.5.82\"\nip = \"192.168.1.{last}\"\nmodel = {name}\n\
             serial = {}\nactivated = false\n",
            name.replacen('"', &format!("\"{end}"), 1)
        );
    }
    site
}

/// Nothing of a device became a part of the page.
async fn assert_harmless(browser: &Browser, name: &str) {
    browser.look(name).await;
    let title = browser.client.title().await.unwrap();
    assert!(title.ends_with(" - sadpctl"), "{title}");
    let foreign = "document.querySelectorAll('main img, main script, main svg, main style, main base, \
         main meta, main h1 ~ h1, body > h1, [onfocus], [onerror], [onload]').length";
    assert_eq!(browser.eval(foreign).await, 0, "{name}");
    // A link to a device's own page is made of numbers, and tells it nothing.
    let links = r"[...document.links].every(it => it.origin === location.origin
        || (/^http:\/\/[0-9.]+(:[0-9]+)?\/$/.test(it.href) && it.rel === 'noreferrer'))";
    assert_eq!(browser.eval(links).await, true, "{name}");
    let shown = "getComputedStyle(document.querySelector('main')).display";
    assert_ne!(browser.eval(shown).await, "none", "{name}");
    // Nothing that turns the reading direction or is not seen.
    let text = browser.text("main").await;
    let treacherous = text.chars().find(|it| {
        (it.is_control() && *it != '\n')
            || matches!(it, '\u{200b}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    });
    assert_eq!(treacherous, None, "{name}");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_of_devices_are_text_everywhere() {
    if is_missing() {
        return;
    }
    let server = Server::attacked(&site(), &["--hostile=hostile-texts"]);
    let browser = Browser::enter(&server, SIZES[0]).await;
    let rows = "document.querySelectorAll('#devices tbody tr').length";
    browser.until(&format!("{rows} >= {}", NAMES.len())).await;
    for size in SIZES {
        browser.resize(size).await;
        browser.goto("/").await;
        assert_harmless(&browser, &format!("hostile-list-{}", size.name)).await;
    }
    browser.resize(SIZES[0]).await;
    // All columns.
    browser.click(".columns summary").await;
    browser
        .eval("document.querySelectorAll('[name=column]').forEach(it => { it.checked = true })")
        .await;
    browser.press("Show these").await;
    browser
        .until("document.querySelectorAll('#devices thead th').length > 20")
        .await;
    assert_harmless(&browser, "hostile-all-columns").await;
    // Each one by itself.
    let paths =
        "[...document.querySelectorAll('#devices tbody a')].map(it => it.getAttribute('href'))";
    let paths = browser.eval(paths).await;
    let paths = paths.as_array().unwrap();
    assert!(paths.len() >= NAMES.len());
    for (path, number) in paths.iter().zip(1..) {
        browser.goto(path.as_str().unwrap()).await;
        let name = if number <= 12 {
            format!("hostile-device-{number}")
        } else {
            "hostile-device".into()
        };
        assert_harmless(&browser, &name).await;
    }
    // In a form, and in a plan.
    browser.goto("/").await;
    browser.mark_shown().await;
    browser.press("Activate").await;
    browser.click("main details summary").await;
    assert_harmless(&browser, "hostile-form").await;
    browser.fill("#new-password", "Garden-77x").await;
    browser.fill("#again", "Garden-77x").await;
    browser.press("Look and plan").await;
    browser
        .until("document.querySelector('.question, .status')")
        .await;
    assert_harmless(&browser, "hostile-plan").await;
    browser.press("Yes, go on").await;
    browser.until("document.querySelector('.status')").await;
    assert_harmless(&browser, "hostile-outcomes").await;
    browser.assert_no_errors().await;
}
