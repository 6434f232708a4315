//! Devices followed while somebody holds their reset button.

use std::time::Duration;

use sadp_model::RecoveryMethod;
use sadp_ops::{
    DiscoveredDevice, Event, Guard, Impact, OutcomeStatus, Overrides, Reason,
    recovery::button::{self, ButtonFinding, ButtonProgress, Plan, Reset, Settings},
};
use tokio::time::Instant;

use crate::{
    example,
    site::{Simulated, quiet},
};

const CAMERA: &str = "[[device]]\nprofile = \"ipc-v5.5.82\"\nip = \"192.168.1.101\"\n";

async fn plan(site: &mut Simulated) -> Result<Plan, Box<Reset>> {
    let (mut inventory, _) = site.session.look(&mut quiet).await.unwrap();
    let device: DiscoveredDevice = inventory.devices.remove(0);
    button::plan(device, &inventory.local, Overrides::default())
}

fn for_minutes(minutes: u64) -> Settings {
    Settings {
        limit: Duration::from_mins(minutes),
        sweep: None,
    }
}

/// The end, and the events in between.
async fn follow(site: &mut Simulated, minutes: u64) -> (Reset, Vec<String>) {
    let plan = plan(site).await.unwrap();
    let mut events = Vec::new();
    let mut observer = |event: Event<'_>| match event {
        Event::Button(ButtonProgress::Waiting { .. }) => {}
        Event::Button(progress) => events.push(format!("{progress:?}")),
        event => panic!("{event:?}"),
    };
    let reset = plan
        .carry_out(&site.session, for_minutes(minutes), &mut observer)
        .await;
    (reset, events)
}

fn finding(reset: &Reset) -> &ButtonFinding {
    match &reset.outcome.reason {
        Reason::Button(finding) => finding,
        reason => panic!("{reason:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_reset_is_followed_to_the_first_password() {
    for more in ["", "loss = 0.2\n"] {
        let site = format!("seed = 1\n{CAMERA}button = \"20s\"\nreboot = \"30s\"\n{more}");
        let mut site = Simulated::new(&site);
        let (reset, events) = follow(&mut site, 15).await;
        assert_eq!(finding(&reset), &ButtonFinding::Reset);
        assert_eq!(reset.outcome.device.address, Some([192, 168, 1, 64].into()));
        assert!(events.contains(&"Offline".into()), "{events:?}");
        let back = events.last().unwrap();
        assert!(back.contains("192.168.1.101") && back.contains("192.168.1.64"));
        assert_eq!(reset.unactivated.unwrap().devices.len(), 1);
        let outcomes = example::activate_all(&mut site.session).await.unwrap();
        // Under loss it may be unknown what became of the first password.
        assert!(!more.is_empty() || outcomes[0].status == OutcomeStatus::Done);
    }
}

#[tokio::test(start_paused = true)]
async fn a_restart_with_the_password_is_reported_and_the_wait_goes_on() {
    let mut site = Simulated::new(&format!("{CAMERA}restart = \"1m\"\nreboot = \"60s\"\n"));
    let begin = Instant::now();
    let (reset, events) = follow(&mut site, 15).await;
    assert!(begin.elapsed() >= Duration::from_mins(15));
    assert_eq!(finding(&reset), &ButtonFinding::StillActive);
    assert_eq!(reset.outcome.impact(), Impact::Device);
    assert!(reset.unactivated.is_none());
    assert_eq!(events[1..], ["Offline", "StillActive"]);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_asked_to_stop_waits_no_longer() {
    let mut site = Simulated::new(CAMERA);
    let plan = plan(&mut site).await.unwrap();
    let stop = site.cancellation.stop.clone();
    let begin = Instant::now();
    let mut observer = |event: Event<'_>| {
        if let Event::Button(ButtonProgress::Waiting { elapsed, .. }) = event
            && elapsed > Duration::from_secs(10)
        {
            stop.cancel();
        }
    };
    let reset = plan
        .carry_out(&site.session, for_minutes(15), &mut observer)
        .await;
    assert_eq!(finding(&reset), &ButtonFinding::StillActive);
    assert!(begin.elapsed() < Duration::from_secs(30));
    assert_eq!(site.executions(0).exchanges, 0, "nothing is sent");
}

#[tokio::test(start_paused = true)]
async fn where_there_is_nothing_to_wait_for_the_plan_says_so() {
    let mut site = Simulated::new(&format!("{CAMERA}activated = false\n"));
    let reset = plan(&mut site).await.unwrap_err();
    assert_eq!(finding(&reset), &ButtonFinding::Unactivated);
    assert_eq!(reset.outcome.impact(), Impact::None);
    assert!(reset.unactivated.is_some());
    let mut site = Simulated::new("[[device]]\nprofile = \"nvr-v4.1.70\"\n");
    let reset = plan(&mut site).await.unwrap_err();
    let ButtonFinding::NotForDevice { others, .. } = finding(&reset) else {
        panic!("{reset:?}");
    };
    assert!(others.contains(&RecoveryMethod::Request), "{others:?}");
    assert_eq!(reset.outcome.impact(), Impact::Safety);
    let (mut inventory, _) = site.session.look(&mut quiet).await.unwrap();
    let device = inventory.devices.remove(0);
    let lifted = Overrides::from_iter([Guard::WayNotOffered]);
    button::plan(device, &inventory.local, lifted).unwrap();
}
