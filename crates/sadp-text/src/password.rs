use sadp_model::PasswordCheck;
use sadp_ops::{Guard, Overrides};

use crate::{Explanation, Sentence, say};

/// Why a new password for this user is not sent, by the vendor's rules. `None` where it can
/// be. Where [`Guard::WeakPassword`] is lifted, the device judges the softer rules.
pub fn new_password_problem(
    password: &str,
    user: &str,
    overrides: Overrides,
) -> Option<Explanation> {
    let check = PasswordCheck::of(password, user);
    let problems = check.problems.iter();
    let problems = problems.map(|problem| format!("\n  {}: {problem}", problem.name()));
    let problems: String = problems.collect();
    if check.is_impossible() {
        return Some(say(format!("the new password cannot be set:{problems}")).next(
            "choose 8 to 16 characters of two kinds or more: digits, lower case, upper case, special; no blank at an end; nothing was sent",
        ));
    }
    if check.problems.is_empty() || overrides.lifts(Guard::WeakPassword) {
        return None;
    }
    let next = Sentence::new("choose another, or use ")
        .lift(Guard::WeakPassword)
        .text(" to let the devices decide; nothing was sent");
    let message = format!("newer devices would refuse the new password:{problems}");
    Some(say(message).next(next))
}
