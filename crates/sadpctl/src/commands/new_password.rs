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
    /// Whose password it is.
    account: Box<str>,
    /// What is lifted.
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
        account: &str,
        pending: PendingSecret,
        change: ChangeArgs,
    ) -> Result<Self, Failure> {
        let overrides = change.overrides();
        if let Some(given) = &pending.given {
            check(given.text(), account, overrides)?;
        }
        Ok(Self {
            pending,
            account: account.into(),
            overrides,
        })
    }

    /// The password. What is typed is checked before it is typed again.
    pub(super) fn get(self, terminal: &mut Terminal) -> Result<SecretString, Failure> {
        let account = self.account.clone();
        let password = self.load()?.told(terminal);
        let strength = PasswordCheck::of(password.expose_secret(), &account).strength;
        terminal.note(&format!("the new password is {}", strength.name()));
        Ok(password)
    }

    /// The same, where nothing can be said meanwhile.
    pub(super) fn load(self) -> Result<Given, Failure> {
        let (account, overrides) = (self.account, self.overrides);
        self.pending.load(|typed| check(typed, &account, overrides))
    }
}

/// Checks a new password by the vendor's rules.
fn check(password: &str, account: &str, overrides: Overrides) -> Result<(), Failure> {
    if password.is_empty() {
        // Nothing typed is said to be empty elsewhere.
        return Ok(());
    }
    match sadp_text::new_password_problem(password, account, overrides) {
        Some(Explanation { message, next }) => {
            let failure = Failure::words(Exit::Unsafe, message);
            Err(next.into_iter().fold(failure, Failure::hint))
        }
        None => Ok(()),
    }
}
