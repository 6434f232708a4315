//! `cameras`: what a recorder tells of the cameras behind it.

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
