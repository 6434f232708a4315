//! `/ISAPI/ContentMgmt/InputProxy`: the cameras behind a recorder. Cameras have none of
//! it.

#![expect(clippy::unnecessary_wraps, reason = "routes have few signatures")]

use std::net::Ipv4Addr;

use super::{
    RecorderRequest, system,
    xml::{Element, leaf, node},
};
use crate::Device;

/// The most channels of a recorder that does not report their number.
const MOST_CHANNELS: usize = 64;

/// A camera that a recorder has on a channel.
struct Channel<'a> {
    id: usize,
    address: Ipv4Addr,
    /// The device at that address, where there is one.
    camera: Option<(u32, &'a Device)>,
}

/// `GET channels`.
pub(super) fn channels(asked: RecorderRequest<'_>) -> Option<Element> {
    let elements = asked.channels().map(|channel| {
        let mut source = vec![
            leaf("proxyProtocol", "HIKVISION"),
            leaf("addressingFormatType", "ipaddress"),
            leaf("ipAddress", channel.address),
        ];
        let port = channel.camera.map_or(8000, |(_, it)| it.settings.sdk_port);
        source.extend([
            leaf("managePortNo", port),
            leaf("srcInputPort", 1),
            leaf("userName", "admin"),
            leaf("streamType", "auto"),
        ]);
        if let Some((_, camera)) = channel.camera {
            let (version, released) = system::firmware(camera);
            source.extend([
                leaf("model", &camera.identity.model),
                leaf("serialNumber", &camera.identity.serial),
                leaf("firmwareVersion", format!("{version} {released}")),
            ]);
        }
        node(
            "InputProxyChannel",
            vec![
                leaf("id", channel.id),
                leaf("name", format!("IPCamera {:02}", channel.id)),
                node("sourceInputPortDescriptor", source),
                leaf("enableAnr", false),
            ],
        )
    });
    Some(Element::list("InputProxyChannelList", elements.collect()))
}

/// `GET channels/status`.
pub(super) fn all_statuses(asked: RecorderRequest<'_>) -> Option<Element> {
    let statuses = asked.channels().map(|it| asked.channel_status(&it));
    let statuses = statuses.collect();
    Some(Element::list("InputProxyChannelStatusList", statuses))
}

/// `GET channels/ID/status`.
pub(super) fn status(asked: RecorderRequest<'_>) -> Option<Element> {
    let id: usize = asked.request.path().rsplit('/').nth(1)?.parse().ok()?;
    let channel = asked.channels().find(|channel| channel.id == id)?;
    Some(asked.channel_status(&channel))
}

/// `GET search`: the cameras of the recorder's network that it finds itself.
pub(super) fn search(asked: RecorderRequest<'_>) -> Option<Element> {
    let RecorderRequest {
        fleet, recorder, ..
    } = asked;
    let found = fleet.devices.iter().filter(|camera| {
        let [own, other] = [recorder, camera]
            .map(|it| u32::from(it.settings.address) & u32::from(recorder.settings.mask));
        camera.profile.is_camera() && camera.http.discoverable && own == other
    });
    let elements = found.take(MOST_CHANNELS).map(|camera| {
        let (version, released) = system::firmware(camera);
        node(
            "VideoSourceDescriptor",
            vec![
                leaf("proxyProtocol", "HIKVISION"),
                leaf("ipAddress", camera.settings.address),
                leaf("subnetMask", camera.settings.mask),
                leaf("serialNumber", &camera.identity.serial),
                leaf("macAddress", camera.identity.mac),
                leaf("firmwareVersion", format!("{version} {released}")),
                leaf("managePortNo", camera.settings.sdk_port),
                leaf("deviceModel", &camera.identity.model),
                leaf("activated", camera.state.activated),
            ],
        )
    });
    Some(Element::list("VideoSourceList", elements.collect()))
}

impl<'a> RecorderRequest<'a> {
    /// The channels of the recorder: the configured cameras, else those with its password.
    fn channels(self) -> impl Iterator<Item = Channel<'a>> {
        let Self {
            fleet, recorder, ..
        } = self;
        let addresses: Vec<Ipv4Addr> = if let Some(addresses) = &recorder.recovery.cameras {
            addresses.to_vec()
        } else {
            let cameras = fleet.devices.iter().filter(|camera| {
                camera.profile.is_camera()
                    && camera.state.activated
                    && camera.access.password.is(recorder.access.password.text())
            });
            cameras.map(|camera| camera.settings.address).collect()
        };
        let most = recorder.says("DigitalChannelNum");
        let most = most
            .and_then(|most| most.parse().ok())
            .unwrap_or(MOST_CHANNELS);
        (1..).zip(addresses).take(most).map(move |(id, address)| {
            let number = fleet.by_address.get(&address).copied();
            let camera = number.and_then(|number| Some((number, fleet.device(number)?)));
            Channel {
                id,
                address,
                camera,
            }
        })
    }

    fn channel_status(self, channel: &Channel<'_>) -> Element {
        let result = self.channel_result(channel);
        let mut fields = vec![
            leaf("id", channel.id),
            leaf("online", result == "connect"),
            leaf("chanDetectResult", result),
        ];
        if channel
            .camera
            .is_some_and(|(_, camera)| !camera.state.activated)
        {
            let password = leaf("PasswordStatus", "notActivated");
            fields.push(node("SecurityStatus", vec![password]));
        }
        node("InputProxyChannelStatus", fields)
    }

    /// A recorder has its own password for its cameras.
    fn channel_result(self, channel: &Channel<'_>) -> &'static str {
        let fleet = self.fleet;
        let Some((number, camera)) = channel.camera else {
            return "netUnreachable";
        };
        let devices = fleet.devices.iter();
        let sharing = devices.filter(|other| other.settings.address == channel.address);
        let password = self.recorder.access.password.text();
        if fleet.is_offline(number, self.now) {
            "netUnreachable"
        } else if sharing.count() > 1 {
            // The vendor's spelling.
            "ipAddrConflicWithIpc"
        } else if !camera.state.activated || !camera.access.password.is(password) {
            "errorUserNameOrPasswd"
        } else {
            "connect"
        }
    }
}
