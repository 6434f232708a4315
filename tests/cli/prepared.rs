//! What the tests of prepared recovery share: GUID, questions and e-mail.

use std::{fs, path::Path};

use sadp_reset::{Action, AttemptFilter, Ledger};
use serde_json::Value;

use crate::{
    activate::Van,
    run::{Run, run},
};

pub(crate) const ONE: &str = "44:47:cc:00:00:01";
pub(crate) const TWO: &str = "44:47:cc:00:00:02";
pub(crate) const CURRENT: &str = "Simulated-7";
pub(crate) const NEW: &str = "Garden-77x";

/// A recorder by its MAC's last byte, with further keys of the site file.
pub(crate) fn recorder(number: usize, more: &str) -> String {
    format!(
        "[[device]]\nprofile = \"nvr-v4.30.085\"\nmac = \"44:47:cc:00:00:{number:02x}\"\n\
         ip = \"192.168.1.{}\"\n\
         delay = \"0..20ms\"\n{more}\n",
        100 + number
    )
}

impl Van {
    /// A file of its own in the test's folder.
    pub(crate) fn put(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().into()
    }

    /// Runs a command that changes devices, with current and new password.
    pub(crate) fn reset(&self, arguments: &[&str]) -> Run {
        self.reset_with(CURRENT, arguments)
    }

    /// The same with another current password.
    pub(crate) fn reset_with(&self, current: &str, arguments: &[&str]) -> Run {
        let arguments = [&["reset"], arguments, &["--format", "json"]].concat();
        let mut command = self.sim.command(&arguments);
        command
            .env("SADPCTL_STATE", self.path("state"))
            .env("XDG_CONFIG_HOME", self.path("config"))
            .env("SADPCTL_PASSWORD", current)
            .env("SADPCTL_NEW_PASSWORD", NEW);
        command.output().unwrap().into()
    }

    /// How many commands left this computer, without those that only read the
    /// list of questions.
    pub(crate) fn sent(&self) -> usize {
        self.attempts(|action| action != Action::QuestionsRead)
    }

    fn attempts(&self, of: impl Fn(Action) -> bool) -> usize {
        let ledger = Ledger::open_existing(&self.path("state")).unwrap();
        let all = AttemptFilter::default();
        let attempts = ledger.map_or_else(Vec::new, |ledger| ledger.attempts(&all).unwrap());
        let counted = attempts.iter().filter(|it| of(it.attempt.action));
        counted.count()
    }

    /// Whether this password is a device's own, at the price of a try.
    pub(crate) fn has_password(&self, device: &str, password: &str) -> bool {
        let mailbox = [
            "--mailbox",
            "a@example.com",
            "--yes",
            "--force",
            "refused-before",
        ];
        let set = [&["mail", "set", device], &mailbox[..]].concat();
        let run = self.reset_with(password, &set);
        assert!(
            run.code == 0 || run.json()[0]["refusal"] == "PasswordError",
            "{run}"
        );
        run.code == 0
    }

    /// The GUIDs in the vault, latest first.
    pub(crate) fn guids(&self) -> Vec<Value> {
        let state = self.path("state");
        let list = ["reset", "guid", "list", "--format", "json", "--state"];
        let run = run(&[&list[..], &[state.to_str().unwrap()]].concat());
        assert_eq!(run.code, 0, "{run}");
        run.json().as_array().unwrap().clone()
    }
}

/// Each outcome in three lines, for a snapshot.
pub(crate) fn told(run: &Run) -> String {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let outcomes = run.json();
    let outcomes = outcomes.as_array().unwrap().iter();
    let told = outcomes.map(|it| {
        format!(
            "{} {} {} ({}), exit {}\n  {}\n  {}",
            text(&it["action"]),
            text(&it["result"]),
            text(&it["refusal"]),
            it["number"],
            run.code,
            text(&it["message"]),
            text(&it["next"])
        )
    });
    told.collect::<Vec<_>>().join("\n")
}

/// Plays every word of a command's row in docs/protocol.md, one a device, and
/// tells what is said to each.
pub(crate) fn refusals(types: &str, words: &[&str], command: impl Fn(&Van, &str) -> Run) -> String {
    let device = |(number, word): (usize, &&str)| {
        let refuse = format!("refuse = {{ {types} = \"{word}\" }}");
        recorder(number + 1, &refuse)
    };
    let site: String = words.iter().enumerate().map(device).collect();
    let van = Van::new(&site);
    let one = |number| {
        let run = command(&van, &format!("44:47:cc:00:00:{number:02x}"));
        assert_eq!(run.code, 1, "{run}");
        told(&run)
    };
    let all: Vec<_> = (1..=words.len()).map(one).collect();
    let read = types == "getsecurityquestion";
    let sent = van.attempts(|action| read == (action == Action::QuestionsRead));
    assert_eq!(sent, words.len(), "each is sent once");
    all.join("\n")
}

/// Fails where a secret stands in a file of a folder or of one below it.
pub(crate) fn search(folder: &Path, secrets: &[&str]) {
    let Ok(files) = fs::read_dir(folder) else {
        return;
    };
    for file in files {
        let path = file.unwrap().path();
        if path.is_dir() {
            search(&path, secrets);
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        for secret in secrets {
            assert!(!text.contains(secret), "{secret} in {}", path.display());
        }
    }
}
