//! Replaces what identifies devices and people in messages, so that a capture can be
//! shared.
//!
//! Serial and label numbers and MACs that a device's own elements tell are replaced
//! wherever else they stand; IP addresses everywhere, in URLs, too.
//!
//! A [`Redactor`] gives the same input the same replacement, so that duplicates, subnets
//! and conversations stay visible. Model, firmware, date of manufacture, the vendor
//! prefix of a MAC and everything else stay. Passwords, codes and answers, sealed or
//! not, are blanked.

mod known;

use std::{
    collections::HashMap,
    hash::{BuildHasher, Hash, RandomState},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use sadp_model::MacAddr;
use sadp_proto::frame::{Frame, Identities};

use self::known::KnownNames;
use crate::capture::CapturedDatagram;

/// Replaces serial numbers, MAC and IP addresses consistently.
#[derive(Debug, Default)]
pub struct Redactor {
    macs: HashMap<MacAddr, u32>,
    serials: HashMap<String, u32>,
    networks: HashMap<u128, u32>,
    hosts: HashMap<u128, u32>,
    known: KnownNames,
    /// Whether messages are only read for their names: nothing is replaced meanwhile.
    learning: bool,
    /// The key for the bits of IPv4 addresses.
    key: RandomState,
}

/// Elements that are blanked.
const SECRETS: [&str; 12] = [
    "Password",
    "Code",
    "Answer",
    "EncryptString",
    "GUID",
    "QRcodes",
    "MailBox",
    "MailServiceBox",
    "VerificationCode",
    "Salt",
    "UserName",
    "currentwifiRegion",
];

impl Redactor {
    /// Redacts a datagram or frame; what later ones tell has to be [learned](Self::learn)
    /// before. A frame that cannot be parsed becomes zeros.
    pub fn datagram(&mut self, datagram: CapturedDatagram) -> CapturedDatagram {
        let payload = if datagram.is_frame {
            match Frame::parse(&datagram.payload) {
                Ok(frame) => frame.rewritten(self).emit(),
                Err(_) => vec![0; datagram.payload.len()],
            }
        } else {
            self.documents(&datagram.payload)
        };
        CapturedDatagram {
            from: self.socket(datagram.from),
            to: self.socket(datagram.to),
            payload,
            ..datagram
        }
    }

    /// Learns the names in a datagram or frame, so that they are replaced in others.
    pub fn learn(&mut self, datagram: &CapturedDatagram) {
        if datagram.is_frame {
            if let Ok(frame) = Frame::parse(&datagram.payload) {
                let _ = frame.rewritten(self);
            }
        } else {
            self.learn_documents(&datagram.payload);
        }
    }

    fn learn_documents(&mut self, text: &[u8]) {
        self.learning = true;
        self.documents(text);
        self.learning = false;
    }

    /// Redacts one or more documents. They need not be well-formed; a text that is not
    /// a document is blanked.
    pub fn text(&mut self, text: &[u8]) -> Vec<u8> {
        // What a later element tells is replaced in an earlier one.
        self.learn_documents(text);
        self.documents(text)
    }

    fn documents(&mut self, text: &[u8]) -> Vec<u8> {
        let is_utf16 = text.starts_with(&[0xff, 0xfe]) || text.starts_with(&[0xfe, 0xff]);
        if is_utf16 || !text.contains(&b'<') {
            return blank(text);
        }
        let mut out = Vec::with_capacity(text.len());
        let mut name: &[u8] = b"";
        for piece in text.split_inclusive(|&byte| byte == b'<' || byte == b'>') {
            let (content, mark) = match piece.split_last() {
                Some((mark @ (b'<' | b'>'), content)) => (content, Some(*mark)),
                _ => (piece, None),
            };
            if mark == Some(b'>') {
                // A tag: its name says what the following text is.
                name = content
                    .split(|byte| byte.is_ascii_whitespace() || *byte == b'/')
                    .next()
                    .unwrap_or_default();
                out.extend(self.words(content));
            } else {
                out.extend(self.element(name, content));
                name = b"";
            }
            out.extend(mark);
        }
        out
    }

    fn element(&mut self, name: &[u8], text: &[u8]) -> Vec<u8> {
        if SECRETS.iter().any(|secret| secret.as_bytes() == name) {
            return blank(text);
        }
        if name == b"DeviceSN" {
            let serial = String::from_utf8_lossy(text);
            let (front, trimmed) = serial.split_at(serial.len() - serial.trim_start().len());
            return format!("{front}{}", self.serial(trimmed)).into_bytes();
        }
        self.words(text)
    }

    /// Replaces addresses, then names that are known.
    fn words(&mut self, text: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(text.len());
        for word in text.split_inclusive(|byte| !is_of_address(*byte)) {
            let (word, behind) = match word.split_last() {
                Some((last, front)) if !is_of_address(*last) => (front, Some(*last)),
                _ => (word, None),
            };
            match std::str::from_utf8(word)
                .ok()
                .and_then(|word| self.address(word))
            {
                Some(other) => out.extend(other.into_bytes()),
                None => out.extend(word),
            }
            out.extend(behind);
        }
        if self.learning {
            return out;
        }
        self.known.replace(&out)
    }

    /// Returns the replacement of a word in the same notation, if it is an address, or
    /// holds one, as before a port.
    fn address(&mut self, word: &str) -> Option<String> {
        let core = word.trim_matches('.');
        if let Some(other) = self.whole_address(core) {
            return Some(word.replacen(core, &other, 1));
        }
        let mut other = word.to_owned();
        for core in word.split(|it: char| !it.is_ascii_digit() && it != '.') {
            let core = core.trim_matches('.');
            if let Ok(address) = core.parse() {
                other = other.replacen(core, &self.ipv4(address).to_string(), 1);
            }
        }
        (other != word).then_some(other)
    }

    fn whole_address(&mut self, word: &str) -> Option<String> {
        if let Ok(address) = word.parse::<Ipv4Addr>() {
            return Some(self.ipv4(address).to_string());
        }
        let separators = word.bytes().filter(|byte| matches!(byte, b':' | b'-'));
        // Twelve digits without separators may be anything.
        if separators.count() == 5
            && word.len() == 17
            && let Ok(mac) = word.parse::<MacAddr>()
        {
            let other = self.mac(mac).to_string();
            let other = if word.contains('-') {
                other.replace(':', "-")
            } else {
                other
            };
            let upper = word.bytes().any(|byte| byte.is_ascii_uppercase());
            return Some(if upper { other.to_uppercase() } else { other });
        }
        let address = word.parse::<Ipv6Addr>().ok()?;
        Some(self.ipv6(address).to_string())
    }

    fn socket(&mut self, address: SocketAddr) -> SocketAddr {
        let ip = match address.ip() {
            IpAddr::V4(ip) => IpAddr::V4(self.ipv4(ip)),
            IpAddr::V6(ip) => IpAddr::V6(self.ipv6(ip)),
        };
        SocketAddr::new(ip, address.port())
    }
}

impl Identities for Redactor {
    /// Keeps the vendor prefix; group addresses and zeros do not change.
    fn mac(&mut self, mac: MacAddr) -> MacAddr {
        if !mac.is_identity() {
            return mac;
        }
        let number = number_of(&mut self.macs, mac);
        let mut octets = mac.octets();
        let [_, own @ ..] = number.to_be_bytes();
        if let Some(place) = octets.last_chunk_mut() {
            *place = own;
        }
        let other = MacAddr::new(octets);
        self.known.add_mac(mac, other);
        other
    }

    /// Addresses with a common prefix keep one of the same length; private addresses
    /// stay private. Group, broadcast, loopback and unset addresses and masks do not
    /// change.
    fn ipv4(&mut self, address: Ipv4Addr) -> Ipv4Addr {
        let bits = u32::from(address);
        let is_mask = bits.leading_ones() + bits.trailing_zeros() == 32;
        if is_mask || address.is_multicast() || address.is_loopback() {
            return address;
        }
        let kept = match address.octets() {
            [10, ..] => 8,
            [172, second, ..] if second & 0xf0 == 16 => 12,
            [192, 168, ..] | [169, 254, ..] => 16,
            _ => 0,
        };
        let turned = (kept..32).fold(bits, |turned, place| {
            let before = bits.checked_shr(32 - place).unwrap_or_default();
            let turn = u32::from(self.key.hash_one((place, before)) & 1 == 1);
            turned ^ (turn << (31 - place))
        });
        Ipv4Addr::from(turned)
    }

    /// Numbers networks and hosts; link-local, group and unset addresses keep their
    /// network.
    fn ipv6(&mut self, address: Ipv6Addr) -> Ipv6Addr {
        if address.is_unspecified() || address.is_multicast() || address.is_loopback() {
            return address;
        }
        let bits = u128::from(address);
        let host = number_of(&mut self.hosts, bits & u128::from(u64::MAX));
        let network = if address.is_unicast_link_local() {
            0xfe80 << 112
        } else {
            let network = number_of(&mut self.networks, bits >> 64);
            (0x2001_0db8 << 96) | (u128::from(network) << 64)
        };
        Ipv6Addr::from(network | u128::from(host))
    }

    /// Replaces the last long run of digits, which counts the devices.
    fn serial(&mut self, serial: &str) -> String {
        const LONG: usize = 6;
        let text = serial.trim_end();
        if text.is_empty() {
            return serial.to_owned();
        }
        let number = number_of(&mut self.serials, text.to_owned());
        let runs = text.split(|letter: char| !letter.is_ascii_digit());
        let run = runs.rev().find(|run| run.len() >= LONG);
        // Later runs are shorter: it is no part of one.
        let replaced = match run.and_then(|run| Some((run.len(), serial.rsplit_once(run)?))) {
            None => format!("{number:0width$}", width = serial.len()),
            Some((width, (before, behind))) => format!("{before}{number:0width$}{behind}"),
        };
        self.known.add_serial(text, replaced.trim_end());
        replaced
    }
}

/// Returns the number of a key, from 1, in order of appearance.
fn number_of<K: Eq + Hash>(known: &mut HashMap<K, u32>, key: K) -> u32 {
    let next = u32::try_from(known.len())
        .unwrap_or(u32::MAX)
        .saturating_add(1);
    *known.entry(key).or_insert(next)
}

const fn is_of_address(byte: u8) -> bool {
    byte.is_ascii_hexdigit() || matches!(byte, b':' | b'-' | b'.')
}

fn blank(text: &[u8]) -> Vec<u8> {
    let mut text = text.to_vec();
    for byte in text.iter_mut().filter(|byte| !byte.is_ascii_whitespace()) {
        *byte = b'x';
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redact(redactor: &mut Redactor, text: &str) -> String {
        String::from_utf8(redactor.text(text.as_bytes())).unwrap()
    }

    #[test]
    fn serials_macs_and_addresses_are_replaced_and_the_rest_stays() {
        let text = "<?xml version=\"1.0\"?><ProbeMatch>\r\n<MAC>44-47-CC-1d-6d-13</MAC><DeviceSN> DS-2CD2320D-I20180919AACHC52601815</DeviceSN>\
                    <IPv4Address>192.168.1.112</IPv4Address><IPv4SubnetMask>255.255.255.0</IPv4SubnetMask>\
                    <IPv6Address>fe80::4647:ccff:fe1d:6d13</IPv6Address><SoftwareVersion>V5.5.6build 180326</SoftwareVersion>\
                    <Note>see 192.168.1.112 or 44:47:cc:1d:6d:13</Note></ProbeMatch>";
        let mut redactor = Redactor::default();
        let shown = redact(&mut redactor, text);
        for gone in [
            "1d-6d-13",
            "52601815",
            "192.168.1.112",
            "fe1d:6d13",
            "1d:6d:13",
        ] {
            assert!(!shown.contains(gone), "{gone} in {shown}");
        }
        for kept in [
            "<MAC>44-47-CC-00-00-01</MAC>",
            "<DeviceSN> DS-2CD2320D-I20180919AACHC00000001</DeviceSN>",
            "255.255.255.0",
            "fe80::1",
            "V5.5.6build 180326",
            "or 44:47:cc:00:00:01<",
            "<Note>see 192.168.",
        ] {
            assert!(shown.contains(kept), "{kept} not in {shown}");
        }
        assert_eq!(redact(&mut redactor, text), shown, "the same again");
    }

    /// In other elements, attributes, URLs, notations and messages.
    #[test]
    fn what_is_known_is_replaced_wherever_it_stands() {
        let mut redactor = Redactor::default();
        let text = "<ProbeMatch><Name>C52601815@192.168.1.112</Name><Url>http://192.168.1.112:8080/DS-2CD2320D-I20180919AACHC52601815/4447cc1d6d13.jpg</Url>\
                    <Note to=\"192.168.1.112\">idc52601815, 4447.CC1D.6D13 at 192.168.1.112.</Note><DeviceDescription>cam_44-47-cc-1d-6d-13x</DeviceDescription>\
                    <MAC>44:47:cc:1d:6d:13</MAC><DeviceSN>DS-2CD2320D-I20180919AACHC52601815</DeviceSN></ProbeMatch>";
        let own = "192.168.1.112".parse().unwrap();
        let other = redactor.ipv4(own).to_string();
        let shown = redact(&mut redactor, text);
        let lower = shown.to_lowercase();
        for gone in ["52601815", "1d6d13", "1d-6d-13", "1d.6d13", "192.168.1.112"] {
            assert!(!lower.contains(gone), "{gone} in {shown}");
        }
        for kept in [
            format!("<Name>C00000001@{other}</Name>"),
            format!("http://{other}:8080/DS-2CD2320D-I20180919AACHC00000001/4447cc000001.jpg"),
            format!("<Note to=\"{other}\">idc00000001, 4447.CC00.0001 at {other}.</Note>"),
            "cam_44-47-cc-00-00-01x".into(),
        ] {
            assert!(shown.contains(&kept), "{kept} not in {shown}");
        }
        let later = redact(&mut redactor, "<R><A>I20180919AACHC52601815</A></R>");
        assert_eq!(later, "<R><A>I20180919AACHC00000001</A></R>");
    }

    #[test]
    fn secrets_are_blanked_torn_or_not() {
        let mut redactor = Redactor::default();
        for text in [
            "<Probe><Password bSalt=\"true\">c2VjcmV0</Password></Probe>",
            "<Probe><Password>c2VjcmV0",
            "<R><A/><QuestionList><Question><Answer>c2VjcmV0</Answer></Question></QuestionList>",
            "c2VjcmV0",
        ] {
            let shown = redact(&mut redactor, text);
            assert!(!shown.contains("c2Vj"), "{shown}");
            assert!(shown.contains("xxxxxxxx"), "{shown}");
        }
    }

    /// The number of common leading bits.
    fn shared(a: Ipv4Addr, b: Ipv4Addr) -> u32 {
        (u32::from(a) ^ u32::from(b)).leading_zeros()
    }

    #[test]
    fn addresses_keep_their_subnets() {
        let mut redactor = Redactor::default();
        let mut other = |text: &str| redactor.ipv4(text.parse().unwrap());
        for (a, b) in [
            ("192.168.1.5", "192.168.1.6"),
            ("192.168.1.5", "192.168.2.5"),
            ("10.1.2.3", "10.1.2.130"),
            ("8.8.8.8", "8.8.4.4"),
        ] {
            let before = shared(a.parse().unwrap(), b.parse().unwrap());
            assert_eq!(shared(other(a), other(b)), before, "{a} {b}");
        }
        assert!(other("172.20.1.1").is_private());
        for same in [
            "239.255.255.250",
            "255.255.254.0",
            "0.0.0.0",
            "255.255.255.255",
            "127.0.0.1",
        ] {
            assert_eq!(other(same).to_string(), same);
        }
    }

    #[test]
    fn two_serials_stay_two() {
        let mut redactor = Redactor::default();
        let mut other = |text: &str| redactor.serial(text);
        assert_eq!(
            other("DS-7608NI-K20820190912CCRRD06167774WCVU"),
            "DS-7608NI-K20820190912CCRRD00000001WCVU"
        );
        assert_eq!(
            other("DS-7608NI-K20820190912CCRRD06167775WCVU"),
            "DS-7608NI-K20820190912CCRRD00000002WCVU"
        );
        assert_eq!(other("ABC123"), "000003", "six digits are not enough");
        assert_eq!(other("ABC12"), "00004");
        assert_eq!(other(""), "");
    }

    #[test]
    fn any_bytes_are_survived() {
        let mut redactor = Redactor::default();
        for text in [
            &b""[..],
            b"<",
            b">",
            b"<>",
            b"<DeviceSN>\xff\xfe<",
            b"\xff\xfe<\0",
            b"<a>:::</a>",
        ] {
            let _ = redactor.text(text);
        }
    }
}
