//! Passwords and other secrets: from a file, the environment or a prompt, never
//! from an argument.

use std::{
    env,
    ffi::OsString,
    fs::File,
    io::{self, Read},
    path::Path,
};

use sadp_model::{SecretKind, SecretProblem, SecretText};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use crate::{
    args::PasswordArgs,
    failure::{Exit, Failure},
    interrupt::while_asking,
    terminal::Terminal,
};
use sadp_text::capitalised;

/// The current password. A dry run needs none.
pub(crate) fn current(dry_run: bool, args: &PasswordArgs) -> Result<PendingSecret, Failure> {
    if dry_run {
        let (secret, given) = (&Secret::CURRENT, None);
        return Ok(PendingSecret { secret, given });
    }
    Secret::CURRENT.pending(args.password_file.as_deref(), false)
}

/// A kind of secret, and where it comes from: a file, the environment, or else a
/// prompt where there is a terminal.
pub(crate) struct Secret {
    name: &'static str,
    option: &'static str,
    variable: Option<&'static str>,
    asked_twice: bool,
    kind: SecretKind,
}

/// A secret that is read already where a file or the environment gives it; else it is
/// asked for once it is known that it will be sent.
pub(crate) struct PendingSecret {
    secret: &'static Secret,
    pub(crate) given: Option<Given>,
}

impl PendingSecret {
    /// The secret.
    pub(crate) fn get(self, terminal: &mut Terminal) -> Result<SecretString, Failure> {
        Ok(self.load(|_| Ok(()))?.told(terminal))
    }

    /// The same, where nothing can be said meanwhile. What is typed is checked before
    /// it is asked for again.
    pub(crate) fn load(
        self,
        check: impl FnOnce(&str) -> Result<(), Failure>,
    ) -> Result<Given, Failure> {
        match self.given {
            Some(given) => Ok(given),
            None => self.secret.ask(check),
        }
    }
}

/// A secret, and what is to be said about where it came from.
pub(crate) struct Given {
    secret: SecretString,
    note: Option<String>,
}

impl Given {
    pub(crate) fn text(&self) -> &str {
        self.secret.expose_secret()
    }

    /// The secret, once that is said.
    pub(crate) fn told(self, terminal: &mut Terminal) -> SecretString {
        if let Some(note) = self.note {
            terminal.note(&note);
        }
        self.secret
    }
}

impl Secret {
    /// The current password.
    const CURRENT: Self = Self::new("current password", SecretKind::CurrentPassword)
        .from("--password-file")
        .or_in("SADPCTL_PASSWORD");

    /// The new password.
    pub(crate) const NEW: Self = Self::new("new password", SecretKind::NewPassword)
        .from("--new-password-file")
        .or_in("SADPCTL_NEW_PASSWORD")
        .asked_twice();

    /// The password of a user of ONVIF.
    pub(crate) const ONVIF: Self = Self::new("password of the ONVIF user", SecretKind::NewPassword)
        .from("--user-password-file")
        .asked_twice();

    /// The vendor's key or dated code.
    pub(crate) const KEY: Self = Self::new("vendor's key", SecretKind::Key).from("--key-file");

    /// The passphrase to decrypt by.
    pub(crate) const PASSPHRASE: Self = Self::new("passphrase", SecretKind::Passphrase)
        .from("--passphrase-file")
        .or_in("SADPCTL_PASSPHRASE");

    /// The passphrase to encrypt by.
    pub(crate) const NEW_PASSPHRASE: Self = Self::PASSPHRASE.asked_twice();

    /// The code that came by e-mail.
    pub(crate) const MAILED_CODE: Self =
        Self::new("code from the e-mail", SecretKind::Code).from("--code-file");

    /// The verification code of Hik-Connect.
    pub(crate) const VERIFICATION_CODE: Self = Self::new("verification code", SecretKind::Code)
        .from("--code-file")
        .asked_twice();

    /// One answer to a security question.
    pub(crate) const ANSWER: Self = Self::new("answer", SecretKind::Answer).from("--answers");

    const fn new(name: &'static str, kind: SecretKind) -> Self {
        Self {
            name,
            option: "",
            variable: None,
            asked_twice: false,
            kind,
        }
    }

    const fn from(mut self, option: &'static str) -> Self {
        self.option = option;
        self
    }

    const fn or_in(mut self, variable: &'static str) -> Self {
        self.variable = Some(variable);
        self
    }

    const fn asked_twice(mut self) -> Self {
        self.asked_twice = true;
        self
    }
}

/// The longest file of a secret that is read. Devices take 16 bytes of a password.
const MAX_BYTES: u64 = 4096;

impl Secret {
    /// Reads it from the file, if there is one, or from the environment, or asks.
    pub(crate) fn read(
        &'static self,
        file: Option<&Path>,
        terminal: &mut Terminal,
    ) -> Result<SecretString, Failure> {
        self.pending(file, false)?.get(terminal)
    }

    /// Reads it where it is given. Fails where it cannot be asked for later, unless
    /// nothing will be sent.
    pub(crate) fn pending(
        &'static self,
        file: Option<&Path>,
        dry_run: bool,
    ) -> Result<PendingSecret, Failure> {
        let given = self.given(file)?;
        if given.is_some() || dry_run || Terminal::can_ask() {
            let secret = self;
            return Ok(PendingSecret { secret, given });
        }
        let Self { name, option, .. } = self;
        let message = format!("no {name} was given, and there is no terminal to ask on");
        let or_in = self.variable.map(|variable| format!(" or in {variable}"));
        let or_in = or_in.unwrap_or_default();
        Err(Failure::usage(message).hint(format!(
            "give it with {option} FILE ({option} - reads a line of standard input){or_in}"
        )))
    }

    fn given(&self, file: Option<&Path>) -> Result<Option<Given>, Failure> {
        if let Some(file) = file {
            return self.read_file(file).map(Some);
        }
        let Some((variable, value)) = self.in_environment() else {
            return Ok(None);
        };
        let value = value.into_string().map(Zeroizing::new);
        let value = value.map_err(|_| self.not_text(&variable))?;
        self.secret(&value, &variable).map(Some)
    }

    /// Whether it can be had, by asking at the worst.
    pub(crate) fn can_be_had(&self, file: Option<&Path>) -> bool {
        Terminal::can_ask() || file.is_some() || self.in_environment().is_some()
    }

    fn in_environment(&self) -> Option<(&'static str, OsString)> {
        let variable = self.variable?;
        Some((variable, env::var_os(variable)?))
    }

    fn read_file(&self, file: &Path) -> Result<Given, Failure> {
        let read = if file == Path::new("-") {
            read_line(&mut io::stdin().lock())
        } else {
            read_all(file)
        };
        let bytes = read.map_err(|error| {
            let what = format!("the {} from {}", self.name, file.display());
            Failure::unreadable(what, error)
        })?;
        let text = std::str::from_utf8(&bytes).map_err(|_| self.not_text(&file.display()))?;
        self.secret(text, &file.display())
    }

    /// Asks for it, without showing it. It is checked before it is asked for again.
    fn ask(&self, check: impl FnOnce(&str) -> Result<(), Failure>) -> Result<Given, Failure> {
        let first = self.prompt(format!("{}: ", capitalised(self.name)))?;
        check(&first)?;
        if self.asked_twice && self.prompt("Type it again: ".into())? != first {
            let message = format!("the {} typed twice is not the same", self.name);
            return Err(Failure::usage(message).hint("try again; nothing was sent"));
        }
        self.secret(&first, &"the prompt")
    }

    fn prompt(&self, prompt: String) -> Result<Zeroizing<String>, Failure> {
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
    }

    /// The secret, where it is what was most likely meant.
    fn secret(&self, text: &str, source: &dyn std::fmt::Display) -> Result<Given, Failure> {
        let read = SecretText::read(text, self.kind);
        match (read.problem, self.kind) {
            (Some(SecretProblem::Empty), _) => {
                let message = format!("the {} from {source} is empty", self.name);
                return Err(Failure::usage(message).hint("nothing was sent"));
            }
            // New passwords have a check of their own, which tells all at once.
            (None, _) | (Some(_), SecretKind::NewPassword) => {}
            (Some(problem), SecretKind::CurrentPassword) => self.confirm(problem, read.text)?,
            (Some(problem), _) => {
                let message = format!("the {} from {source} {problem}", self.name);
                return Err(Failure::usage(message)
                    .hint("give it alone, as it was written; nothing was sent"));
            }
        }
        let note = read
            .byte_order_mark
            .then(|| byte_order_mark(source, self.name));
        let secret = SecretString::from(read.text);
        Ok(Given { secret, note })
    }

    /// Has a secret that was most likely copied with something beside it typed again:
    /// a wrong secret costs a try.
    fn confirm(&self, problem: SecretProblem, text: &str) -> Result<(), Failure> {
        let name = self.name;
        let sure = Terminal::can_ask()
            && *self.prompt(format!(
                "The {name} {problem}. Type it again to send it as it is: "
            ))? == *text;
        if sure {
            return Ok(());
        }
        let hint = "leave that out, or type it on a terminal; nothing was sent";
        Err(Failure::words(Exit::Unsafe, format!("the {name} {problem}")).hint(hint))
    }

    fn not_text(&self, source: &dyn std::fmt::Display) -> Failure {
        let message = format!("the {} from {source} is not UTF-8 text", self.name);
        Failure::usage(message).hint("save it as plain text; nothing was sent")
    }
}

/// Says that the mark at the start of a file was dropped.
pub(crate) fn byte_order_mark(source: &dyn std::fmt::Display, name: &str) -> String {
    format!("{source} begins with a byte order mark, which is not taken for a part of the {name}")
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
    use super::*;

    #[test]
    fn a_new_password_is_read_with_its_blanks() {
        let read = Secret::NEW.secret(" Garden7! \n\n", &"a test").unwrap();
        assert_eq!(read.secret.expose_secret(), " Garden7! \n");
        let refused = Secret::NEW.secret("\n", &"a test").err().unwrap();
        assert!(refused.error.to_string().contains("is empty"));
    }

    #[test]
    fn codes_and_answers_with_something_beside_them_are_refused() {
        for (secret, text, told) in [
            (
                Secret::MAILED_CODE,
                "Your code: 123456",
                "more than one word",
            ),
            (Secret::VERIFICATION_CODE, "AB\nCD", "more than one line"),
            (Secret::ANSWER, "Rex ", "begins or ends with a blank"),
            (Secret::KEY, "Ab\u{200b}C12345", "invisible character"),
        ] {
            let refused = secret.secret(text, &"a test").err().unwrap();
            assert!(refused.error.to_string().contains(told), "{text:?}");
        }
        let code = Secret::MAILED_CODE
            .secret("\u{feff} 123456 \r\n", &"a test")
            .unwrap();
        assert_eq!(code.secret.expose_secret(), "123456");
        assert!(code.note.unwrap().contains("byte order mark"));
    }

    #[test]
    fn a_line_of_input_is_no_more_than_that() {
        let mut input = &b"first\nsecond\n"[..];
        assert_eq!(&**read_line(&mut input).unwrap(), b"first\n");
        assert_eq!(&**read_line(&mut input).unwrap(), b"second\n");
    }
}
