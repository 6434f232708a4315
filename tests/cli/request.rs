//! The request way: `reset export`, the desk, `reset import`, `reset cases`;
//! and `reset ways`.

mod batch;
mod files;
mod refusals;
mod shuffled;
mod ways;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process,
};

use serde_json::Value;

use crate::{
    activate::Van,
    run::{Run, sadpctl},
};

pub(crate) const NEW: &str = "Garden-77x";

/// A simulated site beside a simulated vendor support.
pub(crate) struct RecoverySite {
    pub(crate) van: Van,
}

impl RecoverySite {
    pub(crate) fn new(site: &str) -> Self {
        Self {
            van: Van::new(site),
        }
    }

    /// The same with more arguments for the simulator.
    #[cfg(unix)]
    pub(crate) fn attacked(site: &str, more: &[&str]) -> Self {
        Self {
            van: Van::attacked(site, more),
        }
    }

    /// The same van, come again to a site that is another now.
    pub(crate) fn go_to(self, site: &str) -> Self {
        let mut van = Van::new(site);
        van.folder = self.van.folder;
        Self { van }
    }

    pub(crate) fn requests(&self) -> PathBuf {
        self.van.path("requests")
    }

    /// The packages, by the MAC in their names.
    pub(crate) fn packages(&self) -> BTreeMap<String, PathBuf> {
        let entries = fs::read_dir(self.requests()).unwrap();
        let folders = entries.map(|entry| entry.unwrap().path());
        let folders = folders.filter(|path| path.is_dir() && !name(path).starts_with('.'));
        folders
            .map(|path| (name(&path).rsplit('_').nth(1).unwrap().to_owned(), path))
            .collect()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> process::Command {
        let mut command = self.van.sim.command(arguments);
        command
            .env("SADPCTL_STATE", self.van.path("state"))
            .env("SADPCTL_NEW_PASSWORD", NEW)
            // Nobody's own contact.toml.
            .env("HOME", self.van.folder.path())
            .env("XDG_CONFIG_HOME", self.van.path("config"));
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        self.command(arguments).output().unwrap().into()
    }

    pub(crate) fn export(&self, more: &[&str]) -> Run {
        let requests = self.requests();
        let out = ["reset", "export", "--out", requests.to_str().unwrap()];
        self.run(&[&out, more, &["--yes", "--format", "json"]].concat())
    }

    /// The desk answers all requests, into their packages.
    pub(crate) fn answer(&self, more: &[&str]) {
        let requests = self.requests();
        let requests = requests.to_str().unwrap();
        let arguments = ["sim", "vendor", requests, "--out", requests];
        let run: Run = sadpctl(&[&arguments, more].concat())
            .output()
            .unwrap()
            .into();
        assert_eq!(run.code, 0, "{run}");
    }

    pub(crate) fn import(&self, more: &[&str]) -> Run {
        let requests = self.requests();
        self.import_from(requests.to_str().unwrap(), more)
    }

    pub(crate) fn import_from(&self, path: &str, more: &[&str]) -> Run {
        let import = ["reset", "import", path];
        self.run(&[&import, more, &["--yes", "--format", "json"]].concat())
    }

    /// The states of all cases, by MAC, latest first.
    pub(crate) fn cases(&self) -> Vec<(String, String)> {
        let run = self.run(&["reset", "cases", "--all", "--format", "json"]);
        let cases = run.json();
        let cases = cases.as_array().unwrap().iter();
        cases
            .map(|case| (text(&case["device"]["mac"]), text(&case["state"])))
            .collect()
    }

    /// Whether a device takes this password now, without harm if it does not.
    pub(crate) fn takes(&self, device: &str, password: &str) -> bool {
        let file = self.van.file(password);
        let port = ["net", "set", device, "--http-port", "8081", "--yes"];
        let run = self.run(
            &[
                &port[..],
                &["--force", "--allow-replayable", "--password-file", &file],
            ]
            .concat(),
        );
        run.code == 0
    }
}

/// The outcomes of a run by MAC: result, refusal and message.
pub(crate) fn outcomes(run: &Run) -> BTreeMap<String, Value> {
    let all = run.json();
    let all = all.as_array().unwrap().iter();
    all.map(|one| (text(&one["device"]["mac"]), one.clone()))
        .collect()
}

/// What the outcomes of a run end in, sorted.
pub(crate) fn results(run: &Run) -> Vec<String> {
    let all = run.json();
    let mut results: Vec<_> = all
        .as_array()
        .unwrap()
        .iter()
        .map(|one| text(&one["result"]))
        .collect();
    results.sort();
    results
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or("null").to_owned()
}

pub(crate) fn name(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}

pub(crate) fn device(profile: &str, last: u8, more: &str) -> String {
    format!(
        "[[device]]\nprofile = \"{profile}\"\nmac = \"44:47:cc:00:00:{last:02x}\"\n\
         ip = \"192.168.1.{}\"\nboot = \"2026-09-18T09:21:28\"\n{more}\n",
        100 + u16::from(last)
    )
}
