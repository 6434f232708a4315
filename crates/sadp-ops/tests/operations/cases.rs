//! Requests that wait, and what to do about them.

use sadp_ops::{
    DeviceName, Inventory, Naming, OutcomeStatus,
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

/// Where no probe to the group arrives, a device that the ledger knows is asked at the
/// address that it had; a stranger is not.
#[tokio::test(start_paused = true)]
async fn a_known_device_is_asked_at_its_last_address() {
    let (mut site, inventory) = exported().await;
    let serial = inventory.devices[0].entry.device.serial.clone().unwrap();
    site.move_behind_router();
    let stranger: DeviceName = "44:47:cc:99:99:99".parse().unwrap();
    let (none, _) = site
        .session
        .look_by_name(&[stranger], &mut quiet)
        .await
        .unwrap();
    assert_eq!((none.devices.len(), none.absent.len()), (0, 0));
    for text in [
        serial.as_str(),
        serial.label().unwrap(),
        &serial.as_str()[20..],
    ] {
        let names: [DeviceName; 1] = [text.parse().unwrap()];
        let (found, _) = site.session.look_by_name(&names, &mut quiet).await.unwrap();
        let device = names[0].find(&found, Naming::Ending).unwrap();
        assert_eq!(device.entry.device.serial.as_ref(), Some(&serial), "{text}");
        assert!(found.absent.is_empty(), "{text}");
    }
    // Later looks of the session ask it, too.
    let (again, _) = site.session.look(&mut quiet).await.unwrap();
    assert_eq!(again.devices.len(), 1);
}
