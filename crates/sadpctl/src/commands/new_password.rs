//! The new password a command sets, checked before anything is sent.

use sadp_model::PasswordCheck;
use sadp_ops::{Guard, Overrides};
use sadp_proto::seal::UpdateDigest;
use secrecy::{ExposeSecret, SecretString};

use crate::{
    args::{ChangeArgs, NewPasswordArgs},
    failure::{Exit, Failure},
    secret::Secret,
    terminal::Terminal,
};

/// Reads and checks it. `None` only for a dry run to which none was given.
pub(super) fn read(
    args: &NewPasswordArgs,
    change: ChangeArgs,
    terminal: &mut Terminal,
) -> Result<Option<SecretString>, Failure> {
    let file = args.new_password_file.as_deref();
    let given = if change.dry_run {
        Secret::NEW.read_if_given(file, terminal)?
    } else {
        Some(Secret::NEW.read(file, terminal)?)
    };
    let Some(password) = given else {
        return Ok(None);
    };
    check(&password, change.overrides(), terminal)?;
    Ok(Some(password))
}

/// Checks a new password by the vendor's rules. Where [`Guard::WeakPassword`] is
/// lifted, the device judges the softer ones.
pub(super) fn check(
    password: &SecretString,
    overrides: Overrides,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    let check = PasswordCheck::of(password.expose_secret(), UpdateDigest::DEFAULT_USER);
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
    terminal.note(&format!("the new password is {}", check.strength.name()));
    Ok(())
}
