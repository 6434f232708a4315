//! The report of a device in a raw Ethernet frame: the content of its XML report, as far
//! as frames have fields for it.

use std::net::Ipv4Addr;

use sadp_proto::{
    Document, Message,
    frame::{Extension, FrameAnswer, InquiryReply, Party},
};

use super::{Device, SelfReport};

impl Device {
    /// Makes the reply to an inquiry by frame. Firmware with activation has the extension,
    /// older firmware does not. `None` where quirks make its report unreadable.
    pub(crate) fn frame_answer(&self) -> Option<FrameAnswer> {
        let document = Document::decode(&self.report(SelfReport::HELLO)).ok()?;
        let Ok(Message::Report(report)) = Message::from_document(document) else {
            return None;
        };
        let said = report.device;
        let [serial, firmware, dsp, boot_time] =
            ["DeviceSN", "SoftwareVersion", "DSPVersion", "BootTime"]
                .map(|name| limited(said.raw.first(name), InquiryReply::MAX_TEXT));
        let [oem_code, device_type] =
            ["OEMCode", "DeviceType"].map(|name| said.raw.first(name)?.parse::<u32>().ok());
        let extension = self.profile.knows_activation().then(|| Extension {
            gateway: said.ipv4.gateway,
            ipv6: said.ipv6.address,
            ipv6_gateway: said.ipv6.gateway,
            ipv6_prefix: said.ipv6.prefix,
            support: Some(Extension::IPV6 | Extension::IPV6_MODIFIABLE | Extension::DHCP),
            dhcp: said.ipv4.dhcp,
            http_port: said.ports.http,
            digital_channels: said.channels.digital.and_then(|it| it.try_into().ok()),
            oem_code: oem_code.and_then(|code| code.try_into().ok()),
            description: Some(limited(said.model.as_deref(), Extension::MAX_TEXT)),
            oem: Some(limited(said.raw.first("OEMInfo"), Extension::MAX_TEXT)),
        });
        Some(FrameAnswer {
            device: Party {
                mac: self.identity.mac,
                ipv4: self.settings.address,
            },
            mask: said.ipv4.mask.unwrap_or(Ipv4Addr::UNSPECIFIED),
            reply: InquiryReply {
                serial,
                device_type: device_type.unwrap_or_default(),
                sdk_port: said.ports.sdk.unwrap_or_default().into(),
                encoders: said.channels.analog.unwrap_or_default(),
                disks: said.disks.unwrap_or_default(),
                firmware,
                dsp,
                boot_time,
            },
            extension,
        })
    }
}

/// Returns at most `limit` bytes of a text.
fn limited(text: Option<&str>, limit: usize) -> Box<str> {
    let text = text.unwrap_or_default();
    text[..text.floor_char_boundary(limit)].into()
}
