//! Hosts and cables made for one test, and taken away with it.

use std::{
    cell::Cell,
    io::{self, BufRead, BufReader},
    process::{self, Child, ChildStderr, Command, Stdio},
    sync::{
        atomic::{AtomicU32, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

/// A handful of hosts. They vanish when it is dropped.
pub(crate) struct Lan {
    number: u32,
    hosts: Cell<u32>,
    cables: Cell<u32>,
}

impl Lan {
    /// `None` where namespaces cannot be made.
    pub(crate) fn new() -> Option<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let lan = Self {
            number: NEXT.fetch_add(1, Ordering::Relaxed),
            hosts: Cell::new(0),
            cables: Cell::new(0),
        };
        let trial = lan.name(u32::MAX);
        let made = |arguments: &[&str]| {
            let output = Command::new("ip").args(arguments).output();
            output.is_ok_and(|output| output.status.success())
        };
        (made(&["netns", "add", &trial]) && made(&["netns", "del", &trial])).then_some(lan)
    }

    /// A host with nothing but loopback.
    pub(crate) fn host(&self) -> Host {
        let number = self.hosts.get();
        self.hosts.set(number + 1);
        let namespace = self.name(number);
        ip(&["netns", "add", &namespace]);
        let host = Host { namespace };
        host.ip(&["link", "set", "lo", "up"]);
        host
    }

    /// Two hosts, each connected to the other by its card `lan0`, in one subnet.
    pub(crate) fn pair(&self) -> (Host, Host) {
        let (one, other) = (self.host(), self.host());
        self.cable(&one, "lan0", "10.77.0.1/16", &other, "lan0", "10.77.0.2/16");
        (one, other)
    }

    /// Connects two hosts, each by a new card of this name and address.
    pub(crate) fn cable(
        &self,
        one: &Host,
        card: &str,
        address: &str,
        other: &Host,
        far_card: &str,
        far_address: &str,
    ) {
        let number = self.cables.get();
        self.cables.set(number + 1);
        let temporary =
            |end: &str| format!("s{}l{}c{number}{end}", process::id() % 100_000, self.number);
        let (near, far) = (temporary("a"), temporary("b"));
        ip(&["link", "add", &near, "type", "veth", "peer", "name", &far]);
        for (end, host, card, address) in [
            (&near, one, card, address),
            (&far, other, far_card, far_address),
        ] {
            ip(&["link", "set", end, "netns", &host.namespace]);
            host.ip(&["link", "set", end, "name", card]);
            host.ip(&["addr", "add", address, "broadcast", "+", "dev", card]);
            host.ip(&["link", "set", card, "up"]);
        }
    }

    fn name(&self, host: u32) -> String {
        format!("sadpctl-{}-{}-{host}", process::id(), self.number)
    }
}

impl Drop for Lan {
    fn drop(&mut self) {
        for host in 0..self.hosts.get() {
            let _gone = Command::new("ip")
                .args(["netns", "del", &self.name(host)])
                .status();
        }
    }
}

/// A network namespace.
pub(crate) struct Host {
    namespace: String,
}

impl Host {
    /// Runs `ip` in it.
    pub(crate) fn ip(&self, arguments: &[&str]) {
        ip(&[&["-n", &self.namespace], arguments].concat());
    }

    /// Runs a command in it, which must succeed.
    pub(crate) fn run(&self, program: &str, arguments: &[&str]) {
        let output = self.command(program).args(arguments).output().unwrap();
        assert!(
            output.status.success(),
            "{program} {arguments:?}: {output:?}"
        );
    }

    /// Sets the reverse-path filter of a card, or of `all`.
    pub(crate) fn rp_filter(&self, card: &str, mode: u8) {
        self.run(
            "sysctl",
            &["-qw", &format!("net.ipv4.conf.{card}.rp_filter={mode}")],
        );
    }

    /// Starts simulated devices on a card and waits until they play.
    pub(crate) fn sim(&self, card: &str, arguments: &[&str]) -> Running {
        let mut command = self.command(SADPCTL);
        command.args(["-i", card, "sim", "run"]).args(arguments);
        Running::start(command, "playing ")
    }

    /// Holds a UDP port as a program does that shares it with nobody.
    pub(crate) fn hold_port(&self, port: u16) -> Running {
        let mut command = self.command("perl");
        let script = format!(
            "my $s = IO::Socket::INET->new(Proto => 'udp', LocalPort => {port}) or die; \
             print STDERR \"held\\n\"; sleep 600"
        );
        command.args(["-MIO::Socket::INET", "-e", &script]);
        Running::start(command, "held")
    }

    /// Scans to the end.
    pub(crate) fn scan(&self, arguments: &[&str]) -> Found {
        self.start_scan(arguments).finish()
    }

    /// Looks why nothing may be found.
    pub(crate) fn doctor(&self, arguments: &[&str]) -> Diagnosis {
        let mut command = self.command(SADPCTL);
        command.args(["doctor", "--format", "json"]).args(arguments);
        let output = command.output().unwrap();
        Diagnosis {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
        }
    }

    /// Whether a command can be run in it.
    pub(crate) fn has(&self, program: &str, arguments: &[&str]) -> bool {
        let output = self.command(program).args(arguments).output();
        output.is_ok_and(|output| output.status.success())
    }

    /// Scans to the end, without the permission for bare frames.
    pub(crate) fn unprivileged_scan(&self, arguments: &[&str]) -> Found {
        let mut command = self.command("setpriv");
        command
            .args(["--bounding-set=-net_raw", "--inh-caps=-net_raw", SADPCTL])
            .args(["scan", "--format", "json"])
            .args(arguments);
        Scan::start(command).finish()
    }

    /// Runs another command of the binary to its end.
    pub(crate) fn sadpctl(&self, subcommand: &str, arguments: &[&str]) -> Found {
        let mut command = self.command(SADPCTL);
        command.arg(subcommand).args(arguments);
        Scan::start(command).finish()
    }

    /// Runs a command of the binary to its end, with these variables.
    pub(crate) fn sadpctl_with(&self, variables: &[&str], arguments: &[&str]) -> Found {
        let mut command = self.command("env");
        command.args(variables).arg(SADPCTL).args(arguments);
        Scan::start(command).finish()
    }

    /// One of its counters of TCP, e.g. `ActiveOpens`: connections that it began.
    pub(crate) fn tcp_counter(&self, name: &str) -> u64 {
        let output = self.command("cat").arg("/proc/net/snmp").output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let mut lines = text.lines().filter_map(|it| it.strip_prefix("Tcp: "));
        let [names, values] = [(); 2].map(|()| lines.next().unwrap().split(' '));
        let (_, value) = names.zip(values).find(|(it, _)| *it == name).unwrap();
        value.parse().unwrap()
    }

    /// Starts a scan.
    pub(crate) fn start_scan(&self, arguments: &[&str]) -> Scan {
        self.start(&[&["scan", "--format", "json"], arguments].concat())
    }

    /// Starts a command.
    pub(crate) fn start(&self, arguments: &[&str]) -> Scan {
        let mut command = self.command(SADPCTL);
        command.args(arguments);
        Scan::start(command)
    }

    /// Starts a watch in haste.
    pub(crate) fn watch(&self, arguments: &[&str]) -> Watching {
        let mut command = self.command(SADPCTL);
        let haste = ["--every", "1s", "--offline-after", "8s"];
        command.args(["watch", "--format", "ndjson"]).args(haste);
        command.args(arguments);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (sender, events) = mpsc::channel();
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let _ = sender.send(serde_json::from_str(&line).unwrap());
            }
        });
        Watching {
            running: Running(child),
            events,
        }
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new("ip");
        command
            .args(["netns", "exec", &self.namespace, program])
            .stdin(Stdio::null());
        command
    }
}

const SADPCTL: &str = env!("CARGO_BIN_EXE_sadpctl");

fn ip(arguments: &[&str]) {
    let output = Command::new("ip").args(arguments).output().unwrap();
    assert!(output.status.success(), "ip {arguments:?}: {output:?}");
}

/// A program in the background, ended when dropped.
pub(crate) struct Running(Child);

impl Running {
    /// Starts it and waits for its first line on stderr, which begins so.
    fn start(mut command: Command, greeting: &str) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let first = lines.next().map_or_else(String::new, Result::unwrap);
        assert!(first.starts_with(greeting), "{first}");
        Self(child)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Asks a program to end.
fn terminate(child: &Child) {
    let number = child.id().to_string();
    let asked = Command::new("kill").args(["-TERM", &number]).status();
    assert!(asked.unwrap().success());
}

/// A watch under way.
pub(crate) struct Watching {
    running: Running,
    events: mpsc::Receiver<serde_json::Value>,
}

impl Watching {
    /// Ends it as a service manager would.
    pub(crate) fn end(mut self) {
        let Running(child) = &mut self.running;
        terminate(child);
        assert_eq!(child.wait().unwrap().code(), Some(0));
    }

    /// Waits until it tells of this, by a device heard on this card. What else
    /// it tells of is passed over.
    pub(crate) fn wait_for(&self, event: &str, card: &str) -> serde_json::Value {
        loop {
            let told = self.events.recv_timeout(PATIENCE).unwrap();
            if told["event"] == event && told["device"]["seen"][0]["interface"] == card {
                return told;
            }
        }
    }
}

/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(10);

/// A scan under way.
pub(crate) struct Scan {
    child: Child,
    stderr: BufReader<ChildStderr>,
    said: String,
}

impl Scan {
    fn start(mut command: Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        Self {
            child,
            stderr,
            said: String::new(),
        }
    }

    /// Waits until it says a line that begins so.
    pub(crate) fn wait_for_line(&mut self, beginning: &str) {
        let mut line = String::new();
        while !line.starts_with(beginning) {
            line.clear();
            let read = self.stderr.read_line(&mut line).unwrap();
            assert!(read > 0, "it never said {beginning}: {}", self.said);
            self.said.push_str(&line);
        }
    }

    /// Ends it before its time.
    pub(crate) fn stop(self) {
        terminate(&self.child);
        assert_ne!(self.finish().code, -1, "it ends by itself when asked to");
    }

    /// Waits for its end.
    pub(crate) fn finish(mut self) -> Found {
        // Thousands of devices fill the pipe: both have to be read meanwhile.
        let mut stderr = self.stderr;
        let rest = thread::spawn(move || io::read_to_string(&mut stderr).unwrap());
        let stdout = io::read_to_string(self.child.stdout.take().unwrap()).unwrap();
        let code = self.child.wait().unwrap().code().unwrap_or(-1);
        Found {
            code,
            stdout,
            stderr: self.said + &rest.join().unwrap(),
        }
    }
}

/// What a scan printed.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Found {
    pub(crate) fn devices(&self) -> Vec<serde_json::Value> {
        serde_json::from_str(&self.stdout).unwrap()
    }
}

/// What `doctor` printed.
#[derive(Debug)]
pub(crate) struct Diagnosis {
    pub(crate) code: i32,
    stdout: String,
}

impl Diagnosis {
    /// The line on this.
    pub(crate) fn check(&self, check: &str, subject: &str) -> serde_json::Value {
        let checks: serde_json::Value =
            serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"));
        let checks = checks.as_array().unwrap();
        let is_it =
            |line: &&serde_json::Value| line["check"] == check && line["subject"] == subject;
        let found = checks.iter().find(is_it);
        found
            .unwrap_or_else(|| panic!("no {check} {subject}: {self:?}"))
            .clone()
    }

    /// The verdict on this, where the words in the message are these.
    pub(crate) fn verdict(&self, check: &str, subject: &str, words: &str) -> String {
        let line = self.check(check, subject);
        let message = line["message"].as_str().unwrap();
        assert!(message.contains(words), "{line}");
        let verdict = line["verdict"].as_str().unwrap();
        assert_eq!(verdict == "ok", line["remedy"].is_null(), "{line}");
        verdict.to_owned()
    }
}
