//! What the operating system says, read within bounds: files, counters and the
//! output of its programs.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
    process::Stdio,
    str::FromStr,
    time::Duration,
};

use tokio::{io::AsyncReadExt, process::Command, time::timeout};

/// The most bytes of a file that are read.
const MAX_FILE: u64 = 1 << 20;

/// Returns a file's text, as far as it may be read. On Windows always `None`:
/// there, such a path is a file of some drive, which anybody may have made.
pub(crate) fn read(path: impl AsRef<Path>) -> Option<String> {
    if cfg!(windows) {
        return None;
    }
    let mut bytes = Vec::new();
    let mut file = File::open(path).ok()?.take(MAX_FILE);
    file.read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// Returns the number that a file holds.
pub(crate) fn number<N: FromStr>(path: impl AsRef<Path>) -> Option<N> {
    read(path)?.trim().parse().ok()
}

/// What Linux counts of datagrams it dropped, since it started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counters {
    /// For lack of room in a socket's receive buffer.
    pub(crate) buffer: Option<u64>,
    /// By the reverse path filter.
    pub(crate) reverse_path: Option<u64>,
}

impl Counters {
    /// Reads them from `/proc/net/snmp` and `/proc/net/netstat`.
    pub(crate) fn read() -> Self {
        let snmp = read("/proc/net/snmp").unwrap_or_default();
        let netstat = read("/proc/net/netstat").unwrap_or_default();
        Self {
            buffer: counter(&snmp, "Udp", "RcvbufErrors"),
            reverse_path: counter(&netstat, "TcpExt", "IPReversePathFilter"),
        }
    }

    /// Returns by how much they rose since then.
    pub(crate) fn since(self, earlier: Self) -> Self {
        Self {
            buffer: rise(self.buffer, earlier.buffer),
            reverse_path: rise(self.reverse_path, earlier.reverse_path),
        }
    }
}

fn rise(now: Option<u64>, then: Option<u64>) -> Option<u64> {
    Some(now?.saturating_sub(then?))
}

/// A counter of a group: one line has the names, the next the numbers.
fn counter(table: &str, group: &str, name: &str) -> Option<u64> {
    let mut lines = table.lines().filter_map(|line| {
        let (title, cells) = line.split_once(':')?;
        (title == group).then(|| cells.split_whitespace())
    });
    let (mut names, mut numbers) = (lines.next()?, lines.next()?);
    let place = names.position(|known| known == name)?;
    numbers.nth(place)?.parse().ok()
}

/// What a program printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    /// There is no such program.
    Absent,
    /// It failed, most likely for lack of privileges.
    Refused,
    /// Its standard output.
    Text(String),
}

impl Output {
    /// Returns what it printed, where it did not fail.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Absent | Self::Refused => None,
        }
    }
}

/// Where the system keeps its programs. The user's own folders are not searched.
const FOLDERS: [&str; 5] = [
    "/usr/sbin",
    "/usr/bin",
    "/sbin",
    "/bin",
    "/run/current-system/sw/bin",
];

/// The longest that a program may run.
const PROGRAM_TIMEOUT: Duration = Duration::from_secs(5);

/// The most bytes of output that are read. More count as a failure: half of the
/// rules say nothing.
const MAX_OUTPUT: u64 = 8 << 20;

/// Runs a program that only prints, without a shell.
pub(crate) async fn run(program: &str, arguments: &[&str]) -> Output {
    match find(program) {
        Some(path) => output(&path, arguments)
            .await
            .map_or(Output::Refused, Output::Text),
        None => Output::Absent,
    }
}

fn find(program: &str) -> Option<PathBuf> {
    // On Windows these are folders of some drive, which anybody may have made.
    if cfg!(windows) {
        return None;
    }
    let paths = FOLDERS.iter().map(|folder| Path::new(folder).join(program));
    paths.into_iter().find(|path| path.is_file())
}

async fn output(path: &Path, arguments: &[&str]) -> Option<String> {
    let mut child = Command::new(path)
        .args(arguments)
        .env_clear()
        .env("PATH", FOLDERS.join(":"))
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .ok()?;
    let mut output = Vec::new();
    let reading = async {
        let mut stdout = child.stdout.take()?.take(MAX_OUTPUT + 1);
        stdout.read_to_end(&mut output).await.ok()?;
        if output.len() as u64 > MAX_OUTPUT {
            return None;
        }
        let status = child.wait().await.ok()?;
        status.success().then_some(())
    };
    timeout(PROGRAM_TIMEOUT, reading).await.ok().flatten()?;
    Some(String::from_utf8_lossy(&output).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_found_by_name() {
        let table = "\
Ip: Forwarding InReceives
Ip: 1 90
Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors
Udp: 100 0 7 20 7
UdpLite: InDatagrams RcvbufErrors
UdpLite: 0 0
";
        assert_eq!(counter(table, "Udp", "RcvbufErrors"), Some(7));
        assert_eq!(counter(table, "Ip", "InReceives"), Some(90));
        assert_eq!(counter("", "Udp", "RcvbufErrors"), None);
    }

    /// Programs that every Unix has.
    #[cfg(unix)]
    #[tokio::test]
    async fn programs_are_absent_fail_or_print() {
        assert_eq!(run("no-such-program", &[]).await, Output::Absent);
        assert_eq!(run("false", &[]).await, Output::Refused);
        assert_eq!(run("true", &[]).await, Output::Text(String::new()));
        assert_eq!(
            run("env", &["printenv", "LC_ALL"]).await,
            Output::Text("C\n".into())
        );
        // It never stops printing.
        assert_eq!(run("yes", &[]).await, Output::Refused);
    }
}
