use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn every_way_appears_once_and_what_fits_stands_first(
        device in any_device(),
        prepared in any_prepared(),
    ) {
        let fits = assess_methods(&device, &prepared);
        let mut seen: Vec<_> = fits.iter().map(|fit| fit.method).collect();
        seen.sort_unstable();
        prop_assert!(RecoveryMethod::iter().eq(seen));
        let unfit: Vec<_> = fits.iter().map(|fit| fit.availability.obstacle().is_some()).collect();
        prop_assert!(unfit.is_sorted());
        for fit in &fits {
            if let Availability::Needs(needs) = &fit.availability {
                prop_assert!(!needs.is_empty());
            }
            let texts = fit.availability.needs().iter().map(Prerequisite::to_string);
            let texts = texts.chain(fit.notes.iter().map(Note::to_string));
            for text in texts.chain(fit.availability.obstacle().map(|why| why.to_string())) {
                prop_assert!(!text.is_empty() && !text.ends_with('.'), "{}", text);
            }
        }
    }
}

fn any_device() -> impl Strategy<Value = Device> {
    let flag = || any::<Option<bool>>();
    let state = prop_oneof![
        Just(None),
        Just(Some(State::Unactivated)),
        Just(Some(State::Active)),
        any::<i32>().prop_map(|second| Some(State::Locked {
            until: time(second.into())
        })),
    ];
    let request = proptest::sample::select(vec![
        None,
        Some(RequestWay::None),
        Some(RequestWay::LegacyCode),
        Some(RequestWay::File),
        Some(RequestWay::FileOrKey),
    ]);
    let model = prop_oneof![
        proptest::sample::select(vec![CAMERA, PTZ, NVR, DVR, "DS-7608NI-E2", "CS-C6N"])
            .prop_map(str::to_owned),
        "(i?DS-)?\\PC{0,20}",
    ];
    let flags = (flag(), flag(), flag(), flag(), flag());
    (model, "\\PC{0,12}", state, request, flags).prop_map(
        |(model, firmware, state, request, flags)| {
            let mut device = with_firmware(&model, &firmware);
            device.state = state;
            device.recovery.request = request;
            device.recovery.questions = flags.0;
            device.recovery.mailbox = flags.1;
            device.recovery.guid = flags.2;
            device.cloud.supported = flags.3;
            device.cloud.enabled = flags.4;
            device.cloud.bound = flags.1;
            device
        },
    )
}

fn any_prepared() -> impl Strategy<Value = RecoverySetup> {
    let guids = (0..3_usize, 0..3_usize, any::<Option<i32>>());
    let request = (any::<i32>(), any::<bool>());
    (
        any::<Option<bool>>(),
        any::<Option<bool>>(),
        proptest::option::of(guids),
        proptest::option::of(request),
    )
        .prop_map(|(questions, mailbox, guids, request)| RecoverySetup {
            questions,
            mailbox,
            guid: mailbox,
            guids: guids.map(|(usable, void, newest)| VaultedGuids {
                usable,
                void,
                newest: newest.map(|second| time(second.into())),
            }),
            request: request.map(|(second, may_be_invalid)| OpenRequest {
                exported_at: time(second.into()),
                may_be_invalid,
            }),
        })
}
