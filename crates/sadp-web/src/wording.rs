//! Sentences of sadp-text on a page: what is a command in a terminal is a link here, or a
//! box in a form.

use maud::{Markup, html};
use sadp_model::text::clean;
use sadp_ops::DiscoveredDevice;
use sadp_text::{LinkedPage, Sentence, SentencePart, capitalised};

/// A sentence as a paragraph. Its lines are kept, and a device's words are made harmless.
/// Links lead to the device of this number in the list, where there is one.
pub(crate) fn told(sentence: &Sentence, device: Option<u64>) -> Markup {
    let parts = sentence.parts();
    let has_lines = parts
        .iter()
        .any(|it| matches!(it, SentencePart::Text(text) if text.contains('\n')));
    let content = html! {
        @for (number, it) in parts.iter().enumerate() { (part(it, number == 0, device)) }
    };
    html! {
        @if has_lines { pre .plan tabindex="0" { (content) } } @else { p { (content) } }
    }
}

fn part(part: &SentencePart, is_first: bool, device: Option<u64>) -> Markup {
    html! {
        @match part {
            SentencePart::Text(text) | SentencePart::Either { page: text, .. } => (words(text, is_first)),
            SentencePart::Shell(command) => code { (clean(command)) },
            SentencePart::TerminalOnly(command) => { (words("in a terminal, ", is_first)) code { (clean(command)) } },
            SentencePart::Lift(guard) => { (words("the box ", is_first)) "\"" (guard.word()) "\" in the form for one device" },
            SentencePart::Command { page, .. } => {
                @let (path, name) = place(*page, device);
                a href=(path) { (name) }
            },
        }
    }
}

/// A part in words, made harmless line by line.
fn words(text: &str, is_first: bool) -> String {
    let lines: Vec<_> = text.split('\n').map(clean).collect();
    let text = lines.join("\n");
    if is_first { capitalised(&text) } else { text }
}

/// Where a page is, and its name.
fn place(page: LinkedPage, device: Option<u64>) -> (String, &'static str) {
    let (path, name) = match page {
        LinkedPage::Devices => return ("/".into(), "the list of devices"),
        LinkedPage::NetworkPlan => return ("/network/plan".into(), "Plan many devices in a file"),
        LinkedPage::GuidVault => return ("/guids".into(), "the GUID vault"),
        LinkedPage::Doctor => return ("/doctor".into(), "Doctor"),
        LinkedPage::Activate => ("/activate", "Activate"),
        LinkedPage::NetworkSettings => ("/network", "Network settings"),
        LinkedPage::Prepare => ("/prepare", "Prepare recovery"),
        LinkedPage::RecoveryMethods => ("/recovery", "Recovery methods"),
        LinkedPage::Lamp => ("/locate", "Blink its lamp"),
        LinkedPage::Check => ("/check", "Check over HTTP"),
        LinkedPage::GuidExport => ("/guids/export", "Export GUIDs"),
        LinkedPage::GuidImport => ("/guids/import", "Reset by GUID"),
        LinkedPage::Questions => ("/questions", "Security questions"),
        LinkedPage::MailedCode => ("/mail", "Reset by e-mail"),
    };
    let path = device.map_or_else(|| path.into(), |it| format!("{path}?device={it}"));
    (path, name)
}

/// A device as it is named in a heading: what people call it or its model, and address.
pub(crate) fn device_title(found: &DiscoveredDevice) -> String {
    let device = &found.entry.device;
    let model = device.model.as_deref().map(|it| clean(it).into_owned());
    let name = found.called().or(model).unwrap_or_else(|| "Device".into());
    match device.ipv4.address {
        Some(address) => format!("{name}, {address}"),
        None => name,
    }
}

#[cfg(test)]
mod tests {
    use std::{io, path::PathBuf};

    use jiff::Timestamp;
    use sadp_discovery::{Notice, raw::RawError};
    use sadp_isapi::{CertificateFingerprint, HttpFailure};
    use sadp_model::{Contradiction, Device, RecoveryMethod, UnavailableReason};
    use sadp_ops::{
        BlockReason, DeviceRef, NextStep, Offer, OpsError, Outcome, OutcomeStatus, Reason,
        StopReason,
        audit::AuditFinding,
        check::{HttpFinding, LoginObstacle},
        job::JobError,
        network::{AddressHolder, BadChange, NetworkFinding, SetError, TargetAddress},
        recovery::{
            answer::AnswerFinding, button::ButtonFinding, guid::GuidFinding,
            password_reset::ResetFinding, prepare::PrepareError, request::RequestFinding,
        },
        verify::VerifyFinding,
    };
    use sadp_proto::{Refusal, UpdateError};
    use sadp_reset::{Account, Action, LedgerError, NotAnAnswer, VaultError, Why};
    use sadp_text::{ErrorText, Remedy, mends, next_step};

    use super::*;

    /// Nobody who clicks can use an option or a command, but for what is said to be typed in
    /// a terminal.
    fn assert_usable(sentence: &Sentence) {
        let html = told(sentence, Some(7)).into_string();
        let words: String = html
            .split("<code>")
            .map(|it| it.split_once("</code>").map_or(it, |(_, after)| after))
            .collect();
        for command in ["--", "sadpctl ", "Ctrl-"] {
            assert!(!words.contains(command), "{html}");
        }
        let own = html.matches("<code>sadpctl ").count();
        let said = html
            .to_lowercase()
            .matches("in a terminal, <code>sadpctl ")
            .count();
        assert_eq!(own, said, "{html}");
    }

    fn blocked() -> impl Iterator<Item = BlockReason> {
        let at = Timestamp::UNIX_EPOCH;
        let [used, other] = ["192.168.1.64", "192.168.1.66"].map(|it| it.parse().unwrap());
        let account = || Account {
            user_name: "admin".into(),
            salted: true,
        };
        [
            BlockReason::NoMac,
            BlockReason::RawEthernetOnly,
            BlockReason::FragmentOnly,
            BlockReason::DuplicateMac,
            BlockReason::TwoSenders { used, other },
            BlockReason::JustMoved {
                from: used,
                to: other,
            },
            BlockReason::MoveUnconfirmed { former: used, at },
            BlockReason::ContradictsItself(Contradiction::Salt.into()),
            BlockReason::SharedSalt,
            BlockReason::AccountChanged {
                before: account(),
                now: account(),
            },
            BlockReason::Locked { until: at },
            BlockReason::FewTries { left: 2 },
            BlockReason::RefusedBefore { at },
            BlockReason::MayHaveWorked { at },
        ]
        .into_iter()
    }

    fn over_http() -> impl Iterator<Item = HttpFinding> {
        let [expected, seen]: [CertificateFingerprint; 2] =
            ["11", "22"].map(|it| it.repeat(32).parse().unwrap());
        let changed = || HttpFailure::CertificateChanged { expected, seen };
        let obstacles = [
            LoginObstacle::NotActivated,
            LoginObstacle::BasicOnly,
            LoginObstacle::NoHttps(changed()),
            LoginObstacle::NoHttps(HttpFailure::NotConnected),
            LoginObstacle::NoHttps(HttpFailure::TlsTooOld),
            LoginObstacle::NoHttps(HttpFailure::Timeout),
        ];
        let findings = [
            HttpFinding::NoAddress,
            HttpFinding::AddressShared,
            HttpFinding::OffSubnet,
            HttpFinding::NotFoundAgain,
            HttpFinding::NotReached(changed()),
            HttpFinding::NotAlone,
            HttpFinding::NoTimeServer,
            HttpFinding::NoOnvifUsers,
        ];
        let obstacles = obstacles.into_iter().map(HttpFinding::Withheld);
        obstacles.chain(findings)
    }

    /// The reasons that name something to do.
    fn reasons() -> Vec<Reason> {
        let at = Timestamp::UNIX_EPOCH;
        let stopped = [StopReason::WrongSecret, StopReason::NetworkGone];
        let offers = [
            Offer::Guid,
            Offer::Questions,
            Offer::Mailbox,
            Offer::Cloud,
            Offer::Unbind,
            Offer::Deactivate,
        ];
        let network = [
            NetworkFinding::NotActivated,
            NetworkFinding::CannotSend(UpdateError::UnknownAccount),
            NetworkFinding::Replayable,
            NetworkFinding::AddressTaken {
                address: [192, 168, 1, 64].into(),
                holder: AddressHolder::Host,
            },
        ];
        let answers = [
            AnswerFinding::Unactivated,
            AnswerFinding::RefusedBefore { at },
            AnswerFinding::NoSync,
            AnswerFinding::PasswordSet {
                synced: false,
                seen: true,
            },
            AnswerFinding::DefaultPassword { seen: true },
            AnswerFinding::NoReply,
            AnswerFinding::WrongAnswer { doubt: None },
            AnswerFinding::NotAnAnswer(NotAnAnswer::Guid),
        ];
        let guids = [
            GuidFinding::NotKept,
            GuidFinding::NoneInVault { named: true },
            GuidFinding::Suspect,
        ];
        let buttons = [
            ButtonFinding::Reset,
            ButtonFinding::NotForDevice {
                obstacle: UnavailableReason::Unactivated,
                others: vec![RecoveryMethod::Guid],
            },
            ButtonFinding::Unrecognisable,
        ];
        let requests = [
            RequestFinding::Unactivated { named: true },
            RequestFinding::Pending { since: at },
            RequestFinding::NotWritten,
        ];
        let verified = [
            VerifyFinding::Set,
            VerifyFinding::NotSet,
            VerifyFinding::Contradicted,
        ];
        let mut all = vec![
            Reason::Plain,
            Reason::AlreadyActive,
            Reason::Unactivated { named: true },
            Reason::NothingToPrepare { named: true },
            Reason::QuestionsUnknown,
            Reason::QuestionNotListed(4),
            Reason::NoMailQr,
            Reason::NoCameraSync,
            Reason::PasswordReset(ResetFinding::Set { seen: true }),
            Reason::PasswordReset(ResetFinding::Unactivated),
        ];
        all.extend(blocked().map(Reason::Blocked));
        all.extend(stopped.map(Reason::Stopped));
        all.extend(offers.map(|offer| Reason::NotOffered { offer, named: true }));
        all.extend(over_http().map(Reason::Http));
        all.extend(network.map(Reason::Network));
        all.extend(answers.map(Reason::Answer));
        all.extend(guids.map(Reason::Guid));
        all.extend(buttons.map(Reason::Button));
        all.extend(requests.map(Reason::Request));
        all.extend(verified.map(Reason::Verify));
        all
    }

    #[test]
    fn next_steps_name_no_commands() {
        let outcome = |action| Outcome::new(DeviceRef::default(), action, OutcomeStatus::Skipped);
        let mut links = 0;
        for &action in Action::ALL {
            for reason in reasons() {
                let outcome = Outcome {
                    reason,
                    ..outcome(action)
                };
                let Some(next) = next_step(&outcome) else {
                    continue;
                };
                assert_usable(&next);
                links += told(&next, Some(7))
                    .into_string()
                    .matches("?device=7\"")
                    .count();
            }
            for next in [
                NextStep::ScanThenRepeat,
                NextStep::TryNewPassword,
                NextStep::SwitchLampOff,
                NextStep::Prepare(Vec::new()),
            ] {
                let outcome = Outcome {
                    next: Some(next),
                    ..outcome(action)
                };
                assert_usable(&next_step(&outcome).unwrap());
            }
            for refusal in [
                Refusal::NotActivated,
                Refusal::QuestionNumErr,
                Refusal::CloudDisabled,
                Refusal::Failed,
            ] {
                let outcome = Outcome {
                    verdict: Some(refusal.into()),
                    status: OutcomeStatus::Refused,
                    ..outcome(action)
                };
                assert_usable(&next_step(&outcome).unwrap());
            }
        }
        assert!(links > 100, "{links}");
    }

    #[test]
    fn remedies_name_no_commands() {
        let path = || PathBuf::from("state");
        let full = || io::Error::from(io::ErrorKind::StorageFull);
        let errors = [
            OpsError::Ledger(LedgerError::NoFolder),
            OpsError::Ledger(LedgerError::NotALedger(path())),
            OpsError::Folder {
                path: path(),
                source: full(),
            },
            OpsError::Vault(VaultError::Missing(path())),
            OpsError::Vault(VaultError::PassphraseNeeded(path())),
            OpsError::PasswordMissing,
            OpsError::Claimed(None),
            OpsError::Stopped,
        ];
        let errors = errors.map(JobError::Ops).into_iter().chain([
            JobError::NoGuid,
            JobError::NoneAnswers,
            JobError::Prepare(PrepareError::FileExists(path())),
            JobError::Settings(SetError::Bad(BadChange::Served)),
            JobError::Settings(SetError::Bad(BadChange::NoMask)),
            JobError::Settings(SetError::Bad(BadChange::NoSdkPort)),
            JobError::Settings(SetError::Taken(TargetAddress {
                address: [192, 168, 1, 64].into(),
                holder: Some(AddressHolder::Host),
            })),
        ]);
        for error in errors {
            let ErrorText { message, hints } = ErrorText::from(&error);
            assert_usable(&message);
            hints.iter().for_each(assert_usable);
        }
        for why in [
            Why::Unmatched,
            Why::Ambiguous(Vec::new()),
            Why::NotAnAnswer(NotAnAnswer::Guid),
        ] {
            assert_usable(&why.remedy());
        }
        for raw in [
            RawError::NotPermitted,
            RawError::NotEthernet,
            RawError::NotBuilt,
        ] {
            assert_usable(&raw.remedy());
        }
        assert_usable(&Notice::PortTaken(37020).remedy());
        for finding in [
            AuditFinding::Unactivated,
            AuditFinding::NotRecoverable,
            AuditFinding::DuplicateAddress,
            AuditFinding::FactoryAddress,
            AuditFinding::ReplayablePassword,
            AuditFinding::ClockUnset,
            AuditFinding::GuidMissing,
            AuditFinding::MailboxMissing,
            AuditFinding::QuestionsMissing,
            AuditFinding::CloudBound,
        ] {
            assert_usable(&mends(finding, &Device::unknown(), "44:47:cc:00:00:01"));
        }
    }

    #[test]
    fn what_devices_say_is_made_harmless() {
        let sentence = Sentence::from("<b>\u{1b}[2J".to_owned());
        assert_eq!(
            told(&sentence, None).into_string(),
            "<p>&lt;b&gt;\\u{1b}[2J</p>"
        );
    }
}
