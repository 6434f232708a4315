mod document;
mod property;

use super::{
    RecoveryMethod::{Guid, HikConnect, HikProConnect, Mail, Questions, Request, ResetButton},
    *,
};

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

/// As [`fit`], where nothing is known besides the device's reports.
fn unprepared(way: RecoveryMethod, device: &Device) -> MethodAssessment {
    fit(way, device, &RecoverySetup::default())
}

fn availability(method: RecoveryMethod, device: &Device, setup: &RecoverySetup) -> Availability {
    fit(method, device, setup).availability
}

fn needs(needs: &[Prerequisite]) -> Availability {
    Availability::Needs(needs.to_vec())
}

fn unavailable(reason: UnavailableReason) -> Availability {
    Availability::NotForThisDevice(reason)
}

fn open_request(may_be_invalid: bool) -> RecoverySetup {
    RecoverySetup {
        request: Some(OpenRequest {
            exported_at: time(60),
            may_be_invalid,
        }),
        ..RecoverySetup::default()
    }
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
            "mail reset-button request hik-proconnect guid questions hik-connect",
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
    #[rustfmt::skip]
    let flags: [(_, Flag, &[&str]); 4] = [
        (Questions, |device| &mut device.recovery.questions, &[CAMERA, PTZ, NVR, DVR]),
        (Mail, |device| &mut device.recovery.mailbox, &[CAMERA, PTZ, NVR, DVR]),
        (Guid, |device| &mut device.recovery.guid, &[NVR, DVR]),
        (HikConnect, |device| &mut device.cloud.supported, &[NVR, DVR]),
    ];
    for (method, flag, models) in flags {
        for model in models {
            let mut device = device(model);
            let offered = unprepared(method, &device);
            assert_eq!(offered.availability.name(), "needs", "{model} {method:?}");
            *flag(&mut device) = None;
            assert_eq!(unprepared(method, &device), offered, "{model} {method:?}");
            *flag(&mut device) = Some(false);
            let denied = unprepared(method, &device).availability;
            let expected = unavailable(UnavailableReason::NotOffered);
            assert_eq!(denied, expected, "{model} {method:?}");
        }
    }
}

/// Over HTTP a device tells what it supports, where its SADP reply says nothing.
#[test]
fn what_is_offered_over_http_alone_may_work() {
    let none = RecoverySetup::default();
    let not_set_up = RecoverySetup {
        mailbox: Some(false),
        ..RecoverySetup::default()
    };
    let mut silent = device(CAMERA);
    silent.recovery.mailbox = Some(false);
    silent.recovery.over_http.mailbox = Some(true);
    let mut denied = silent.clone();
    denied.raw.push("SupportMailBox", "false");
    let mut offered = device(CAMERA);
    offered.recovery.over_http.mailbox = Some(true);
    offered.raw.push("SupportMailBox", "true");
    let mailbox = vec![Prerequisite::MailboxSet];
    for (device, setup, expected) in [
        (&silent, &none, Availability::MayWork(mailbox.clone())),
        (&silent, &all_prepared(), Availability::Ready),
        (
            &silent,
            &not_set_up,
            unavailable(UnavailableReason::NotSetUp(Mail)),
        ),
        (&denied, &none, unavailable(UnavailableReason::NotOffered)),
        (&offered, &none, Availability::Needs(mailbox)),
    ] {
        let found = fit(Mail, device, setup);
        assert_eq!(found.availability, expected);
        let suits = matches!(expected, Availability::MayWork(_) | Availability::Ready);
        assert_eq!(found.notes.contains(&Note::OfferedOverHttp), suits);
    }
}

#[test]
fn what_the_device_says_of_its_set_up_decides() {
    for model in [CAMERA, PTZ, NVR, DVR] {
        for (method, need) in [
            (Questions, Prerequisite::QuestionsSet),
            (Mail, Prerequisite::MailboxSet),
        ] {
            let not_set_up = unavailable(UnavailableReason::NotSetUp(method));
            for (set, expected) in [
                (None, needs(&[need])),
                (Some(true), Availability::Ready),
                (Some(false), not_set_up),
            ] {
                let setup = RecoverySetup {
                    questions: set,
                    mailbox: set,
                    ..RecoverySetup::default()
                };
                let found = availability(method, &device(model), &setup);
                assert_eq!(found, expected);
                if set == Some(false) {
                    assert_eq!(fit(method, &device(model), &setup).notes, []);
                    let old = with_firmware(model, "V1.0");
                    assert_eq!(fit(method, &old, &setup).notes, []);
                }
            }
        }
    }
}

#[test]
fn a_method_that_is_not_set_up_is_not_available() {
    let none = RecoverySetup::default();
    let without_guid = RecoverySetup {
        guid: Some(false),
        ..RecoverySetup::default()
    };
    let mut unbound = device(NVR);
    unbound.cloud.bound = Some(false);
    for (method, device, setup) in [
        (Guid, &device(NVR), &without_guid),
        (HikConnect, &unbound, &none),
    ] {
        let not_set_up = unavailable(UnavailableReason::NotSetUp(method));
        assert_eq!(availability(method, device, setup), not_set_up);
    }
}

#[test]
fn what_was_set_up_outweighs_documents() {
    let old = with_firmware(CAMERA, "V5.4.5");
    let found = fit(Questions, &old, &all_prepared());
    assert_eq!(found.availability, Availability::Ready);
    let [Note::Despite(UnavailableReason::FirmwareBelow(_))] = found.notes[..] else {
        panic!("{found:?}");
    };
    let found = fit(Guid, &device(CAMERA), &all_prepared());
    assert_eq!(found.availability, Availability::Ready);
    let despite = Note::Despite(UnavailableReason::Kind(Kind::IpCamera));
    assert_eq!(found.notes, [despite, Note::InVault(time(0))]);
}

#[test]
fn what_was_set_up_is_certain() {
    let unread = with_firmware(NVR, "beta");
    let other_series = device("DS-7608NI-E2/8P");
    for device in [unread, other_series, device("DS-KH6210-L")] {
        let uncertain = unprepared(Mail, &device);
        assert_eq!(uncertain.notes.len(), 1);
        assert_eq!(fit(Mail, &device, &all_prepared()).notes, []);
    }
}

#[test]
fn the_vault_decides_on_the_guid_method() {
    for (files, void) in [
        (None, Some(None)),
        (Some((0, 0)), Some(Some(0))),
        (Some((0, 2)), Some(Some(2))),
        (Some((1, 2)), None),
    ] {
        let setup = RecoverySetup {
            guids: files.map(|(usable, void)| VaultedGuids {
                usable,
                void,
                newest: None,
            }),
            ..RecoverySetup::default()
        };
        let file = |void| needs(&[Prerequisite::GuidFile { void }]);
        let expected = void.map_or(Availability::Ready, file);
        for model in [NVR, DVR] {
            assert_eq!(availability(Guid, &device(model), &setup), expected);
        }
    }
}

#[test]
fn the_request_method_follows_the_open_case_and_the_kind_of_request() {
    let none = RecoverySetup::default();
    for model in [CAMERA, NVR, DVR, "DS-KH6210-L"] {
        let mut device = device(model);
        for way in [
            RequestWay::LegacyCode,
            RequestWay::File,
            RequestWay::FileOrKey,
        ] {
            device.recovery.request = Some(way);
            let [answer, another] =
                [Prerequisite::VendorAnswer, Prerequisite::NewRequest].map(|need| need(time(60)));
            for (setup, expected) in [
                (&none, Availability::Ready),
                (&open_request(false), needs(&[answer])),
                (&open_request(true), needs(&[another])),
            ] {
                assert_eq!(availability(Request, &device, setup), expected);
            }
            let notes = fit(Request, &device, &none).notes;
            let legacy = way == RequestWay::LegacyCode;
            assert_eq!(notes.contains(&Note::FactoryDefault), legacy);
        }
        for unknown in [None, Some(RequestWay::None)] {
            device.recovery.request = unknown;
            let found = availability(Request, &device, &open_request(false));
            assert_eq!(found, needs(&[Prerequisite::WholeReply]));
        }
    }
}

#[test]
fn an_unactivated_device_has_nothing_to_recover() {
    let expected = unavailable(UnavailableReason::Unactivated);
    for model in [CAMERA, NVR, DVR, "CS-C6N"] {
        let mut device = device(model);
        device.state = Some(State::Unactivated);
        for fit in assess_methods(&device, &all_prepared()) {
            assert_eq!(fit.availability, expected);
        }
    }
}

#[test]
fn a_lock_delays_what_costs_a_try() {
    let until = time(1_800);
    let lock = Prerequisite::LockEnd(until);
    let (none, all) = (RecoverySetup::default(), all_prepared());
    let answer = Prerequisite::VendorAnswer(time(60));
    #[rustfmt::skip]
    let cases = [
        (NVR, Questions, &all, needs(&[lock])),
        (NVR, Mail, &all, needs(&[lock])),
        (NVR, Guid, &all, needs(&[lock])),
        (NVR, Questions, &none, needs(&[Prerequisite::QuestionsSet, lock])),
        (NVR, Request, &all, Availability::Ready),
        (NVR, Request, &open_request(false), needs(&[answer, lock])),
        (NVR, HikConnect, &all, needs(&[Prerequisite::BoundAccount])),
        (CAMERA, ResetButton, &all, needs(&[Prerequisite::AtDevice])),
    ];
    for (model, method, setup, expected) in cases {
        let mut device = device(model);
        device.state = Some(State::Locked { until });
        assert_eq!(availability(method, &device, setup), expected, "{method:?}");
    }
}

#[test]
fn the_state_of_the_cloud_is_noted() {
    let mut device = device(NVR);
    for (method, supported, enabled, expected) in [
        (HikConnect, true, None, vec![]),
        (HikProConnect, true, None, vec![]),
        (HikConnect, true, Some(false), vec![Note::CloudOff]),
        (HikProConnect, true, Some(false), vec![Note::CloudOff]),
        (HikProConnect, false, None, vec![Note::CloudNotOffered]),
    ] {
        device.cloud.supported = Some(supported);
        device.cloud.enabled = enabled;
        let found = unprepared(method, &device);
        assert_eq!(found.notes, expected);
    }
}

#[test]
fn the_button_note_names_its_place() {
    let fit = unprepared(ResetButton, &device(CAMERA));
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
            "the vendor's answer to the request of 1970-01-01 00:01 UTC; until it is in, neither \
             reboot the device nor export again",
            "a GUID file exported earlier with the password; those in the vault are void",
            "the end of the lock at 1970-01-01 00:01 UTC",
            "the vendor's document excludes this method for recorders",
            "its firmware is older than V4.21.005, which the vendor asks for",
            "set up on the device, although its firmware is older than V4.21.005, which the vendor asks \
             for",
            "it takes firmware V4.21.005 or newer; the device's is not known",
            "the button: many turrets have none",
        ]
    );
}
