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
    account: NewAccount,
}

/// Whose password it is, and what the user lifted.
struct NewAccount {
    user: Box<str>,
    overrides: Overrides,
}

/// Reads and checks that of a device where it is given.
pub(super) fn pending(args: &NewPasswordArgs, change: ChangeArgs) -> Result<NewPassword, Failure> {
    let pending = Secret::NEW.pending(args.new_password_file.as_deref(), change.dry_run)?;
    NewPassword::of(UpdateDigest::DEFAULT_USER, pending, change)
}

impl NewPassword {
    /// The password of this user. It is checked where it is given.
    pub(super) fn of(
        user: &str,
        pending: PendingSecret,
        change: ChangeArgs,
    ) -> Result<Self, Failure> {
        let overrides = change.overrides();
        let account = NewAccount {
            user: user.into(),
            overrides,
        };
        if let Some(given) = &pending.given {
            account.check(given.text())?;
        }
        Ok(Self { pending, account })
    }

    /// The password. What is typed is checked before it is typed again.
    pub(super) fn get(self, terminal: &mut Terminal) -> Result<SecretString, Failure> {
        let Self { pending, account } = self;
        let password = pending.load(|typed| account.check(typed))?.told(terminal);
        let strength = PasswordCheck::of(password.expose_secret(), &account.user).strength;
        terminal.note(&format!("the new password is {}", strength.name()));
        Ok(password)
    }

    /// The same, where nothing can be said meanwhile.
    pub(super) fn load(self) -> Result<Given, Failure> {
        self.pending.load(|typed| self.account.check(typed))
    }
}

impl NewAccount {
    /// Checks a new password by the vendor's rules. Where [`Guard::WeakPassword`] is
    /// lifted, the device judges the softer ones.
    fn check(&self, password: &str) -> Result<(), Failure> {
        if password.is_empty() {
            // Nothing typed is said to be empty elsewhere.
            return Ok(());
        }
        let check = PasswordCheck::of(password, &self.user);
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
        if !check.problems.is_empty() && !self.overrides.lifts(Guard::WeakPassword) {
            let message = format!("newer devices would refuse the new password:{}", problems());
            return Err(Failure::words(Exit::Unsafe, message)
            .hint("choose another, or use --force weak-password to let the devices decide; nothing was sent"));
        }
        Ok(())
    }
}
