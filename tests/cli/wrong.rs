//! What technicians type wrong: each message names the thing, the cause and the remedy.

use std::{fmt::Write as _, fs};

use insta::assert_snapshot;

use crate::{activate::Van, run::Run};

/// Two cameras from the box on one address, and an installed recorder.
const SITE: &str = r#"
[defaults]
mask = "255.255.255.0"
gateway = "192.168.1.1"

[[device]]
profile = "ipc-v5.5.82"
mac = "44:47:cc:00:00:01"
serial = "DS-2CD2143G0-I20190114AAWRC08820301"
ip = "192.168.1.64"
activated = false

[[device]]
profile = "ipc-v5.5.82"
mac = "44:47:cc:00:00:02"
serial = "DS-2CD2143G0-I20190114AAWRD18820301"
ip = "192.168.1.64"
activated = false

[[device]]
profile = "nvr-v4.30.085"
mac = "44:47:cc:00:00:03"
ip = "192.168.1.103"
"#;

/// An exit code and what is typed.
const WRONG: &[(i32, &str)] = &[
    (2, "scann"),
    (2, "scan --timeout 5"),
    (2, "scan --json"),
    (2, "scan --colour never"),
    (2, "scan --interface eth99"),
    (2, "scan --interface 10.99.99.99"),
    (2, "scan 192.168.1"),
    (2, "scan --target 192.168.1.0/33"),
    (2, "scan --where stat=active"),
    (2, "scan --where state=activated"),
    (2, "scan --where unactivated"),
    (3, "scan --where state=locked"),
    (2, "scan --sort adress"),
    (2, "scan --format yaml"),
    (2, "scan --wait 0"),
    (2, "scan --wait soon"),
    (2, "scan --interface"),
    (2, "scan --rate fast"),
    (2, "show"),
    (2, "show 192.168.1.999"),
    (3, "show AD9999999"),
    (3, "show 8820301"),
    (2, "activate"),
    (2, "activate 44:47:cc:00:00:01 --password Garden-77x"),
    (2, "activate --where state=unactivated"),
    (2, "activate 44:47:cc:00:00:01 --all"),
    (2, "activate --all"),
    (2, "activate --all --yes"),
    (5, "activate --all --yes --new-password-file none.txt"),
    (5, "activate --all --yes --new-password-file folder"),
    (4, "activate --all --yes --new-password-file weak.txt"),
    (2, "activate --all --yes --force weak"),
    (3, "activate 00:01 --yes --new-password-file good.txt"),
    (
        4,
        "activate 44:47:cc:00:00:03 --yes --new-password-file good.txt",
    ),
    (2, "net set 44:47:cc:00:00:03"),
    (2, "net set 44:47:cc:00:00:03 192.168.1.9"),
    (2, "net set 44:47:cc:00:00:03 --ip 192.168.1.300"),
    (2, "net set 44:47:cc:00:00:03 --netmask 24"),
    (2, "net set 44:47:cc:00:00:03 --mask 255.0.255.0"),
    (
        2,
        "net set 44:47:cc:00:00:03 --ip 10.0.0.9 --yes --password-file good.txt",
    ),
    (2, "net set 44:47:cc:00:00:03 --http-port 99999"),
    (2, "net set 44:47:cc:00:00:03 --dhcp maybe"),
    (2, "net set 44:47:cc:00:00:03 --http-port 81 --yes"),
    (2, "net plan"),
    (2, "net plan --from 192.168.1.0"),
    (2, "net plan --from 172.16.5.1 --mask 255.0.255.0"),
    (5, "net apply none.csv --yes"),
    (5, "net apply folder --yes"),
    (2, "net apply no-mac.csv --yes"),
    (2, "net apply bad.csv --yes"),
    (2, "reset password"),
    (3, "reset 8820301"),
    (2, "reset export --all"),
    (5, "reset export 44:47:cc:00:00:03 --out weak.txt --yes"),
    (5, "reset import none.txt --yes"),
    (4, "reset import letter.txt --yes"),
    (3, "reset import letter.txt --case 7 --yes"),
    (2, "reset import letter.txt --case seven --yes"),
    (
        5,
        "reset questions answer 44:47:cc:00:00:03 --answers none.txt --yes --new-password-file good.txt",
    ),
    (
        5,
        "reset guid import 44:47:cc:00:00:03 none.guid --yes --new-password-file good.txt",
    ),
    (2, "locate 44:47:cc:00:00:01 maybe"),
    (2, "locate 44:47:cc:00:00:01 --for 0"),
    (2, "watch --every 0"),
    (
        5,
        "activate --all --yes --new-password-file good.txt --state weak.txt",
    ),
];

#[test]
fn forty_wrong_invocations_say_what_is_wrong_and_what_to_do() {
    let van = Van::new(SITE);
    for (name, content) in [
        ("good.txt", "Garden-77x\n"),
        ("weak.txt", "12345678\n"),
        ("no-mac.csv", "name;ip\ndoor;192.168.1.9\n"),
        ("bad.csv", "mac,ip\n44:47:cc:00:00:03,192.168.1.300\n"),
        (
            "letter.txt",
            "Dear customer, the answer is attached\nto this letter\n",
        ),
    ] {
        fs::write(van.path(name), content).unwrap();
    }
    fs::create_dir(van.path("folder")).unwrap();
    let mut told = String::new();
    for (code, typed) in WRONG {
        let typed_words: Vec<_> = typed.split(' ').collect();
        let mut command = van.command(&typed_words);
        command
            .current_dir(van.folder.path())
            .env("XDG_CONFIG_HOME", "/none");
        let run = Run::from(command.output().unwrap());
        assert_eq!(run.code, *code, "{typed}: {run}");
        assert!(!run.to_string().contains("Garden"), "{typed}: {run}");
        write!(
            told,
            "$ sadpctl {typed}\n[{code}]\n{}{}\n",
            run.stdout, run.stderr
        )
        .unwrap();
    }
    assert_eq!(van.sent(), 0, "nothing was sent");
    let interfaces = told
        .lines()
        .map(|line| match line.split_once("choose one of: ") {
            Some((start, _)) => format!("{start}choose one of: ...\n"),
            None => format!("{line}\n"),
        });
    assert_snapshot!(interfaces.collect::<String>());
}
