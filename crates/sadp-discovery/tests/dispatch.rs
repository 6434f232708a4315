//! Commands that cannot leave this computer.

use std::{net::Ipv4Addr, time::Duration};

use sadp_discovery::{
    DeviceRoute, Dispatch, DispatchConfig, Job, LinkConfig, LinkLayer, Notice, Pace, Reaction,
    Scan, ScanConfig,
};
use sadp_proto::{Command, Endpoint, Target, seal::Password};

#[tokio::test(start_paused = true)]
async fn what_could_not_be_sent_is_reported() {
    let link = LinkConfig {
        interfaces: vec!["127.0.0.1".into()],
        // Nothing can be sent to this port.
        endpoints: vec![Endpoint::sadp(Ipv4Addr::new(239, 255, 77, 3), 0)],
        link_layer: LinkLayer::Off,
        recorder: None,
        network: None,
    };
    let scan = ScanConfig {
        link: link.clone(),
        ..ScanConfig::default()
    };
    let scan = Scan::open(&scan).unwrap();
    let loopback = scan.links().next().unwrap().interface;
    for (route, told) in [
        (DeviceRoute::Group(loopback), "cannot send on lo"),
        (
            DeviceRoute::Group("elsewhere".into()),
            "cannot send on elsewhere",
        ),
        (
            DeviceRoute::Direct(Ipv4Addr::LOCALHOST),
            "127.0.0.1 could not be asked",
        ),
    ] {
        let config = DispatchConfig {
            link: link.clone(),
            parallel: 1,
            pace: Pace::Together,
            patience: None,
        };
        let mac = "44:47:cc:00:00:01";
        let job = Job {
            target: Target {
                mac: mac.parse().unwrap(),
                mac_text: mac.into(),
                from: Ipv4Addr::LOCALHOST.into(),
                response_time: None,
                seals_code: false,
            },
            route,
            proves: 1,
            command: Command::Activate {
                password: Password::new("Garden-77x".into()).unwrap(),
            },
        };
        let dispatch = Dispatch::open(&config).unwrap();
        // It is asked to stop once the first step was taken: this time is virtual, and
        // does not pass while a key pair is made.
        let stop = tokio::time::sleep(Duration::from_millis(100));
        let run = dispatch.run(vec![job], stop, |_| Reaction::Continue);
        let report = run.await;
        assert!(report.jobs[0].outcome.is_none(), "{report:?}");
        let unsent = |notice: &&Notice| {
            matches!(
                notice,
                Notice::NotSent { .. } | Notice::TargetsNotSent { .. }
            )
        };
        let notices: Vec<_> = report.notices.iter().filter(unsent).collect();
        assert_eq!(notices.len(), 1, "{report:?}");
        assert!(notices[0].to_string().contains(told), "{report:?}");
    }
}
