use sadp_isapi::{InputSource, SecurityStatus};

use super::*;

fn channel(id: u32, address: &str, serial: Option<&str>) -> InputChannel {
    InputChannel {
        id,
        name: Some("Gate".into()),
        source: InputSource {
            ip_address: Some(address.into()),
            serial_number: serial.map(Into::into),
            ..InputSource::default()
        },
    }
}

fn source(address: &str, serial: Option<&str>, last: u8) -> VideoSource {
    VideoSource {
        ip_address: Some(address.into()),
        serial_number: serial.map(Into::into),
        mac_address: Some(format!("44:47:cc:00:00:0{last}").into()),
        activated: Some(true),
        ..VideoSource::default()
    }
}

const ONE: &str = "DS-2CD2143G0-I20200225AAWRD78820301";
const OTHER: &str = "DS-2CD2143G0-I20200225AAWRD78820302";

#[test]
fn a_camera_that_is_found_and_on_a_channel_is_one() {
    let channels = vec![
        channel(2, "10.0.0.2", None),
        channel(1, "10.0.0.1", Some(ONE)),
        channel(3, "10.0.0.3", Some(OTHER)),
        // Sent twice.
        channel(3, "10.0.0.3", Some(OTHER)),
    ];
    let found = vec![
        // It got another address since.
        source("10.0.0.9", Some(ONE), 1),
        source("10.0.0.2", Some("DS-2CD2143G0-I20200225AAWRD78820303"), 2),
        // Another camera has the address of the third.
        source("10.0.0.3", Some("DS-2CD2143G0-I20200225AAWRD78820304"), 4),
    ];
    let status = |id, online, password: Option<&str>| ChannelStatus {
        id,
        online,
        result: None,
        security: password.map(|word| SecurityStatus {
            password_status: word.into(),
        }),
    };
    let statuses = [
        status(1, Some(true), None),
        status(3, None, Some("notActivated")),
    ];
    let cameras = join(channels, &statuses, found);
    let expected = [
        (Some(1), Some(1), Some(true), Some(true)),
        (Some(2), Some(2), None, Some(true)),
        (Some(3), None, None, Some(false)),
        (None, Some(4), None, Some(true)),
    ];
    assert_eq!(cameras.len(), expected.len());
    for (camera, expected) in cameras.iter().zip(expected) {
        let last = camera.mac.map(|mac| mac.octets()[5]);
        let told = (camera.channel, last, camera.online, camera.activated);
        assert_eq!(told, expected);
    }
    assert!(cameras[1].serial.is_some());
}

#[test]
fn long_texts_and_lists_are_cut() {
    let channels = (1..=2000).map(|id| InputChannel {
        name: Some("x".repeat(10_000).into()),
        ..channel(id, "10.0.0.1", None)
    });
    let cameras = join(channels.collect(), &[], Vec::new());
    assert_eq!(cameras.len(), CameraLists::MAX_CAMERAS);
    assert_eq!(cameras[0].name.as_ref().unwrap().len(), 128);
}
