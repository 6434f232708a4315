//! What earlier runs recorded about the secrets that a device was sent: refused, or sent
//! without a reply. The secrets themselves are not stored.

use jiff::{SignedDuration, Timestamp};
use sadp_proto::{Refusal, RefusalReply};
use sadp_reset::{
    Action, AttemptFilter, AttemptRecord, AttemptResult, AttemptVerdict, DeviceKey, Ledger,
    LedgerError, RefusalWord,
};

/// How long a refusal is remembered.
pub const REFUSAL_REMEMBERED: SignedDuration = SignedDuration::from_hours(24);

/// Kinds of secrets. A refused one warns about others of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SecretKind {
    CurrentPassword,
    VendorAnswer,
    Guid,
    QuestionAnswers,
    MailedCode,
}

impl SecretKind {
    /// The secret that an action sends and that a device may find wrong.
    const fn of(action: Action) -> Option<Self> {
        Some(match action {
            Action::ImportAnswer => Self::VendorAnswer,
            Action::GuidImport => Self::Guid,
            Action::QuestionsAnswer => Self::QuestionAnswers,
            Action::MailConfirm => Self::MailedCode,
            _ if action.spec().costs_try => Self::CurrentPassword,
            _ => return None,
        })
    }

    /// Whether it sets a new password, so that after a silence the password may be
    /// another.
    const fn resets(self) -> bool {
        !matches!(self, Self::CurrentPassword)
    }

    /// Whether it works once. Used GUIDs and requests are recorded elsewhere.
    const fn is_used_up(self) -> bool {
        matches!(self, Self::MailedCode)
    }

    /// The command after which an earlier secret of this kind no longer counts.
    const fn made_by(self) -> Option<Action> {
        match self {
            Self::CurrentPassword => None,
            Self::VendorAnswer => Some(Action::ExportRequest),
            Self::Guid => Some(Action::GuidExport),
            Self::QuestionAnswers => Some(Action::QuestionsSet),
            Self::MailedCode => Some(Action::MailQr),
        }
    }

    /// Whether an action that the device carried out ends what is remembered. An accepted
    /// current password does not tell whether it is the new one or the former.
    fn is_settled_by(self, action: Action) -> bool {
        let spec = action.spec();
        let tells = spec.sets_password || (spec.carries_secret && !self.resets());
        tells || self.made_by() == Some(action)
    }
}

/// Whether an action sends a device the password that it has.
pub(crate) fn sends_current_password(action: Action) -> bool {
    SecretKind::of(action) == Some(SecretKind::CurrentPassword)
}

/// What the ledger holds about the kind of secret that an action sends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SecretMemory {
    /// When one was sent that may have worked: no reply came, or the run was killed; or
    /// when one was accepted that works once.
    pub(crate) may_have_worked: Option<Timestamp>,
    /// When the device last refused one, in the last 24 hours.
    pub(crate) refused: Option<Timestamp>,
}

impl SecretMemory {
    /// Reads what the ledger holds about a device, by its attempts, and the secret of
    /// this action.
    pub(crate) fn read(
        ledger: &Ledger,
        device: &AttemptFilter,
        action: Action,
        now: Timestamp,
    ) -> Result<Self, LedgerError> {
        let Some(kind) = SecretKind::of(action) else {
            return Ok(Self::default());
        };
        let attempts = ledger.attempts(device)?;
        Ok(Self::among(&attempts, kind, now))
    }

    /// When a secret was sent that works once and may have worked, where the device now
    /// refused another of its kind: most likely because that one did.
    pub(crate) fn spent_before(
        ledger: &Ledger,
        device: &DeviceKey,
        action: Action,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, LedgerError> {
        if !matches!(action, Action::GuidImport | Action::MailConfirm) {
            return Ok(None);
        }
        Ok(Self::read(ledger, &of_device(device), action, now)?.may_have_worked)
    }

    /// Among these attempts, latest first. An accepted secret ends the memory of those
    /// that were refused.
    fn among(attempts: &[AttemptRecord], kind: SecretKind, now: Timestamp) -> Self {
        let since = now.checked_sub(REFUSAL_REMEMBERED).unwrap_or(now);
        let mut memory = Self::default();
        let mut accepted = false;
        for record in attempts {
            let Some(result) = known_result(record) else {
                continue;
            };
            let action = record.attempt.action;
            let at = record.attempt.at;
            let is_of_kind = SecretKind::of(action) == Some(kind);
            if result == AttemptResult::Done {
                if kind.is_settled_by(action) {
                    if is_of_kind && kind.is_used_up() {
                        memory.may_have_worked.get_or_insert(at);
                    }
                    break;
                }
                // A login over HTTP does not end the counting of tries over SADP.
                accepted |= action.spec().carries_secret && !action.is_over_http();
            }
            if !is_of_kind {
                continue;
            }
            match result {
                AttemptResult::Unknown if kind.resets() => {
                    memory.may_have_worked.get_or_insert(at);
                }
                AttemptResult::Refused if !accepted && at > since && is_about_secret(record) => {
                    memory.refused.get_or_insert(at);
                }
                _ => {}
            }
        }
        memory
    }
}

/// The attempts on a device.
fn of_device(device: &DeviceKey) -> AttemptFilter {
    AttemptFilter {
        device: Some(device.by_mac()),
        ..AttemptFilter::default()
    }
}

/// Until when a device takes no login over HTTP, as it replied to one. What it tells
/// itself, without a login, counts first; not every firmware does.
pub(crate) fn http_lock(
    ledger: &Ledger,
    device: &AttemptFilter,
    now: Timestamp,
) -> Result<Option<Timestamp>, LedgerError> {
    /// What devices lock for, where they do not tell.
    const USUAL_MINUTES: u32 = 30;
    let attempts = ledger.attempts(device)?;
    let mut logins = attempts
        .iter()
        .filter(|it| it.attempt.action.is_over_http())
        .filter_map(|it| it.verdict.as_ref());
    let Some(last) = logins.find(|it| it.result != AttemptResult::Skipped) else {
        return Ok(None);
    };
    let word = last.refusal.as_ref().map(RefusalWord::as_str);
    let minutes = last.lock_minutes.unwrap_or(USUAL_MINUTES);
    let lock = SignedDuration::from_mins(minutes.into());
    let until = last.at.saturating_add(lock).unwrap_or(Timestamp::MAX);
    Ok((word == Some(Refusal::Locked.word()) && now < until).then_some(until))
}

/// When an activation was sent whose outcome is not known, and no command with a
/// secret was accepted since.
pub(crate) fn unconfirmed_activation(
    ledger: &Ledger,
    device: &DeviceKey,
) -> Result<Option<Timestamp>, LedgerError> {
    let attempts = ledger.attempts(&of_device(device))?;
    let last = attempts.iter().find(|it| {
        it.attempt.action == Action::Activate
            || it.result() == AttemptResult::Done && it.attempt.action.spec().carries_secret
    });
    let unknown = last.filter(|it| it.result() == AttemptResult::Unknown);
    Ok(unknown.map(|it| it.attempt.at))
}

/// The result of an attempt. `None` where no secret was sent.
fn known_result(record: &AttemptRecord) -> Option<AttemptResult> {
    let result = record.result();
    (!matches!(result, AttemptResult::Skipped | AttemptResult::NoAnswer)).then_some(result)
}

/// Whether a device may have refused because of the secret. A device that is locked
/// did not look at it.
fn is_about_secret(record: &AttemptRecord) -> bool {
    let Some(AttemptVerdict {
        refusal: Some(word),
        tries_left,
        ..
    }) = &record.verdict
    else {
        return true;
    };
    let Some(refusal) = Refusal::read(word.as_str()) else {
        return true;
    };
    let reply = RefusalReply {
        tries_left: *tries_left,
        ..refusal.into()
    };
    reply.refusal != Refusal::Locked && reply.may_have_cost_a_try()
}

#[cfg(test)]
pub(crate) mod tests {
    use sadp_model::MacAddr;
    use sadp_reset::Attempt;

    use super::*;

    /// Writes down a command that was sent when its reply came.
    pub(crate) fn record(
        ledger: &mut Ledger,
        device: Option<DeviceKey>,
        action: Action,
        verdict: &AttemptVerdict,
    ) {
        let attempt = Attempt {
            device,
            address: None,
            action,
            at: verdict.at,
        };
        let id = ledger.begin(&attempt).unwrap();
        ledger.finish(id, verdict).unwrap();
    }

    fn at(hours: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours)
    }

    /// A command, its result where the run was not killed before, and the word of a refusal.
    type Sent = (Action, Option<AttemptResult>, &'static str);

    const fn done(action: Action) -> Sent {
        (action, Some(AttemptResult::Done), "")
    }

    const fn unknown(action: Action) -> Sent {
        (action, Some(AttemptResult::Unknown), "")
    }

    const fn refused(action: Action, word: &'static str) -> Sent {
        (action, Some(AttemptResult::Refused), word)
    }

    /// What is remembered at the 23rd hour of commands that were sent one an hour: when one
    /// may have worked, and when one was refused.
    fn remembered(action: Action, commands: &[Sent]) -> [Option<i64>; 2] {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(folder.path()).unwrap();
        let mac = MacAddr::new([0x44, 0x47, 0xcc, 0, 0, 1]);
        for (hour, &(action, result, word)) in (0..).zip(commands) {
            let serial = sadp_model::Serial::new(&format!("S{hour}"));
            let attempt = Attempt {
                device: DeviceKey::new(Some(mac), serial),
                address: None,
                action,
                at: at(hour),
            };
            let id = ledger.begin(&attempt).unwrap();
            let Some(result) = result else { continue };
            let refused = result == AttemptResult::Refused;
            let verdict = AttemptVerdict {
                refusal: refused.then(|| RefusalWord::new(word)),
                ..AttemptVerdict::new(result, at(hour))
            };
            ledger.finish(id, &verdict).unwrap();
        }
        let device = DeviceKey::new(Some(mac), None).unwrap();
        let memory = SecretMemory::read(&ledger, &of_device(&device), action, at(23)).unwrap();
        let hour = |at: Timestamp| at.as_second() / 3600;
        [memory.may_have_worked.map(hour), memory.refused.map(hour)]
    }

    #[test]
    fn a_refusal_is_remembered_until_a_secret_is_accepted() {
        use Action::{Activate, Check, GuidExport, GuidImport, Locate, NetSet};
        let wrong = refused(NetSet, "PasswordError");
        for (action, commands, hour) in [
            (NetSet, &[][..], None),
            (NetSet, &[wrong], Some(0)),
            (GuidExport, &[wrong], Some(0)),
            (GuidImport, &[wrong], None),
            (Locate, &[wrong], None),
            (NetSet, &[wrong, wrong], Some(1)),
            (NetSet, &[wrong, done(GuidImport)], None),
            (NetSet, &[wrong, done(Activate)], None),
            (NetSet, &[wrong, done(Locate)], Some(0)),
            (NetSet, &[refused(NetSet, "locked")], None),
            (NetSet, &[refused(NetSet, "failed")], Some(0)),
            (NetSet, &[refused(NetSet, "notActivated")], None),
            // Settings do not set a password: what they are, a look tells.
            (NetSet, &[unknown(NetSet)], None),
            (NetSet, &[wrong, done(Check)], None),
        ] {
            let memory = remembered(action, commands);
            assert_eq!(memory, [None, hour], "{action} {commands:?}");
        }
        let day = [&[wrong][..], &[done(Locate); 22]].concat();
        assert_eq!(remembered(NetSet, &day), [None, Some(0)]);
    }

    #[test]
    fn a_reset_that_may_have_worked_is_settled_by_a_password_that_is_set() {
        use Action::{
            Check, Deactivate, ExportRequest, GuidExport, GuidImport, ImportAnswer, MailConfirm,
            MailQr, NetSet, QuestionsAnswer, QuestionsSet,
        };
        let killed = (ImportAnswer, None, "");
        let unanswered = |action| (action, Some(AttemptResult::NoAnswer), "");
        let failed = refused(ImportAnswer, "failed");
        for (commands, expected) in [
            (&[killed][..], [Some(0), None]),
            (&[killed, done(Check)], [Some(0), None]),
            (&[unanswered(ImportAnswer)], [None, None]),
            (&[unknown(ImportAnswer), done(ExportRequest)], [None, None]),
            (
                &[unknown(ImportAnswer), unanswered(ExportRequest)],
                [Some(0), None],
            ),
            (
                &[refused(MailConfirm, "CodeError"), done(MailQr)],
                [None, None],
            ),
            // A current password that is accepted may be the former one.
            (
                &[failed, unknown(ImportAnswer), done(NetSet)],
                [Some(1), None],
            ),
            (
                &[unknown(QuestionsAnswer), done(GuidExport)],
                [Some(0), None],
            ),
            // What was set or exported since is another secret.
            (
                &[unknown(QuestionsAnswer), done(QuestionsSet)],
                [None, None],
            ),
            (&[unknown(GuidImport), done(GuidExport)], [None, None]),
            (&[unknown(GuidImport), done(Deactivate)], [None, None]),
            (&[unknown(GuidImport), done(ImportAnswer)], [None, None]),
            // A run may be killed before it says so.
            (&[done(MailConfirm)], [Some(0), None]),
            (&[done(MailConfirm), done(NetSet)], [Some(0), None]),
            (
                &[unknown(GuidImport), refused(GuidImport, "invalidGUID")],
                [Some(0), Some(1)],
            ),
        ] {
            // Whether the first of them may be sent again.
            let (action, ..) = commands[0];
            assert_eq!(remembered(action, commands), expected, "{commands:?}");
        }
    }

    #[test]
    fn a_lock_over_http_lasts_as_long_as_the_device_said() {
        use AttemptResult::{Done, Refused, Skipped};
        let mac = MacAddr::new([0x44, 0x47, 0xcc, 0, 0, 1]);
        let device = DeviceKey::new(Some(mac), None).unwrap();
        let minute = |minutes| Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes);
        let locked = (Action::Check, Refused, "locked");
        for (last, minutes, [before, after]) in [
            (locked, Some(10), [9, 10]),
            (locked, None, [29, 30]),
            ((Action::Check, Refused, "PasswordError"), Some(10), [-1, 0]),
            // A lock that the device told by SADP is kept elsewhere.
            ((Action::NetSet, Refused, "locked"), Some(10), [-1, 0]),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let mut ledger = Ledger::open(folder.path()).unwrap();
            for ((action, result, word), lock_minutes) in [
                ((Action::Check, Done, ""), None),
                (last, minutes),
                ((Action::Check, Skipped, ""), None),
            ] {
                let verdict = AttemptVerdict {
                    refusal: (result == Refused).then(|| RefusalWord::new(word)),
                    lock_minutes,
                    ..AttemptVerdict::new(result, minute(0))
                };
                record(&mut ledger, Some(device.clone()), action, &verdict);
            }
            let lock = |now| http_lock(&ledger, &of_device(&device), minute(now)).unwrap();
            assert_eq!(lock(before).is_some(), before >= 0, "{last:?}");
            assert_eq!(lock(after), None, "{last:?}");
        }
    }
}
