//! Passwords and other secrets: from a file, the environment or a prompt, never
//! from an argument.

use std::{
    env,
    ffi::OsString,
    fs::File,
    io::{self, Read},
    path::Path,
};

use secrecy::SecretString;
use zeroize::Zeroizing;

use crate::{
    args::{NewPasswordArgs, PasswordArgs},
    failure::{Exit, Failure},
    interrupt::while_asking,
    terminal::Terminal,
    text::capitalised,
};

/// The current password. Asked for where there is a terminal and no source.
pub(crate) fn current(args: &PasswordArgs) -> Result<SecretString, Failure> {
    CURRENT.read(args.password_file.as_deref(), true)
}

/// The current password. `None` for a dry run, which asks for none.
pub(crate) fn current_unless(
    dry_run: bool,
    args: &PasswordArgs,
) -> Result<Option<SecretString>, Failure> {
    (!dry_run).then(|| current(args)).transpose()
}

/// The new password. Asked for twice where there is a terminal and no source.
pub(crate) fn new(args: &NewPasswordArgs) -> Result<SecretString, Failure> {
    NEW.read(args.new_password_file.as_deref(), true)
}

/// The new password where a file or the environment holds it: for a dry run,
/// which asks nothing.
pub(crate) fn new_if_given(args: &NewPasswordArgs) -> Result<Option<SecretString>, Failure> {
    let file = args.new_password_file.as_deref();
    NEW.is_given(file)
        .then(|| NEW.read(file, false))
        .transpose()
}

/// Whether a file or the environment holds a new password.
pub(crate) fn new_is_given(args: &NewPasswordArgs) -> bool {
    NEW.is_given(args.new_password_file.as_deref())
}

/// The vendor's key or dated code. Asked for where there is a terminal and no
/// file.
pub(crate) fn vendor_key(file: Option<&Path>) -> Result<SecretString, Failure> {
    KEY.read(file, true)
}

/// The passphrase to encrypt by. Asked for twice where there is a terminal and
/// no source.
pub(crate) fn new_passphrase(file: Option<&Path>) -> Result<SecretString, Failure> {
    NEW_PASSPHRASE.read(file, true)
}

/// The passphrase to decrypt by. `None` where there is neither a source nor a
/// terminal.
pub(crate) fn passphrase(file: Option<&Path>) -> Result<Option<SecretString>, Failure> {
    let can_be_had = PASSPHRASE.is_given(file) || Terminal::can_ask();
    can_be_had.then(|| PASSPHRASE.read(file, true)).transpose()
}

/// The code that came by e-mail. Asked for where there is a terminal and no
/// file.
pub(crate) fn mail_code(file: Option<&Path>) -> Result<SecretString, Failure> {
    CODE.read(file, true)
}

/// The verification code of Hik-Connect. Asked for where there is a terminal and
/// no file.
pub(crate) fn verification_code(file: Option<&Path>) -> Result<SecretString, Failure> {
    VERIFICATION_CODE.read(file, true)
}

/// Asks for one answer to a security question, without showing it.
pub(crate) fn ask_answer() -> Result<SecretString, Failure> {
    ANSWER.ask()
}

/// A kind of secret.
struct Kind {
    name: &'static str,
    option: &'static str,
    variable: Option<&'static str>,
    asked_twice: bool,
}

const CURRENT: Kind = Kind {
    name: "current password",
    option: "--password-file",
    variable: Some("SADPCTL_PASSWORD"),
    asked_twice: false,
};

const NEW: Kind = Kind {
    name: "new password",
    option: "--new-password-file",
    variable: Some("SADPCTL_NEW_PASSWORD"),
    asked_twice: true,
};

const KEY: Kind = Kind {
    name: "vendor's key",
    option: "--key-file",
    variable: None,
    asked_twice: false,
};

const PASSPHRASE: Kind = Kind {
    name: "passphrase",
    option: "--passphrase-file",
    variable: Some("SADPCTL_PASSPHRASE"),
    asked_twice: false,
};

const NEW_PASSPHRASE: Kind = Kind {
    asked_twice: true,
    ..PASSPHRASE
};

const CODE: Kind = Kind {
    name: "code from the e-mail",
    option: "--code-file",
    variable: None,
    asked_twice: false,
};

const VERIFICATION_CODE: Kind = Kind {
    name: "verification code",
    option: "--code-file",
    variable: None,
    asked_twice: true,
};

const ANSWER: Kind = Kind {
    name: "answer",
    option: "--answers",
    variable: None,
    asked_twice: false,
};

/// The longest file of a secret that is read. Devices take 16 bytes of a password.
const MAX_BYTES: u64 = 4096;

impl Kind {
    fn read(&self, file: Option<&Path>, may_ask: bool) -> Result<SecretString, Failure> {
        if let Some(file) = file {
            return self.read_file(file);
        }
        if let Some((variable, value)) = self.in_environment() {
            return self.read_variable(variable, value);
        }
        if may_ask && Terminal::can_ask() {
            return self.ask();
        }
        let Self { name, option, .. } = self;
        let message = format!("no {name} was given, and there is no terminal to ask on");
        let or_in = self.variable.map(|variable| format!(" or in {variable}"));
        let or_in = or_in.unwrap_or_default();
        Err(Failure::words(Exit::Usage, message).hint(format!(
            "give it with {option} FILE ({option} - reads a line of standard input){or_in}"
        )))
    }

    /// Whether it can be had without asking.
    fn is_given(&self, file: Option<&Path>) -> bool {
        file.is_some() || self.in_environment().is_some()
    }

    fn in_environment(&self) -> Option<(&'static str, OsString)> {
        let variable = self.variable?;
        Some((variable, env::var_os(variable)?))
    }

    fn read_file(&self, file: &Path) -> Result<SecretString, Failure> {
        let read = if file == Path::new("-") {
            read_line(&mut io::stdin().lock())
        } else {
            read_all(file)
        };
        let bytes = read.map_err(|error| {
            let what = format!("cannot read the {} from {}", self.name, file.display());
            Failure::because(Exit::Machine, what, error)
                .hint("check the path and that you may read the file")
        })?;
        let text = std::str::from_utf8(&bytes).map_err(|_| self.not_text(&file.display()))?;
        self.secret(text, &file.display())
    }

    fn read_variable(&self, variable: &str, value: OsString) -> Result<SecretString, Failure> {
        let value = value.into_string();
        let value = value.map_err(|_| self.not_text(&variable))?;
        self.secret(&Zeroizing::new(value), &variable)
    }

    fn ask(&self) -> Result<SecretString, Failure> {
        let ask = |prompt: String| {
            let read = || rpassword::prompt_password(prompt).map(Zeroizing::new);
            while_asking(read).map_err(|error| {
                if error.kind() == io::ErrorKind::Interrupted {
                    return Failure::words(Exit::Refused, "interrupted: nothing was sent")
                        .hint("run it again to go on");
                }
                let what = format!("cannot ask for the {}", self.name);
                Failure::because(Exit::Machine, what, error)
                    .hint(format!("give it with {} FILE", self.option))
            })
        };
        let first = ask(format!("{}: ", capitalised(self.name)))?;
        if self.asked_twice && ask("Type it again: ".into())? != first {
            let message = format!("the {} typed twice is not the same", self.name);
            return Err(Failure::words(Exit::Usage, message).hint("try again; nothing was sent"));
        }
        self.secret(&first, &"the prompt")
    }

    /// The secret without its one trailing line break.
    fn secret(&self, text: &str, source: &dyn std::fmt::Display) -> Result<SecretString, Failure> {
        let text = text.strip_suffix('\n').unwrap_or(text);
        let text = text.strip_suffix('\r').unwrap_or(text);
        if text.is_empty() {
            let message = format!("the {} from {source} is empty", self.name);
            return Err(Failure::words(Exit::Usage, message).hint("nothing was sent"));
        }
        Ok(SecretString::from(text))
    }

    fn not_text(&self, source: &dyn std::fmt::Display) -> Failure {
        let message = format!("the {} from {source} is not UTF-8 text", self.name);
        Failure::words(Exit::Usage, message).hint("save it as plain text; nothing was sent")
    }
}

fn read_all(file: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    // As large as it can get, so that no copy is left behind where it grows.
    let mut bytes = Zeroizing::new(Vec::with_capacity(8192));
    File::open(file)?.take(MAX_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads byte by byte: what stands behind the line is left for who reads next.
fn read_line(input: &mut impl Read) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut line = Zeroizing::new(Vec::with_capacity(8192));
    let mut byte = [0; 1];
    let mut input = input.take(MAX_BYTES);
    while line.last() != Some(&b'\n') && input.read(&mut byte)? == 1 {
        line.extend_from_slice(&byte);
    }
    Ok(line)
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn one_line_break_is_stripped() {
        for (text, secret) in [
            ("Garden7!", "Garden7!"),
            ("Garden7!\n", "Garden7!"),
            ("Garden7!\r\n", "Garden7!"),
            ("Garden7!\n\n", "Garden7!\n"),
            (" Garden7! ", " Garden7! "),
        ] {
            let read = NEW.secret(text, &"a test").unwrap();
            assert_eq!(read.expose_secret(), secret);
        }
        assert!(NEW.secret("\n", &"a test").is_err());
    }

    #[test]
    fn a_line_of_input_is_no_more_than_that() {
        let mut input = &b"first\nsecond\n"[..];
        assert_eq!(&**read_line(&mut input).unwrap(), b"first\n");
        assert_eq!(&**read_line(&mut input).unwrap(), b"second\n");
    }
}
