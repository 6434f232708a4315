//! Hik-Connect, and the return to the unactivated state.

use sadp_ops::{
    BlockReason, Impact, LedgerAccess, Outcome, OutcomeData, OutcomeStatus, Overrides,
    PasswordSettings, Reason, Seen, StopReason,
    owner::{self, OwnerChange, OwnerFinding, Settings, UnbindStatus},
};
use sadp_proto::{Refusal, VerificationCode};
use secrecy::SecretString;

use crate::{
    example,
    site::{Simulated, quiet},
};

const CURRENT: &str = "Simulated-7";

/// Offers everything. More keys of the site file may follow.
const CAMERA: &str = "[[device]]\nprofile = \"ipc-v5.8.10\"\n";

impl Simulated {
    async fn change(&mut self, change: OwnerChange, password: &str) -> Outcome {
        let inventory = self.inventory().await;
        let device = inventory.devices[0].clone();
        let plan = owner::plan(&self.session, device, change, Overrides::default()).unwrap();
        let code = SecretString::from("QWERTY77");
        let settings = Settings {
            password: PasswordSettings {
                inventory: &inventory,
                password: &SecretString::from(password),
            },
            code: (change == OwnerChange::Code).then(|| VerificationCode::new(&code).unwrap()),
        };
        let report = plan
            .carry_out(&mut self.session, settings, &mut quiet)
            .await
            .unwrap();
        assert!(report.failure.is_none());
        let [outcome] = <[_; 1]>::try_from(report.outcomes).unwrap();
        outcome
    }

    async fn cloud(&mut self) -> Outcome {
        let inventory = self.inventory().await;
        let device = inventory.devices[0].clone();
        let report = owner::show_cloud(&mut self.session, &inventory, device, &mut quiet)
            .await
            .unwrap();
        let [outcome] = <[_; 1]>::try_from(report.outcomes).unwrap();
        outcome
    }
}

fn unbind(outcome: &Outcome) -> Option<UnbindStatus> {
    match &outcome.data {
        OutcomeData::Cloud(status) => status.unbind.clone(),
        data => panic!("{data:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn hik_connect_is_shown_switched_and_unbound() {
    let fields = "fields = { HCPlatformEnable = \"false\", EZVIZBindStatus = \"1\" }\n";
    let mut site = Simulated::new(&format!("{CAMERA}{fields}"));
    let off = Some(UnbindStatus::Refused(Refusal::CloudDisabled));
    assert_eq!(unbind(&site.cloud().await), off);
    let early = site.change(OwnerChange::Unbind, CURRENT).await;
    assert_eq!(early.reason, Reason::Owner(OwnerFinding::CannotUnbind));
    assert_eq!(early.status, OutcomeStatus::Refused);
    for (change, reported) in [
        (OwnerChange::CloudOn, Seen::Changed),
        (OwnerChange::Code, Seen::Missing),
        (OwnerChange::Unbind, Seen::Changed),
        (OwnerChange::CloudOff, Seen::Changed),
        (OwnerChange::Deactivate, Seen::Changed),
    ] {
        let outcome = site.change(change, CURRENT).await;
        assert_eq!(outcome.reason, Reason::Owner(OwnerFinding::Done(change)));
        assert_eq!(outcome.seen, Some(reported), "{change:?}");
        let again = site.change(change, CURRENT).await;
        let known = !matches!(change, OwnerChange::Code | OwnerChange::Unbind);
        let not_needed = Reason::Owner(OwnerFinding::NotNeeded(change));
        assert_eq!(again.reason == not_needed, known, "{change:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_wrong_password_is_refused_and_a_device_that_offers_nothing_is_sent_nothing() {
    let mut site = Simulated::new(CAMERA);
    let refused = site.change(OwnerChange::Deactivate, "Guessed-99").await;
    assert_eq!(refused.verdict.unwrap().refusal, Refusal::PasswordError);
    assert_eq!(site.executions(0).deactivations, 0);
    let mut site = Simulated::new("[[device]]\nprofile = \"oem-v5.5.53\"\n");
    for change in [
        OwnerChange::CloudOn,
        OwnerChange::Unbind,
        OwnerChange::Deactivate,
    ] {
        let outcome = site.change(change, CURRENT).await;
        assert_eq!(outcome.impact(), Impact::Safety, "{outcome:?}");
    }
    assert_eq!(unbind(&site.cloud().await), None);
    assert_eq!(site.executions(0).exchanges, 0);
}

/// It did as told, and says so in an hour: only the look proves it.
#[tokio::test(start_paused = true)]
async fn a_change_without_a_reply_is_reported_by_the_look() {
    for (change, types) in [
        (OwnerChange::Deactivate, "restoreInactive"),
        (OwnerChange::CloudOff, "SetHCPlatform"),
    ] {
        let late = format!("late = {{ {types} = \"3600s\" }}\n");
        let mut site = Simulated::new(&format!(
            "{CAMERA}fields = {{ HCPlatformEnable = \"true\" }}\n{late}"
        ));
        let outcome = site.change(change, CURRENT).await;
        assert_eq!(outcome.status, OutcomeStatus::Done);
        assert_eq!(outcome.seen, Some(Seen::Changed));
    }
}

/// A password that may be void is not known any more, whether the device replied or
/// not: a network change with it must not be repeated.
#[tokio::test(start_paused = true)]
async fn the_ledger_forgets_the_password_of_a_device_that_may_have_another() {
    for late in ["", "late = { restoreInactive = \"3600s\" }\n"] {
        let mut site = Simulated::new(&format!("{CAMERA}activated = false\n{late}"));
        example::activate_all(&mut site.session).await.unwrap();
        let inventory = site.inventory().await;
        let key = inventory.devices[0].key().unwrap();
        let known = |site: &Simulated| site.session.ledger().unwrap().password_of(&key).unwrap();
        assert!(known(&site).is_some());
        site.change(OwnerChange::Deactivate, "Garden-77x").await;
        assert_eq!(known(&site), None);
    }
}

/// Whatever is lost: what is said to be done is done, and once.
#[tokio::test(start_paused = true)]
async fn under_loss_nothing_is_deactivated_twice_or_reported_wrongly() {
    for seed in 0..20 {
        let mut site = Simulated::new(&format!("seed = {seed}\n{CAMERA}loss = 0.3\n"));
        let outcome = site.change(OwnerChange::Deactivate, CURRENT).await;
        let done = site.executions(0).deactivations;
        assert!(done <= 1);
        if outcome.status == OutcomeStatus::Done {
            assert_eq!(done, 1, "{seed}: {outcome:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_asked_to_stop_changes_nothing() {
    let mut site = Simulated::new(CAMERA);
    let inventory = site.inventory().await;
    let device = inventory.devices[0].clone();
    let change = OwnerChange::Deactivate;
    let plan = owner::plan(&site.session, device, change, Overrides::default()).unwrap();
    site.cancellation.stop.cancel();
    let settings = Settings {
        password: PasswordSettings {
            inventory: &inventory,
            password: &SecretString::from(CURRENT),
        },
        code: None,
    };
    let report = plan
        .carry_out(&mut site.session, settings, &mut quiet)
        .await;
    let reason = &report.unwrap().outcomes[0].reason;
    assert_eq!(reason, &Reason::Stopped(StopReason::Interrupted));
    assert_eq!(site.executions(0).exchanges, 0);
}

#[tokio::test(start_paused = true)]
async fn few_tries_that_an_earlier_run_remembers_keep_the_password_back() {
    let mut site = Simulated::new(
        "[[device]]\nprofile = \"nvr-v4.30.085\"\ntries_left = 2\n\
         fields = { HCPlatformEnable = \"true\", EZVIZBindStatus = \"1\" }\n",
    );
    let first = site.change(OwnerChange::Unbind, "Guessed-99").await;
    assert_eq!(first.status, OutcomeStatus::Refused, "{first:?}");
    site.reopen(LedgerAccess::Write);
    let second = site.change(OwnerChange::Unbind, CURRENT).await;
    let few = Reason::Blocked(BlockReason::FewTries { left: 1 });
    assert_eq!(second.reason, few);
}
