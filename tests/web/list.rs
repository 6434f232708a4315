//! The live list: filters, marks, pages, tabs, and a connection that is lost.

use serde_json::json;

use crate::{
    browser::{Browser, SIZES, is_missing},
    server::Server,
};

/// Marks the device of a row, and waits until the page says how many are marked.
async fn mark(browser: &Browser, row: usize, marked: usize) {
    let selector = format!("#devices tbody tr:nth-child({row}) input");
    browser.click(&selector).await;
    until_marked(browser, marked).await;
}

async fn until_marked(browser: &Browser, marked: usize) {
    let counts = "document.querySelector('.counts').textContent";
    browser
        .until(&format!("{counts}.includes(', {marked} marked')"))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn marks_stay_across_filters_and_pages() {
    if is_missing() {
        return;
    }
    for size in SIZES {
        let server = Server::with_devices(120);
        let browser = Browser::enter(&server, size).await;
        browser.until_rows(100).await;
        let counts = "document.querySelector('.counts').textContent";
        browser
            .until(&format!("{counts}.includes('120 devices')"))
            .await;
        mark(&browser, 1, 1).await;
        mark(&browser, 2, 2).await;
        browser.look(&format!("list-{}", size.name)).await;

        // The other page of the list, by its link.
        browser.click("#next").await;
        browser.until_rows(20).await;
        mark(&browser, 20, 3).await;
        // A filter: first a condition, then a text that no device has.
        browser.fill("#filter", "state=unactivated").await;
        browser.press("Filter").await;
        let states = "[...document.querySelectorAll('#devices .state')]";
        browser
            .until(&format!(
                "{states}.length > 0 && {states}.every(it => it.classList.contains('unactivated'))"
            ))
            .await;
        until_marked(&browser, 3).await;
        browser.look(&format!("list-filtered-{}", size.name)).await;
        browser.fill("#filter", "no-such-device").await;
        browser.press("Filter").await;
        browser.until_rows(0).await;
        until_marked(&browser, 3).await;
        browser.fill("#filter", "state = = x").await;
        browser.press("Filter").await;
        browser
            .until("document.querySelector('#devices .notice.problem')")
            .await;
        browser
            .look(&format!("list-bad-filter-{}", size.name))
            .await;

        // Loaded again, they are still there; then they are all taken away.
        browser.goto("/").await;
        until_marked(&browser, 3).await;
        browser.press("Remove all marks").await;
        browser
            .until(&format!("!{counts}.includes('marked')"))
            .await;
        // By another column, and once more the other way round.
        browser.click("#sort-3").await;
        browser
            .until("document.querySelector('[aria-sort=ascending]')")
            .await;
        browser.click("#sort-3").await;
        browser
            .until("document.querySelector('[aria-sort=descending]')")
            .await;
        browser.press("Mark all shown").await;
        until_marked(&browser, 120).await;
        browser.assert_no_errors().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tabs_show_the_same() {
    if is_missing() {
        return;
    }
    let server = Server::with_devices(5);
    let browser = Browser::enter(&server, SIZES[0]).await;
    browser.until_rows(5).await;
    let first = browser.client.window().await.unwrap();
    let second = browser.client.new_window(true).await.unwrap().handle;
    browser
        .client
        .switch_to_window(second.clone())
        .await
        .unwrap();
    browser.goto("/").await;
    browser.until_rows(5).await;
    mark(&browser, 3, 1).await;
    browser.client.switch_to_window(first).await.unwrap();
    until_marked(&browser, 1).await;
    mark(&browser, 4, 2).await;
    browser.client.switch_to_window(second).await.unwrap();
    until_marked(&browser, 2).await;
    browser.assert_no_errors().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_connection_is_said_and_mended() {
    if is_missing() {
        return;
    }
    let mut server = Server::with_devices(5);
    let browser = Browser::enter(&server, SIZES[0]).await;
    browser.until_rows(5).await;
    let lost = "!document.getElementById('lost').hidden";
    assert_eq!(browser.eval(lost).await, false);
    browser.offline(true).await;
    // A browser that is cut off like this keeps the connections it has.
    let again = json!({ "expression": "events.close(); events = null; listen();" });
    let done = browser.devtools("Runtime.evaluate", again).await;
    assert_eq!(done.get("exceptionDetails"), None);
    browser.until(lost).await;
    browser.look("lost").await;
    browser.offline(false).await;
    browser.until(&format!("!({lost})")).await;
    // What is shown is kept up to date again.
    mark(&browser, 1, 1).await;
    server.kill();
    browser.until(lost).await;
}

/// Focus and what was typed are left in place by what comes from the devices.
#[tokio::test(flavor = "multi_thread")]
async fn what_comes_by_itself_disturbs_nobody() {
    if is_missing() {
        return;
    }
    let mut server = Server::with_devices(5);
    let browser = Browser::enter(&server, SIZES[0]).await;
    browser.until_rows(5).await;
    browser.fill("#filter", "half a wo").await;
    server.sim.replace(&["--count", "8", "--seed", "7"]);
    browser.until_rows(8).await;
    assert_eq!(browser.eval("document.activeElement.id").await, "filter");
    let typed = browser.eval("document.activeElement.value").await;
    assert_eq!(typed, "half a wo");
    // A row that has the focus keeps it.
    browser
        .eval("document.querySelector('#mark-3').focus()")
        .await;
    server.sim.replace(&["--count", "9", "--seed", "7"]);
    browser.until_rows(9).await;
    assert_eq!(browser.eval("document.activeElement.id").await, "mark-3");
}
