//! What a process still holds in memory once its command is over: no password, and no
//! digest of one.

use std::{
    fs::{self, File},
    io::{ErrorKind, PipeWriter, Read, Seek, SeekFrom, Write},
    process::{Child, Stdio},
    thread,
    time::Duration,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use rustix::fs::{OFlags, fcntl_setfl};
use sadp_proto::seal::{Password, Salts, UpdateDigest};
use serde_json::Value;

use super::{MARKED, MARKED_CURRENT, SITE};
use crate::activate::Van;

/// Nobody reads what the command prints, so it is held there: its secrets are gone.
#[test]
fn no_password_and_no_digest_is_in_memory_after_the_command() {
    let van = Van::new(SITE);
    let new = van.file(MARKED);
    let current = van.put("current", format!("{MARKED_CURRENT}\n"));
    let activate = ["activate", "44:47:cc:00:00:01", "--new-password-file", &new];
    // It has another password, and refuses this one.
    let set = ["net", "set", "44:47:cc:00:00:03", "--http-port", "81"];
    let set = [&set[..], &["--password-file", &current]].concat();
    let device = van
        .run(&["show", "44:47:cc:00:00:03", "--format", "json"])
        .stdout;
    let device: Value = serde_json::from_str(&device).unwrap();
    let salt = device["raw"]["Salt"].as_str().unwrap().to_owned();
    for (arguments, password) in [(&activate[..], MARKED), (&set[..], MARKED_CURRENT)] {
        let mut command = van.command(&[arguments, &["--yes", "--format", "json"]].concat());
        let mut held = command
            .stdout(full_pipe())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        while !is_writing(&held) {
            assert!(
                held.try_wait().unwrap().is_none(),
                "{arguments:?}: it ended"
            );
            thread::sleep(Duration::from_millis(20));
        }
        let digest = UpdateDigest::new("admin", Salts::single(&salt), &password_of(password));
        let text = digest.unwrap().plain();
        let digest = BASE64_STANDARD.decode(text.as_str()).unwrap();
        let secrets = [password.as_bytes(), text.as_str().as_bytes(), &digest];
        let copies = secrets.map(|secret| copies_in_memory(&held, secret));
        held.kill().unwrap();
        held.wait().unwrap();
        assert_eq!(copies, [0; 3], "{arguments:?}");
    }
    let state = &van.states()[0];
    assert_eq!(state, "active", "the command was sent");
}

fn password_of(text: &str) -> Password {
    Password::new(text.into()).unwrap()
}

/// A pipe that takes no byte more.
fn full_pipe() -> PipeWriter {
    let (reader, mut writer) = std::io::pipe().unwrap();
    // It has to stay open.
    std::mem::forget(reader);
    fcntl_setfl(&writer, OFlags::NONBLOCK).unwrap();
    for block in [&[0; 4096][..], &[0]] {
        let error = loop {
            if let Err(error) = writer.write(block) {
                break error;
            }
        };
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
    }
    fcntl_setfl(&writer, OFlags::empty()).unwrap();
    writer
}

/// Whether a process waits in a system call that writes to its standard output.
fn is_writing(process: &Child) -> bool {
    let call = fs::read_to_string(format!("/proc/{}/syscall", process.id()));
    let call = call.unwrap_or_default();
    let mut words = call.split(' ');
    let number = words.next();
    // On x86-64 and on aarch64.
    matches!(number, Some("1" | "64")) && words.next() == Some("0x1")
}

/// How often these bytes are in the memory that a process can write.
fn copies_in_memory(process: &Child, wanted: &[u8]) -> usize {
    let of = |name: &str| format!("/proc/{}/{name}", process.id());
    let maps = fs::read_to_string(of("maps")).unwrap();
    let mut memory = File::open(of("mem")).unwrap();
    let mut copies = 0;
    for line in maps.lines() {
        let (range, rest) = line.split_once(' ').unwrap();
        if !rest.starts_with("rw") {
            continue;
        }
        let (start, end) = range.split_once('-').unwrap();
        let [start, end] = [start, end].map(|it| u64::from_str_radix(it, 16).unwrap());
        memory.seek(SeekFrom::Start(start)).unwrap();
        let mut bytes = Vec::new();
        let read = (&mut memory).take(end - start).read_to_end(&mut bytes);
        if read.is_ok() {
            let windows = bytes.windows(wanted.len());
            copies += windows.filter(|it| *it == wanted).count();
        }
    }
    copies
}
