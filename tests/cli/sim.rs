//! Simulated devices in a process of their own.

use std::{
    io::{BufRead, BufReader},
    net::{Ipv4Addr, TcpListener},
    process::{self, Child, ChildStderr, Stdio},
    sync::Mutex,
};

use crate::run::{Run, sadpctl};

/// Simulated devices, until dropped.
pub(crate) struct Sim {
    child: Child,
    #[cfg_attr(
        not(unix),
        expect(
            dead_code,
            reason = "kept open; read where a signal can end the devices"
        )
    )]
    log: BufReader<ChildStderr>,
    group: String,
    port: String,
}

impl Sim {
    /// Starts `sim run` and waits until it plays.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::start_on(channel(), arguments)
    }

    /// Plays other devices in the place of these.
    pub(crate) fn replace(&mut self, arguments: &[&str]) {
        self.stop();
        *self = Self::start_on((self.group.clone(), self.port.clone()), arguments);
    }

    /// Ends the devices, as if their power were cut.
    pub(crate) fn stop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// The same, where others were or will be.
    pub(crate) fn start_on((group, port): (String, String), arguments: &[&str]) -> Self {
        let mut child = sadpctl(&["sim", "run", "-i", "127.0.0.1"])
            .args(["--group", &group, "--port", &port])
            .args(arguments)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut first = String::new();
        log.read_line(&mut first).unwrap();
        assert!(first.starts_with("playing "), "{first}");
        Self {
            child,
            log,
            group,
            port,
        }
    }

    /// Ends the devices by Ctrl-C, and returns what is said then of what they did.
    #[cfg(unix)]
    pub(crate) fn end(mut self) -> String {
        let pid = self.child.id().to_string();
        let kill = process::Command::new("kill")
            .args(["-s", "INT", &pid])
            .status();
        assert!(kill.unwrap().success());
        std::io::read_to_string(&mut self.log).unwrap()
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        self.command(arguments).output().unwrap().into()
    }

    /// A command line that asks where the devices are.
    pub(crate) fn command(&self, arguments: &[&str]) -> process::Command {
        let mut command = sadpctl(arguments);
        command.args(self.place());
        command
    }

    /// The options that lead to the devices.
    pub(crate) fn place(&self) -> [&str; 6] {
        let Self { group, port, .. } = self;
        ["-i", "127.0.0.1", "--group", group, "--port", port]
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A group and a port that no other test uses, nor another run of the tests on
/// this computer: the TCP port of the same number is held until this process ends.
/// The port is below those that systems give out.
pub(crate) fn channel() -> (String, String) {
    static HELD: Mutex<Vec<TcpListener>> = Mutex::new(Vec::new());
    let mut held = HELD.lock().unwrap();
    // Runs at the same time begin at different places.
    let first = process::id() % 12 * 1000;
    let mut ports =
        (0..12_000).map(|next| 20_000 + u16::try_from((first + next) % 12_000).unwrap());
    let free = ports.find_map(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok());
    let listener = free.expect("12,000 ports, and none is free");
    let port = listener.local_addr().unwrap().port();
    held.push(listener);
    let [high, low] = port.to_be_bytes();
    (format!("239.255.{high}.{low}"), port.to_string())
}
