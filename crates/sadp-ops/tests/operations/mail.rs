//! The reserved e-mail address, its QR codes, and the codes mailed for them.

use sadp_ops::{
    BlockReason, Impact, Inventory, NextStep, Offer, Outcome, OutcomeData, OutcomeStatus,
    Overrides, PasswordSettings, Reason, StopReason,
    recovery::{
        mail::{self, Setting},
        password_reset::{self, Method, OwnerSecret, PasswordReset, ResetChoice, ResetFinding},
    },
};
use sadp_proto::{Code, Mailbox, Refusal};
use sadp_sim::vendor_support::MailCode;
use secrecy::SecretString;

use crate::site::{Simulated, quiet};

pub(crate) const CURRENT: &str = "Simulated-7";
const RECORDER: &str = "[[device]]\nprofile = \"nvr-v4.30.085\"\n";
pub(crate) const WITH_MAILBOX: &str =
    "[[device]]\nprofile = \"nvr-v4.30.085\"\nmailbox = \"owner@example.com\"\n";

impl Simulated {
    pub(crate) async fn inventory(&mut self) -> Inventory {
        self.session.look(&mut quiet).await.unwrap().0
    }

    async fn set_mailbox(&mut self, password: &str, named: bool) -> Vec<Outcome> {
        let inventory = self.inventory().await;
        let setting = Setting {
            mailbox: Mailbox::new("owner@example.com").unwrap(),
            overrides: Overrides::default(),
            named,
        };
        let plan = mail::plan_set(&self.session, inventory.devices.clone(), setting).unwrap();
        let settings = PasswordSettings {
            inventory: &inventory,
            password: &SecretString::from(password),
        };
        let report = plan
            .carry_out(&mut self.session, settings, &mut quiet)
            .await;
        report.unwrap().outcomes
    }

    pub(crate) async fn fetch_qr(&mut self) -> Outcome {
        let inventory = self.inventory().await;
        let plan = mail::plan_qr(&self.session, inventory.devices[0].clone()).unwrap();
        let report = plan
            .carry_out(&mut self.session, &inventory, &mut quiet)
            .await;
        report.unwrap().outcomes.remove(0)
    }

    pub(crate) async fn confirm(&mut self, code: &str) -> Outcome {
        let inventory = self.inventory().await;
        let device = inventory.devices[0].clone();
        let choice = ResetChoice::default();
        let plan = password_reset::plan(&self.session, device, Method::MailedCode, choice).unwrap();
        let reset = PasswordReset {
            settings: PasswordSettings {
                inventory: &inventory,
                password: &"Garden-77x".into(),
            },
            secret: OwnerSecret::MailedCode(Code::new(code.as_bytes()).unwrap()),
        };
        let report = plan.carry_out(&mut self.session, reset, &mut quiet).await;
        report.unwrap().outcomes.remove(0)
    }
}

/// The code that the simulated vendor mails for a QR code.
pub(crate) fn mailed(outcome: &Outcome) -> String {
    let OutcomeData::MailQr(fetched) = &outcome.data else {
        panic!("no QR code was fetched: {outcome:#?}");
    };
    fetched.qr.parse::<MailCode>().unwrap().code()
}

#[tokio::test(start_paused = true)]
async fn a_mailed_code_sets_a_new_password() {
    let mut site = Simulated::new(RECORDER);
    let set = site.set_mailbox(CURRENT, true).await.remove(0);
    assert_eq!(set.status, OutcomeStatus::Done);
    assert!(matches!(set.data, OutcomeData::Mailbox(_)));
    let qr = site.fetch_qr().await;
    let outcome = site.confirm(&mailed(&qr)).await;
    let finding = ResetFinding::Set { seen: true };
    assert_eq!(outcome.reason, Reason::PasswordReset(finding));
    assert_eq!(site.executions(0).mail_resets, 1);
}

/// It did as told, and says so in an hour.
#[tokio::test(start_paused = true)]
async fn silence_after_a_code_leaves_the_new_password_unknown() {
    let late = format!("{WITH_MAILBOX}late = {{ MailReset = \"3600s\" }}\n");
    let mut site = Simulated::new(&late);
    let qr = site.fetch_qr().await;
    let outcome = site.confirm(&mailed(&qr)).await;
    assert_eq!(outcome.status, OutcomeStatus::Unknown);
    let finding = ResetFinding::NoReply { active: true };
    assert_eq!(outcome.reason, Reason::PasswordReset(finding));
    assert_eq!(site.executions(0).mail_resets, 1);
}

/// The network delivers the code twice, and the device obeys both.
#[tokio::test(start_paused = true)]
async fn a_code_that_arrives_twice_is_not_refused_and_not_sent_again() {
    let twice = format!("{WITH_MAILBOX}duplicate = 1.0\nobeys_copies = [\"MailReset\"]\n");
    let mut site = Simulated::new(&twice);
    let qr = site.fetch_qr().await;
    let outcome = site.confirm(&mailed(&qr)).await;
    let executions = site.executions(0);
    assert_eq!((executions.mail_resets, executions.refused), (1, 1));
    assert_eq!(outcome.status, OutcomeStatus::Unknown);
    assert_eq!(outcome.reason, Reason::Contradicted);
    assert_eq!(outcome.next, Some(NextStep::TryNewPassword));
    let inventory = site.inventory().await;
    let device = inventory.devices[0].clone();
    let choice = ResetChoice::default();
    let plan = password_reset::plan(&site.session, device, Method::MailedCode, choice).unwrap();
    assert!(matches!(
        plan.selection.left_out[0].reason,
        Reason::Blocked(BlockReason::MayHaveWorked { .. })
    ));
}

#[tokio::test(start_paused = true)]
async fn a_new_qr_code_makes_the_earlier_one_void() {
    let mut site = Simulated::new(WITH_MAILBOX);
    let first = site.fetch_qr().await;
    let inventory = site.inventory().await;
    let plan = mail::plan_qr(&site.session, inventory.devices[0].clone()).unwrap();
    assert!(plan.earlier.unwrap().possibly_void_since.is_none());
    site.fetch_qr().await;
    let outcome = site.confirm(&mailed(&first)).await;
    assert_eq!(outcome.status, OutcomeStatus::Refused);
    assert_eq!(outcome.verdict.unwrap().refusal, Refusal::CodeError);
    assert_eq!(site.executions(0).mail_resets, 0);
}

#[tokio::test(start_paused = true)]
async fn a_wrong_password_ends_the_setting_at_the_first_device() {
    let mut site = Simulated::new(&RECORDER.repeat(3));
    let outcomes = site.set_mailbox("Guessed-99", false).await;
    assert_eq!(outcomes[0].status, OutcomeStatus::Refused);
    for outcome in &outcomes[1..] {
        assert_eq!(outcome.reason, Reason::Stopped(StopReason::WrongSecret));
    }
    let refused: u64 = (0..3).map(|it| site.executions(it).refused).sum();
    assert_eq!(refused, 1);
}

/// A device that the user named and that is left out makes a failure. Of all, those
/// that cannot are passed over.
#[tokio::test(start_paused = true)]
async fn what_a_device_does_not_report_is_not_sent() {
    let mut site = Simulated::new("[[device]]\nprofile = \"ipc-v5.2.5\"\n");
    for (named, impact) in [(true, Impact::Safety), (false, Impact::None)] {
        let outcome = site.set_mailbox(CURRENT, named).await.remove(0);
        let offer = Offer::Mailbox;
        assert_eq!(outcome.reason, Reason::NotOffered { offer, named });
        assert_eq!(outcome.impact(), impact);
    }
    assert_eq!(site.executions(0).exchanges, 0);
}

/// Whatever is lost: an address that is said to be set is set.
#[tokio::test(start_paused = true)]
async fn under_loss_each_address_that_is_reported_is_set() {
    let lossy =
        "seed = 4\n[defaults]\nloss = 0.2\n[[device]]\nprofile = \"nvr-v4.30.085\"\ncount = 20\n";
    let mut site = Simulated::new(lossy);
    let outcomes = site.set_mailbox(CURRENT, false).await;
    let done = outcomes
        .iter()
        .filter(|it| it.status == OutcomeStatus::Done);
    let set: u64 = (0..20).map(|it| site.executions(it).mailboxes_set).sum();
    assert!(done.count() as u64 <= set);
    assert!((0..20).all(|it| site.executions(it).mailboxes_set <= 1));
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_asked_to_stop_sends_no_code() {
    let mut site = Simulated::new(WITH_MAILBOX);
    let inventory = site.inventory().await;
    let device = inventory.devices[0].clone();
    let plan = password_reset::plan(
        &site.session,
        device,
        Method::MailedCode,
        ResetChoice::default(),
    );
    site.cancellation.stop.cancel();
    let reset = PasswordReset {
        settings: PasswordSettings {
            inventory: &inventory,
            password: &"Garden-77x".into(),
        },
        secret: OwnerSecret::MailedCode(Code::new(b"12345678").unwrap()),
    };
    let report = plan
        .unwrap()
        .carry_out(&mut site.session, reset, &mut quiet)
        .await;
    let outcome = report.unwrap().outcomes.remove(0);
    assert_eq!(outcome.reason, Reason::Stopped(StopReason::Interrupted));
    assert_eq!(site.executions(0).exchanges, 0);
}
