//! `cameras`: what a recorder reports about the cameras behind it.

use serde_json::{Value, json};

use crate::check::{PASSWORD, Shop, outcomes};

const RECORDER: &str = "127.0.1.1";

/// The cameras of the only outcome.
fn cameras(outcome: &Value) -> Vec<Value> {
    let cameras = outcome["data"]["cameras"].as_array();
    cameras.cloned().unwrap_or_default()
}

#[test]
fn a_recorder_tells_of_its_channels_and_of_what_it_finds() {
    let shop = Shop::new();
    let run = shop.run(&["cameras", RECORDER, "--format", "json"], PASSWORD);
    assert_eq!(run.code, 0, "{run}");
    let all = cameras(&run.json()[0]);
    let told = |key: &str| all.iter().map(|it| it[key].clone()).collect::<Vec<_>>();
    let channels = json!([1, 2, 3, 4, 5, null, null, null]);
    assert_eq!(Value::from(told("channel")), channels, "{run}");
    let online = json!([true, true, false, true, false, null, null, null]);
    assert_eq!(Value::from(told("online")), online, "{run}");
    assert_eq!(all[2]["reason"], "errorUserNameOrPasswd", "{run}");
    assert_eq!(all[4]["reason"], "netUnreachable", "{run}");
    // The second is hidden from SADP and from the recorder's search: it has no MAC here.
    assert_eq!(all[1]["mac"], Value::Null, "{run}");
    assert_eq!(all[1]["model"], "DS-2CD2T47G1-L", "{run}");
    // Those on no channel, by address: two are from the box.
    let activated: Vec<_> = told("activated").split_off(5);
    assert_eq!(
        activated,
        [json!(false), json!(false), json!(true)],
        "{run}"
    );
    // The login cost no try.
    assert_eq!(shop.tries_left(RECORDER), 7);

    let table = shop.run(&["cameras", RECORDER], PASSWORD);
    assert_eq!(table.code, 0, "{table}");
    let line = "offline  3        127.0.1.4   IPCamera 03  DS-2CD2187G2-LSU ";
    assert!(table.stdout.contains(line), "{table}");
    let reason = "the recorder has a wrong password or user for it\n";
    assert!(table.stdout.contains(reason), "{table}");
    let csv = shop.run(&["cameras", "--all", "--format", "csv"], PASSWORD);
    assert_eq!(csv.code, 0, "{csv}");
    assert_eq!(csv.stdout.lines().count(), 1 + 8, "{csv}");
}

#[test]
fn a_wrong_password_costs_a_recorder_one_try() {
    let shop = Shop::new();
    let arguments = ["cameras", RECORDER, "--format", "json"];
    let run = shop.run(&arguments, "Somebody-elses-1");
    assert_eq!(run.code, 1, "{run}");
    assert_eq!(run.json()[0]["refusal"], "PasswordError", "{run}");
    let again = shop.run(&arguments, "Somebody-elses-2");
    assert_eq!(again.code, 4, "{again}");
    assert_eq!(shop.tries_left(RECORDER), 6);
}

#[test]
fn only_recorders_are_sent_the_password() {
    let shop = Shop::new();
    // A camera that locks at the next wrong password, one of another brand, and the box.
    let named = ["127.0.1.5", "127.0.1.6", "127.0.1.2"];
    let run = shop.run(
        &[&["cameras"], &named[..], &["--format", "json"]].concat(),
        "Somebody-elses-1",
    );
    assert_eq!(run.code, 4, "{run}");
    for outcome in outcomes(&run).values() {
        assert_eq!(outcome["result"], "skipped", "{run}");
    }
    assert_eq!(shop.tries_left("127.0.1.5"), 1);
    let all = shop.run(&["cameras", "--all", "--dry-run"], PASSWORD);
    assert_eq!(all.code, 0, "{all}");
    assert_eq!(all.stdout.matches("planned").count(), 1, "{all}");
}

/// The second camera is hidden from SADP: the recorder alone knows it.
#[test]
fn audit_and_report_list_what_recorders_reported() {
    let shop = Shop::new();
    let audited = |shop: &Shop| {
        let run = shop.run(&["audit", "--format", "json"], PASSWORD);
        assert_eq!(run.code, 1, "{run}");
        run.json().as_array().unwrap().clone()
    };
    assert_eq!(audited(&shop).len(), 9);
    let asked = shop.run(&["cameras", RECORDER], PASSWORD);
    assert_eq!(asked.code, 0, "{asked}");
    let rows = audited(&shop);
    // The hidden one, and the address without a camera.
    assert_eq!(rows.len(), 9 + 2, "{rows:?}");
    let of = |address: &str| {
        let mut of = rows
            .iter()
            .filter(|row| row["device"]["address"] == address);
        let row = of.next().unwrap();
        assert!(of.next().is_none(), "{address} is listed twice");
        row
    };
    let hidden = of("127.0.1.3");
    assert_eq!(hidden["behind"]["channel"], 2, "{hidden}");
    assert_eq!(
        hidden["behind"]["recorder"]["address"], RECORDER,
        "{hidden}"
    );
    assert_eq!(hidden["recoverable"], Value::Null, "{hidden}");
    assert_eq!(hidden["findings"], json!([]), "{hidden}");
    let missing = of("127.0.1.99");
    assert_eq!(missing["findings"][0]["finding"], "offline", "{missing}");
    let joined = of("127.0.1.4");
    assert_eq!(
        joined["behind"]["reason"], "errorUserNameOrPasswd",
        "{joined}"
    );
    assert!(joined["recoverable"].is_boolean(), "{joined}");

    let table = shop.run(&["audit"], PASSWORD);
    let place = "behind DS-7616NXI-K2 127.0.1.1, channel 2, as of 20";
    assert!(table.stdout.contains(place), "{table}");
    let page = shop.path("site.html");
    let page = page.to_str().unwrap();
    let report = shop.run(&["report", "--out", page], PASSWORD);
    assert_eq!(report.code, 0, "{report}");
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.contains("<h2>Cameras behind recorders</h2>"));
    assert_eq!(page.matches("DS-2CD2T47G1-L").count(), 1, "{page}");
    assert!(
        page.contains("behind DS-7616NXI-K2 127.0.1.1, channel 3"),
        "{page}"
    );
}
