//! Selects the interfaces to use.

use crate::{ScanError, interface::Interface};

/// Selects the named interfaces, by name or IPv4 address; without names all that are
/// up and not loopback.
pub(crate) fn select(all: Vec<Interface>, named: &[String]) -> Result<Vec<Interface>, ScanError> {
    if named.is_empty() {
        let chosen: Vec<_> = all
            .into_iter()
            .filter(|interface| interface.up && !interface.loopback)
            .collect();
        return if chosen.is_empty() {
            Err(ScanError::NoInterface)
        } else {
            Ok(chosen)
        };
    }
    let mut chosen: Vec<Interface> = Vec::new();
    for name in named {
        let matching = all.iter().filter(|interface| interface.answers_to(name));
        let before = chosen.len();
        let mut known = false;
        for interface in matching {
            known = true;
            if !chosen.contains(interface) {
                chosen.push(interface.clone());
            }
        }
        if !known {
            return Err(ScanError::UnknownInterface {
                name: name.clone(),
                known: all
                    .iter()
                    .map(|known| format!("{} ({})", known.name, known.address()))
                    .collect(),
            });
        }
        if chosen.iter().skip(before).any(|interface| !interface.up) {
            return Err(ScanError::InterfaceDown { name: name.clone() });
        }
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

    fn chosen(named: &[&str]) -> Vec<String> {
        addresses(&select(machine(), &names(named)).unwrap())
    }

    #[test]
    fn by_default_all_that_are_up_except_loopback() {
        assert_eq!(chosen(&[]), ["192.168.1.10", "10.0.0.10"]);
    }

    #[test]
    fn an_interface_is_named_by_its_name_or_address() {
        assert_eq!(chosen(&["eth0"]), ["192.168.1.10", "10.0.0.10"]);
        assert_eq!(chosen(&["10.0.0.10"]), ["10.0.0.10"]);
        assert_eq!(chosen(&["lo", "127.0.0.1"]), ["127.0.0.1"]);
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
        let unknown = select(machine(), &["eth9".to_owned()]).unwrap_err();
        assert!(matches!(unknown, ScanError::UnknownInterface { known, .. } if known.len() == 4));
        let down = select(machine(), &["wlan0".to_owned()]).unwrap_err();
        assert!(matches!(down, ScanError::InterfaceDown { .. }));
        let only_loopback = vec![Interface::sample("lo", "127.0.0.1/8")];
        assert!(matches!(
            select(only_loopback, &[]),
            Err(ScanError::NoInterface)
        ));
    }
}
