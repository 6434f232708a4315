//! Requests that wait, and what to do about them.

use sadp_ops::{
    Inventory, OutcomeStatus,
    recovery::{self, CaseStep},
};
use sadp_reset::InvalidReason;

use crate::{
    request_example,
    site::{Simulated, quiet},
};

/// A session that exported a request.
async fn exported() -> (Simulated, Inventory) {
    let mut site = Simulated::new("[[device]]\nprofile = \"ipc-v5.5.82\"\n");
    let out = tempfile::tempdir().unwrap();
    let exported = request_example::export_all(&mut site.session, out.path());
    assert_eq!(exported.await.unwrap()[0].status, OutcomeStatus::Done);
    let (inventory, _) = site.session.look(&mut quiet).await.unwrap();
    (site, inventory)
}

#[tokio::test(start_paused = true)]
async fn an_open_request_is_valid_until_a_look_or_the_user_says_otherwise() {
    let (mut site, inventory) = exported().await;
    for inventory in [None, Some(&inventory)] {
        let cases = recovery::review(&site.session, inventory).unwrap();
        assert!(cases[0].invalid_reasons.is_empty());
        assert_eq!(cases[0].next, Some(CaseStep::Import));
    }
    let missing = recovery::review(&site.session, Some(&Inventory::default())).unwrap();
    assert!(matches!(
        missing[0].invalid_reasons[..],
        [InvalidReason::NotSeen { .. }]
    ));
    assert_eq!(missing[0].next, Some(CaseStep::Import));

    let id = missing[0].case.id;
    assert!(recovery::forget(&mut site.session, id).unwrap());
    assert!(!recovery::forget(&mut site.session, id).unwrap());
    let cases = recovery::review(&site.session, None).unwrap();
    assert!(!cases[0].case.is_open());
    assert_eq!(cases[0].next, None);
}

#[tokio::test(start_paused = true)]
async fn after_a_restart_another_request_is_needed() {
    let (site, mut inventory) = exported().await;
    let device = &mut inventory.devices[0].entry.device;
    let restarted = device
        .boot_time
        .unwrap()
        .saturating_add(jiff::Span::new().hours(1));
    device.boot_time = Some(restarted);
    let cases = recovery::review(&site.session, Some(&inventory)).unwrap();
    assert!(matches!(
        cases[0].invalid_reasons[..],
        [InvalidReason::Rebooted { .. }]
    ));
    assert_eq!(cases[0].next, Some(CaseStep::ExportAgain));
}
