use std::fmt;

use crate::CommandReply;

/// Makes [`Refusal`] and its table from one list: word, variant and number.
macro_rules! refusals {
    ($($(#[$doc:meta])+ $word:literal $name:ident $number:expr;)+) => {
        /// A refusal: a `Result` other than `success`. Words are case-sensitive. An unknown
        /// word is kept and is a refusal, too.
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub enum Refusal {
            $($(#[$doc])+ $name,)+
            /// Any other.
            Other(Box<str>),
        }

        impl Refusal {
            const KNOWN: &[(&'static str, Option<u32>, Self)] =
                &[$(($word, $number, Self::$name)),+];
        }
    };
}

refusals! {
    /// No reason given.
    "failed" Failed Some(2009);
    /// Too many wrong tries: it refuses passwords for a while.
    "locked" Locked Some(2018);
    /// It has no password yet.
    "notActivated" NotActivated Some(2019);
    /// The new password is too weak for it.
    "riskPassword" RiskPassword Some(2020);
    /// It has a password already.
    "hasActivated" HasActivated Some(2021);
    /// It has no open request.
    "emptyEncryptString" EmptyEncryptString Some(2022);
    /// The request is too old.
    "exportFileOverDue" ExportFileOverDue Some(2023);
    /// The current password is wrong.
    "PasswordError" PasswordError Some(2024);
    /// An answer is too long.
    "LongAnswer" LongAnswer Some(2025);
    /// The GUID is not its own, used, or void.
    "invalidGUID" InvalidGuid Some(2026);
    /// An answer is wrong.
    "AnswerError" AnswerError Some(2027);
    /// Another number of questions is required.
    "QuestionNumErr" QuestionNumErr Some(2028);
    /// The code is wrong.
    "CodeError" CodeError Some(2033);
    /// The verification code is not valid.
    "IllegalVerificationCode" IllegalVerificationCode Some(2033);
    /// The device to bind does not exist.
    "BindErrorDev" BindErrorDev Some(2034);
    /// Too many devices to bind.
    "ExcedMaxBindNum" ExceedMaxBindNum Some(2035);
    /// The vendor's answer is wrong: newer firmware, for `reset`.
    "codeError" ResetCodeError Some(2039);
    /// It does not exist.
    "notExist" NotExist Some(2036);
    /// No reserved e-mail address is set.
    "notSetMailBox" NotSetMailBox Some(2038);
    /// It is not bound to a Hik-Connect account.
    "notBind" NotBound None;
    /// Hik-Connect is disabled.
    "unenableHCPlatform" CloudDisabled None;
    /// It is not connected to Hik-Connect.
    "offlineHCPlatform" CloudOffline None;
}

impl Refusal {
    /// The most bytes of an unknown word that are kept.
    const MAX_WORD: usize = 64;

    /// Parses a `Result`. `None` means success.
    pub fn read(result: &str) -> Option<Self> {
        let result = result.trim();
        if result == "success" {
            return None;
        }
        let known = Self::KNOWN.iter().find(|(word, ..)| *word == result);
        Some(known.map_or_else(
            || Self::Other(result.chars().take(Self::MAX_WORD).collect()),
            |(.., refusal)| refusal.clone(),
        ))
    }

    /// The device's word.
    pub fn word(&self) -> &str {
        match self {
            Self::Other(word) => word,
            known => known.known().map_or("", |(word, _)| word),
        }
    }

    /// Its number in the vendor's SDK.
    pub fn number(&self) -> Option<u32> {
        self.known()?.1
    }

    /// Word and number of a known refusal.
    fn known(&self) -> Option<(&'static str, Option<u32>)> {
        let mut known = Self::KNOWN.iter();
        let (word, number, _) = known.find(|(_, _, refusal)| refusal == self)?;
        Some((word, *number))
    }

    /// Whether the secret may have been wrong. Firmware without a word for that
    /// reports a failure or a word of its own.
    const fn may_mean_wrong_secret(&self) -> bool {
        matches!(
            self,
            Self::PasswordError
                | Self::AnswerError
                | Self::CodeError
                | Self::ResetCodeError
                | Self::InvalidGuid
                | Self::Locked
                | Self::Failed
                | Self::Other(_)
        )
    }

    /// Whether the vendor's answer was damaged or for another device. Only newer
    /// firmware has a word for that, so an unknown word may mean it, too.
    pub const fn is_wrong_answer(&self) -> bool {
        matches!(
            self,
            Self::Failed | Self::CodeError | Self::ResetCodeError | Self::Other(_)
        )
    }
}

/// A refusal and the counters of the device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusalReply {
    /// The device's word.
    pub refusal: Refusal,
    /// How many tries are left before it locks.
    pub tries_left: Option<u32>,
    /// How many minutes it stays locked.
    pub lock_minutes: Option<u32>,
    /// Whether the reply names no device: its sender's address alone tells whose it is.
    pub without_mac: bool,
}

impl RefusalReply {
    pub(crate) fn read(refusal: Refusal, reply: &CommandReply) -> Self {
        // `update` uses another name for the counter.
        let tries_left = number(reply, "RetryTimes");
        Self {
            refusal,
            tries_left: tries_left.or_else(|| number(reply, "RetryModifyTime")),
            lock_minutes: number(reply, "SurplusLockTime").filter(|&minutes| minutes > 0),
            without_mac: reply.header.mac.is_none(),
        }
    }

    /// Whether it may have cost a try: do not send the secret again, to this device
    /// or another. A device that reports the tries left counts them.
    pub const fn may_have_cost_a_try(&self) -> bool {
        self.tries_left.is_some() || self.refusal.may_mean_wrong_secret()
    }
}

/// A refusal without counters, by a device that names itself.
impl From<Refusal> for RefusalReply {
    fn from(refusal: Refusal) -> Self {
        Self {
            refusal,
            tries_left: None,
            lock_minutes: None,
            without_mac: false,
        }
    }
}

fn number(reply: &CommandReply, name: &str) -> Option<u32> {
    reply.fields.first(name)?.parse().ok()
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_words_have_their_number() {
        for (word, number, refusal) in Refusal::KNOWN {
            assert_eq!(Refusal::read(word).as_ref(), Some(refusal));
            assert_eq!((refusal.word(), refusal.number()), (*word, *number));
        }
        assert_eq!(Refusal::read(" success "), None);
    }

    #[test]
    fn what_may_have_cost_a_try_is_known_by_the_word_or_by_the_count() {
        let may_cost = "PasswordError AnswerError CodeError codeError invalidGUID locked failed \
                        failure denied ";
        let cost_none = "notActivated riskPassword hasActivated emptyEncryptString notExist \
                         exportFileOverDue LongAnswer QuestionNumErr IllegalVerificationCode \
                         notSetMailBox";
        for (words, may_have_cost) in [(may_cost, true), (cost_none, false)] {
            for word in words.split(' ') {
                let mut verdict = RefusalReply::from(Refusal::read(word).unwrap());
                assert_eq!(verdict.may_have_cost_a_try(), may_have_cost, "{word}");
                verdict.tries_left = Some(3);
                assert!(verdict.may_have_cost_a_try(), "{word}");
            }
        }
    }

    #[test]
    fn any_other_word_is_a_refusal() {
        for word in ["denied", "failure", "Success", "passworderror", ""] {
            let refusal = Refusal::read(word).unwrap();
            assert_eq!((refusal.word(), refusal.number()), (word, None));
        }
        assert_eq!(Refusal::read(&"x".repeat(900)).unwrap().word().len(), 64);
    }
}
