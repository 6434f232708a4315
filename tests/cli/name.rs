//! Names that people give devices.

use crate::{
    activate::Van,
    prepared::{ONE, TWO, recorder},
    run::run,
};

#[test]
fn a_name_stands_in_lists_and_means_its_device() {
    let van = Van::new(&[recorder(1, ""), recorder(2, "")].concat());
    let named = van.run(&["name", "192.168.1.101", "Gate north", "--place", "Roof"]);
    assert_eq!(named.code, 0, "{named}");
    assert!(named.stdout.contains("Gate north"), "{named}");
    let scan = van.run(&["scan"]);
    let rows = scan.stdout.lines();
    let rows: Vec<_> = rows
        .filter(|row| row.contains("Gate north (Roof)"))
        .collect();
    assert_eq!(rows.len(), 1, "{scan}");
    assert!(rows[0].contains("192.168.1.101"), "{scan}");
    let json = van
        .run(&["scan", "--format", "json", "--where", "place=roof"])
        .json();
    let devices = json.as_array().unwrap();
    assert_eq!(devices.len(), 1);
    assert_eq!(
        (&devices[0]["mac"], &devices[0]["name"]),
        (&ONE.into(), &"Gate north".into())
    );
    let show = van.run(&["show", "gate NORTH"]);
    assert!(show.code == 0 && show.stdout.contains(ONE), "{show}");
    let outcome = van.reset(&["guid", "export", "Gate north", "--yes"]);
    assert_eq!(outcome.json()[0]["device"]["mac"], ONE, "{outcome}");
    // A MAC needs no scan; what is not given stays.
    let moved = van.run(&["name", ONE, "--place", "Cellar", "--format", "json"]);
    assert_eq!(moved.json()[0]["name"], "Gate north", "{moved}");
    assert_eq!(moved.json()[0]["place"], "Cellar", "{moved}");
    let twin = van.run(&["name", TWO, "gate north"]);
    let warning = format!("{ONE} has the same name");
    assert!(twin.code == 0 && twin.stderr.contains(&warning), "{twin}");
    assert_eq!(van.run(&["name", TWO, "--clear"]).code, 0);
    let cleared = van.run(&["name", ONE, "--clear"]);
    assert_eq!(cleared.code, 0, "{cleared}");
    let list = van.run(&["name", "--format", "json"]);
    assert_eq!(
        (list.code, list.json()),
        (0, serde_json::json!([])),
        "{list}"
    );
    assert_eq!(van.run(&["show", "Gate north"]).code, 3);
}

#[test]
fn a_plan_gives_names_which_stand_beside_guids_requests_and_in_the_next_plan() {
    let van = Van::new(&[recorder(1, ""), recorder(2, "")].concat());
    let plan = van.path("plan.csv");
    let rows = format!(
        "mac,ip,Name,Location\n{ONE},192.168.1.101,Gate north,Roof\n{TWO},192.168.1.102,,\n"
    );
    std::fs::write(&plan, rows).unwrap();
    let plan = plan.to_str().unwrap();
    let dry = van.run(&["net", "apply", plan, "--dry-run"]);
    assert!(dry.stderr.contains("1 device would be named"), "{dry}");
    assert_eq!(
        van.run(&["name", "--format", "json"]).json(),
        serde_json::json!([])
    );
    let file = van.file("Simulated-7");
    let applied = van.run(&["net", "apply", plan, "--yes", "--password-file", &file]);
    assert!(
        applied.stderr.contains("1 device is named by the plan"),
        "{applied}"
    );
    let next = van.run(&["net", "plan", "--from", "192.168.1.20", "--all"]);
    assert!(next.stdout.contains(",Gate north,Roof\r\n"), "{next}");
    assert_eq!(
        van.reset(&["guid", "export", "Gate north", "--yes"]).code,
        0
    );
    let state = van.path("state");
    let state = ["--state", state.to_str().unwrap()];
    let guids = run(&[&["reset", "guid", "list"], &state[..]].concat());
    assert!(guids.stdout.contains("Gate north (Roof)"), "{guids}");
    let out = van.path("requests");
    let out = ["--out", out.to_str().unwrap(), "--yes"];
    let export = van.run(&[&["reset", "export", "Gate north"], &out[..]].concat());
    assert_eq!(export.code, 0, "{export}");
    let cases = van.run(&["reset", "cases"]);
    assert!(cases.stdout.contains("Gate north (Roof)"), "{cases}");
    let json = van.run(&["reset", "cases", "--format", "json"]).json();
    assert_eq!(json[0]["name"], "Gate north (Roof)");
}

#[test]
fn what_is_no_name_is_refused() {
    let van = Van::new(&recorder(1, ""));
    let longer = "x".repeat(65);
    for name in ["", " ", "a\u{1b}[2J", "a\u{202e}b", &longer] {
        let run = van.run(&["name", TWO, name]);
        assert_eq!(run.code, 2, "{run}");
        assert!(run.stderr.contains("1 to 64 printable"), "{run}");
    }
    let run = van.run(&["name", TWO]);
    assert_eq!(run.code, 2, "{run}");
    assert!(!van.path("state").exists());
}
