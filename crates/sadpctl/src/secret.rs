//! Passwords and other secrets: from a file, the environment or a prompt, never
//! from an argument.

use std::{
    env,
    ffi::OsString,
    fs::File,
    io::{self, Read, Write},
    path::Path,
};

use secrecy::SecretString;
use zeroize::Zeroizing;

use crate::{
    args::PasswordArgs,
    failure::{Exit, Failure},
    interrupt::while_asking,
    terminal::Terminal,
};
use sadp_text::capitalised;

/// The current password. `None` for a dry run, which asks for none.
pub(crate) fn current_unless(
    dry_run: bool,
    args: &PasswordArgs,
) -> Result<Option<SecretString>, Failure> {
    let file = args.password_file.as_deref();
    (!dry_run).then(|| Secret::CURRENT.read(file)).transpose()
}

/// A kind of secret, and where it comes from: a file, the environment, or else a
/// prompt where there is a terminal.
pub(crate) struct Secret {
    name: &'static str,
    option: &'static str,
    variable: Option<&'static str>,
    asked_twice: bool,
    /// Whether a wrong one costs a try.
    costs_try: bool,
}

impl Secret {
    /// The current password.
    const CURRENT: Self = Self {
        costs_try: true,
        ..Self::new("current password", "--password-file").or_in("SADPCTL_PASSWORD")
    };

    /// The new password.
    pub(crate) const NEW: Self = Self::new("new password", "--new-password-file")
        .or_in("SADPCTL_NEW_PASSWORD")
        .asked_twice();

    /// The vendor's key or dated code.
    pub(crate) const KEY: Self = Self::new("vendor's key", "--key-file");

    /// The passphrase to decrypt by.
    pub(crate) const PASSPHRASE: Self =
        Self::new("passphrase", "--passphrase-file").or_in("SADPCTL_PASSPHRASE");

    /// The passphrase to encrypt by.
    pub(crate) const NEW_PASSPHRASE: Self = Self::PASSPHRASE.asked_twice();

    /// The code that came by e-mail.
    pub(crate) const MAILED_CODE: Self = Self::new("code from the e-mail", "--code-file");

    /// The verification code of Hik-Connect.
    pub(crate) const VERIFICATION_CODE: Self =
        Self::new("verification code", "--code-file").asked_twice();

    /// One answer to a security question.
    pub(crate) const ANSWER: Self = Self::new("answer", "--answers");

    const fn new(name: &'static str, option: &'static str) -> Self {
        Self {
            name,
            option,
            variable: None,
            asked_twice: false,
            costs_try: false,
        }
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
    pub(crate) fn read(&self, file: Option<&Path>) -> Result<SecretString, Failure> {
        if let Some(given) = self.read_if_given(file)? {
            return Ok(given);
        }
        if Terminal::can_ask() {
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

    /// The same, without asking: `None` where neither holds it.
    pub(crate) fn read_if_given(
        &self,
        file: Option<&Path>,
    ) -> Result<Option<SecretString>, Failure> {
        if let Some(file) = file {
            return self.read_file(file).map(Some);
        }
        let given = self.in_environment();
        given
            .map(|(variable, value)| self.read_variable(variable, value))
            .transpose()
    }

    /// Whether it can be had, by asking at the worst.
    pub(crate) fn can_be_had(&self, file: Option<&Path>) -> bool {
        Terminal::can_ask() || self.is_given(file)
    }

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
        let plain = text.strip_prefix('\u{feff}').unwrap_or(text);
        if plain.len() < text.len() {
            let said = format!(
                "warning: {} begins with a byte order mark, which is not taken for a part of the {}\n",
                file.display(),
                self.name
            );
            io::stderr().write_all(said.as_bytes())?;
        }
        self.secret(plain, &file.display())
    }

    fn read_variable(&self, variable: &str, value: OsString) -> Result<SecretString, Failure> {
        let value = value.into_string();
        let value = value.map_err(|_| self.not_text(&variable))?;
        self.secret(&Zeroizing::new(value), &variable)
    }

    /// Asks for it, without showing it.
    pub(crate) fn ask(&self) -> Result<SecretString, Failure> {
        let first = self.prompt(format!("{}: ", capitalised(self.name)))?;
        if self.asked_twice && self.prompt("Type it again: ".into())? != first {
            let message = format!("the {} typed twice is not the same", self.name);
            return Err(Failure::words(Exit::Usage, message).hint("try again; nothing was sent"));
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

    /// The secret without its one trailing line break.
    fn secret(&self, text: &str, source: &dyn std::fmt::Display) -> Result<SecretString, Failure> {
        let text = text.strip_suffix('\n').unwrap_or(text);
        let text = text.strip_suffix('\r').unwrap_or(text);
        if text.is_empty() {
            let message = format!("the {} from {source} is empty", self.name);
            return Err(Failure::words(Exit::Usage, message).hint("nothing was sent"));
        }
        if self.costs_try && text.trim().len() < text.len() {
            self.confirm_blanks(text)?;
        }
        Ok(SecretString::from(text))
    }

    /// Has a secret with a blank at an end typed again: most likely it was copied along,
    /// and a wrong secret costs a try.
    fn confirm_blanks(&self, text: &str) -> Result<(), Failure> {
        let name = self.name;
        let message = format!("the {name} begins or ends with a blank");
        let sure = Terminal::can_ask()
            && *self.prompt(format!(
                "The {name} begins or ends with a blank. Type it again, to be sent so: "
            ))? == *text;
        if sure {
            return Ok(());
        }
        Err(Failure::words(Exit::Unsafe, message)
            .hint("leave the blank out, or type it on a terminal; nothing was sent"))
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
            let read = Secret::NEW.secret(text, &"a test").unwrap();
            assert_eq!(read.expose_secret(), secret);
        }
        assert!(Secret::NEW.secret("\n", &"a test").is_err());
    }

    #[test]
    fn a_line_of_input_is_no_more_than_that() {
        let mut input = &b"first\nsecond\n"[..];
        assert_eq!(&**read_line(&mut input).unwrap(), b"first\n");
        assert_eq!(&**read_line(&mut input).unwrap(), b"second\n");
    }
}
