use strum::{EnumIter, IntoEnumIterator, IntoStaticStr};
use thiserror::Error;
use zeroize::Zeroizing;

/// Result of the vendor's rules for a new password. Source: the vendor's public
/// guides. The device decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordCheck {
    /// Its strength.
    pub strength: Strength,
    /// The rules it breaks, hard rules first.
    pub problems: Vec<PasswordProblem>,
}

impl PasswordCheck {
    /// Checks a new password for the account `user`. The copy it makes is wiped.
    pub fn of(password: &str, user: &str) -> Self {
        let lower = Zeroizing::new(password.to_lowercase());
        let problems: Vec<_> = PasswordProblem::iter()
            .filter(|problem| problem.applies(password, &lower, user))
            .collect();
        let strength = if problems.is_empty() {
            Strength::of(password)
        } else {
            Strength::Risky
        };
        Self { strength, problems }
    }

    /// Whether every device refuses it.
    pub fn is_impossible(&self) -> bool {
        self.problems.iter().any(|problem| problem.is_hard())
    }
}

/// Password strength, in the vendor's levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum Strength {
    /// All devices, or newer ones, refuse it.
    Risky,
    /// Digits and letters of one case.
    Weak,
    /// Any other two kinds of characters.
    Medium,
    /// Three kinds of characters or more.
    Strong,
}

impl Strength {
    fn of(password: &str) -> Self {
        let [digits, _, _, special] = kinds(password);
        match count_kinds(password) {
            0 | 1 => Self::Risky,
            2 if digits && !special => Self::Weak,
            2 => Self::Medium,
            _ => Self::Strong,
        }
    }
}

/// Which kinds of characters a password contains: digits, lower case, upper case,
/// special.
fn kinds(password: &str) -> [bool; 4] {
    let kinds: [fn(char) -> bool; 4] = [
        |c| c.is_ascii_digit(),
        char::is_lowercase,
        char::is_uppercase,
        |c| !c.is_alphanumeric(),
    ];
    kinds.map(|belongs| password.chars().any(belongs))
}

fn count_kinds(password: &str) -> usize {
    kinds(password)
        .into_iter()
        .filter(|&present| present)
        .count()
}

/// A reason why devices refuse a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, EnumIter, IntoStaticStr, Error)]
#[strum(serialize_all = "kebab-case")]
pub enum PasswordProblem {
    /// Fewer than 8 characters.
    #[error("fewer than 8 characters")]
    TooShort,
    /// More than 16 bytes.
    #[error("more than 16 bytes")]
    TooLong,
    /// Only one of digits, lower case, upper case, special characters.
    #[error("fewer than two of digits, lower case, upper case and special characters")]
    OneKind,
    /// It contains a control, format or non-ASCII character, a line break among them:
    /// nobody could type it into a web page.
    #[error(
        "contains a character that cannot be typed everywhere: control, format or non-ASCII characters, or a line break"
    )]
    NotTypable,
    /// It begins or ends with a blank.
    #[error("begins or ends with a blank")]
    OuterBlank,
    /// It contains the user name, forwards or backwards.
    #[error("contains the user name, forwards or backwards")]
    UserName,
    /// It contains `123`.
    #[error("contains \"123\"")]
    OneTwoThree,
    /// It contains `admin`.
    #[error("contains \"admin\"")]
    Admin,
    /// Four or more digits rising or falling by one.
    #[error("contains four or more digits that rise or fall one by one")]
    DigitRun,
    /// Four or more equal characters in a row.
    #[error("contains the same character four or more times in a row")]
    Repetition,
}

impl PasswordProblem {
    /// Whether it must not be set: every device refuses it, or nobody could log in with
    /// it. Only newer firmware checks the other rules.
    const fn is_hard(self) -> bool {
        matches!(
            self,
            Self::TooShort | Self::TooLong | Self::OneKind | Self::NotTypable | Self::OuterBlank
        )
    }

    /// Whether a password breaks this rule. `lower` is the password in lower case.
    fn applies(self, password: &str, lower: &str, user: &str) -> bool {
        match self {
            Self::TooShort => password.chars().count() < 8,
            Self::TooLong => password.len() > 16,
            Self::OneKind => count_kinds(password) < 2,
            Self::NotTypable => !password.bytes().all(|it| matches!(it, b' '..=b'~')),
            Self::OuterBlank => password.trim().len() < password.len(),
            Self::UserName => {
                let user = user.to_lowercase();
                let mirrored: String = user.chars().rev().collect();
                !user.is_empty() && (lower.contains(&user) || lower.contains(&mirrored))
            }
            Self::OneTwoThree => password.contains("123"),
            Self::Admin => lower.contains("admin"),
            Self::DigitRun => has_run(password, 1) || has_run(password, -1),
            Self::Repetition => has_run(password, 0),
        }
    }
}

/// Whether four characters in a row each differ from the previous one by `step`.
/// Rising and falling runs are of digits only.
fn has_run(password: &str, step: i64) -> bool {
    const LENGTH: usize = 4;
    // No characters are collected: that would copy the password.
    let mut length = 1;
    let mut pairs = password.chars().zip(password.chars().skip(1));
    pairs.any(|(first, second)| {
        let digits = first.is_ascii_digit() && second.is_ascii_digit();
        let apart = i64::from(u32::from(second)) - i64::from(u32::from(first));
        let follows = apart == step && (step == 0 || digits);
        length = if follows { length + 1 } else { 1 };
        length >= LENGTH
    })
}

#[cfg(test)]
mod tests {
    use super::{PasswordProblem::*, *};

    fn problems(password: &str) -> Vec<PasswordProblem> {
        PasswordCheck::of(password, "admin").problems
    }

    #[test]
    fn each_rule_is_held() {
        for (password, expected) in [
            ("Abcd7!x", vec![TooShort]),
            ("Abcdefgh7!Abcdefg", vec![TooLong]),
            ("abcdefgh", vec![OneKind]),
            ("xAdmin77!", vec![UserName, Admin]),
            ("xnimda77!", vec![UserName]),
            ("Garden123", vec![OneTwoThree]),
            ("Garden4567", vec![DigitRun]),
            ("Garden7654", vec![DigitRun]),
            ("Garden7777", vec![Repetition]),
            ("Gaaaarden7", vec![Repetition]),
            ("Gärten77", vec![NotTypable]),
            ("\u{feff}Garden77", vec![NotTypable]),
            ("Garden\u{200b}77", vec![NotTypable]),
            ("Garden\n77", vec![NotTypable]),
            ("Garden77\n", vec![NotTypable, OuterBlank]),
            ("Gar\tden77", vec![NotTypable]),
            (" Garden77", vec![OuterBlank]),
            ("Garden77 ", vec![OuterBlank]),
            ("Gar den77", vec![]),
            ("Garden77477", vec![]),
            ("Garden456456", vec![]),
            ("Garden7774567", vec![DigitRun]),
            ("Garden7abcd", vec![]),
        ] {
            assert_eq!(problems(password), expected, "{password}");
        }
    }

    #[test]
    fn strength_has_the_vendors_levels() {
        for (strength, passwords) in [
            (Strength::Risky, &["abcdefgh"][..]),
            (Strength::Weak, &["garden77", "GARDEN77"]),
            (Strength::Medium, &["gardenLA", "garden!!", "7272!!88"]),
            (Strength::Strong, &["Garden77", "Garden7!"]),
        ] {
            for password in passwords {
                let found = PasswordCheck::of(password, "admin").strength;
                assert_eq!(found, strength, "{password}");
            }
        }
    }

    #[test]
    fn what_must_not_be_set_is_distinguished_from_what_newer_devices_refuse() {
        for password in [" Garden77", "Garden77\u{e9}", "Garden\u{7f}77"] {
            assert!(PasswordCheck::of(password, "admin").is_impossible());
        }
        assert!(PasswordCheck::of("short7", "admin").is_impossible());
        assert!(!PasswordCheck::of("Garden123", "admin").is_impossible());
    }
}
