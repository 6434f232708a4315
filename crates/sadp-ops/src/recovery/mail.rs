//! The reserved e-mail address: setting it, and the QR code for which the vendor
//! mails a code there. The code sets a new password: see
//! [`password_reset`](super::password_reset).

use jiff::{SignedDuration, Timestamp};
use sadp_proto::{Command, MailQr, Mailbox};
use sadp_reset::{Action, AttemptFilter, AttemptRecord, AttemptResult, LedgerError};

use crate::{
    DiscoveredDevice, Inventory, Observer, OpsError, Outcome, OutcomeData, OutcomeStatus,
    Overrides, PasswordSettings, Reason, Report, Requirements, Selection, Session, batch::Query,
    offer::PasswordCommands,
};

/// How long a mailed code is valid.
pub const VALID_FOR: SignedDuration = SignedDuration::from_hours(48);

/// An e-mail address to reserve on devices.
#[derive(Debug)]
pub struct MailboxPlan {
    /// The devices that get it, and the others.
    pub selection: Selection,
    mailbox: Mailbox,
}

/// What is to be set, and how.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The address. It is sent unencrypted.
    pub mailbox: Mailbox,
    /// What the user lifted.
    pub overrides: Overrides,
    /// Whether the user named the devices.
    pub named: bool,
}

/// Plans to reserve an e-mail address on these devices.
pub fn plan_set(
    session: &Session,
    devices: Vec<DiscoveredDevice>,
    setting: Setting,
) -> Result<MailboxPlan, LedgerError> {
    let requirements = Requirements::new(Action::MailSet, setting.overrides, setting.named);
    Ok(MailboxPlan {
        selection: requirements.select(session, devices)?,
        mailbox: setting.mailbox,
    })
}

impl MailboxPlan {
    /// What would become of each device: a dry run.
    pub fn into_outcomes(self) -> Vec<Outcome> {
        let mailbox = self.mailbox;
        self.selection
            .into_outcomes_with(|outcome| add_mailbox(outcome, &mailbox))
    }

    /// Sets the address on one device after the other, with the current password.
    /// The first refusal that may be about the password ends it.
    pub async fn carry_out(
        self,
        session: &mut Session,
        settings: PasswordSettings<'_>,
        observer: &mut dyn Observer,
    ) -> Result<Report, OpsError> {
        let Self { selection, mailbox } = self;
        let commands = PasswordCommands {
            settings,
            command: &|password| Command::SetMailbox {
                mailbox: mailbox.clone(),
                password,
            },
            keep: None,
        };
        let sent = selection.send_with_password(session, commands, observer);
        let (left_out, mut sent) = sent.await?;
        for (_, outcome) in &mut sent.outcomes {
            add_mailbox(outcome, &mailbox);
        }
        Ok(sent.into_report(left_out))
    }
}

fn add_mailbox(outcome: &mut Outcome, mailbox: &Mailbox) {
    if matches!(outcome.status, OutcomeStatus::Done | OutcomeStatus::Planned) {
        outcome.data = OutcomeData::Mailbox(mailbox.clone());
    }
}

/// A QR code to fetch.
#[derive(Debug)]
pub struct QrPlan {
    /// The device, where it may be sent the command.
    pub selection: Selection,
    /// A QR code that becomes void by another.
    pub earlier: Option<EarlierQr>,
}

/// A QR code that was fetched before and may still be valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EarlierQr {
    /// When.
    pub fetched_at: Timestamp,
    /// When another was asked for since and did not arrive, which may have made it
    /// void.
    pub possibly_void_since: Option<Timestamp>,
}

impl EarlierQr {
    /// Among these attempts of one device, latest first. Where none arrived,
    /// nothing is lost by a new one.
    fn among(attempts: &[AttemptRecord]) -> Option<Self> {
        let mut possibly_void_since = None;
        let fetches = attempts.iter();
        for fetch in fetches.filter(|it| it.attempt.action == Action::MailQr) {
            let at = fetch.attempt.at;
            match fetch.result() {
                AttemptResult::Done => {
                    return Some(Self {
                        fetched_at: at,
                        possibly_void_since,
                    });
                }
                AttemptResult::NoAnswer | AttemptResult::Unknown => {
                    possibly_void_since.get_or_insert(at);
                }
                _ => {}
            }
        }
        None
    }

    fn of(session: &Session, device: &DiscoveredDevice) -> Result<Option<Self>, LedgerError> {
        let Some(ledger) = session.ledger() else {
            return Ok(None);
        };
        let filter = AttemptFilter {
            device: device.key(),
            since: session.now().checked_sub(VALID_FOR).ok(),
            ..AttemptFilter::default()
        };
        Ok(Self::among(&ledger.attempts(&filter)?))
    }
}

/// Plans to fetch a QR code from a device.
pub fn plan_qr(session: &Session, device: DiscoveredDevice) -> Result<QrPlan, LedgerError> {
    let requirements = Requirements::new(Action::MailQr, Overrides::default(), true);
    let selection = requirements.select(session, vec![device])?;
    let earlier = match selection.devices.first() {
        Some(device) => EarlierQr::of(session, device)?,
        None => None,
    };
    Ok(QrPlan { selection, earlier })
}

impl QrPlan {
    /// Fetches the QR code. An earlier one becomes void, even where no reply comes.
    pub async fn carry_out(
        self,
        session: &mut Session,
        inventory: &Inventory,
        observer: &mut dyn Observer,
    ) -> Result<Report, OpsError> {
        let query = Query {
            action: Action::MailQr,
            command: || Command::GetMailQr,
            read: MailQr::read,
            parallel: 1,
        };
        let sent = query.send(self.selection.devices, session, inventory, observer);
        let (mut sent, mut fetched) = sent.await?;
        for (place, (_, outcome)) in sent.outcomes.iter_mut().enumerate() {
            match fetched.remove(&place) {
                Some(qr) => outcome.data = OutcomeData::MailQr(Box::new(qr)),
                None if outcome.status == OutcomeStatus::Done => {
                    outcome.status = OutcomeStatus::NoAnswer;
                    outcome.reason = Reason::NoMailQr;
                }
                None => {}
            }
        }
        Ok(sent.into_report(self.selection.left_out))
    }
}

#[cfg(test)]
mod tests {
    use sadp_reset::{AttemptVerdict, Ledger};

    use super::*;
    use crate::memory::tests::record;

    #[test]
    fn a_code_that_arrived_and_any_asked_for_since_count() {
        use AttemptResult::{Done, NoAnswer, Refused, Unknown};
        for (results, expected) in [
            (&[][..], None),
            (&[NoAnswer], None),
            (&[Done], Some((0, None))),
            (&[NoAnswer, Done], Some((1, None))),
            (&[Done, NoAnswer], Some((0, Some(1)))),
            (&[Done, Unknown, Refused], Some((0, Some(1)))),
            (&[Done, Refused], Some((0, None))),
            (&[Done, NoAnswer, Done], Some((2, None))),
        ] {
            assert_eq!(earlier(results), expected, "{results:?}");
        }
    }

    /// What is found among attempts with these results, a second apart.
    fn earlier(results: &[AttemptResult]) -> Option<(i64, Option<i64>)> {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(folder.path()).unwrap();
        for (second, &result) in (0..).zip(results) {
            let at = Timestamp::from_second(second).unwrap();
            for action in [Action::MailQr, Action::ExportRequest] {
                let verdict = AttemptVerdict::new(result, at);
                record(&mut ledger, None, action, &verdict);
            }
        }
        let attempts = ledger.attempts(&AttemptFilter::default()).unwrap();
        EarlierQr::among(&attempts).map(|earlier| {
            let void = earlier.possibly_void_since.map(Timestamp::as_second);
            (earlier.fetched_at.as_second(), void)
        })
    }
}
