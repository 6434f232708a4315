//! The network interfaces of this computer, and why each one is used or not.

use std::{collections::BTreeMap, fs, io, path::Path};

use ipnet::Ipv4Net;
use procfs_core::{FromRead, net::InterfaceDeviceStatus};
use sadp_discovery::interface::{self, Interface};

use crate::{Check, Finding, Subject, Verdict, system};

/// A network interface of this computer. `None` is what the system did not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostInterface {
    /// Its name, without the label of a further address.
    pub name: String,
    /// Its IPv4 addresses with their networks.
    pub networks: Vec<Ipv4Net>,
    /// Whether it is a loopback interface.
    pub loopback: bool,
    /// Whether one of its addresses is up and has a carrier.
    pub running: bool,
    /// Whether it was switched on (Linux: the flag `IFF_UP`).
    pub switched_on: Option<bool>,
    /// Whether the cable, or the radio, has a peer.
    pub carrier: Option<bool>,
    /// Whether it takes multicast.
    pub multicast: Option<bool>,
    /// The bridge or bond that it is a part of.
    pub controller: Option<String>,
    /// Whether the caller named it; `None` where no interface was named.
    pub named: Option<bool>,
}

/// Why an interface is used or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InterfaceStatus {
    /// Scans use it.
    Used,
    /// The caller named other interfaces.
    NotNamed,
    /// It reaches this computer only.
    Loopback,
    /// It was switched off.
    SwitchedOff,
    /// Nothing is connected to it.
    NoCarrier,
    /// It does not work, and the system does not say why.
    Down,
    /// It has no IPv4 address.
    NoAddress,
}

impl HostInterface {
    /// Returns why it is used or not.
    pub fn status(&self) -> InterfaceStatus {
        match self.named {
            Some(false) => return InterfaceStatus::NotNamed,
            None if self.loopback => return InterfaceStatus::Loopback,
            _ => {}
        }
        if self.switched_on == Some(false) {
            InterfaceStatus::SwitchedOff
        } else if self.carrier == Some(false) {
            InterfaceStatus::NoCarrier
        } else if self.networks.is_empty() {
            InterfaceStatus::NoAddress
        } else if self.running {
            InterfaceStatus::Used
        } else {
            InterfaceStatus::Down
        }
    }

    /// Returns whether scans use it.
    pub fn is_used(&self) -> bool {
        self.status() == InterfaceStatus::Used
    }

    /// Returns whether its name is that of a VPN, a container or a virtual machine.
    pub fn is_virtual(&self) -> bool {
        interface::is_virtual(&self.name)
    }

    /// Returns whether it is used although its multicast is switched off.
    pub fn lacks_multicast(&self) -> bool {
        self.multicast == Some(false) && !self.loopback && !self.is_virtual()
    }

    /// Whether cameras may be expected there: the interface of a VPN or container
    /// counts only where it is named.
    pub(crate) fn matters(&self) -> bool {
        self.is_used() && (self.named.is_some() || !self.is_virtual())
    }

    fn verdict(&self, none_used: bool) -> Verdict {
        let missed = match self.named {
            Some(true) => Verdict::Problem,
            _ if none_used => Verdict::Warning,
            _ => Verdict::Ok,
        };
        // An interface with an address was set up for use.
        let expected = if self.networks.is_empty() {
            missed
        } else {
            missed.max(Verdict::Warning)
        };
        match self.status() {
            InterfaceStatus::Used if self.lacks_multicast() => Verdict::Warning,
            InterfaceStatus::Used | InterfaceStatus::NotNamed | InterfaceStatus::Loopback => {
                Verdict::Ok
            }
            InterfaceStatus::NoCarrier if self.is_virtual() => missed,
            InterfaceStatus::SwitchedOff | InterfaceStatus::NoCarrier | InterfaceStatus::Down => {
                expected
            }
            InterfaceStatus::NoAddress if self.controller.is_some() || self.is_virtual() => missed,
            InterfaceStatus::NoAddress => missed.max(Verdict::Warning),
        }
    }
}

/// The most interfaces that are examined.
const MAX_INTERFACES: usize = 256;

/// Returns all interfaces of this computer.
pub(crate) fn gather(named: &[String]) -> io::Result<Vec<HostInterface>> {
    let mut interfaces = BTreeMap::new();
    let with_address = interface::list()?;
    // `/sys` may show interfaces of other network namespaces; `/proc` shows those
    // of this program.
    let table = system::read("/proc/net/dev").unwrap_or_default();
    let of_system = InterfaceDeviceStatus::from_read(table.as_bytes());
    let of_system = of_system.into_iter().flat_map(|all| all.0.into_keys());
    let all = interface::names()?.into_iter().chain(of_system);
    for name in all.take(MAX_INTERFACES) {
        // An address may carry a label behind the name of its interface.
        let is_label = with_address
            .iter()
            .any(|found| *found.name == *name && found.card() != name);
        if !is_label {
            let interface = describe(&name, named, &with_address);
            interfaces.insert(name, interface);
        }
    }
    Ok(interfaces.into_values().collect())
}

fn describe(name: &str, named: &[String], with_address: &[Interface]) -> HostInterface {
    let mut interface = from_system(name);
    let mut is_named = named.iter().any(|named| named == name);
    let all = with_address.iter();
    for found in all.filter(|it| *it.name == *name || it.card() == name) {
        interface.networks.push(found.network);
        interface.loopback |= found.loopback;
        interface.running |= found.up;
        is_named |= named.iter().any(|name| found.answers_to(name));
    }
    interface.named = (!named.is_empty()).then_some(is_named);
    interface
}

/// Reads what Linux says of an interface beyond its addresses.
fn from_system(name: &str) -> HostInterface {
    const UP: u32 = 0x1;
    const LOOPBACK: u32 = 0x8;
    const MULTICAST: u32 = 0x1000;
    let folder = Path::new("/sys/class/net").join(name);
    let flags = system::read(folder.join("flags"));
    let flags =
        flags.and_then(|text| u32::from_str_radix(text.trim().strip_prefix("0x")?, 16).ok());
    let carrier: Option<u8> = system::number(folder.join("carrier"));
    let controller = fs::read_link(folder.join("master")).ok();
    let controller = controller.as_deref().and_then(Path::file_name);
    HostInterface {
        name: name.into(),
        switched_on: flags.map(|flags| flags & UP != 0),
        loopback: flags.is_some_and(|flags| flags & LOOPBACK != 0),
        multicast: flags.map(|flags| flags & MULTICAST != 0),
        carrier: carrier.map(|carrier| carrier == 1),
        controller: controller.map(|name| name.to_string_lossy().into_owned()),
        ..HostInterface::default()
    }
}

/// One check for each interface, and one more where none can be used.
pub(crate) fn judge(interfaces: Vec<HostInterface>) -> Vec<Check> {
    let none_used = !interfaces.iter().any(HostInterface::is_used);
    let checks = interfaces.into_iter().map(|interface| {
        let verdict = interface.verdict(none_used);
        let subject = Subject::Interface(interface.name.clone());
        Check::new(subject, verdict, Finding::Interface(interface))
    });
    let none = none_used.then(|| {
        let finding = Finding::NoUsableInterface;
        Check::new(Subject::Computer, Verdict::Problem, finding)
    });
    checks.chain(none).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interface(name: &str, networks: &[&str]) -> HostInterface {
        HostInterface {
            name: name.into(),
            networks: networks.iter().map(|text| text.parse().unwrap()).collect(),
            running: true,
            switched_on: Some(true),
            carrier: Some(true),
            multicast: Some(true),
            ..HostInterface::default()
        }
    }

    /// Judges an interface beside one that is used.
    fn judged(interface: HostInterface) -> Verdict {
        let interfaces = vec![interface, self::interface("eth7", &["10.9.9.9/24"])];
        judge(interfaces).swap_remove(0).verdict
    }

    #[test]
    fn each_interface_is_used_or_not_for_a_reason() {
        use InterfaceStatus::{Down, Loopback, NoAddress, NoCarrier, NotNamed, SwitchedOff, Used};
        use Verdict::{Ok, Problem, Warning};
        type Change = fn(&mut HostInterface);
        #[rustfmt::skip]
        let cases: [(Change, _, _); 9] = [
            // With an address, and without one.
            (|_| (), (Used, Ok), (NoAddress, Warning)),
            (|it| it.named = Some(true), (Used, Ok), (NoAddress, Problem)),
            (|it| it.named = Some(false), (NotNamed, Ok), (NotNamed, Ok)),
            (|it| it.loopback = true, (Loopback, Ok), (Loopback, Ok)),
            (|it| it.multicast = Some(false), (Used, Warning), (NoAddress, Warning)),
            (|it| it.controller = Some("br0".into()), (Used, Ok), (NoAddress, Ok)),
            (|it| it.switched_on = Some(false), (SwitchedOff, Warning), (SwitchedOff, Ok)),
            (|it| it.carrier = Some(false), (NoCarrier, Warning), (NoCarrier, Ok)),
            (|it| it.running = false, (Down, Warning), (NoAddress, Warning)),
        ];
        for (change, with, without) in cases {
            for (networks, expected) in [(&["10.0.0.1/24"][..], with), (&[], without)] {
                let mut interface = interface("lan0", networks);
                change(&mut interface);
                let told = format!("{interface:?}");
                assert_eq!((interface.status(), judged(interface)), expected, "{told}");
            }
        }
    }

    #[test]
    fn loopback_needs_no_multicast_flag_and_virtual_interfaces_matter_little() {
        let mut lo = interface("lo", &["127.0.0.1/8"]);
        (lo.loopback, lo.named, lo.multicast) = (true, Some(true), Some(false));
        assert!(lo.is_used());
        assert_eq!(judged(lo), Verdict::Ok);
        let mut docker = interface("docker0", &["172.17.0.1/16"]);
        assert!(docker.is_virtual() && docker.is_used() && !docker.matters());
        docker.carrier = Some(false);
        assert_eq!(judged(docker), Verdict::Ok);
    }

    #[test]
    fn without_any_interface_nothing_can_be_found() {
        let checks = judge(vec![interface("lan0", &[])]);
        let verdicts: Vec<_> = checks.iter().map(|check| check.verdict).collect();
        assert_eq!(verdicts, [Verdict::Warning, Verdict::Problem]);
        assert_eq!(judge(Vec::new()).len(), 1);
    }
}
