//! Devices from files, in every format.

use std::{fmt::Write as _, fs, io::Write as _, process::Stdio};

use insta::assert_snapshot;

use crate::run::{Run, root, run, sadpctl};

const SHOP: &str = "fixtures/replies/shop.xml";

#[test]
fn table() {
    assert_snapshot!(run(&["decode", SHOP]));
}

#[test]
fn table_in_colour() {
    let run = run(&["decode", SHOP, "--color", "always"]);
    assert_snapshot!(run.stdout.replace('\x1b', "\\e"));
}

#[test]
fn wide_table() {
    assert_snapshot!(run(&["decode", SHOP, "--wide"]));
}

#[test]
fn json() {
    assert_snapshot!(run(&[
        "decode",
        "fixtures/captures/site.pcapng",
        "--format",
        "json"
    ]));
}

#[test]
fn ndjson() {
    assert_snapshot!(run(&[
        "decode",
        "fixtures/captures/site.pcap",
        "--format",
        "ndjson",
        "-q"
    ]));
}

#[test]
fn csv() {
    assert_snapshot!(
        run(&["decode", SHOP, "--format", "csv"])
            .stdout
            .replace("\r\n", "\n")
    );
}

#[test]
fn xml() {
    assert_snapshot!(run(&["decode", SHOP, "--format", "xml"]));
}

#[test]
fn messages() {
    assert_snapshot!(run(&[
        "decode",
        "fixtures/captures/site.pcap",
        "--messages"
    ]));
}

#[test]
fn messages_as_json() {
    assert_snapshot!(run(&[
        "decode",
        "fixtures/captures/site.pcap",
        "--messages",
        "--format",
        "json"
    ]));
}

#[test]
fn a_message_that_is_no_device_is_shown_when_asked_for() {
    assert_snapshot!(run(&[
        "decode",
        "fixtures/replies/refusal.xml",
        "--messages"
    ]));
}

#[test]
fn the_formats_hold_the_same_devices() {
    let json = run(&["decode", SHOP, "--format", "json"]).json();
    let ndjson = run(&["decode", SHOP, "--format", "ndjson"]);
    let lines: Vec<serde_json::Value> = ndjson
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(json.as_array(), Some(&lines));
    let table = run(&["decode", SHOP]).stdout;
    let csv = run(&["decode", SHOP, "--format", "csv"]).stdout;
    for device in &lines {
        let mac = device["mac"].as_str().unwrap();
        assert!(table.contains(mac) && csv.contains(mac), "{mac}");
    }
}

#[test]
fn what_people_paste_is_read() {
    let devices = |file: &str| {
        let path = format!("fixtures/captures/{file}");
        let run = run(&["decode", &path, "--format", "json"]);
        assert_eq!(run.code, 0, "{file}: {run}");
        let all = run.json();
        let mut devices: Vec<_> = all.as_array().unwrap().clone();
        for device in &mut devices {
            device.as_object_mut().unwrap().remove("seen");
        }
        devices
    };
    let site = devices("site.pcap");
    for (file, addresses) in [
        ("tcpdump-hex.txt", &["192.168.1.101"][..]),
        ("tcpdump-hex-text.txt", &["192.168.1.10", "192.168.1.101"]),
        (
            "tcpdump-hex-text-link.txt",
            &["192.168.1.64", "192.168.1.101"],
        ),
        ("wireshark.txt", &["192.168.1.101", "192.168.1.102"]),
        ("reply.xxd", &["192.168.1.101"]),
        ("reply.hex", &["192.168.1.101"]),
        ("frame.hex", &["192.168.1.101"]),
        ("hexdump-C.txt", &["192.168.1.101"]),
        ("c-array.txt", &["192.168.1.101"]),
        ("escaped.html", &["192.168.1.101"]),
    ] {
        let found = devices(file);
        let of = |device: &serde_json::Value| device["ipv4"]["address"].clone();
        assert_eq!(
            found.iter().map(of).collect::<Vec<_>>(),
            addresses,
            "{file}"
        );
        for device in found {
            assert!(site.contains(&device), "{file}: {device}");
        }
    }
}

#[test]
fn every_quirk_is_read() {
    let mut lines = String::new();
    let folder = root().join("fixtures/replies");
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    // These hold many devices.
    for file in files
        .iter()
        .filter(|file| !["shop.xml", "models.xml"].contains(&file.as_str()))
    {
        let path = format!("fixtures/replies/{file}");
        let run = run(&["decode", &path, "--format", "ndjson", "--quiet"]);
        let mut device = serde_json::from_str(&run.stdout).unwrap_or(serde_json::Value::Null);
        if let Some(device) = device.as_object_mut() {
            device.remove("raw");
        }
        writeln!(lines, "{file}: {} {device}", run.code).unwrap();
    }
    assert_snapshot!(lines);
}

#[test]
fn serials_models_and_versions_are_read_as_devices_write_them() {
    let file = "fixtures/replies/models.xml";
    let devices = run(&["decode", file, "--format", "json", "--sort", "mac"]).json();
    let mut lines = String::new();
    for device in devices.as_array().unwrap() {
        let keys = ["label", "model", "kind", "vendor"].map(|key| &device[key]);
        let [label, model, kind, vendor] = keys;
        let version = &device["firmware"]["version"];
        writeln!(lines, "{label} {model} {kind} {vendor} {version}").unwrap();
    }
    assert_snapshot!(lines);
    assert_snapshot!(run(&["decode", file, "--sort", "mac"]).stdout);
}

#[test]
fn hostile_text_reaches_no_terminal() {
    for format in ["table", "json", "ndjson", "csv", "xml"] {
        let run = run(&[
            "decode",
            "fixtures/replies/hostile-text.xml",
            "--format",
            format,
        ]);
        let text = run.stdout.replace("\r\n", "\n") + &run.stderr;
        let raw = |c: char| (c.is_control() && c != '\n') || ('\u{200b}'..='\u{206f}').contains(&c);
        assert!(!text.contains(raw), "{format}: {text:?}");
    }
    let csv = run(&[
        "decode",
        "fixtures/replies/hostile-text.xml",
        "--format",
        "csv",
    ])
    .stdout;
    assert!(csv.contains(",'=cmd|"), "{csv}");
    assert_snapshot!(csv.replace("\r\n", "\n"));
}

#[test]
fn captures_of_every_link_hold_the_same_two_devices() {
    let macs = |file: &str| {
        let path = format!("fixtures/captures/{file}");
        let devices = run(&["decode", &path, "--format", "json", "--sort", "mac"]).json();
        let devices = devices.as_array().unwrap().clone();
        devices
            .iter()
            .map(|device| device["mac"].clone())
            .collect::<Vec<_>>()
    };
    for file in [
        "linux-cooked.pcap",
        "linux-cooked-2.pcap",
        "raw-ip.pcap",
        "loopback.pcap",
        "site-big-endian-nanoseconds.pcap",
    ] {
        assert_eq!(
            macs(file),
            ["c4:2f:90:5a:10:01", "c4:2f:90:5a:10:02"],
            "{file}"
        );
    }
}

#[test]
fn hex_of_every_kind_holds_the_device() {
    for file in ["reply.hex", "reply.xxd", "frame.hex"] {
        let path = format!("fixtures/captures/{file}");
        let run = run(&["decode", &path, "--where", "mac=C42F.905A.1001"]);
        assert_eq!(run.code, 0, "{file}: {run}");
    }
}

#[test]
fn standard_input_is_read() {
    let mut child = sadpctl(&["decode", "-", "--format", "ndjson"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let shop = fs::read(root().join(SHOP)).unwrap();
    child.stdin.take().unwrap().write_all(&shop).unwrap();
    let run: Run = child.wait_with_output().unwrap().into();
    assert_eq!((run.code, run.stdout.lines().count()), (0, 8), "{run}");
}

#[test]
fn devices_are_chosen_and_sorted() {
    let serials = |arguments: &[&str]| {
        let mut all = vec!["decode", SHOP, "--format", "json"];
        all.extend(arguments);
        let devices = run(&all).json();
        let devices = devices.as_array().unwrap().clone();
        devices
            .iter()
            .map(|device| device["ipv4"]["address"].as_str().unwrap_or("-").to_owned())
            .collect::<Vec<_>>()
    };
    let unactivated = ["192.168.1.64", "192.168.1.64"];
    assert_eq!(serials(&["--where", "state=unactivated"]), unactivated);
    assert_eq!(
        serials(&["--where", "warnings=duplicate-ip,ports.http=80"]),
        unactivated
    );
    assert_eq!(
        serials(&["--where", "model~7608,disks=2"]),
        ["192.168.1.10"]
    );
    assert_eq!(
        serials(&["--where", "state!=unactivated", "--sort", "ipv4.address"]),
        [
            "10.20.0.17",
            "192.168.1.9",
            "192.168.1.10",
            "192.168.1.20",
            "192.168.1.101",
            "192.168.1.102"
        ]
    );
    let by_firmware = serials(&["--sort", "firmware.version"]);
    assert_eq!(
        by_firmware.first().map(String::as_str),
        Some("192.168.1.10")
    );
    assert_eq!(
        by_firmware.last().map(String::as_str),
        Some("192.168.1.20"),
        "nulls come last"
    );
}

#[test]
fn a_torn_capture_is_read_as_far_as_it_goes() {
    assert_snapshot!(run(&["decode", "fixtures/captures/site-truncated.pcap"]));
    assert_snapshot!(run(&["decode", "fixtures/captures/site-truncated.pcapng"]));
}

#[test]
fn a_closed_reader_is_success() {
    let mut child = sadpctl(&["decode", SHOP, "--format", "xml"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let run: Run = child.wait_with_output().unwrap().into();
    assert_eq!(run.code, 0, "{run}");
    assert!(!run.stderr.contains("error"), "{run}");
}

#[test]
fn real_devices_captured_are_read() {
    let folder = root().join("../shared/captures");
    let Ok(files) = fs::read_dir(folder) else {
        // They are no part of the repository.
        return;
    };
    for file in files {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "xml") {
            let run = run(&["decode", path.to_str().unwrap(), "--format", "json"]);
            assert_eq!(run.code, 0, "{}: {run}", path.display());
            assert_eq!(run.json().as_array().map(Vec::len), Some(1));
        }
    }
}

const LINK_LAYER: &str = "fixtures/captures/link-layer.pcapng";

#[test]
fn frames_of_the_link_layer_are_devices_too() {
    let devices = run(&["decode", LINK_LAYER, "--format", "json"]).json();
    let via = |device: &serde_json::Value| -> Vec<String> {
        let seen = device["seen"].as_array().unwrap();
        seen.iter().map(|seen| seen["via"].to_string()).collect()
    };
    let ways: Vec<_> = devices.as_array().unwrap().iter().map(via).collect();
    assert_eq!(ways.len(), 2);
    assert!(
        ways.contains(&vec!["\"link-layer\"".to_owned()]),
        "{ways:?}"
    );
    assert!(ways.iter().any(|ways| ways.len() == 2), "{ways:?}");
}

#[test]
fn frames_are_shown_message_by_message() {
    assert_snapshot!(run(&["decode", LINK_LAYER, "--messages"]));
    assert_snapshot!(run(&[
        "decode",
        "fixtures/captures/link-inquiry-request.hex",
        "--messages"
    ]));
}

#[test]
fn a_redacted_capture_names_nobody_and_shows_the_same() {
    let folder = tempfile::tempdir().unwrap();
    for capture in [LINK_LAYER, "fixtures/captures/site.pcapng"] {
        let out = folder.path().join(capture.replace('/', "-"));
        let out = out.to_str().unwrap();
        let before = run(&["decode", capture, "--format", "json"]).json();
        let printed = run(&[
            "decode", capture, "--redact", "--format", "json", "--out", out,
        ]);
        let after = run(&["decode", out, "--format", "json"]);
        let written = fs::read(out).unwrap();
        let written = String::from_utf8_lossy(&written).into_owned();
        let (before, devices) = (before.as_array().unwrap(), after.json());
        assert_eq!(devices.as_array().unwrap().len(), before.len(), "{after}");
        assert_eq!(
            printed.json(),
            devices,
            "what is printed is what is written"
        );
        let what = |devices: &[serde_json::Value]| {
            let what = |it: &serde_json::Value| {
                format!(
                    "{} {} {} {}",
                    it["model"], it["state"], it["firmware"], it["ports"]
                )
            };
            let mut what: Vec<_> = devices.iter().map(what).collect();
            what.sort();
            what
        };
        assert_eq!(what(before), what(devices.as_array().unwrap()));
        for device in before {
            for gone in [
                &device["serial"],
                &device["mac"],
                &device["ipv4"]["address"],
                &device["raw"]["MAC"],
                &device["raw"]["Salt"],
            ] {
                let Some(gone) = gone.as_str() else { continue };
                for (place, text) in [("stdout", &printed.stdout), ("file", &written)] {
                    assert!(!text.contains(gone), "{gone} in {place}");
                }
            }
        }
        let again = run(&["decode", capture, "--redact", "--out", out]);
        assert_eq!(again.code, 5, "{again}");
    }
    let xml = run(&["decode", SHOP, "--redact", "--format", "csv"]).stdout;
    assert!(!xml.contains("192.168.1.100"), "{xml}");
}

#[cfg(unix)]
#[test]
fn the_link_layer_does_not_apply_to_loopback() {
    let run = run(&["-i", "127.0.0.1", "scan", "--link-layer", "on"]);
    assert_eq!(run.code, 5, "{run}");
    assert!(run.stderr.contains("do not apply"), "{run}");
    assert!(run.stderr.contains("hint:"), "{run}");
}

/// Commands of the vendor's tool that no command here sends.
#[test]
fn commands_that_are_only_read_are_shown_by_name() {
    let serials = "<DeviceSNList><DeviceSN>DS-1</DeviceSN></DeviceSNList>";
    let requests = [
        ("getBindList", ""),
        ("setBindList", "<unbindAll>true</unbindAll>"),
        ("setWifiRegion", "<wifiRegion>europe</wifiRegion>"),
        ("diskLocate", ""),
        ("selfCheck", ""),
    ];
    let mut input = String::new();
    for (types, body) in requests {
        let header = format!("<Uuid>U1</Uuid><MAC>44-47-cc-00-00-01</MAC><Types>{types}</Types>");
        writeln!(input, "<Probe>{header}{body}</Probe>").unwrap();
    }
    let header = "<Uuid>U1</Uuid><Types>getBindList</Types><MAC>44-47-cc-00-00-01</MAC>";
    let reply = format!("{header}<Result>success</Result>{serials}");
    writeln!(input, "<ProbeMatch>{reply}</ProbeMatch>").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("messages.xml");
    fs::write(&file, input).unwrap();
    let run = run(&["decode", file.to_str().unwrap(), "--messages"]);
    assert_eq!(run.code, 0, "{run}");
    for (number, (types, _)) in (1..).zip(requests) {
        let head = format!("{number}. request {types}\n");
        assert!(run.stdout.contains(&head), "{head}: {run}");
    }
    for text in [
        "6. command-reply getBindList\n",
        "    DeviceSNList/DeviceSN: DS-1\n",
    ] {
        assert!(run.stdout.contains(text), "{text}: {run}");
    }
}
