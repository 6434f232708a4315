//! GUIDs of simulated recorders: exported into the vault, and imported once.

use sadp_ops::{
    BlockReason, Guard, Impact, LedgerAccess, Offer, Outcome, OutcomeData, OutcomeStatus,
    Overrides, PasswordSettings, Reason, StopReason,
    recovery::{
        guid::{
            self, GuidFinding,
            export::{self, Settings},
            import::{self, GuidSource, ImportChoice, Plan},
        },
        password_reset::ResetFinding,
    },
};
use sadp_proto::Guid;
use sadp_reset::{Action, DeviceKey, GuidBytes, GuidExport, GuidFile, GuidVoid, Ledger, Vault};
use secrecy::SecretString;

use crate::{
    mail::CURRENT,
    site::{Simulated, quiet},
};

pub(crate) const RECORDER: &str = "[[device]]\nprofile = \"nvr-v4.30.085\"\n";

impl Simulated {
    pub(crate) async fn export(&mut self, password: &str) -> Vec<Outcome> {
        let inventory = self.inventory().await;
        let devices = inventory.devices.clone();
        let plan = export::plan(&self.session, devices, Overrides::default(), false).unwrap();
        let settings = Settings {
            access: PasswordSettings {
                inventory: &inventory,
                password: &password.into(),
            },
            passphrase: None,
        };
        let report = plan
            .carry_out(&mut self.session, settings, &mut quiet)
            .await;
        let report = report.unwrap();
        assert!(report.failure.is_none());
        report.outcomes
    }

    async fn plan_import(&mut self, source: GuidSource, overrides: Overrides) -> Plan {
        let devices = self.inventory().await.devices;
        let choice = ImportChoice {
            source,
            overrides,
            sync_cameras: false,
            named: true,
            parallel: 8,
        };
        import::plan(&self.session, devices, &choice).unwrap()
    }

    pub(crate) async fn import(
        &mut self,
        source: GuidSource,
        overrides: Overrides,
    ) -> Vec<Outcome> {
        let plan = self.plan_import(source, overrides).await;
        let inventory = self.inventory().await;
        let settings = PasswordSettings {
            inventory: &inventory,
            password: &SecretString::from("Garden-77x"),
        };
        let report = plan
            .carry_out(&mut self.session, settings, &mut quiet)
            .await;
        report.unwrap().outcomes
    }

    fn voids(&self) -> Vec<Option<GuidVoid>> {
        let guids = guid::list(&self.session).unwrap().guids.into_iter();
        guids.map(|it| it.record.void.map(|(why, _)| why)).collect()
    }
}

pub(crate) const fn vault() -> GuidSource {
    GuidSource::Vault { passphrase: None }
}

fn exported(outcome: &Outcome) -> &guid::ExportedGuid {
    match &outcome.data {
        OutcomeData::ExportedGuid(exported) => exported,
        _ => panic!("nothing was exported: {outcome:#?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_exported_sets_a_new_password_once() {
    let mut site = Simulated::new(RECORDER);
    let outcomes = site.export(CURRENT).await;
    let file = exported(&outcomes[0]);
    assert!(!file.encrypted && !file.suspect);
    GuidBytes::read(&file.path).unwrap().guid(None).unwrap();
    assert_eq!(site.voids(), [None]);
    let outcomes = site.import(vault(), Overrides::default()).await;
    let set = ResetFinding::Set { seen: true };
    assert_eq!(outcomes[0].reason, Reason::PasswordReset(set));
    assert_eq!(site.executions(0).guid_resets, 1);
    assert_eq!(site.voids(), [Some(GuidVoid::Used)]);
    let outcomes = site
        .import(vault(), Overrides::default().with(Guard::RefusedBefore))
        .await;
    assert!(matches!(
        outcomes[0].reason,
        Reason::Guid(GuidFinding::VoidInVault {
            why: GuidVoid::Used,
            ..
        })
    ));
    assert_eq!(outcomes[0].impact(), Impact::Safety);
    assert_eq!(site.executions(0).exchanges, 2);
}

/// A GUID from elsewhere that the device called invalid is not sent again unless
/// the user insists.
#[tokio::test(start_paused = true)]
async fn a_guid_that_was_called_invalid_goes_out_by_force_alone() {
    let mut site = Simulated::new(RECORDER);
    let guid = Guid::new(&[7; 128]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("DeviceGUID.xml");
    std::fs::write(&path, guid.as_str()).unwrap();
    let read = || {
        let file = Box::<GuidFile>::new(GuidBytes::read(&path).unwrap().guid(None).unwrap());
        let path = path.clone();
        GuidSource::File { path, file }
    };
    let first = site.import(read(), Overrides::default()).await;
    assert_eq!(first[0].status, OutcomeStatus::Refused);
    let again = site.import(read(), Overrides::default()).await;
    assert!(matches!(
        again[0].reason,
        Reason::Guid(GuidFinding::Void {
            why: GuidVoid::Invalid,
            ..
        })
    ));
    assert_eq!(site.executions(0).refused, 1);
    site.import(read(), Overrides::default().with(Guard::RefusedBefore))
        .await;
    assert_eq!(site.executions(0).refused, 2);
}

/// A run was killed after it sent a GUID. What the device says of another by force is no
/// refusal: the first may have worked.
#[tokio::test(start_paused = true)]
async fn after_a_guid_that_may_have_worked_another_is_not_called_refused() {
    let mut site = Simulated::new(RECORDER);
    site.begin(Action::GuidImport).await;
    site.reopen(LedgerAccess::Write);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("DeviceGUID.xml");
    std::fs::write(&path, Guid::new(&[7; 128]).unwrap().as_str()).unwrap();
    let read = || {
        let file = Box::<GuidFile>::new(GuidBytes::read(&path).unwrap().guid(None).unwrap());
        let path = path.clone();
        GuidSource::File { path, file }
    };
    let blocked = site.import(read(), Overrides::default()).await;
    assert!(matches!(
        blocked[0].reason,
        Reason::Blocked(BlockReason::MayHaveWorked { .. })
    ));
    assert_eq!(site.executions(0).refused, 0);
    let lifted = Overrides::default().with(Guard::MayHaveWorked);
    let forced = site.import(read(), lifted).await;
    assert_eq!(site.executions(0).refused, 1);
    assert_eq!(forced[0].status, OutcomeStatus::Unknown, "{forced:#?}");
    assert!(matches!(
        forced[0].reason,
        Reason::PasswordReset(ResetFinding::PossiblySetBefore { .. })
    ));
}

#[tokio::test(start_paused = true)]
async fn a_whole_guid_is_preferred_to_a_newer_suspect_one() {
    let mut site = Simulated::new(RECORDER);
    site.export(CURRENT).await;
    let device = DeviceKey::of(&site.inventory().await.devices[0].entry.device).unwrap();
    let state = site.session.state().to_owned();
    let newer = GuidExport {
        device: &device,
        guid: &Guid::from_text("c2hvcnQ=").unwrap(),
        at: site.session.now() + jiff::SignedDuration::from_secs(5),
    };
    let mut ledger = Ledger::open(&state).unwrap();
    Vault::new(&state).store(&mut ledger, newer, None).unwrap();
    drop(ledger);
    let outcomes = site.import(vault(), Overrides::default()).await;
    assert_eq!(outcomes[0].status, OutcomeStatus::Done);
    let OutcomeData::ImportedGuid(imported) = &outcomes[0].data else {
        panic!("{outcomes:#?}");
    };
    assert!(imported.not_preferred.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_wrong_password_ends_the_export_at_the_first_device() {
    let mut site = Simulated::new(&RECORDER.repeat(2));
    let outcomes = site.export("Guessed-99").await;
    assert_eq!(outcomes[0].status, OutcomeStatus::Refused);
    assert_eq!(outcomes[1].reason, Reason::Stopped(StopReason::WrongSecret));
    assert!(site.voids().is_empty());
}

#[tokio::test(start_paused = true)]
async fn without_a_guid_nothing_is_sent() {
    let camera = "[[device]]\nprofile = \"ipc-v5.2.5\"\n";
    let mut site = Simulated::new(&format!("{RECORDER}{camera}"));
    let plan = site.plan_import(vault(), Overrides::default()).await;
    assert!(plan.imports.is_empty());
    let reasons: Vec<_> = plan.left_out.iter().map(|it| &it.reason).collect();
    let named = true;
    let none = Reason::Guid(GuidFinding::NoneInVault { named });
    let offer = Offer::Guid;
    assert!(reasons.contains(&&none), "{reasons:?}");
    assert!(reasons.contains(&&Reason::NotOffered { offer, named }));
}

/// Whatever is lost: each GUID that is reported is in the vault, and each that was
/// used is void.
#[tokio::test(start_paused = true)]
async fn under_loss_the_vault_holds_what_is_reported_and_no_guid_is_used_twice() {
    let lossy =
        "seed = 6\n[defaults]\nloss = 0.2\n[[device]]\nprofile = \"nvr-v4.30.085\"\ncount = 15\n";
    let mut site = Simulated::new(lossy);
    let outcomes = site.export(CURRENT).await;
    let done = outcomes
        .iter()
        .filter(|it| it.status == OutcomeStatus::Done);
    let paths: Vec<_> = done.map(|it| exported(it).path.clone()).collect();
    assert!(!paths.is_empty());
    for path in &paths {
        GuidBytes::read(path).unwrap().guid(None).unwrap();
    }
    assert_eq!(site.voids().len(), paths.len());
    let outcomes = site.import(vault(), Overrides::default()).await;
    let done = outcomes
        .iter()
        .filter(|it| it.status == OutcomeStatus::Done);
    let used = site
        .voids()
        .into_iter()
        .filter(|it| *it == Some(GuidVoid::Used));
    assert_eq!(done.count(), used.count());
    assert!((0..15).all(|it| site.executions(it).guid_resets <= 1));
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_asked_to_stop_sends_no_guid() {
    let mut site = Simulated::new(RECORDER);
    site.export(CURRENT).await;
    let plan = site.plan_import(vault(), Overrides::default()).await;
    let inventory = site.inventory().await;
    site.cancellation.stop.cancel();
    let settings = PasswordSettings {
        inventory: &inventory,
        password: &SecretString::from("Garden-77x"),
    };
    let report = plan
        .carry_out(&mut site.session, settings, &mut quiet)
        .await;
    let outcome = report.unwrap().outcomes.remove(0);
    assert_eq!(outcome.reason, Reason::Stopped(StopReason::Interrupted));
    assert_eq!(site.executions(0).guid_resets, 0);
    assert_eq!(site.voids(), [None]);
}
