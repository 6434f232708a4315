//! What a device says in a bare Ethernet frame: the same as in its XML form, as
//! far as frames have a place for it.

use std::net::Ipv4Addr;

use sadp_proto::{
    Document, Message,
    frame::{Extension, FrameAnswer, InquiryReply, Party},
};

use super::{Device, Telling};

impl Device {
    /// The answer to an inquiry by frame. Firmware that knows activation has
    /// the extension, older firmware does not. `None` where quirks keep its
    /// account from being read.
    pub(crate) fn frame_answer(&self) -> Option<FrameAnswer> {
        let document = Document::decode(&self.tell(Telling::Hello)).ok()?;
        let Ok(Message::Report(report)) = Message::from_document(document) else {
            return None;
        };
        let said = report.device;
        let text = |text: Option<&str>, most: usize| -> Box<str> {
            let text = text.unwrap_or_default();
            let end = (0..=most.min(text.len())).rfind(|&end| text.is_char_boundary(end));
            text.get(..end.unwrap_or_default())
                .unwrap_or_default()
                .into()
        };
        let number = |name: &str| said.raw.first(name).and_then(|text| text.parse().ok());
        let raw = |name: &str| text(said.raw.first(name), InquiryReply::MAX_TEXT);
        let extension = self.profile.knows_activation().then(|| Extension {
            gateway: said.ipv4.gateway,
            ipv6: said.ipv6.address,
            ipv6_gateway: said.ipv6.gateway,
            ipv6_prefix: said.ipv6.prefix,
            support: Some(Extension::IPV6 | Extension::IPV6_MODIFIABLE | Extension::DHCP),
            dhcp: said.ipv4.dhcp,
            http_port: said.ports.http,
            digital_channels: said.channels.digital.and_then(|it| it.try_into().ok()),
            oem_code: number("OEMCode").and_then(|code: u32| code.try_into().ok()),
            description: Some(text(said.model.as_deref(), Extension::MAX_TEXT)),
            oem: Some(text(said.raw.first("OEMInfo"), Extension::MAX_TEXT)),
        });
        Some(FrameAnswer {
            device: Party {
                mac: self.identity.mac,
                ipv4: self.settings.address,
            },
            mask: said.ipv4.mask.unwrap_or(Ipv4Addr::UNSPECIFIED),
            reply: InquiryReply {
                serial: raw("DeviceSN"),
                device_type: number("DeviceType").unwrap_or_default(),
                sdk_port: said.ports.sdk.unwrap_or_default().into(),
                encoders: said.channels.analog.unwrap_or_default(),
                disks: said.disks.unwrap_or_default(),
                firmware: raw("SoftwareVersion"),
                dsp: raw("DSPVersion"),
                boot_time: raw("BootTime"),
            },
            extension,
        })
    }
}
