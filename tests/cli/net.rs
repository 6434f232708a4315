//! Network settings of simulated devices: one by one, and by a plan.

use std::{fs, path::Path};

use calamine::{Reader, Xlsx, open_workbook};
use insta::assert_snapshot;
use serde_json::Value;

use crate::{
    activate::Van,
    run::{Run, run, sadpctl},
};

const PASSWORD: &str = "Simulated-7";
const ONE: &str = "44:47:cc:00:00:01";
const TWO: &str = "44:47:cc:00:00:02";

/// Two installed cameras, one from the box, and an old recorder.
const SHOP: &str = r#"
[defaults]
mask = "255.255.255.0"
gateway = "192.168.1.1"

[[device]]
profile = "ipc-v5.5.82"
mac = "44:47:cc:00:00:01"
ip = "192.168.1.101"

[[device]]
profile = "ipc-v5.5.82"
mac = "44:47:cc:00:00:02"
ip = "192.168.1.102"

[[device]]
profile = "ipc-v5.5.82"
mac = "44:47:cc:00:00:03"
ip = "192.168.1.64"
activated = false

[[device]]
profile = "dvr-v3.4.89"
mac = "44:47:cc:00:00:04"
ip = "192.168.1.106"
fields = { Encrypt = "false" }
"#;

fn send(van: &Van, password: &str, arguments: &[&str]) -> Run {
    let file = van.file(password);
    let more = ["--yes", "--format", "json", "--password-file", &file];
    van.run(&[arguments, &more].concat())
}

fn apply(van: &Van, password: &str, plan: &str) -> Run {
    let path = van.path("plan.csv");
    fs::write(&path, plan).unwrap();
    send(van, password, &["net", "apply", path.to_str().unwrap()])
}

/// Each device's MAC, result and message, by MAC.
fn told(run: &Run) -> Vec<(String, String, String)> {
    let outcomes = run.json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut told: Vec<_> = outcomes
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            let mac = text(&it["device"]["mac"]);
            (mac, text(&it["result"]), text(&it["message"]))
        })
        .collect();
    told.sort();
    told
}

fn address(van: &Van, mac: &str) -> String {
    let run = van.run(&["net", "show", mac, "--format", "json"]);
    assert_eq!(run.code, 0, "{run}");
    run.json()["ipv4"]["address"].as_str().unwrap().into()
}

#[test]
fn an_account_that_is_not_reported_has_to_be_named() {
    let van = Van::new(
        r#"
        [[device]]
        profile = "ipc-v5.8.4-account"
        mac = "44:47:cc:00:00:01"
        ip = "192.168.1.101"
        "#,
    );
    let set = ["net", "set", ONE, "--http-port", "81"];
    let run = send(&van, PASSWORD, &set);
    assert_eq!(run.code, 4, "{run}");
    let outcome = &run.json()[0];
    assert_eq!(outcome["result"], "skipped", "{run}");
    assert!(outcome["message"].as_str().unwrap().contains("2037"));
    assert!(outcome["next"].as_str().unwrap().contains("--account"));
    let run = send(
        &van,
        PASSWORD,
        &[&set[..], &["--account", "admin"]].concat(),
    );
    assert_eq!(run.json()[0]["refusal"], "PasswordError", "{run}");
    let named = [&set[..], &["--account", "installer"]].concat();
    // After the wrong password above it is asked for by name.
    let run = send(
        &van,
        PASSWORD,
        &[&named[..], &["--force", "refused-before"]].concat(),
    );
    assert_eq!((run.code, &*told(&run)[0].1), (0, "done"), "{run}");
    let run = send(
        &van,
        PASSWORD,
        &["net", "set", ONE, "--http-port", "82", "--account", ""],
    );
    assert_eq!(run.code, 2, "{run}");
}

#[test]
fn what_a_device_does_not_show_has_to_be_given() {
    let van = Van::new(
        r#"
        [defaults]
        mask = "255.255.255.0"
        gateway = "192.168.1.1"

        [[device]]
        profile = "ipc-v5.8.10"
        mac = "44:47:cc:00:00:01"
        ip = "192.168.1.101"
        omit = ["CommandPort", "HttpPort"]
        "#,
    );
    let set = ["net", "set", ONE, "--ip", "192.168.1.111"];
    let run = send(&van, PASSWORD, &set);
    assert_eq!(run.code, 2, "{run}");
    assert!(run.stderr.contains("--sdk-port"), "{run}");
    let given = [&set[..], &["--sdk-port", "8000"]].concat();
    let run = send(&van, PASSWORD, &given);
    assert_eq!(address(&van, ONE), "192.168.1.111", "{run}");
}

#[test]
fn one_device_is_changed_and_seen_to_be() {
    let van = Van::new(SHOP);
    let set = [
        "net",
        "set",
        ONE,
        "--ip",
        "192.168.1.111",
        "--http-port",
        "81",
    ];
    let planned = van.run(&[&set[..], &["--dry-run", "--format", "json"]].concat());
    assert_eq!(told(&planned)[0].1, "planned", "{planned}");
    assert_eq!(address(&van, ONE), "192.168.1.101");
    let run = send(&van, PASSWORD, &set);
    assert_eq!(run.code, 0, "{run}");
    let outcome = &run.json()[0];
    assert_eq!(outcome["action"], "net-set");
    assert_eq!(outcome["result"], "done");
    let data = &outcome["data"];
    assert_eq!(data["before"]["ipv4"]["address"], "192.168.1.101");
    assert_eq!(data["after"]["ipv4"]["address"], "192.168.1.111");
    assert_eq!(data["before"]["ipv6"], data["after"]["ipv6"]);
    assert_eq!(data["confirmed"], true);
    assert_eq!(address(&van, ONE), "192.168.1.111");
    let again = send(&van, PASSWORD, &set);
    assert_eq!(
        (again.code, told(&again)[0].2.as_str()),
        (0, "no change needed")
    );
    let shown = van.run(&["net", "show", ONE]);
    for text in ["192.168.1.111", "gateway", "HTTP port           81"] {
        assert!(shown.stdout.contains(text), "{text}: {shown}");
    }
}

#[test]
fn what_could_do_harm_is_not_sent() {
    let van = Van::new(SHOP);
    let refusals: [(i32, &[&str], &str); 8] = [
        (
            4,
            &[ONE, "--ip", "192.168.1.102"],
            "192.168.1.102 is taken by 44:47:cc:00:00:02",
        ),
        (
            2,
            &[ONE, "--ip", "127.0.0.1"],
            "127.0.0.1 is not a valid address for a device",
        ),
        (
            2,
            &[ONE, "--ip", "192.168.1.255"],
            "network or broadcast address",
        ),
        (
            2,
            &[ONE, "--mask", "255.0.255.0"],
            "255.0.255.0 is not a valid subnet mask",
        ),
        (2, &[ONE, "--ip", "10.0.0.9"], "is not in 10.0.0.0/24"),
        (
            2,
            &[ONE, "--dhcp", "on", "--ip", "192.168.1.9"],
            "with DHCP on",
        ),
        (
            4,
            &["44:47:cc:00:00:03", "--http-port", "81"],
            "activate it first",
        ),
        (
            4,
            &["44:47:cc:00:00:04", "--http-port", "81"],
            "--allow-replayable",
        ),
    ];
    // What cannot be meant is usage, as in a plan.
    for (code, arguments, text) in refusals {
        let run = send(&van, PASSWORD, &[&["net", "set"], arguments].concat());
        assert_eq!(run.code, code, "{arguments:?}: {run}");
        assert!(run.to_string().contains(text), "{text}: {run}");
    }
    let old = ["net", "set", "44:47:cc:00:00:04", "--http-port", "81"];
    let run = send(
        &van,
        PASSWORD,
        &[&old[..], &["--allow-replayable"]].concat(),
    );
    assert_eq!((run.code, told(&run)[0].1.as_str()), (0, "done"), "{run}");
}

#[test]
fn a_wrong_password_is_counted_and_reaches_no_second_device() {
    let van = Van::new(SHOP);
    let plan = format!("mac,ip\n{ONE},192.168.1.111\n{TWO},192.168.1.112\n");
    let run = apply(&van, "Guessed-99", &plan);
    assert_eq!(run.code, 1, "{run}");
    let outcomes = run.json();
    assert_eq!(outcomes[0]["refusal"], "PasswordError", "{run}");
    assert_eq!(outcomes[0]["number"], 2024);
    assert_eq!(outcomes[0]["tries_left"], 6);
    assert_eq!(outcomes[1]["result"], "skipped");
    let message = outcomes[1]["message"].as_str().unwrap();
    assert!(message.contains("a device refused the password"), "{run}");
    // The second has all of its tries: this is its first.
    let set = ["net", "set", TWO, "--http-port", "81"];
    let run = send(&van, "Guessed-99", &set);
    assert_eq!(run.json()[0]["tries_left"], 6, "{run}");
    let record = fs::read_to_string(van.path("plan.result.csv")).unwrap();
    assert!(
        record.starts_with("mac,ip,old_ip,new_ip,result,verified_at,message\r\n"),
        "{record}"
    );
    assert_eq!(record.lines().count(), 3, "{record}");
    assert!(!format!("{run}{record}").contains("Guessed-99"));
}

/// The plan's columns come back, those that mean nothing here too, with what became
/// of each device; the next run writes the file again.
#[test]
fn the_result_of_a_plan_is_a_record_that_each_run_rewrites() {
    let van = Van::new(SHOP);
    let plan = format!(
        "place,mac,ip,result\r\n\"door, left\",{ONE},192.168.1.111,old\r\n=gate,{TWO},192.168.1.112,\r\n"
    );
    fs::write(van.path("plan.result.csv"), "mine\n").unwrap();
    let run = apply(&van, PASSWORD, &plan);
    assert_eq!(run.code, 5, "{run}");
    assert!(
        run.stderr.contains("plan.result.csv is there already"),
        "{run}"
    );
    fs::remove_file(van.path("plan.result.csv")).unwrap();
    let run = apply(&van, PASSWORD, &plan);
    assert_eq!(run.code, 0, "{run}");
    let record = || fs::read_to_string(van.path("plan.result.csv")).unwrap();
    let first = record();
    let lines: Vec<_> = first.lines().collect();
    assert_eq!(
        lines[0],
        "place,mac,ip,old_ip,new_ip,result,verified_at,message"
    );
    let begins = format!("\"door, left\",{ONE},192.168.1.111,192.168.1.101,192.168.1.111,done,20");
    assert!(lines[1].starts_with(&begins), "{first}");
    assert!(lines[2].starts_with("'=gate,"), "{first}");
    let run = apply(&van, PASSWORD, &plan);
    assert_eq!(run.code, 0, "{run}");
    let second = record();
    assert_eq!(second.matches(",skipped,20").count(), 2, "{second}");
    let file = van.file(PASSWORD);
    let path = van.path("plan.csv");
    let table = ["net", "apply", path.to_str().unwrap(), "--yes"];
    let table = van.run(&[&table[..], &["--password-file", &file]].concat());
    assert!(
        table.stderr.trim_end().ends_with("2 of 2 verified"),
        "{table}"
    );
}

/// The list of the vendor's tool has the columns of a plan; so has this tool's CSV. Saved
/// again by a spreadsheet, and with a column of passwords, which goes nowhere.
#[test]
fn a_device_list_of_the_vendors_tool_is_a_plan() {
    let van = Van::new(SHOP);
    let installed = format!("mac={ONE}|{TWO}");
    let list = van.run(&["scan", "--format", "csv", "--where", &installed]);
    let list = list.stdout.replace("192.168.1.101", "192.168.1.111");
    let list = list.replacen("MAC Address", "Password,MAC Address", 1);
    let list = list.replace("44:47:cc", "Garden-77x,44:47:cc");
    let text = format!("\u{feff}sep=,\r\n{list}");
    let path = van.path("plan.csv");
    let bytes = text.encode_utf16().flat_map(u16::to_le_bytes);
    fs::write(&path, bytes.collect::<Vec<_>>()).unwrap();
    let run = send(&van, PASSWORD, &["net", "apply", path.to_str().unwrap()]);
    assert_eq!(run.code, 0, "{run}");
    let results: Vec<_> = told(&run).into_iter().map(|it| it.1).collect();
    assert_eq!(results, ["done", "skipped"], "{run}");
    assert_eq!(address(&van, ONE), "192.168.1.111");
    let warning = "the column \"Password\" is not read";
    assert!(run.stderr.contains(warning), "{run}");
    let record = fs::read_to_string(van.path("plan.result.csv")).unwrap();
    assert!(record.contains("Device Serial No."), "{record}");
    assert!(
        !record.contains("Password") && !record.contains("Garden"),
        "{record}"
    );
}

/// Of a site whose devices have good addresses, none is moved.
/// The first sheet of a workbook, row by row.
fn sheet(path: &Path) -> Vec<Vec<String>> {
    let mut workbook: Xlsx<_> = open_workbook(path).unwrap();
    let range = workbook.worksheet_range_at(0).unwrap().unwrap();
    let rows = range.rows();
    rows.map(|row| row.iter().map(ToString::to_string).collect())
        .collect()
}

#[test]
fn a_workbook_is_written_and_applied_as_a_csv_file_is() {
    let van = Van::new(SHOP);
    let plan = |name: &str| {
        let path = van.path(name);
        let out = path.to_str().unwrap();
        let plan = van.run(&[
            "net",
            "plan",
            "--from",
            "192.168.1.20",
            "--all",
            "--out",
            out,
        ]);
        assert_eq!((plan.code, &*plan.stdout), (0, ""), "{plan}");
        assert!(plan.stderr.contains(&format!("written: {out}")), "{plan}");
        path
    };
    let (csv, workbook) = (plan("plan.csv"), plan("plan.xlsx"));
    let rows = sheet(&workbook);
    let lines = fs::read_to_string(&csv).unwrap();
    let lines: Vec<_> = lines
        .lines()
        .map(|line| line.split(',').collect::<Vec<_>>())
        .collect();
    assert_eq!(rows, lines);
    let dry = |path: &Path| {
        let path = path.to_str().unwrap();
        van.run(&["net", "apply", path, "--dry-run", "--format", "json"])
            .json()
    };
    assert_eq!(dry(&workbook), dry(&csv));
    let applied = send(
        &van,
        PASSWORD,
        &["net", "apply", workbook.to_str().unwrap()],
    );
    assert!(applied.stderr.contains("plan.result.csv"), "{applied}");
    let planned = rows.iter().find(|row| row[0] == TWO).unwrap();
    assert_eq!(address(&van, TWO), planned[2], "{applied}");
}

#[test]
fn a_list_goes_into_a_new_file_whose_ending_chooses_the_format() {
    let van = Van::new(SHOP);
    let scan = |more: &[&str]| van.run(&[&["scan"], more].concat());
    let path = van.path("devices.xlsx");
    let out = path.to_str().unwrap();
    let written = scan(&["--out", out]);
    assert_eq!((written.code, &*written.stdout), (0, ""), "{written}");
    let csv = scan(&["--format", "csv"]).stdout;
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let mut lines = vec![reader.headers().unwrap().clone()];
    lines.extend(reader.records().map(Result::unwrap));
    let lines: Vec<Vec<_>> = lines
        .iter()
        .map(|it| it.iter().map(str::to_owned).collect())
        .collect();
    // Ports, MACs, dates and numbers with leading zeros are as in the CSV.
    assert_eq!(sheet(&path), lines);
    for (arguments, code, said) in [
        (vec!["--out", out], 5, "name a new file"),
        (vec!["--format", "xlsx"], 2, "add --out FILE.xlsx"),
        (vec!["--out", "/no/such/folder/a.csv"], 5, "name a new file"),
    ] {
        let run = scan(&arguments);
        assert_eq!(run.code, code, "{run}");
        assert!(run.stderr.contains(said), "{run}");
    }
    let watch = van.run(&["watch", "--plain", "--out", "a.csv"]);
    assert_eq!(watch.code, 2, "{watch}");
    assert!(watch.stderr.contains("prints no list"), "{watch}");
    let decoded = run(&["decode", out, "--format", "xlsx"]);
    assert!(decoded.stderr.contains("no XLSX form"), "{decoded}");
    let json = van.path("devices.json");
    assert_eq!(scan(&["--out", json.to_str().unwrap()]).code, 0);
    let devices: Value = serde_json::from_slice(&fs::read(&json).unwrap()).unwrap();
    assert_eq!(devices.as_array().unwrap().len(), 4);
    let text = van.path("devices.txt");
    assert_eq!(
        scan(&["--color", "always", "--out", text.to_str().unwrap()]).code,
        0
    );
    let text = fs::read_to_string(&text).unwrap();
    assert!(
        text.starts_with("STATE") && !text.contains('\u{1b}'),
        "{text}"
    );
}

#[test]
fn a_plan_is_for_the_devices_that_need_an_address() {
    let van = Van::new(SHOP);
    let from = ["net", "plan", "--from", "192.168.1.150"];
    let plan = van.run(&from);
    assert_eq!(plan.code, 0, "{plan}");
    let planned = plan.stdout.lines().count();
    let all = van.run(&[&from[..], &["--all"]].concat());
    assert!(planned < all.stdout.lines().count(), "{plan}{all}");
    assert!(plan.stdout.contains("44:47:cc:00:00:03"), "{plan}");
    assert!(!plan.stdout.contains(ONE), "{plan}");
    assert!(
        plan.stderr.contains("--all plans new ones for all"),
        "{plan}"
    );
    let chosen = van.run(&[&from[..], &["--where", &format!("mac={ONE}")]].concat());
    assert_eq!(chosen.stdout.lines().count(), 2, "{chosen}");
}

/// What never ends tells no size.
#[cfg(unix)]
#[test]
fn no_more_of_a_plan_is_read_than_a_plan_can_have() {
    let run = run(&["net", "apply", "/dev/zero", "--dry-run"]);
    assert_eq!(run.code, 2, "{run}");
    assert!(run.stderr.contains("too large for a plan"), "{run}");
}

#[test]
fn a_refusal_in_any_words_ends_the_batch() {
    for (word, message) in [
        ("denied", "the password may be wrong"),
        ("failed", "the password may be wrong"),
        ("locked", "a device that is locked"),
    ] {
        let refuse = format!("refuse = {{ update = {{ word = \"{word}\", retry_times = 3 }} }}\n");
        let site = (1u8..=4).map(|last| {
            format!(
                "[[device]]\nprofile = \"ipc-v5.5.82\"\nmac = \"44:47:cc:00:00:0{last}\"\n\
                 ip = \"192.168.1.10{last}\"\n{refuse}"
            )
        });
        let defaults = "[defaults]\nmask = \"255.255.255.0\"\ngateway = \"192.168.1.1\"\n";
        let van = Van::new(&format!("{defaults}{}", site.collect::<String>()));
        let plan = (1u8..=4).map(|last| format!("44:47:cc:00:00:0{last},192.168.1.11{last}\n"));
        let plan = format!("mac,ip\n{}", plan.collect::<String>());
        let run = apply(&van, PASSWORD, &plan);
        assert_eq!(run.code, 1, "{word}: {run}");
        let told = told(&run);
        let sent = told.iter().filter(|it| it.1 == "refused").count();
        assert_eq!(sent, 1, "{word}: {run}");
        for (_, result, why) in told.iter().filter(|it| it.1 != "refused") {
            assert_eq!(result, "skipped", "{word}: {run}");
            assert!(why.contains(message), "{word}: {run}");
        }
    }
}

/// What a slow device says is waited for before the next is asked.
#[test]
fn a_wrong_password_reaches_no_second_device_where_answers_are_late() {
    let plan = format!("mac,ip\n{ONE},192.168.1.111\n{TWO},192.168.1.112\n");
    for parallel in ["1", "8"] {
        let van = Van::attacked(SHOP, &["--delay", "1100ms"]);
        let path = van.path("plan.csv");
        fs::write(&path, &plan).unwrap();
        let apply = [
            "net",
            "apply",
            path.to_str().unwrap(),
            "--parallel",
            parallel,
        ];
        let run = send(
            &van,
            "Guessed-99",
            &[&apply[..], &["--wait", "3s"]].concat(),
        );
        assert_eq!(run.code, 1, "{parallel}: {run}");
        let results = told(&run).into_iter().map(|it| it.1);
        assert_eq!(
            results.collect::<Vec<_>>(),
            ["refused", "skipped"],
            "{parallel}: {run}"
        );
    }
}

#[test]
fn a_refused_password_is_not_sent_by_the_next_run() {
    let van = Van::new(SHOP);
    let set = ["net", "set", ONE, "--http-port", "81"];
    for (number, code) in [(1, 1), (2, 4), (3, 4), (4, 4), (5, 4)] {
        let run = send(&van, "Guessed-99", &set);
        assert_eq!((run.code, van.sent()), (code, 1), "{number}: {run}");
        if code == 4 {
            let outcome = &run.json()[0];
            let next = outcome["next"].as_str().unwrap();
            assert!(next.contains("--force refused-before"), "{run}");
        }
    }
    let right = [&set[..], &["--force", "refused-before"]].concat();
    assert_eq!(send(&van, PASSWORD, &right).code, 0);
}

#[test]
fn the_last_tries_need_force_and_a_lock_is_waited_for() {
    let site = "[[device]]\nprofile = \"ipc-v5.5.82\"\nmac = \"44:47:cc:00:00:01\"\nip = \"192.168.1.101\"\ntries = 4\n";
    let van = Van::new(site);
    let set = ["net", "set", ONE, "--http-port", "81"];
    let forced = [
        &set[..],
        &["--force", "few-tries", "--force=refused-before"],
    ]
    .concat();
    for left in [3, 2] {
        let again = [&set[..], &["--force", "refused-before"]].concat();
        let run = send(&van, "Guessed-99", &again);
        assert_eq!(
            (run.code, &run.json()[0]["tries_left"]),
            (1, &left.into()),
            "{run}"
        );
    }
    let run = send(&van, "Guessed-98", &set);
    assert_eq!(run.code, 4, "{run}");
    assert_eq!(run.json()[0]["result"], "skipped", "{run}");
    let run = send(&van, "Guessed-98", &forced);
    assert_eq!(
        run.json()[0]["tries_left"],
        1,
        "nothing was sent before: {run}"
    );
    let run = send(&van, "Guessed-97", &forced);
    assert_eq!(run.json()[0]["number"], 2018, "{run}");
    assert_eq!(run.json()[0]["lock_minutes"], 30, "{run}");
    let scan = van.run(&["scan", "--where", "state=locked", "--format", "json"]);
    assert_eq!(scan.code, 0, "{scan}");
    assert!(scan.json()[0]["locked_until"].is_string(), "{scan}");
    let run = send(&van, PASSWORD, &set);
    assert_eq!(
        (run.code, &run.json()[0]["result"]),
        (4, &"skipped".into()),
        "{run}"
    );
}

#[test]
fn two_devices_swap_their_addresses() {
    let van = Van::new(SHOP);
    let plan = format!("mac,ip\n{ONE},192.168.1.102\n{TWO},192.168.1.101\n");
    let run = apply(&van, PASSWORD, &plan);
    assert_eq!(run.code, 0, "{run}");
    assert!(run.stderr.contains("goes to 192.168.1.254 first"), "{run}");
    assert!(told(&run).iter().all(|it| it.1 == "done"), "{run}");
    assert_eq!(address(&van, ONE), "192.168.1.102");
    assert_eq!(address(&van, TWO), "192.168.1.101");
}

#[test]
fn devices_that_cannot_be_changed_hold_up_only_who_wants_their_place() {
    let van = Van::new(SHOP);
    let plan = format!(
        "mac,ip\n{ONE},192.168.1.64\n{TWO},192.168.1.101\n44:47:cc:00:00:03,192.168.1.65\n\
         44:47:cc:00:00:04,192.168.1.66\n44:47:cc:00:00:09,192.168.1.67\n"
    );
    let run = apply(&van, PASSWORD, &plan);
    // A device that is not there outweighs those held back.
    assert_eq!(run.code, 1, "{run}");
    let told = told(&run);
    assert!(told.iter().all(|it| it.1 == "skipped"), "{run}");
    assert!(told[0].2.contains("192.168.1.64 is taken"), "{run}");
    assert!(told[1].2.contains("192.168.1.101 is taken"), "{run}");
    assert!(told[4].2.contains("no such device"), "{run}");
    let nobody = apply(&van, PASSWORD, "mac,ip\n44:47:cc:00:00:09,192.168.1.67\n");
    assert_eq!(nobody.code, 3, "{nobody}");
}

#[test]
fn a_plan_is_carried_out_however_much_is_lost() {
    let van = Van::new(
        "seed = 5\n[defaults]\nloss = 0.2\nmask = \"255.255.255.0\"\ngateway = \"192.168.1.1\"\n\
         [[device]]\nprofile = \"ipc-v5.5.82\"\ncount = 20\nip = \"192.168.1.101\"\n",
    );
    let plan = van.run(&["net", "plan", "--from", "192.168.1.121", "--all"]);
    assert_eq!((plan.code, plan.stdout.lines().count()), (0, 21), "{plan}");
    let mut finished = 0;
    let mut runs = 0;
    while finished < 20 {
        let run = apply(&van, PASSWORD, &plan.stdout);
        let told = told(&run);
        assert_eq!(told.len(), 20, "{run}");
        assert!(told.iter().all(|it| it.1 != "refused"), "{run}");
        let already = told.iter().filter(|it| it.2 == "no change needed").count();
        assert!(already >= finished, "{run}");
        let done = told.iter().filter(|it| it.1 == "done").count();
        finished = already + done;
        runs += 1;
        assert!(runs < 20, "it comes to no end: {run}");
    }
    let run = apply(&van, PASSWORD, &plan.stdout);
    assert_eq!(run.code, 0, "{run}");
    assert!(
        told(&run).iter().all(|it| it.2 == "no change needed"),
        "{run}"
    );
}

#[test]
fn results_are_never_written_over_another_file() {
    let van = Van::new(SHOP);
    let (plan, taken) = (van.path("plan.csv"), van.path("results.csv"));
    fs::write(&plan, format!("mac,ip\n{ONE},192.168.1.111\n")).unwrap();
    fs::write(&taken, "mine").unwrap();
    let paths = [plan, taken.clone()].map(|path| path.to_str().unwrap().to_owned());
    let apply = ["net", "apply", &paths[0], "--result", &paths[1]];
    let run = send(&van, PASSWORD, &apply);
    assert_eq!((run.code, run.stdout.as_str()), (5, ""), "{run}");
    assert!(run.stderr.contains("is there already"), "{run}");
    assert_eq!(fs::read(&taken).unwrap(), b"mine");
    assert_eq!(address(&van, ONE), "192.168.1.101", "nothing was sent");
}

#[test]
fn plans_that_cannot_be_read_send_nothing() {
    let list = "Device Type,Device Serial No.,IPv4 Address\r\nDS-2CD2143G0-I,DS-2CD2143G0-I20190910AAWRD12345678,192.168.1.64\r\n";
    for (name, content) in [
        ("vendor-list-without-mac.csv", list.as_bytes()),
        (
            "workbook.xlsx",
            b"PK\x03\x04\x14\0[Content_Types].xml xl/workbook.xml",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(name), content).unwrap();
        let mut command = sadpctl(&["net", "apply", name, "--dry-run", "-i", "127.0.0.1"]);
        let run = Run::from(command.current_dir(&folder).output().unwrap());
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{run}");
        assert_snapshot!(
            format!("plan-{}", name.split('.').next().unwrap()),
            run.stderr
        );
    }
    for name in ["errors", "no-columns"] {
        let plan = format!("fixtures/plans/{name}.csv");
        let run = run(&["net", "apply", &plan, "--dry-run", "-i", "127.0.0.1"]);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{run}");
        assert_snapshot!(format!("plan-{name}"), run.stderr);
    }
    // As net plan writes it where all devices keep their addresses.
    for more in [&["--yes"][..], &["--dry-run"]] {
        let apply = [
            "net",
            "apply",
            "fixtures/plans/empty.csv",
            "-i",
            "127.0.0.1",
        ];
        let run = run(&[&apply[..], more].concat());
        assert_eq!((run.code, run.stdout.as_str()), (0, ""), "{run}");
        assert_eq!(run.stderr, "nothing to do: no device is planned\n", "{run}");
    }
    let missing = run(&["net", "apply", "no-plan.csv", "--dry-run"]);
    assert_eq!(missing.code, 5, "{missing}");
    let nothing = run(&["net", "set", ONE, "--yes"]);
    assert_eq!(nothing.code, 2, "{nothing}");
    let unasked = run(&["net", "set", ONE, "--dhcp", "on"]);
    assert_eq!(unasked.code, 2, "{unasked}");
}
