//! `/ISAPI/System`: what a device is, its clock, and its services.

use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp, civil::DateTime, tz::TimeZone};
use sadp_model::{Kind, RawFields};

use super::{
    RequestContext,
    respond::StatusWord,
    xml::{Element, frame, leaf, node},
    zone,
};
use crate::{Device, TimeService};

/// `GET deviceInfo`.
pub(super) fn device_info(context: &RequestContext<'_>) -> Element {
    let device = &*context.device;
    let (version, released) = firmware(device);
    let mac = device.identity.mac.to_string();
    let compact = mac.replace([':', '-'], "");
    let recorder = device.profile.is_recorder();
    let (name, kind) = match device.profile.kind() {
        Kind::Nvr => ("Network Video Recorder", "NVR"),
        Kind::Dvr => ("Embedded Net DVR", "DVR"),
        Kind::Ptz => ("IP DOME", "IPDome"),
        _ => ("IP CAMERA", "IPCamera"),
    };
    let mut fields = vec![
        leaf("deviceName", name),
        leaf("deviceID", format!("88888888-8888-8888-8888-{compact}")),
        leaf("model", &device.identity.model),
        leaf("serialNumber", &device.identity.serial),
        leaf("macAddress", mac.replace('-', ":")),
        leaf("firmwareVersion", version),
        leaf("firmwareReleasedDate", released),
        leaf("deviceType", kind),
    ];
    if recorder {
        // The vendor's spelling.
        let channels = device.says("DigitalChannelNum").unwrap_or_default();
        fields.push(leaf("decordChannelNums", channels));
    }
    node("DeviceInfo", fields)
}

/// Version and build of `V5.5.6build 180326`.
pub(super) fn firmware(device: &Device) -> (&str, &str) {
    let firmware = &*device.profile.firmware;
    let build = firmware.find("build").unwrap_or(firmware.len());
    let (version, released) = firmware.split_at(build);
    (version.trim_end(), released)
}

/// `GET status`.
pub(super) fn status(context: &RequestContext<'_>) -> Element {
    let fields = vec![
        leaf("currentDeviceTime", local_time(context)),
        leaf("deviceUpTime", context.now.as_secs()),
    ];
    node("DeviceStatus", fields)
}

/// `GET capabilities`: the flags that concern finding, naming and timing.
pub(super) fn capabilities(context: &RequestContext<'_>) -> Element {
    let mut fields = vec![
        leaf("isSupportIntegrate", true),
        leaf("isSupportDiscoveryMode", true),
    ];
    if context.device.profile.is_recorder() {
        fields.push(leaf("isSupportActivateIpc", true));
    }
    node("DeviceCap", fields)
}

const TIME: &str = "Time";
const NTP: &str = "NTPServer";
const INTEGRATE: &str = "Integrate";

/// `GET time`.
pub(super) fn time(context: &RequestContext<'_>) -> Element {
    let now = local_time(context);
    let mut shown = RawFields::default();
    for (name, text) in time_fields(context).iter() {
        shown.push(name, if name == "localTime" { &now } else { text });
    }
    Element::of(TIME, &shown)
}

/// `PUT time`: with the mode `NTP` the clock becomes right at once where the time server
/// answers, with `manual` it takes the time, in the zone that comes with it. Other modes
/// can stay.
pub(super) fn set_time(context: &mut RequestContext<'_>) -> Result<(), StatusWord> {
    let fields = context.fields(TIME)?;
    let zone = fields.first("timeZone").and_then(zone::parse);
    let zone = zone.ok_or(StatusWord::BadParameters)?;
    match fields.first("timeMode").unwrap_or_default() {
        "NTP" => match context.device.http.ntp {
            TimeService::Answers => context.memory.http.clock = Some(SignedDuration::ZERO),
            TimeService::Silent => {}
            TimeService::None => return Err(StatusWord::BadParameters),
        },
        "manual" => {
            let text = fields.first("localTime").unwrap_or_default();
            let told = told_time(text, &zone).ok_or(StatusWord::BadParameters)?;
            context.memory.http.clock = Some(told.duration_since(context.right_time()));
        }
        mode if time_fields(context).first("timeMode") == Some(mode) => {}
        _ => return Err(StatusWord::BadParameters),
    }
    context.memory.http.documents.insert(TIME, fields);
    Ok(())
}

/// The document as it was last set. Its `localTime` is of then. Recorders come with the
/// vendor's cloud as the source of their time.
fn time_fields(context: &RequestContext<'_>) -> RawFields {
    let set = context.memory.http.documents.get(TIME);
    set.cloned().unwrap_or_else(|| {
        let is_recorder = context.device.profile.is_recorder();
        let mode = if is_recorder { "platform" } else { "manual" };
        let mut fields = RawFields::from_iter([
            ("timeMode", mode),
            ("localTime", ""),
            ("timeZone", "CST-8:00:00"),
        ]);
        if is_recorder {
            fields.push("platformType", "EZVIZ");
        }
        fields
    })
}

/// The wall clock with the printed offset. Recorders print that of standard time also
/// while daylight saving applies.
fn local_time(context: &RequestContext<'_>) -> String {
    let fields = time_fields(context);
    let zone = fields.first("timeZone").and_then(zone::parse);
    let zone = zone.unwrap_or(TimeZone::UTC);
    let time = context.clock();
    let civil = zone.to_datetime(time).strftime("%Y-%m-%dT%H:%M:%S");
    let info = zone.to_offset_info(time);
    let saved = if info.dst().is_dst() && context.device.profile.is_recorder() {
        3600
    } else {
        0
    };
    let offset = info.offset().seconds() - saved;
    let sign = if offset < 0 { '-' } else { '+' };
    let minutes = offset.abs() / 60;
    format!("{civil}{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

/// Reads a time with an offset, or else in this zone.
fn told_time(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time);
    }
    let civil = DateTime::strptime("%Y-%m-%dT%H:%M:%S", text).ok()?;
    zone.to_timestamp(civil).ok()
}

/// `GET time/ntpServers`.
pub(super) fn ntp_servers(context: &RequestContext<'_>) -> Element {
    let server = Element::of(NTP, &ntp_fields(context));
    Element::list("NTPServerList", vec![server])
}

/// `GET time/ntpServers/1`.
pub(super) fn ntp_server(context: &RequestContext<'_>) -> Element {
    Element::of(NTP, &ntp_fields(context))
}

/// `PUT time/ntpServers/1`.
pub(super) fn set_ntp_server(context: &mut RequestContext<'_>) -> Result<(), StatusWord> {
    let fields = context.fields(NTP)?;
    keep_ntp(context, fields)
}

/// `PUT time/ntpServers`: devices have one server.
pub(super) fn set_ntp_servers(context: &mut RequestContext<'_>) -> Result<(), StatusWord> {
    let list = context.fields("NTPServerList")?;
    let prefix = format!("{NTP}/");
    let server = list
        .iter()
        .filter_map(|(path, text)| Some((path.strip_prefix(&prefix)?, text)));
    let server = server.collect();
    keep_ntp(context, server)
}

fn keep_ntp(context: &mut RequestContext<'_>, fields: RawFields) -> Result<(), StatusWord> {
    let host = match fields.first("addressingFormatType").unwrap_or_default() {
        "hostname" => fields.first("hostName"),
        "ipaddress" => ["ipAddress", "ipv6Address"]
            .into_iter()
            .filter_map(|name| fields.first(name))
            .find(|text| text.parse::<IpAddr>().is_ok()),
        _ => None,
    };
    let port = fields.first("portNo").map(str::parse::<u16>);
    let interval = fields
        .first("synchronizeInterval")
        .map(str::parse::<u16>)
        .filter(|it| matches!(it, Ok(1..=10_080)));
    if host.is_none_or(str::is_empty) || !matches!(port, Some(Ok(1..))) || interval.is_none() {
        return Err(StatusWord::BadParameters);
    }
    context.memory.http.documents.insert(NTP, fields);
    Ok(())
}

fn ntp_fields(context: &RequestContext<'_>) -> RawFields {
    let set = context.memory.http.documents.get(NTP);
    set.cloned().unwrap_or_else(|| {
        RawFields::from_iter([
            ("id", "1"),
            ("addressingFormatType", "hostname"),
            ("hostName", "time.windows.com"),
            ("portNo", "123"),
            ("synchronizeInterval", "1440"),
        ])
    })
}

/// `GET discoveryMode`.
pub(super) fn discovery_mode(context: &RequestContext<'_>) -> Element {
    let http = &context.device.http;
    let fields = vec![
        leaf("PcapMode", mode(http.discoverable_by_frames)),
        leaf("SADP", mode(http.discoverable)),
    ];
    node("DiscoveryMode", fields)
}

/// `PUT discoveryMode`.
pub(super) fn set_discovery_mode(context: &mut RequestContext<'_>) -> Result<(), StatusWord> {
    let fields = context.fields("DiscoveryMode")?;
    let [frames, multicast] = ["PcapMode", "SADP"].map(|name| match fields.first(name) {
        Some("discoverable") => Ok(true),
        Some("nonDiscoverable") => Ok(false),
        _ => Err(StatusWord::BadParameters),
    });
    let http = &mut context.device.http;
    (http.discoverable_by_frames, http.discoverable) = (frames?, multicast?);
    Ok(())
}

const fn mode(discoverable: bool) -> &'static str {
    if discoverable {
        "discoverable"
    } else {
        "nonDiscoverable"
    }
}

/// `GET Network/Integrate`.
pub(super) fn integrate(context: &RequestContext<'_>) -> Element {
    let set = context.memory.http.documents.get(INTEGRATE);
    let fields = set.cloned().unwrap_or_else(|| {
        RawFields::from_iter([
            ("CGI/enable", "true"),
            ("CGI/certificateType", "digest"),
            ("ONVIF/enable", "false"),
            ("ONVIF/certificateType", "digest/WSSE"),
        ])
    });
    Element::of(INTEGRATE, &fields)
}

/// `PUT Network/Integrate`: takes only what differs from its own document in values.
pub(super) fn set_integrate(context: &mut RequestContext<'_>) -> Result<(), StatusWord> {
    let own = integrate(context).document(context.profile);
    let [own, sent] = [&own, context.request.body]
        .map(|document| std::str::from_utf8(document).ok().and_then(frame));
    if own.is_none() || own != sent {
        return Err(StatusWord::BadXmlContent);
    }
    let fields = context.fields(INTEGRATE)?;
    let valid = fields.iter().all(|(path, text)| match path {
        "CGI/enable" | "ONVIF/enable" => matches!(text, "true" | "false"),
        "CGI/certificateType" => matches!(text, "digest" | "digest/basic"),
        "ONVIF/certificateType" => matches!(text, "digest" | "WSSE" | "digest/WSSE"),
        _ => true,
    });
    if !valid {
        return Err(StatusWord::BadParameters);
    }
    context.memory.http.documents.insert(INTEGRATE, fields);
    Ok(())
}
