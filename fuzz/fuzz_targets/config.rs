//! What a person writes for the program: settings, answers to security questions, `--where`.

#![no_main]

use std::{collections::BTreeSet, fs};

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use sadp_model::{Device, Protocol, Registry, Sighting, Via};
use sadp_ops::DiscoveredDevice;
use sadp_proto::{SecretAnswers, seal::SessionKey};
use sadp_reset::{Contact, QuestionAnswers, QuestionNames, SettingsError};
use sadp_text::select::Filter;
use secrecy::ExposeSecret;

fuzz_target!(|bytes: &[u8]| {
    questions(bytes);
    settings(bytes);
    if let Ok(text) = str::from_utf8(bytes) {
        filter(text);
    }
});

/// Asks a device of which nothing is known.
fn filter(text: &str) {
    let Ok(filter) = text.parse::<Filter>() else {
        return;
    };
    assert_eq!(filter.as_str(), text);
    let sighting = Sighting {
        interface: "".into(),
        from: [192, 168, 1, 5].into(),
        protocol: Protocol::Sadp,
        via: Via::Unicast,
        at: Timestamp::UNIX_EPOCH,
    };
    let mut registry = Registry::new();
    registry.record(Device::unknown(), sighting);
    for found in DiscoveredDevice::assess_all(registry.into_entries(), &[]) {
        let _ = filter.holds(&found);
    }
}

fn questions(bytes: &[u8]) {
    let answers = match QuestionAnswers::parse(bytes) {
        Ok(answers) => answers,
        Err(error) => {
            assert!(error.line <= bytes.iter().filter(|&&byte| byte == b'\n').count() + 1);
            return;
        }
    };
    assert!((1..=SecretAnswers::MAX_ID as usize).contains(&answers.count()));
    let mut ids = BTreeSet::new();
    let mut written = Vec::new();
    for (id, answer) in answers.iter() {
        let answer = answer.expose_secret();
        assert!(ids.insert(id), "an answer is overwritten");
        assert!((1..=SessionKey::MAX_ANSWER_BYTES).contains(&answer.len()));
        assert!((1..=SecretAnswers::MAX_ID).contains(&id));
        assert!(!answer.contains(char::is_control));
        assert!(
            bytes
                .windows(answer.len())
                .any(|part| part == answer.as_bytes())
        );
        written.extend_from_slice(format!("{id}={answer}\r\n").as_bytes());
    }
    let again = QuestionAnswers::parse(&written).expect("what was just written");
    let pairs = answers.iter().zip(again.iter());
    let mut same = pairs.map(|(a, b)| a.0 == b.0 && a.1.expose_secret() == b.1.expose_secret());
    assert!(same.all(|same| same) && answers.count() == again.count());
}

fn settings(bytes: &[u8]) {
    let Ok(folder) = tempfile::tempdir() else {
        return;
    };
    let path = folder.path().join("settings.toml");
    if fs::write(&path, bytes).is_err() {
        return;
    }
    let lines = bytes.iter().filter(|&&byte| byte == b'\n').count() + 1;
    let contact = Contact::read(&path).map(drop);
    let names = QuestionNames::read(&path);
    for error in [contact.err(), names.map(drop).err()].into_iter().flatten() {
        match error {
            SettingsError::Line { line, .. } => assert!((1..=lines).contains(&line)),
            SettingsError::NotText { .. } => assert!(str::from_utf8(bytes).is_err()),
            SettingsError::Read { .. } => assert!(bytes.len() > 64 << 10),
        }
    }
}
