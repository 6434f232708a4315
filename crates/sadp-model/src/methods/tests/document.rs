//! The vendor's document, line by line.

use super::*;

/// The vendor's table, line by line, for devices with no other information than
/// their reports.
#[test]
fn every_line_of_the_table_holds_for_every_column() {
    use Advice::{Listed, Recommended, Unlisted};
    #[rustfmt::skip]
    let table = [
        (ResetButton, Recommended, Unlisted, Prerequisite::AtDevice),
        (Questions, Recommended, Listed, Prerequisite::QuestionsSet),
        (Mail, Recommended, Recommended, Prerequisite::MailboxSet),
        (Guid, Unlisted, Listed, Prerequisite::GuidFile { void: None }),
        (HikConnect, Unlisted, Recommended, Prerequisite::BoundAccount),
        (HikProConnect, Listed, Listed, Prerequisite::InstallerSite),
    ];
    for (models, recorder) in [([CAMERA, PTZ], false), ([NVR, DVR], true)] {
        for device in models.map(device) {
            for (way, camera_advice, recorder_advice, need) in table {
                let fit = unprepared(way, &device);
                let advice = if recorder {
                    recorder_advice
                } else {
                    camera_advice
                };
                let standing = if way == Guid && advice == Unlisted {
                    // The device itself reports it.
                    Availability::MayWork(vec![need])
                } else if advice == Unlisted {
                    Availability::NotForThisDevice(UnavailableReason::Kind(device.kind))
                } else {
                    needs(&[need])
                };
                let found = (fit.advice, fit.availability);
                assert_eq!(found, (advice, standing), "{way:?}");
            }
            let fit = unprepared(Request, &device);
            let found = (fit.advice, fit.availability);
            assert_eq!(found, (Listed, Availability::Ready));
            assert_eq!(fit.notes, [Note::ProofOfOwnership]);
        }
    }
}

/// Each stated minimum: just below it, at it, and above.
#[test]
fn firmware_is_held_against_every_stated_minimum() {
    let both: &[RecoveryMethod] = &[Mail, HikConnect];
    for (model, ways, below, minimum, above) in [
        (CAMERA, &[Questions][..], "V5.4.99", "V5.5.0", "V5.5.82"),
        (PTZ, &[Questions], "V5.4.9build 170101", "V5.5.0", "V5.10.0"),
        ("DS-7608NI-K2", both, "V4.30.004", "V4.30.005", "V4.30.100"),
        ("DS-7732NI-Q4", both, "V4.30.4", "V4.30.005", "V4.31"),
        ("DS-7108NI-Q1", both, "V4.22.005", "V4.30.005", "V5.0"),
        ("DS-7616NI-I2", both, "V4.21.004", "V4.21.005", "V4.30.000"),
        ("DS-7216HGHI-F1", both, "V4.30.109", "V4.30.110", "V4.31"),
        ("DS-7204HQHI-K1", both, "V4.21.99", "V4.21.100", "V4.22"),
        ("DS-7104HUHI-K1", both, "V4.20.200", "V4.21.100", "V4.22"),
        ("DS-7208HTHI-K2", both, "V3.5.35", "V4.21.100", "V4.22"),
        ("iDS-7208HQHI-M1/S", both, "V4.25.999", "V4.26.000", "V4.70"),
        (NVR, &[Guid], "V3.4.89", "V3.4.90", "V3.4.100"),
        (DVR, &[Guid], "V3.4.79", "V3.4.80", "V3.4.90"),
    ] {
        for &way in ways {
            let judge = |firmware| unprepared(way, &with_firmware(model, firmware));
            let old = judge(below);
            let noted = MethodAssessment::excluded(way, &with_firmware(model, below));
            let reason = old.availability.obstacle().or(noted);
            let Some(UnavailableReason::FirmwareBelow(stated)) = reason else {
                panic!("{model} {below} {way:?}: {old:?}");
            };
            // The device reports the others itself.
            let verdict = if way == HikConnect {
                "not-for-this-device"
            } else {
                "may-work"
            };
            assert_eq!(old.availability.name(), verdict, "{model} {way:?}");
            assert_eq!(stated.text(), minimum, "{model} {way:?}");
            let source = match way {
                Guid => MinimumSource::Public,
                _ => MinimumSource::Vendor,
            };
            assert_eq!(stated.source(), source);
            for firmware in [minimum, above] {
                let fit = judge(firmware);
                let found = (fit.availability.name(), &fit.notes[..]);
                assert_eq!(found, ("needs", &[][..]), "{model} {firmware} {way:?}");
            }
            let fit = judge("beta");
            assert_eq!(fit.availability.name(), "needs");
            assert_eq!(fit.notes, [Note::FirmwareUnknown(stated)]);
        }
    }
}

#[test]
fn ways_without_a_stated_minimum_take_any_firmware() {
    for (model, ways) in [
        (CAMERA, &[Mail, Request, HikProConnect][..]),
        (NVR, &[Questions, Request, HikProConnect]),
        (DVR, &[Questions, Request, HikProConnect]),
    ] {
        for &way in ways {
            let fit = unprepared(way, &with_firmware(model, "V1.0"));
            assert_eq!(fit.availability.obstacle(), None, "{model} {way:?}");
        }
    }
}

#[test]
fn of_a_recorder_of_another_series_no_minimum_is_claimed() {
    for model in ["DS-7608NI-E2/8P", "DS-7316HQHI-K4", "iDS-7104HGHI-M1/S"] {
        for way in [Mail, HikConnect] {
            let fit = unprepared(way, &with_firmware(model, "V1.0"));
            assert_eq!(fit.availability.name(), "needs", "{model}");
            assert_eq!(fit.notes, [Note::SeriesUnknown], "{model}");
        }
    }
}

#[test]
fn of_kinds_the_document_leaves_out_nothing_is_claimed() {
    let mut ezviz = with_firmware(NVR, "V1.0");
    ezviz.vendor = Some(Vendor::Ezviz);
    let others = [
        "DS-KH6210-L",
        "DS-K1T671M",
        "DS-3E0318P-E/M",
        "HIK TSC",
        "CS-T31",
        "x",
    ];
    for device in others.map(device).into_iter().chain([ezviz]) {
        for fit in assess_methods(&device, &RecoverySetup::default()) {
            assert_eq!(fit.advice, Advice::Unknown);
            assert_eq!(fit.notes.first(), Some(&Note::KindUnknown));
            assert_eq!(fit.availability.obstacle(), None);
        }
    }
    let mut intercom = device("DS-KH6210-L");
    intercom.recovery.guid = Some(false);
    assert_eq!(
        availability(Guid, &intercom, &RecoverySetup::default()),
        Availability::NotForThisDevice(UnavailableReason::NotOffered)
    );
}

#[test]
fn every_series_states_a_minimum_that_can_be_compared() {
    for series in RecorderSeries::iter() {
        let minimum = series.minimum();
        let parts = minimum.text().matches('.').count() + 1;
        assert_eq!(parts, 3, "{series}");
        assert!(minimum.version() > Version::new(&[4]), "{series}");
    }
}
