//! The new password a command sets, checked before anything is sent.

use sadp_model::PasswordCheck;
use sadp_ops::{Guard, Overrides};
use sadp_proto::seal::UpdateDigest;
use secrecy::{ExposeSecret, SecretString};

use crate::{
    args::{ChangeArgs, NewPasswordArgs},
    failure::{Exit, Failure},
    secret::{Given, PendingSecret, Secret},
    terminal::Terminal,
};

/// A new password that is checked already where it is given; else it is asked for once
/// it is known that it will be sent.
pub(super) struct NewPassword {
    pending: PendingSecret,
    overrides: Overrides,
}

/// Reads and checks it where it is given.
pub(super) fn pending(args: &NewPasswordArgs, change: ChangeArgs) -> Result<NewPassword, Failure> {
    let overrides = change.overrides();
    let pending = Secret::NEW.pending(args.new_password_file.as_deref(), change.dry_run)?;
    if let Some(given) = &pending.given {
        check(given.text(), overrides)?;
    }
    Ok(NewPassword { pending, overrides })
}

impl NewPassword {
    /// The password. What is typed is checked before it is typed again.
    pub(super) fn get(self, terminal: &mut Terminal) -> Result<SecretString, Failure> {
        let password = self.load()?.told(terminal);
        let strength = strength(password.expose_secret());
        terminal.note(&format!("the new password is {strength}"));
        Ok(password)
    }

    /// The same, where nothing can be said meanwhile.
    pub(super) fn load(self) -> Result<Given, Failure> {
        let overrides = self.overrides;
        self.pending.load(|typed| check(typed, overrides))
    }
}

fn strength(password: &str) -> &'static str {
    let check = PasswordCheck::of(password, UpdateDigest::DEFAULT_USER);
    check.strength.name()
}

/// Checks a new password by the vendor's rules. Where [`Guard::WeakPassword`] is
/// lifted, the device judges the softer ones.
fn check(password: &str, overrides: Overrides) -> Result<(), Failure> {
    if password.is_empty() {
        // Nothing typed is said to be empty elsewhere.
        return Ok(());
    }
    let check = PasswordCheck::of(password, UpdateDigest::DEFAULT_USER);
    let problems = || {
        let problems = check.problems.iter();
        let lines = problems.map(|problem| format!("\n  {}: {problem}", problem.name()));
        lines.collect::<String>()
    };
    if check.is_impossible() {
        let message = format!("the new password cannot be set:{}", problems());
        return Err(Failure::words(Exit::Unsafe, message).hint(
            "choose 8 to 16 characters of two kinds or more: digits, lower case, upper case, special; no blank at an end; nothing was sent",
        ));
    }
    if !check.problems.is_empty() && !overrides.lifts(Guard::WeakPassword) {
        let message = format!("newer devices would refuse the new password:{}", problems());
        return Err(Failure::words(Exit::Unsafe, message)
            .hint("choose another, or use --force weak-password to let the devices decide; nothing was sent"));
    }
    Ok(())
}
