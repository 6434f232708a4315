//! Asking programs of the system, without a shell and within bounds.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tokio::{io::AsyncReadExt, process::Command, time::timeout};

/// What a program said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Told {
    /// There is no such program.
    #[default]
    Absent,
    /// It did not do it, most likely for want of privileges.
    Refused,
    /// Its output.
    Text(String),
}

impl Told {
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Absent | Self::Refused => None,
        }
    }
}

/// Where the system keeps its programs. The user's own folders are not
/// searched.
const FOLDERS: [&str; 5] = [
    "/usr/sbin",
    "/usr/bin",
    "/sbin",
    "/bin",
    "/run/current-system/sw/bin",
];

/// The longest a program may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// The most bytes of output that are read. More count as a refusal: half a
/// ruleset says nothing.
const MAX_OUTPUT: u64 = 8 << 20;

/// Runs a program that only tells.
pub(super) async fn ask(program: &str, arguments: &[&str]) -> Told {
    match find(program) {
        Some(path) => run(&path, arguments)
            .await
            .map_or(Told::Refused, Told::Text),
        None => Told::Absent,
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

async fn run(path: &Path, arguments: &[&str]) -> Option<String> {
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
    timeout(PATIENCE, reading).await.ok().flatten()?;
    Some(String::from_utf8_lossy(&output).into_owned())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    /// Programs that every Unix has.
    #[test]
    fn programs_are_absent_refuse_or_tell() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let ask = |program, arguments| runtime.block_on(ask(program, arguments));
        assert_eq!(ask("no-such-program", &[]), Told::Absent);
        assert_eq!(ask("false", &[]), Told::Refused);
        assert_eq!(ask("true", &[]), Told::Text(String::new()));
        assert_eq!(
            ask("env", &["printenv", "LC_ALL"]),
            Told::Text("C\n".into())
        );
        // One that never ends to speak.
        assert_eq!(ask("yes", &[]), Told::Refused);
    }
}
