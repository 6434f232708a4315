//! The new password a command sets, checked before anything is sent.

use sadp_model::PasswordCheck;
use sadp_ops::Overrides;
use sadp_proto::seal::UpdateDigest;
use sadp_text::Explanation;
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
    /// Checks a new password by the vendor's rules.
    fn check(&self, password: &str) -> Result<(), Failure> {
        if password.is_empty() {
            // Nothing typed is said to be empty elsewhere.
            return Ok(());
        }
        match sadp_text::new_password_problem(password, &self.user, self.overrides) {
            Some(Explanation { message, next }) => {
                let failure = Failure::words(Exit::Unsafe, message);
                Err(next.into_iter().fold(failure, Failure::hint))
            }
            None => Ok(()),
        }
    }
}
