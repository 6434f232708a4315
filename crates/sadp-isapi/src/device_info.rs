use sadp_model::{MacAddr, Serial};
use serde::Serialize;

use crate::{Body, IsapiDocument, IsapiRequest};

/// What a device says about itself, with a login. Everything is optional.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeviceInfo {
    /// Its name, as people gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_name: Option<Box<str>>,
    /// Its model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<Box<str>>,
    /// Its full serial number, which starts with the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial_number: Option<Box<str>>,
    /// Its MAC address as written: [`DeviceInfo::mac`] reads it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mac_address: Option<Box<str>>,
    /// The version of its firmware: `V5.7.18`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub firmware_version: Option<Box<str>>,
    /// The build of its firmware: `build 240826`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub firmware_released_date: Option<Box<str>>,
    /// Its kind: `IPCamera`, `IPDome`, `NVR`, `DVR`, `Hybrid`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_type: Option<Box<str>>,
}

impl DeviceInfo {
    /// Where it is read.
    pub const PATH: &'static str = "/ISAPI/System/deviceInfo";

    /// The most bytes that are read. Real ones have 2 kB.
    pub const MAX_BYTES: usize = 64 * 1024;

    /// Its MAC address, which identifies it.
    pub fn mac(&self) -> Option<MacAddr> {
        self.mac_address.as_ref()?.parse().ok()
    }

    /// Its full serial number.
    pub fn serial(&self) -> Option<Serial> {
        Serial::new(self.serial_number.as_ref()?)
    }

    /// The request that reads it.
    pub const fn request() -> IsapiRequest {
        let mut request = IsapiRequest::get(Self::PATH);
        request.reply_limit = Self::MAX_BYTES;
        request
    }
}

impl IsapiDocument for DeviceInfo {
    const ROOT: &'static str = "DeviceInfo";

    fn read(body: &Body) -> Option<Self> {
        let info = Self {
            device_name: body.owned("deviceName"),
            model: body.owned("model"),
            serial_number: body.owned("serialNumber"),
            mac_address: body.owned("macAddress"),
            firmware_version: body.owned("firmwareVersion"),
            firmware_released_date: body.owned("firmwareReleasedDate"),
            device_type: body.owned("deviceType"),
        };
        (info != Self::default()).then_some(info)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_and_written() {
        let body = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
            <DeviceInfo version=\"2.0\" xmlns=\"http://www.hikvision.com/ver20/XMLSchema\">\n\
            <deviceName>Gate</deviceName>\n<model>DS-2CD2146G2-I</model>\n\
            <serialNumber>DS-2CD2146G2-I20210101AAWRG00000001</serialNumber>\n\
            <macAddress>44:47:cc:1d:6d:13</macAddress>\n<firmwareVersion>V5.7.18</firmwareVersion>\n\
            <firmwareReleasedDate>build 240826</firmwareReleasedDate>\n<deviceType>IPCamera</deviceType>\n\
            <telecontrolID>88</telecontrolID></DeviceInfo>";
        let info = DeviceInfo::read(&Body::read(body).unwrap()).unwrap();
        assert_eq!(info.mac(), "44:47:cc:1d:6d:13".parse().ok());
        assert_eq!(info.firmware_version.as_deref(), Some("V5.7.18"));
        for written in [info.to_xml(None), info.to_json()] {
            assert_eq!(
                DeviceInfo::read(&Body::read(&written).unwrap()).as_ref(),
                Some(&info)
            );
        }
        assert_eq!(
            DeviceInfo::read(&Body::read(b"<x><y>1</y></x>").unwrap()),
            None
        );
    }
}
