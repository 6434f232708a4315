//! The page, in a process of its own, beside simulated devices.

use std::{
    env,
    fs::{self, File, Permissions},
    io::{BufRead as _, BufReader},
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    process::{Child, ChildStdout, Stdio},
    thread,
};

use tempfile::TempDir;

use crate::{
    run::{Run, sadpctl},
    sim::{Sim, channel},
};

/// The password that devices are given.
pub(crate) const PASSWORD: &str = "Garden-77x";

/// The one that simulated devices have.
pub(crate) const OLD_PASSWORD: &str = "Simulated-7";

/// Simulated devices and the page about them, until dropped.
pub(crate) struct Server {
    pub(crate) sim: Sim,
    pub(crate) folder: TempDir,
    /// The one-time link.
    pub(crate) link: String,
    child: Child,
    /// Kept open: the page writes into it.
    _stdout: BufReader<ChildStdout>,
}

impl Server {
    /// Plays a site and serves the page. It logs all it can.
    pub(crate) fn start(site: &str) -> Self {
        Self::attacked(site, &[])
    }

    /// With more arguments for the simulator.
    pub(crate) fn attacked(site: &str, more: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("site.toml");
        fs::write(&path, site).unwrap();
        let devices = [&[path.to_str().unwrap()], more].concat();
        Self::beside(folder, &devices)
    }

    /// With this many devices that are made up.
    pub(crate) fn with_devices(number: u32) -> Self {
        let number = number.to_string();
        let arguments = ["--count", &number, "--seed", "7", "--no-hello"];
        Self::beside(tempfile::tempdir().unwrap(), &arguments)
    }

    /// One that opens a browser: a script that notes what it is to open.
    pub(crate) fn opening() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("xdg-open");
        let note = folder.path().join("opened");
        let script = format!(
            "#!/bin/sh\nprintf %s \"$*\" > {0}.new\nmv {0}.new {0}\n",
            note.display()
        );
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
        Self::run_in(folder, &["--count", "3"], &[])
    }

    /// What the browser was to open.
    pub(crate) fn opened(&self) -> String {
        let note = self.path("opened");
        loop {
            if let Ok(opened) = fs::read_to_string(&note) {
                return opened;
            }
            thread::yield_now();
        }
    }

    fn beside(folder: TempDir, devices: &[&str]) -> Self {
        Self::run_in(folder, devices, &["--no-open"])
    }

    fn run_in(folder: TempDir, devices: &[&str], more: &[&str]) -> Self {
        let (group, port) = channel();
        let sim = Sim::start_on((group.clone(), port.clone()), devices);
        let log = File::create(folder.path().join("log.txt")).unwrap();
        let path = env::var("PATH").unwrap_or_default();
        let mut child = sadpctl(&["web", "-i", "127.0.0.1", "-vvv"])
            .args(more)
            .env("PATH", format!("{}:{path}", folder.path().display()))
            .args(["--group", &group, "--device-port", &port])
            .env("SADPCTL_STATE", folder.path().join("state"))
            // Nobody's own contact.toml.
            .env("HOME", folder.path())
            .env("XDG_CONFIG_HOME", folder.path().join("config"))
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut link = String::new();
        stdout.read_line(&mut link).unwrap();
        let link = link.trim().to_owned();
        let log = folder.path().join("log.txt");
        assert!(
            link.contains("/enter?"),
            "{}",
            fs::read_to_string(log).unwrap()
        );
        Self {
            sim,
            folder,
            link,
            child,
            _stdout: stdout,
        }
    }

    /// Where it is, e.g. `http://127.0.0.1:8437`.
    pub(crate) fn origin(&self) -> &str {
        self.link.split_once("/enter").unwrap().0
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a command line on the same devices, with the same state folder.
    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        let mut command = self.sim.command(arguments);
        command.env("SADPCTL_STATE", self.path("state"));
        command.output().unwrap().into()
    }

    /// The states of all devices, as a scan finds them.
    pub(crate) fn states(&self) -> Vec<String> {
        let scan = self
            .run(&["scan", "--format", "json", "--sort", "mac"])
            .json();
        let devices = scan.as_array().unwrap().iter();
        devices
            .map(|it| it["state"].as_str().unwrap().into())
            .collect()
    }

    /// What it wrote to stderr so far.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.path("log.txt")).unwrap()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends it, as if its computer were switched off.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Waits until it ends by itself, and returns its exit code.
    pub(crate) fn wait(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}
