//! Running the binary.

use std::{
    fmt,
    path::PathBuf,
    process::{Command, Output, Stdio},
};

/// What a run of the binary came to.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}\n{self}"))
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            code,
            stdout,
            stderr,
        } = self;
        write!(
            f,
            "exit code {code}\n--- stdout\n{stdout}--- stderr\n{stderr}"
        )
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }
}

/// The binary, in the repository's root, with none of the caller's settings.
pub(crate) fn sadpctl(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sadpctl"));
    command
        .args(arguments)
        .current_dir(root())
        .stdin(Stdio::null());
    for name in [
        "NO_COLOR",
        "CLICOLOR",
        "CLICOLOR_FORCE",
        "COLUMNS",
        "RUST_LOG",
        "SADPCTL_PASSWORD",
        "SADPCTL_NEW_PASSWORD",
        "SADPCTL_PASSPHRASE",
    ] {
        command.env_remove(name);
    }
    // Times are printed in the zone of the computer.
    command.env("TZ", "UTC");
    // Nobody's own ledger. Tests that write one name another folder.
    command.env(
        "SADPCTL_STATE",
        concat!(env!("CARGO_TARGET_TMPDIR"), "/no-state"),
    );
    command
}

/// The same command line, run by another program.
#[cfg(unix)]
pub(crate) fn by(wrapper: &[&str], command: &Command) -> Command {
    let mut whole = Command::new(wrapper[0]);
    whole
        .args(&wrapper[1..])
        .arg(command.get_program())
        .args(command.get_args())
        .current_dir(root())
        .stdin(Stdio::null());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => whole.env(name, value),
            None => whole.env_remove(name),
        };
    }
    whole
}

/// Says that a test is left out.
#[cfg(target_os = "linux")]
#[expect(clippy::print_stderr, reason = "a test that is left out says so")]
pub(crate) fn skipped(why: &str) {
    eprintln!("skipped: {why}");
}

pub(crate) fn run(arguments: &[&str]) -> Run {
    sadpctl(arguments).output().unwrap().into()
}

pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}
