//! The simulated vendor support.

use std::{
    fs,
    path::{Path, PathBuf},
};

use sadp_sim::vendor_support::{self, MailCode, RequestText};
use tempfile::TempDir;

use crate::run::{Run, run};

const BY_KEY: &str =
    "SADPCTL-SIMULATED-REQUEST:file-or-key:c42f90000005:0123456789abcdef0123456789abcdef";
const BY_FILE: &str =
    "SADPCTL-SIMULATED-REQUEST:file:c42f90000006:fedcba9876543210fedcba9876543210";
const QR: &str = "SADPCTL-SIMULATED-MAIL:c42f90000005:00112233445566778899aabbccddeeff";
const LEGACY: &str = r#"{"format":"sadpctl-request","version":1,
    "device":{"serial":"DS-2CD2432F-IW20141201CCCH123456789","mac":null,"boot_time":"2026-11-01T08:05:09"},
    "request":{"kind":"legacy-code","command":null,"sha256":null},"exported_at":"2026-11-22T10:00:00Z"}"#;

struct Folder(TempDir);

impl Folder {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        for (name, content) in files {
            let path = folder.path(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }
}

fn vendor(requests: &[&Path], out: &Path, options: &[&str]) -> Run {
    let mut arguments = vec!["sim", "vendor"];
    arguments.extend(requests.iter().map(|path| path.to_str().unwrap()));
    arguments.extend(["--out", out.to_str().unwrap()]);
    arguments.extend(options);
    run(&arguments)
}

#[test]
fn a_request_is_answered_with_the_serial_number_behind_it_and_without() {
    let full = format!("{BY_KEY}DS-7608NI-K2");
    let wrong = LEGACY
        .replace("legacy-code", "file-or-key")
        .replace("null,\"boot", "\"c4:2f:90:00:00:05\",\"boot");
    let folder = Folder::new(&[
        ("a/DeviceKey.xml", &full),
        ("b/DeviceKey.xml", BY_KEY),
        ("c/DeviceKey.xml", &full),
        ("c/request.json", &wrong),
    ]);
    let all = folder.0.path();
    let run = vendor(&[all], all, &[]);
    assert_eq!(run.code, 2, "{run}");
    assert!(run.stderr.contains("another serial number"), "{run}");
    let answer = BY_KEY.parse::<RequestText>().unwrap().answer();
    for file in [
        "a/Encrypt_DS-7608NI-K2_c42f90000005.xml",
        "b/Encrypt_no-serial_c42f90000005.xml",
    ] {
        assert_eq!(folder.read(file), answer);
    }
    assert_eq!(run.stdout.lines().count(), 2, "{run}");
    let file = format!("{BY_FILE}DS-7608NI-K2");
    let folder = Folder::new(&[("a/DeviceKey.xml", &file)]);
    let run = vendor(&[&folder.path("a")], folder.0.path(), &[]);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{run}");
}

#[test]
fn a_folder_of_packages_is_answered_into_itself_once() {
    let folder = Folder::new(&[
        ("a/DeviceKey.xml", BY_KEY),
        ("a/request.json", "{}"),
        ("b/DeviceKey.xml", BY_FILE),
        ("c/request.json", LEGACY),
        ("d/notes.txt", "not a package"),
    ]);
    let all = folder.0.path();
    let first = vendor(&[all], all, &[]);
    assert_eq!(first.code, 0, "{first}");
    assert_eq!(first.stdout.lines().count(), 3, "{first}");
    assert!(first.stderr.contains("answered 3 requests"), "{first}");
    let answer = |code: &str| code.parse::<RequestText>().unwrap().answer();
    assert_eq!(
        folder.read("a/Encrypt_no-serial_c42f90000005.xml"),
        answer(BY_KEY)
    );
    assert_eq!(
        folder.read("b/Encrypt_no-serial_c42f90000006.xml"),
        answer(BY_FILE)
    );
    let boot = "2026-11-01T08:05:09".parse().ok();
    let dated = vendor_support::dated_code("DS-2CD2432F-IW20141201CCCH123456789", boot);
    assert_eq!(
        folder.read("c/key_DS-2CD2432F-IW20141201CCCH123456789_no-mac.txt"),
        format!("{dated}\n")
    );
    fs::write(
        folder.path("a/Encrypt_no-serial_c42f90000005.xml"),
        "another",
    )
    .unwrap();
    fs::remove_file(folder.path("b/Encrypt_no-serial_c42f90000006.xml")).unwrap();
    let second = vendor(&[all], all, &[]);
    assert_eq!(
        (second.code, second.stdout.lines().count()),
        (5, 1),
        "{second}"
    );
    assert!(second.stderr.contains("is there already"), "{second}");
    assert_eq!(
        folder.read("a/Encrypt_no-serial_c42f90000005.xml"),
        "another"
    );
    assert_eq!(
        folder.read("b/Encrypt_no-serial_c42f90000006.xml"),
        answer(BY_FILE)
    );
}

#[test]
fn a_key_is_given_where_the_device_takes_one() {
    let folder = Folder::new(&[("a/DeviceKey.xml", BY_KEY), ("b/DeviceKey.xml", BY_FILE)]);
    let out = folder.path("answers");
    let package = folder.path("a");
    let file = folder.path("b/DeviceKey.xml");
    let run = vendor(&[&package, &file], &out, &["--key", "--format", "json"]);
    assert_eq!(run.code, 2, "{run}");
    assert!(run.stderr.contains("takes a file only"), "{run}");
    let answers = run.json();
    assert_eq!(answers.as_array().map(Vec::len), Some(1));
    assert_eq!(
        answers[0]["answer"],
        out.join("a/key_no-serial_c42f90000005.txt")
            .to_str()
            .unwrap()
    );
    assert_eq!(
        folder.read("answers/a/key_no-serial_c42f90000005.txt"),
        "01234567\n"
    );
    assert!(!out.join("b").exists());
}

#[test]
fn the_code_by_mail_is_given_for_the_text_of_a_qr_code() {
    let folder = Folder::new(&[("camera.txt", &format!("{QR}\n"))]);
    let qr = folder.path("camera.txt");
    let run = vendor(&[&qr], &folder.path("answers"), &["--mail"]);
    assert_eq!(run.code, 0, "{run}");
    let code = QR.parse::<MailCode>().unwrap().code();
    assert_eq!(folder.read("answers/camera/code.txt"), format!("{code}\n"));
    let request = Folder::new(&[("a/DeviceKey.xml", BY_KEY)]);
    let key = request.path("a/DeviceKey.xml");
    assert_eq!(vendor(&[&key], &request.path("out"), &["--mail"]).code, 2);
    assert!(!request.path("out").exists());
}

#[test]
fn nothing_but_requests_of_simulated_devices_is_answered() {
    let long = "A".repeat(5000);
    let other_kind = LEGACY.replace("legacy-code", "file");
    let nameless = LEGACY.replace("\"DS-2CD2432F-IW20141201CCCH123456789\"", "null");
    let late = LEGACY.replace("2026-11-01T08:05:09", "noon");
    for (name, content) in [
        ("DeviceKey.xml", "AAECAwQFBgcICQoLDA0ODw=="),
        ("DeviceKey.xml", ""),
        ("DeviceKey.xml", &long),
        (
            "Encrypt.xml",
            &BY_KEY.parse::<RequestText>().unwrap().answer(),
        ),
        ("request.json", "{}"),
        ("request.json", "not json"),
        ("request.json", &other_kind),
        ("request.json", &nameless),
        ("request.json", &late),
    ] {
        let place = format!("a/{name}");
        let folder = Folder::new(&[(&place, content), ("b/DeviceKey.xml", BY_FILE)]);
        let out = folder.path("answers");
        let (bad, good) = (folder.path(&place), folder.path("b"));
        let run = vendor(&[&bad, &good], &out, &[]);
        assert_eq!(
            (run.code, run.stdout.lines().count()),
            (2, 1),
            "{content}\n{run}"
        );
        assert!(run.stderr.contains("hint: "), "{run}");
        assert!(!out.join("a").exists(), "{content}");
        assert!(out.join("b/Encrypt_no-serial_c42f90000006.xml").exists());
    }
}

#[test]
fn paths_that_hold_no_request_are_reported() {
    let folder = Folder::new(&[("empty/notes.txt", "x")]);
    let out = folder.path("answers");
    let run = vendor(&[&folder.path("empty")], &out, &[]);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{run}");
    assert!(run.stderr.contains("no request package in"), "{run}");
    let run = vendor(&[&folder.path("missing")], &out, &[]);
    assert_eq!(run.code, 5, "{run}");
    let run = vendor(&[&folder.path("empty")], &out, &["--format", "csv"]);
    assert_eq!(run.code, 2, "{run}");
    assert!(!out.exists());
}
