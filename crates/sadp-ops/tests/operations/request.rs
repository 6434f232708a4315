//! Requests to the vendor's support, and what is on the disk of them.

use std::path::{Path, PathBuf};

use sadp_ops::{
    Impact, Outcome, OutcomeData, OutcomeStatus, Reason, Session, StopReason,
    recovery::{
        History,
        request::{self, Plan, RequestFinding, Settings},
    },
};
use sadp_reset::{Contact, Package, RequestKind};
use tempfile::TempDir;

use crate::site::{Simulated, quiet};

const CAMERA: &str = "[[device]]\nprofile = \"ipc-v5.5.82\"\n";

/// Exports from all devices, with or without those whose requests wait.
async fn export(session: &mut Session, out: &Path, again: bool) -> Vec<Outcome> {
    let (inventory, _) = session.look(&mut quiet).await.unwrap();
    let mut plan = plan(session, &inventory);
    plan.include_pending(|_| again);
    let settings = Settings {
        inventory: &inventory,
        out,
        contact: &Contact::default(),
        parallel: 8,
    };
    let report = plan.carry_out(session, settings, &mut quiet).await.unwrap();
    assert!(report.failure.is_none());
    report.outcomes
}

fn plan(session: &Session, inventory: &sadp_ops::Inventory) -> Plan {
    request::plan(session, inventory.devices.clone(), true).unwrap()
}

fn package(outcome: &Outcome) -> PathBuf {
    match &outcome.data {
        OutcomeData::Request(exported) => exported.package.path().to_owned(),
        _ => panic!("nothing was exported: {outcome:#?}"),
    }
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_request_is_on_the_disk_and_in_the_ledger() {
    let mut site = Simulated::new(CAMERA);
    let out = folder();
    let outcomes = export(&mut site.session, out.path(), false).await;
    let outcome = &outcomes[0];
    assert_eq!(outcome.status, OutcomeStatus::Done);
    let finding = RequestFinding::Exported {
        kind: RequestKind::FileOrKey,
        lacks_serial: false,
        recorded: true,
    };
    assert_eq!(outcome.reason, Reason::Request(finding));
    Package::read(&package(outcome)).unwrap();
    let history = History::read(site.session.ledger(), site.session.now()).unwrap();
    assert_eq!(history.cases().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_waits_is_only_given_up_where_the_plan_is_asked_to() {
    let mut site = Simulated::new(CAMERA);
    let out = folder();
    export(&mut site.session, out.path(), false).await;
    let kept = export(&mut site.session, out.path(), false).await;
    assert!(matches!(
        kept[0].reason,
        Reason::Request(RequestFinding::Pending { .. })
    ));
    assert_eq!(kept[0].impact(), Impact::Safety);
    assert_eq!(site.executions(0).requests, 1);
    let again = export(&mut site.session, out.path(), true).await;
    assert_eq!(again[0].status, OutcomeStatus::Done);
    assert_eq!(site.executions(0).requests, 2);
    let history = History::read(site.session.ledger(), site.session.now()).unwrap();
    let open = history.cases().iter().filter(|case| case.is_open());
    assert_eq!(open.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_leaves_nothing_behind_and_legacy_devices_are_not_asked() {
    let mut site = Simulated::new(
        "[[device]]\nprofile = \"ipc-v5.5.82\"\nrefuse = { getencryptstring = \"failed\" }\n\
         [[device]]\nprofile = \"ipc-v5.2.5\"\n",
    );
    let out = folder();
    let outcomes = export(&mut site.session, out.path(), false).await;
    assert_eq!(outcomes.len(), 2);
    let refused = outcomes
        .iter()
        .find(|it| it.status == OutcomeStatus::Refused);
    assert!(refused.unwrap().verdict.is_some());
    let legacy = outcomes.iter().find(|it| it.status == OutcomeStatus::Done);
    package(legacy.unwrap());
    assert_eq!(std::fs::read_dir(out.path()).unwrap().count(), 1);
    assert_eq!(site.executions(1).requests, 0);
}

/// Whatever is lost: what is said to be exported is there, and nothing else.
#[tokio::test(start_paused = true)]
async fn under_loss_each_package_is_reported_and_no_other() {
    let mut site = Simulated::new(
        "seed = 3\n[defaults]\nloss = 0.2\n[[device]]\nprofile = \"ipc-v5.5.82\"\ncount = 30\n",
    );
    let out = folder();
    let outcomes = export(&mut site.session, out.path(), false).await;
    let done = outcomes
        .iter()
        .filter(|it| it.status == OutcomeStatus::Done);
    let packages: Vec<_> = done.map(package).collect();
    assert!(!packages.is_empty());
    for package in &packages {
        Package::read(package).unwrap();
    }
    assert_eq!(
        std::fs::read_dir(out.path()).unwrap().count(),
        packages.len()
    );
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_asked_to_stop_exports_nothing() {
    let mut site = Simulated::new(CAMERA);
    let out = folder();
    let (inventory, _) = site.session.look(&mut quiet).await.unwrap();
    let plan = plan(&site.session, &inventory);
    site.cancellation.stop.cancel();
    let settings = Settings {
        inventory: &inventory,
        out: out.path(),
        contact: &Contact::default(),
        parallel: 8,
    };
    let report = plan
        .carry_out(&mut site.session, settings, &mut quiet)
        .await
        .unwrap();
    assert_eq!(
        report.outcomes[0].reason,
        Reason::Stopped(StopReason::Interrupted)
    );
    assert_eq!(site.executions(0).requests, 0);
}
