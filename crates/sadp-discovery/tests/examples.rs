//! The examples do what they say. That of a scan is run in sadp-sim, which has
//! devices to find.

#[expect(dead_code, reason = "only its main is not called")]
#[path = "../examples/filter.rs"]
mod filter;

#[test]
fn the_filter_chooses_devices_of_a_capture() {
    let capture = &include_bytes!("../../../fixtures/captures/site.pcapng")[..];
    let registry = filter::devices(capture).unwrap();
    let (due, others): (Vec<_>, Vec<_>) = registry
        .entries()
        .iter()
        .partition(|entry| filter::is_due(&entry.device));
    assert_eq!((due.len(), others.len()), (3, 2), "{registry:?}");
}
