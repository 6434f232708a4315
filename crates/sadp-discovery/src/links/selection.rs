//! Selects the interfaces to use.

use crate::{ScanError, interface::Interface};

/// Selects the named interfaces, by name or IPv4 address; without names all that are
/// up and not loopback.
pub(crate) fn select(all: &[Interface], named: &[String]) -> Result<Vec<Interface>, ScanError> {
    if named.is_empty() {
        let chosen = select_present(all, named);
        let any = !chosen.is_empty();
        return any.then_some(chosen).ok_or(ScanError::NoInterface);
    }
    let mut chosen: Vec<Interface> = Vec::new();
    for name in named {
        let mut matching = all.to_vec();
        matching.retain(|interface| interface.answers_to(name));
        if matching.is_empty() {
            let known = all.iter();
            let known = known.map(|known| format!("{} ({})", known.name, known.address()));
            return Err(ScanError::UnknownInterface {
                name: name.clone(),
                known: known.collect(),
            });
        }
        if matching.iter().any(|interface| !interface.up) {
            return Err(ScanError::InterfaceDown(name.clone()));
        }
        matching.retain(|interface| !chosen.contains(interface));
        chosen.extend(matching);
    }
    Ok(chosen)
}

/// Selects those of the wanted interfaces that exist and are up now.
pub(crate) fn select_present(all: &[Interface], named: &[String]) -> Vec<Interface> {
    let wanted = all.iter().filter(|interface| {
        let is_named = named.iter().any(|name| interface.answers_to(name));
        interface.up && (is_named || (named.is_empty() && !interface.loopback))
    });
    wanted.cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine() -> Vec<Interface> {
        let down = Interface {
            up: false,
            ..Interface::sample("wlan0", "192.168.7.10/24")
        };
        vec![
            Interface::sample("lo", "127.0.0.1/8"),
            Interface::sample("eth0", "192.168.1.10/24"),
            Interface::sample("eth0:1", "10.0.0.10/8"),
            down,
        ]
    }

    fn names(named: &[&str]) -> Vec<String> {
        named.iter().map(|&name| name.into()).collect()
    }

    fn addresses(interfaces: &[Interface]) -> Vec<String> {
        let addresses = interfaces.iter().map(Interface::address);
        addresses.map(|address| address.to_string()).collect()
    }

    #[test]
    fn interfaces_are_named_by_name_or_address_and_default_to_those_beside_loopback() {
        for (named, expected) in [
            (&[][..], &["192.168.1.10", "10.0.0.10"][..]),
            (&["eth0"], &["192.168.1.10", "10.0.0.10"]),
            (&["10.0.0.10"], &["10.0.0.10"]),
            (&["lo", "127.0.0.1"], &["127.0.0.1"]),
        ] {
            let chosen = select(&machine(), &names(named)).unwrap();
            assert_eq!(addresses(&chosen), expected);
        }
    }

    #[test]
    fn named_interfaces_that_are_absent_or_down_are_left_out() {
        for (named, expected) in [
            (&[][..], &["192.168.1.10", "10.0.0.10"][..]),
            (&["lo", "wlan0", "eth9"], &["127.0.0.1"]),
            (&["wlan0"], &[]),
        ] {
            assert_eq!(
                addresses(&select_present(&machine(), &names(named))),
                expected
            );
        }
    }

    #[test]
    fn unknown_and_inactive_interfaces_are_errors() {
        let unknown = select(&machine(), &["eth9".to_owned()]).unwrap_err();
        assert!(matches!(unknown, ScanError::UnknownInterface { known, .. } if known.len() == 4));
        let down = select(&machine(), &["wlan0".to_owned()]).unwrap_err();
        assert!(matches!(down, ScanError::InterfaceDown(_)));
        let none = select(&machine()[..1], &[]).unwrap_err();
        assert!(matches!(none, ScanError::NoInterface));
    }
}
