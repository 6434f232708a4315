//! What Linux counts of datagrams it dropped, in `/proc/net/snmp` and
//! `/proc/net/netstat`.

use super::system;

/// The counters that matter here. They count from the machine's start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counters {
    /// For want of room in a socket's receive buffer.
    pub(super) buffer: Option<u64>,
    /// By the reverse-path filter.
    pub(super) reverse_path: Option<u64>,
}

impl Counters {
    pub(super) fn read() -> Self {
        let file = |path| system::read(path).unwrap_or_default();
        Self {
            buffer: counter(&file("/proc/net/snmp"), "Udp", "RcvbufErrors"),
            reverse_path: counter(&file("/proc/net/netstat"), "TcpExt", "IPReversePathFilter"),
        }
    }

    /// How much they rose since then.
    pub(super) fn since(self, earlier: Self) -> Self {
        let rise = |now: Option<u64>, then: Option<u64>| Some(now?.saturating_sub(then?));
        Self {
            buffer: rise(self.buffer, earlier.buffer),
            reverse_path: rise(self.reverse_path, earlier.reverse_path),
        }
    }
}

/// A counter of a group: one line has the names, the next the numbers.
fn counter(table: &str, group: &str, name: &str) -> Option<u64> {
    let of_group = |line: &'_ str| -> Option<Vec<String>> {
        let (title, cells) = line.split_once(':')?;
        (title == group).then(|| cells.split_whitespace().map(Into::into).collect())
    };
    let mut lines = table.lines().filter_map(of_group);
    let (names, numbers) = (lines.next()?, lines.next()?);
    let place = names.iter().position(|known| known == name)?;
    numbers.get(place)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_found_by_name() {
        let table = "\
Ip: Forwarding InReceives
Ip: 1 90
Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors
Udp: 100 0 7 20 7
UdpLite: InDatagrams RcvbufErrors
UdpLite: 0 0
";
        assert_eq!(counter(table, "Udp", "RcvbufErrors"), Some(7));
        assert_eq!(counter(table, "Ip", "InReceives"), Some(90));
        assert_eq!(counter(table, "Udp", "None"), None);
        assert_eq!(counter("Udp: RcvbufErrors\n", "Udp", "RcvbufErrors"), None);
        assert_eq!(counter("", "Udp", "RcvbufErrors"), None);
    }
}
