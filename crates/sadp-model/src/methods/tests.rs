mod document;
mod property;

use super::*;

const CAMERA: &str = "DS-2CD2143G0-I";
const PTZ: &str = "DS-2DE4225IW-DE";
const NVR: &str = "DS-7608NI-K2/8P";
const DVR: &str = "DS-7204HQHI-K1";

/// A device with new firmware that offers all methods.
fn device(model: &str) -> Device {
    let mut device = Device::unknown();
    device.kind = Kind::of_model(model);
    device.model = Some(model.into());
    device.firmware = Firmware::new("V5.7.0 build 220101");
    device.state = Some(State::Active);
    device.recovery.request = Some(RequestWay::FileOrKey);
    device.recovery.guid = Some(true);
    device.recovery.questions = Some(true);
    device.recovery.mailbox = Some(true);
    device.cloud.supported = Some(true);
    device.cloud.enabled = Some(true);
    device
}

fn with_firmware(model: &str, firmware: &str) -> Device {
    let mut device = device(model);
    device.firmware = Firmware::new(firmware);
    device
}

fn all_prepared() -> RecoverySetup {
    RecoverySetup {
        questions: Some(true),
        mailbox: Some(true),
        guid: Some(true),
        guids: Some(VaultedGuids {
            usable: 1,
            void: 0,
            newest: Some(time(0)),
        }),
        request: None,
    }
}

fn time(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn fit(way: RecoveryMethod, device: &Device, prepared: &RecoverySetup) -> MethodAssessment {
    let fits = assess_methods(device, prepared);
    fits.into_iter().find(|fit| fit.method == way).unwrap()
}

fn standing(way: RecoveryMethod, device: &Device, prepared: &RecoverySetup) -> Availability {
    fit(way, device, prepared).availability
}

fn needs(needs: &[Prerequisite]) -> Availability {
    Availability::Needs(needs.to_vec())
}

#[test]
fn the_best_way_stands_first() {
    let mail_only = RecoverySetup {
        questions: Some(false),
        mailbox: Some(true),
        ..RecoverySetup::default()
    };
    for (model, setup, expected) in [
        (
            CAMERA,
            RecoverySetup::default(),
            "reset-button questions mail request hik-proconnect guid hik-connect",
        ),
        (
            NVR,
            RecoverySetup::default(),
            "mail hik-connect request questions guid hik-proconnect reset-button",
        ),
        (
            CAMERA,
            mail_only,
            "mail reset-button request hik-proconnect questions guid hik-connect",
        ),
        (
            DVR,
            all_prepared(),
            "mail hik-connect questions request guid hik-proconnect reset-button",
        ),
    ] {
        let fits = assess_methods(&device(model), &setup);
        let names: Vec<_> = fits.iter().map(|fit| fit.method.name()).collect();
        assert_eq!(names.join(" "), expected);
    }
}

#[test]
fn every_capability_flag_counts_and_silence_is_no_denial() {
    type Flag = fn(&mut Device) -> &mut Option<bool>;
    let flags: [(RecoveryMethod, Flag, &[&str]); 4] = [
        (
            RecoveryMethod::Questions,
            |device| &mut device.recovery.questions,
            &[CAMERA, PTZ, NVR, DVR],
        ),
        (
            RecoveryMethod::Mail,
            |device| &mut device.recovery.mailbox,
            &[CAMERA, PTZ, NVR, DVR],
        ),
        (
            RecoveryMethod::Guid,
            |device| &mut device.recovery.guid,
            &[NVR, DVR],
        ),
        (
            RecoveryMethod::HikConnect,
            |device| &mut device.cloud.supported,
            &[NVR, DVR],
        ),
    ];
    for (way, flag, models) in flags {
        for model in models {
            let mut device = device(model);
            let none = RecoverySetup::default();
            let offered = fit(way, &device, &none);
            assert_eq!(offered.availability.name(), "needs", "{model} {way:?}");
            *flag(&mut device) = None;
            assert_eq!(fit(way, &device, &none), offered, "{model} {way:?}");
            *flag(&mut device) = Some(false);
            assert_eq!(
                standing(way, &device, &none),
                Availability::NotForThisDevice(UnavailableReason::NotOffered),
                "{model} {way:?}"
            );
        }
    }
}

#[test]
fn what_the_device_says_of_its_set_up_decides() {
    let with = |set| RecoverySetup {
        questions: set,
        mailbox: set,
        ..RecoverySetup::default()
    };
    for model in [CAMERA, PTZ, NVR, DVR] {
        for (way, need) in [
            (RecoveryMethod::Questions, Prerequisite::QuestionsSet),
            (RecoveryMethod::Mail, Prerequisite::MailboxSet),
        ] {
            let judge = |set| standing(way, &device(model), &with(set));
            assert_eq!(judge(None), needs(&[need]));
            assert_eq!(judge(Some(true)), Availability::Ready);
            let obstacle = UnavailableReason::NotSetUp(way);
            assert_eq!(judge(Some(false)), Availability::NotForThisDevice(obstacle));
            assert_eq!(fit(way, &device(model), &with(Some(false))).notes, []);
            let old = with_firmware(model, "V1.0");
            assert_eq!(fit(way, &old, &with(Some(false))).notes, []);
        }
    }
}

#[test]
fn a_way_that_is_not_set_up_does_not_fit() {
    let not_set_up = |way| Availability::NotForThisDevice(UnavailableReason::NotSetUp(way));
    let without_guid = RecoverySetup {
        guid: Some(false),
        ..RecoverySetup::default()
    };
    assert_eq!(
        standing(RecoveryMethod::Guid, &device(NVR), &without_guid),
        not_set_up(RecoveryMethod::Guid)
    );
    let mut unbound = device(NVR);
    unbound.cloud.bound = Some(false);
    assert_eq!(
        standing(
            RecoveryMethod::HikConnect,
            &unbound,
            &RecoverySetup::default()
        ),
        not_set_up(RecoveryMethod::HikConnect)
    );
    unbound.cloud.bound = None;
    assert_eq!(
        standing(
            RecoveryMethod::HikConnect,
            &unbound,
            &RecoverySetup::default()
        ),
        needs(&[Prerequisite::BoundAccount])
    );
}

#[test]
fn what_was_prepared_outweighs_paper() {
    let fit = fit(
        RecoveryMethod::Questions,
        &with_firmware(CAMERA, "V5.4.5"),
        &all_prepared(),
    );
    assert_eq!(fit.availability, Availability::Ready);
    assert!(matches!(
        fit.notes[..],
        [Note::Despite(UnavailableReason::FirmwareBelow(_))]
    ));
    let fit = self::fit(RecoveryMethod::Guid, &device(CAMERA), &all_prepared());
    assert_eq!(fit.availability, Availability::Ready);
    let despite = Note::Despite(UnavailableReason::Kind(Kind::IpCamera));
    assert_eq!(fit.notes, [despite, Note::InVault(time(0))]);
}

#[test]
fn what_was_prepared_leaves_no_doubt() {
    let unread = with_firmware(NVR, "beta");
    let other_series = device("DS-7608NI-E2/8P");
    for device in [unread, other_series, device("DS-KH6210-L")] {
        let notes = |prepared| fit(RecoveryMethod::Mail, &device, &prepared).notes;
        assert_eq!(notes(RecoverySetup::default()).len(), 1);
        assert_eq!(notes(all_prepared()), []);
    }
}

#[test]
fn the_vault_decides_on_the_guid_way() {
    let vault = |usable, void| RecoverySetup {
        guids: Some(VaultedGuids {
            usable,
            void,
            newest: None,
        }),
        ..RecoverySetup::default()
    };
    for model in [NVR, DVR] {
        let judge = |prepared| standing(RecoveryMethod::Guid, &device(model), &prepared);
        let file = |void| needs(&[Prerequisite::GuidFile { void }]);
        assert_eq!(judge(RecoverySetup::default()), file(None));
        assert_eq!(judge(vault(0, 0)), file(Some(0)));
        assert_eq!(judge(vault(0, 2)), file(Some(2)));
        assert_eq!(judge(vault(1, 2)), Availability::Ready);
    }
}

#[test]
fn the_request_way_follows_the_open_case_and_the_sort_of_request() {
    let open = |may_be_invalid| RecoverySetup {
        request: Some(OpenRequest {
            exported_at: time(60),
            may_be_invalid,
        }),
        ..RecoverySetup::default()
    };
    for model in [CAMERA, NVR, DVR, "DS-KH6210-L"] {
        let mut device = device(model);
        for way in [
            RequestWay::LegacyCode,
            RequestWay::File,
            RequestWay::FileOrKey,
        ] {
            device.recovery.request = Some(way);
            let judge =
                |prepared: &RecoverySetup| standing(RecoveryMethod::Request, &device, prepared);
            assert_eq!(judge(&RecoverySetup::default()), Availability::Ready);
            assert_eq!(
                judge(&open(false)),
                needs(&[Prerequisite::VendorAnswer(time(60))])
            );
            assert_eq!(
                judge(&open(true)),
                needs(&[Prerequisite::NewRequest(time(60))])
            );
            let notes = fit(RecoveryMethod::Request, &device, &RecoverySetup::default()).notes;
            let legacy = way == RequestWay::LegacyCode;
            assert_eq!(notes.contains(&Note::FactoryDefault), legacy);
        }
        for unsaid in [None, Some(RequestWay::None)] {
            device.recovery.request = unsaid;
            let judged = standing(RecoveryMethod::Request, &device, &open(false));
            assert_eq!(judged, needs(&[Prerequisite::WholeReply]));
        }
    }
}

#[test]
fn an_unactivated_device_has_nothing_to_recover() {
    for model in [CAMERA, NVR, DVR, "CS-C6N"] {
        let mut device = device(model);
        device.state = Some(State::Unactivated);
        for fit in assess_methods(&device, &all_prepared()) {
            assert_eq!(
                fit.availability,
                Availability::NotForThisDevice(UnavailableReason::Unactivated)
            );
        }
    }
}

#[test]
fn a_lock_holds_up_what_costs_a_try() {
    let until = time(1_800);
    let lock = Prerequisite::LockEnd(until);
    let mut device = device(NVR);
    device.state = Some(State::Locked { until });
    let mut prepared = all_prepared();
    for way in [
        RecoveryMethod::Questions,
        RecoveryMethod::Mail,
        RecoveryMethod::Guid,
    ] {
        assert_eq!(standing(way, &device, &prepared), needs(&[lock]));
    }
    assert_eq!(
        standing(
            RecoveryMethod::Questions,
            &device,
            &RecoverySetup::default()
        ),
        needs(&[Prerequisite::QuestionsSet, lock])
    );
    assert_eq!(
        standing(RecoveryMethod::Request, &device, &prepared),
        Availability::Ready
    );
    prepared.request = Some(OpenRequest {
        exported_at: time(60),
        may_be_invalid: false,
    });
    assert_eq!(
        standing(RecoveryMethod::Request, &device, &prepared),
        needs(&[Prerequisite::VendorAnswer(time(60)), lock])
    );
    assert_eq!(
        standing(RecoveryMethod::HikConnect, &device, &prepared),
        needs(&[Prerequisite::BoundAccount])
    );
    device = self::device(CAMERA);
    device.state = Some(State::Locked { until });
    assert_eq!(
        standing(RecoveryMethod::ResetButton, &device, &prepared),
        needs(&[Prerequisite::AtDevice])
    );
}

#[test]
fn the_state_of_the_cloud_is_noted() {
    let mut device = device(NVR);
    let notes = |way, device: &Device| fit(way, device, &RecoverySetup::default()).notes;
    for way in [RecoveryMethod::HikConnect, RecoveryMethod::HikProConnect] {
        assert_eq!(notes(way, &device), []);
        device.cloud.enabled = Some(false);
        assert_eq!(notes(way, &device), [Note::CloudOff]);
        device.cloud.enabled = None;
    }
    device.cloud.supported = Some(false);
    assert_eq!(
        notes(RecoveryMethod::HikProConnect, &device),
        [Note::CloudNotOffered]
    );
}

#[test]
fn the_button_note_names_its_place() {
    let fit = fit(
        RecoveryMethod::ResetButton,
        &device(CAMERA),
        &RecoverySetup::default(),
    );
    let place = Note::ButtonPlace(FormFactor::Dome);
    assert_eq!(fit.notes, [place, Note::SettingsLost]);
}

/// Texts for people.
#[test]
fn reasons_read_well() {
    let minimum = FirmwareMinimum::of_vendor("V4.21.005");
    let texts = [
        Prerequisite::VendorAnswer(time(60)).to_string(),
        Prerequisite::GuidFile { void: Some(2) }.to_string(),
        Prerequisite::LockEnd(time(60)).to_string(),
        UnavailableReason::Kind(Kind::Nvr).to_string(),
        UnavailableReason::FirmwareBelow(minimum).to_string(),
        Note::Despite(UnavailableReason::FirmwareBelow(minimum)).to_string(),
        Note::FirmwareUnknown(minimum).to_string(),
        Note::ButtonPlace(FormFactor::Turret).to_string(),
    ];
    assert_eq!(
        texts,
        [
            "the vendor's answer to the request of 1970-01-01T00:01:00Z; until it is in, neither \
             reboot the device nor export again",
            "a GUID file exported earlier with the password; those in the vault are void",
            "the end of the lock at 1970-01-01T00:01:00Z",
            "the vendor does not give this way to recorders",
            "its firmware is older than V4.21.005, which the vendor asks for",
            "prepared on it, although its firmware is older than V4.21.005, which the vendor asks \
             for",
            "it takes firmware V4.21.005 or newer; the device's is not known",
            "the button: many turrets have none",
        ]
    );
}
