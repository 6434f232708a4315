use std::{
    fmt,
    net::{Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use serde::Serialize;

use crate::{Body, EditError, IsapiDocument, edit::replace_element, replace_text};

/// Where a device gets its time from: the reply to [`NtpServer::PATH`], with a login.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NtpServer {
    /// Its number, 1 on all known devices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<u32>,
    /// `hostname` or `ipaddress`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub addressing_format_type: Option<Box<str>>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_name: Option<Box<str>>,
    /// Its IPv4 address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip_address: Option<Box<str>>,
    /// Its IPv6 address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ipv6_address: Option<Box<str>>,
    /// Its port, usually 123.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port_no: Option<u32>,
    /// Minutes from one question to the next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub synchronize_interval: Option<u32>,
}

impl NtpServer {
    /// Where the first one is read and written.
    pub const PATH: &'static str = "/ISAPI/System/time/ntpServers/1";

    /// The elements that name a server. A document has one of them, or several of which
    /// `addressingFormatType` chooses.
    const HOSTS: [&'static str; 3] = ["hostName", "ipAddress", "ipv6Address"];

    /// The server, as people write it.
    pub fn host(&self) -> Option<NtpHost> {
        let hosts = match self.addressing_format_type.as_deref() {
            Some("hostname") => [&self.host_name, &self.ip_address, &self.ipv6_address],
            _ => [&self.ip_address, &self.ipv6_address, &self.host_name],
        };
        hosts.into_iter().flatten().next()?.parse().ok()
    }

    /// A received document with this server. Everything else stays as it is.
    pub fn changed(document: &[u8], host: &NtpHost) -> Result<Vec<u8>, EditError> {
        let (kind, name) = match host {
            NtpHost::Name(_) => ("hostname", "hostName"),
            NtpHost::V4(_) => ("ipaddress", "ipAddress"),
            NtpHost::V6(_) => ("ipaddress", "ipv6Address"),
        };
        let document = replace_text(document, "addressingFormatType", kind)?;
        let text = host.to_string();
        match replace_text(&document, name, &text) {
            Err(EditError::Missing) => {}
            done => return done,
        }
        // It takes the place of what named the server until now.
        for other in Self::HOSTS {
            match replace_element(&document, other, name, &text) {
                Err(EditError::Missing) => {}
                done => return done,
            }
        }
        Err(EditError::Missing)
    }
}

impl IsapiDocument for NtpServer {
    const ROOT: &'static str = "NTPServer";

    fn read(body: &Body) -> Option<Self> {
        let server = Self {
            id: body.number("id"),
            addressing_format_type: body.owned("addressingFormatType"),
            host_name: body.owned("hostName"),
            ip_address: body.owned("ipAddress"),
            ipv6_address: body.owned("ipv6Address"),
            port_no: body.number("portNo"),
            synchronize_interval: body.number("synchronizeInterval"),
        };
        server.addressing_format_type.is_some().then_some(server)
    }
}

/// A time server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NtpHost {
    /// By name: letters, digits, `-` and `.`.
    Name(Box<str>),
    /// By IPv4 address.
    V4(Ipv4Addr),
    /// By IPv6 address.
    V6(Ipv6Addr),
}

impl fmt::Display for NtpHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::V4(address) => address.fmt(f),
            Self::V6(address) => address.fmt(f),
        }
    }
}

impl FromStr for NtpHost {
    type Err = BadNtpHost;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(address) = text.parse() {
            return Ok(Self::V4(address));
        }
        if let Ok(address) = text.parse() {
            return Ok(Self::V6(address));
        }
        // A name of digits only is an address with a typing error.
        let is_name = text.contains(|it: char| it.is_ascii_alphabetic());
        if text.len() <= 253 && is_name && text.split('.').all(is_label) {
            Ok(Self::Name(text.into()))
        } else {
            Err(BadNtpHost)
        }
    }
}

fn is_label(text: &str) -> bool {
    let mut characters = text.chars();
    let fits = characters.all(|it| it.is_ascii_alphanumeric() || it == '-');
    fits && (1..=63).contains(&text.len())
}

/// Neither a host name nor an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the name or address of a time server")]
pub struct BadNtpHost;

#[cfg(test)]
mod tests {
    use super::*;

    const CAMERA: &str = "<NTPServer version=\"2.0\">\r\n<id>1</id>\r\n<addressingFormatType>ipaddress</addressingFormatType>\r\n\
        <ipAddress>192.0.2.1</ipAddress>\r\n<portNo>123</portNo>\r\n<synchronizeInterval>60</synchronizeInterval>\r\n\
        <customPortNo>9</customPortNo>\r\n</NTPServer>\r\n";

    fn server(bytes: &[u8]) -> NtpServer {
        NtpServer::read(&Body::read(bytes).unwrap()).unwrap()
    }

    #[test]
    fn a_server_is_read_and_written() {
        let camera = server(CAMERA.as_bytes());
        assert_eq!(camera.host(), Some(NtpHost::V4([192, 0, 2, 1].into())));
        assert_eq!(
            (camera.port_no, camera.synchronize_interval),
            (Some(123), Some(60))
        );
        assert_eq!(server(&camera.to_xml(None)), camera);
    }

    #[test]
    fn another_server_takes_the_place_of_the_former() {
        let time: NtpHost = "time.example.org".parse().unwrap();
        let changed = NtpServer::changed(CAMERA.as_bytes(), &time).unwrap();
        let expected = CAMERA.replace(">ipaddress<", ">hostname<").replace(
            "<ipAddress>192.0.2.1</ipAddress>",
            "<hostName>time.example.org</hostName>",
        );
        assert_eq!(String::from_utf8(changed.clone()).unwrap(), expected);
        assert_eq!(server(&changed).host(), Some(time));

        let back = NtpServer::changed(&changed, &NtpHost::V4([192, 0, 2, 1].into())).unwrap();
        assert_eq!(String::from_utf8(back).unwrap(), CAMERA);
    }

    #[test]
    fn of_several_hosts_the_kind_chooses() {
        let both = b"<NTPServer><addressingFormatType>hostname</addressingFormatType><hostName>a.example</hostName>\
            <ipAddress>0.0.0.0</ipAddress></NTPServer>";
        assert_eq!(server(both).host(), Some(NtpHost::Name("a.example".into())));
        let changed = NtpServer::changed(both, &NtpHost::V4([192, 0, 2, 7].into())).unwrap();
        assert_eq!(
            server(&changed).host(),
            Some(NtpHost::V4([192, 0, 2, 7].into()))
        );
        assert_eq!(server(&changed).host_name.as_deref(), Some("a.example"));
        let none = NtpServer::changed(
            b"<NTPServer><addressingFormatType/></NTPServer>",
            &NtpHost::V4([1; 4].into()),
        );
        assert_eq!(none, Err(EditError::Missing));
    }

    #[test]
    fn hosts_are_names_or_addresses() {
        for text in ["pool.ntp.org", "192.0.2.1", "2001:db8::1", "ntp-1"] {
            assert_eq!(text.parse::<NtpHost>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "192.0.2",
            "192.0.2.256",
            "a b",
            "a..b",
            "time.example.org:123",
            "<x>",
            "http://a",
            &"a".repeat(64),
        ] {
            assert_eq!(text.parse::<NtpHost>(), Err(BadNtpHost), "{text}");
        }
    }
}
