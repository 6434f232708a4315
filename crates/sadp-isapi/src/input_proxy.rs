//! The cameras behind a recorder, as it lists them, with a login. Cameras answer 403.

use sadp_model::MacAddr;
use serde::Serialize;

use crate::{Body, IsapiDocument};

/// A channel of a recorder and the camera that it is to show. The list is read with
/// [`read_list`](crate::read_list).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InputChannel {
    /// Its number.
    pub id: u32,
    /// Its name, as people gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Box<str>>,
    /// The camera.
    #[serde(rename = "sourceInputPortDescriptor")]
    pub source: InputSource,
}

/// How a recorder reaches a camera, and what it knows of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InputSource {
    /// `HIKVISION`, `ONVIF` and others.
    #[serde(rename = "proxyProtocol", skip_serializing_if = "Option::is_none")]
    pub protocol: Option<Box<str>>,
    /// Its address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip_address: Option<Box<str>>,
    /// Its name, where it is reached by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_name: Option<Box<str>>,
    /// Its port for management.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manage_port_no: Option<u32>,
    /// The account that the recorder uses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_name: Option<Box<str>>,
    /// Its model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<Box<str>>,
    /// Its serial number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial_number: Option<Box<str>>,
    /// The version and build of its firmware.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub firmware_version: Option<Box<str>>,
}

impl InputChannel {
    /// Where all are read.
    pub const PATH: &'static str = "/ISAPI/ContentMgmt/InputProxy/channels";

    /// The root of the list.
    pub const LIST: &'static str = "InputProxyChannelList";
}

impl IsapiDocument for InputChannel {
    const ROOT: &'static str = "InputProxyChannel";

    fn read(body: &Body) -> Option<Self> {
        Some(Self {
            id: body.number("id")?,
            name: body.owned("name"),
            source: InputSource {
                protocol: body
                    .owned("proxyProtocol")
                    .or_else(|| body.owned("adminProtocol")),
                ip_address: body.owned("ipAddress"),
                host_name: body.owned("hostName"),
                manage_port_no: body.number("managePortNo"),
                user_name: body.owned("userName"),
                model: body.owned("model"),
                serial_number: body.owned("serialNumber"),
                firmware_version: body.owned("firmwareVersion"),
            },
        })
    }
}

/// Whether a channel shows its camera. The list is read with
/// [`read_list`](crate::read_list).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChannelStatus {
    /// The channel's number.
    pub id: u32,
    /// Whether the camera is connected. Not every firmware tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub online: Option<bool>,
    /// Why not.
    #[serde(rename = "chanDetectResult", skip_serializing_if = "Option::is_none")]
    pub result: Option<DetectResult>,
    /// What the recorder thinks of the camera's password.
    #[serde(rename = "SecurityStatus", skip_serializing_if = "Option::is_none")]
    pub security: Option<SecurityStatus>,
}

/// What a recorder thinks of a camera's password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct SecurityStatus {
    /// `notActivated`, `risk`, `weak`, `medium`, `strong`, `invalid`.
    pub password_status: Box<str>,
}

impl ChannelStatus {
    /// Where all are read.
    pub const PATH: &'static str = "/ISAPI/ContentMgmt/InputProxy/channels/status";

    /// The root of the list.
    pub const LIST: &'static str = "InputProxyChannelStatusList";
}

impl IsapiDocument for ChannelStatus {
    const ROOT: &'static str = "InputProxyChannelStatus";

    fn read(body: &Body) -> Option<Self> {
        let password_status = body.text("PasswordStatus");
        Some(Self {
            id: body.number("id")?,
            online: body.boolean("online"),
            result: body.text("chanDetectResult").map(DetectResult::of),
            security: password_status.map(|word| SecurityStatus {
                password_status: word.into(),
            }),
        })
    }
}

/// `chanDetectResult`: the state of a camera behind a recorder. An unknown word does not
/// mean that it is offline.
#[derive(Clone, Debug, PartialEq, Eq, strum::Display, strum::EnumString)]
#[strum(serialize_all = "camelCase", ascii_case_insensitive)]
pub enum DetectResult {
    /// Connected.
    Connect,
    /// On the way to it.
    Connecting,
    /// The recorder has not enough bandwidth left.
    OverSysBandwidth,
    /// Its name cannot be resolved.
    DomainError,
    /// It sends no stream.
    IpcStreamFail,
    /// Its channel number is wrong. The spelling is the vendor's.
    #[strum(serialize = "chacnNoError")]
    ChannelNumberError,
    /// It has the recorder's address. The spelling is the vendor's.
    #[strum(serialize = "cipAddrConflictWithDev")]
    ConflictWithRecorder,
    /// It has another camera's address. The spelling is the vendor's.
    #[strum(serialize = "ipAddrConflicWithIpc")]
    ConflictWithCamera,
    /// The recorder has a wrong user name or password for it.
    #[strum(serialize = "errorUserNameOrPasswd")]
    WrongPassword,
    /// It cannot be reached.
    NetUnreachable,
    /// It fails for a reason that the recorder does not know.
    UnknownError,
    /// Nothing is there.
    NotExist,
    /// The recorder does not take its type of stream.
    IpcStreamTypeNotSupport,
    /// The recorder does not take its resolution.
    IpcResolutionNotSupport,
    /// Another word, as received.
    #[strum(default)]
    Other(String),
}

words!(DetectResult);

/// A camera that a recorder found in its own network, e.g. at its `PoE` ports. The list
/// is read with [`read_list`](crate::read_list).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VideoSource {
    /// `HIKVISION`, `ONVIF` and others.
    #[serde(rename = "proxyProtocol", skip_serializing_if = "Option::is_none")]
    pub protocol: Option<Box<str>>,
    /// Its address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip_address: Option<Box<str>>,
    /// Its serial number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial_number: Option<Box<str>>,
    /// Its MAC address as written: [`VideoSource::mac`] reads it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mac_address: Option<Box<str>>,
    /// The version and build of its firmware.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub firmware_version: Option<Box<str>>,
    /// Its model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_model: Option<Box<str>>,
    /// Whether it has a password. Not every firmware tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activated: Option<bool>,
}

impl VideoSource {
    /// Where all are read. The recorder searches for a few seconds.
    pub const PATH: &'static str = "/ISAPI/ContentMgmt/InputProxy/search";

    /// The root of the list.
    pub const LIST: &'static str = "VideoSourceList";

    /// Its MAC address.
    pub fn mac(&self) -> Option<MacAddr> {
        self.mac_address.as_ref()?.parse().ok()
    }
}

impl IsapiDocument for VideoSource {
    const ROOT: &'static str = "VideoSourceDescriptor";

    fn read(body: &Body) -> Option<Self> {
        let source = Self {
            protocol: body.owned("proxyProtocol"),
            ip_address: body.owned("ipAddress"),
            serial_number: body.owned("serialNumber"),
            mac_address: body.owned("macAddress"),
            firmware_version: body.owned("firmwareVersion"),
            device_model: body.owned("deviceModel"),
            activated: body.boolean("activated"),
        };
        (source != Self::default()).then_some(source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BodyError, list_to_xml, read_list};

    #[test]
    fn long_lists_are_read_whole() {
        let channels: Vec<_> = (1..=256)
            .map(|id| InputChannel {
                id,
                name: Some(format!("Camera {id}").into()),
                source: InputSource {
                    protocol: Some("HIKVISION".into()),
                    ip_address: Some("192.168.254.7".into()),
                    manage_port_no: Some(8000),
                    user_name: Some("admin".into()),
                    model: Some("DS-2CD2146G2-I".into()),
                    serial_number: Some("DS-2CD2146G2-I20210101AAWRG00000001".into()),
                    firmware_version: Some("V5.6.6 build 210625".into()),
                    host_name: None,
                },
            })
            .collect();
        let written = list_to_xml(InputChannel::LIST, &channels);
        assert!(written.len() > 65_536);
        assert_eq!(read_list::<InputChannel>(&written), Ok(channels));
    }

    #[test]
    fn states_are_read_in_the_vendors_spellings() {
        let list = b"<h:InputProxyChannelStatusList xmlns:h=\"http://www.isapi.org/ver20/XMLSchema\" size=\"4\">\
            <h:InputProxyChannelStatus><h:id>1</h:id><h:online>true</h:online><h:streamingProxyChannelIdList>\
            <h:streamingProxyChannelId>101</h:streamingProxyChannelId></h:streamingProxyChannelIdList>\
            <h:chanDetectResult>connect</h:chanDetectResult></h:InputProxyChannelStatus>\
            <InputProxyChannelStatus><id>2</id><online>false</online><chanDetectResult>errorUserNameOrPasswd</chanDetectResult>\
            <SecurityStatus><PasswordStatus>weak</PasswordStatus></SecurityStatus></InputProxyChannelStatus>\
            <InputProxyChannelStatus><id>3</id><chanDetectResult>ipAddrConflicWithIpc</chanDetectResult></InputProxyChannelStatus>\
            <InputProxyChannelStatus><id>4</id><chanDetectResult>melted</chanDetectResult></InputProxyChannelStatus>\
            </h:InputProxyChannelStatusList>";
        let read = read_list::<ChannelStatus>(list).unwrap();
        let states: Vec<_> = read
            .iter()
            .map(|it| (it.id, it.online, it.result.clone()))
            .collect();
        assert_eq!(
            states,
            [
                (1, Some(true), Some(DetectResult::Connect)),
                (2, Some(false), Some(DetectResult::WrongPassword)),
                (3, None, Some(DetectResult::ConflictWithCamera)),
                (4, None, Some(DetectResult::Other("melted".into()))),
            ]
        );
        assert_eq!(&*read[1].security.as_ref().unwrap().password_status, "weak");
        assert_eq!(
            read_list(&list_to_xml(ChannelStatus::LIST, &read)),
            Ok(read)
        );
    }

    #[test]
    fn found_cameras_are_read() {
        let list = b"<VideoSourceList><VideoSourceDescriptor><proxyProtocol>HIKVISION</proxyProtocol>\
            <ipAddress>192.168.254.2</ipAddress><macAddress>44:47:cc:1d:6d:13</macAddress><deviceModel>\xc3\xc5</deviceModel>\
            <activated>false</activated></VideoSourceDescriptor><VideoSourceDescriptor/></VideoSourceList>";
        let read = read_list::<VideoSource>(list).unwrap();
        let [source] = &*read else { panic!("one") };
        assert_eq!(source.mac(), "44:47:cc:1d:6d:13".parse().ok());
        assert_eq!(
            (source.activated, source.device_model.as_deref()),
            (Some(false), Some("门"))
        );
        assert_eq!(read_list(&list_to_xml(VideoSource::LIST, &read)), Ok(read));
    }

    #[test]
    fn a_torn_list_is_refused() {
        let torn = b"<VideoSourceList><VideoSourceDescriptor><ipAddress>192.168.254.2</ipAddress>";
        assert_eq!(read_list::<VideoSource>(torn), Err(BodyError::Malformed));
    }
}
