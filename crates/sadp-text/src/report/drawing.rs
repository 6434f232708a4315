//! The address plan as a picture: a square for each address, 32 in a row.

use std::{fmt::Write as _, net::Ipv4Addr, ops::RangeInclusive};

use sadp_ops::report::{AddressUse, SubnetUse};
use serde::Serialize;

use crate::{count, first_of};

/// Squares in a row.
const COLUMNS: u32 = 32;

/// Addresses that one picture shows at most: those with three bytes in common.
const BLOCK: u32 = 256;

/// The most pictures. Larger networks show only the parts with a device.
const MAX_BLOCKS: usize = 48;

/// The most ranges of free addresses that are listed of a subnet.
const MAX_RANGES: usize = 8;

/// The address plan. Lengths are in squares.
#[derive(Serialize)]
pub(super) struct Drawing {
    subnets: Vec<SubnetDrawing>,
    /// How many parts of networks are not drawn.
    more: usize,
}

#[derive(Serialize)]
struct SubnetDrawing {
    network: String,
    mask: String,
    gateways: String,
    used: String,
    /// Free addresses, in words.
    free: String,
    conflicts: String,
    blocks: Vec<Block>,
}

/// Up to 256 addresses.
#[derive(Serialize)]
struct Block {
    /// The first three bytes: `192.168.1`.
    start: String,
    rows: Vec<Row>,
    height: usize,
    /// The lines between the squares of the subnet, as an SVG path.
    grid: String,
    squares: Vec<Square>,
}

/// A row by its first address.
#[derive(Serialize)]
struct Row {
    top: usize,
    label: String,
}

/// An address that is used.
#[derive(Serialize)]
struct Square {
    left: u32,
    top: usize,
    /// The last byte of the address.
    number: u8,
    /// `device`, `conflict`, `gateway`, `planned` or `edge`.
    class: &'static str,
    address: String,
}

impl Drawing {
    pub(super) fn new(subnets: &[SubnetUse]) -> Self {
        let mut room = MAX_BLOCKS;
        let mut more = 0;
        let subnets = subnets.iter().map(|subnet| {
            let parts = parts(subnet);
            let drawn = parts.len().min(room);
            room -= drawn;
            more += parts.len() - drawn;
            let parts = parts.iter().take(drawn);
            let blocks = parts.map(|&first| Block::new(subnet, first)).collect();
            SubnetDrawing::new(subnet, blocks)
        });
        Self {
            subnets: subnets.collect(),
            more,
        }
    }
}

/// The first addresses of the parts of a subnet that are drawn.
fn parts(subnet: &SubnetUse) -> Vec<u32> {
    let used = subnet.used.keys().map(|it| it.to_bits() & !(BLOCK - 1));
    let mut parts: Vec<_> = used.collect();
    parts.dedup();
    parts
}

impl SubnetDrawing {
    fn new(subnet: &SubnetUse, blocks: Vec<Block>) -> Self {
        let network = subnet.network;
        let devices = subnet.used.values().map(|it| it.devices as u64).sum();
        let free = first_of(subnet.free.iter().map(range), MAX_RANGES, |more| {
            format!("and {}", count(more as u64, "more range", "more ranges"))
        });
        let addresses = subnet.free.iter().map(size).sum();
        Self {
            network: network.to_string(),
            mask: network.netmask().to_string(),
            gateways: list(subnet, |used| used.gateway),
            used: count(devices, "device", "devices"),
            free: match addresses {
                0 => "none".into(),
                _ => format!("{free} ({})", count(addresses, "address", "addresses")),
            },
            conflicts: list(subnet, |used| used.devices > 1),
            blocks,
        }
    }
}

/// The addresses whose use is such.
fn list(subnet: &SubnetUse, is: fn(&AddressUse) -> bool) -> String {
    let used = subnet.used.iter().filter(|(_, used)| is(used));
    let addresses = used.map(|(address, _)| address);
    first_of(addresses, MAX_RANGES, |more| format!("and {more} more"))
}

fn size(range: &RangeInclusive<Ipv4Addr>) -> u64 {
    u64::from(range.end().to_bits() - range.start().to_bits()) + 1
}

/// `192.168.1.65 to .99`.
fn range(range: &RangeInclusive<Ipv4Addr>) -> String {
    let (first, last) = (range.start(), range.end());
    if first == last {
        return first.to_string();
    }
    if first.octets()[..3] == last.octets()[..3] {
        return format!("{first} to .{}", last.octets()[3]);
    }
    format!("{first} to {last}")
}

impl Block {
    /// Draws the part of a subnet that begins at this address.
    fn new(subnet: &SubnetUse, part: u32) -> Self {
        let network = subnet.network;
        let first = part.max(network.network().to_bits());
        let last = (part | (BLOCK - 1)).min(network.broadcast().to_bits());
        let start = first & !(COLUMNS - 1);
        let end = last | (COLUMNS - 1);
        let rows = (start..=end).step_by(COLUMNS as usize).enumerate();
        let rows = rows.map(|(top, address)| {
            let label = format!(".{}", address % BLOCK);
            Row { top, label }
        });
        let rows: Vec<_> = rows.collect();
        let has_edges = network.prefix_len() < 31;
        let edges = [network.network(), network.broadcast()].into_iter();
        let edges = edges.filter(|it| has_edges && !subnet.used.contains_key(it));
        let edges = edges.map(|address| (address, "edge"));
        let used = subnet.used.iter();
        let all = used.map(|(it, used)| (*it, class(used))).chain(edges);
        let drawn = all.filter(|(it, _)| (first..=last).contains(&it.to_bits()));
        let squares = drawn.map(|(address, class)| Square {
            left: address.to_bits() % COLUMNS,
            top: ((address.to_bits() - start) / COLUMNS) as usize,
            number: address.octets()[3],
            class,
            address: address.to_string(),
        });
        let [a, b, c, _] = Ipv4Addr::from_bits(part).octets();
        Self {
            start: format!("{a}.{b}.{c}"),
            height: rows.len(),
            grid: grid(first, last, rows.len()),
            squares: squares.collect(),
            rows,
        }
    }
}

const fn class(used: &AddressUse) -> &'static str {
    match used {
        AddressUse { devices: 2.., .. } => "conflict",
        AddressUse { gateway: true, .. } => "gateway",
        AddressUse { devices: 1, .. } => "device",
        _ => "planned",
    }
}

/// The outlines of the squares from `first` to `last`, which are in `rows` rows.
fn grid(first: u32, last: u32, rows: usize) -> String {
    let left = first % COLUMNS;
    let right = if rows == 1 {
        last % COLUMNS + 1
    } else {
        COLUMNS
    };
    let mut path = String::new();
    for top in 0..=rows {
        let _ = write!(path, "M{left} {top}H{right}");
    }
    for column in left..=right {
        let _ = write!(path, "M{column} 0V{rows}");
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subnet(network: &str, used: &[(&str, AddressUse)]) -> SubnetUse {
        let used = used.iter().map(|(it, used)| (it.parse().unwrap(), *used));
        SubnetUse {
            network: network.parse().unwrap(),
            used: used.collect(),
            free: Vec::new(),
        }
    }

    fn device() -> AddressUse {
        AddressUse {
            devices: 1,
            ..AddressUse::default()
        }
    }

    #[test]
    fn large_networks_are_drawn_where_they_have_devices() {
        let used = [("10.0.0.5", device()), ("10.9.8.7", device())];
        let wide = subnet("10.0.0.0/8", &used);
        let drawing = Drawing::new(&[wide]);
        let blocks = &drawing.subnets[0].blocks;
        let starts: Vec<_> = blocks.iter().map(|it| it.start.as_str()).collect();
        assert_eq!(starts, ["10.0.0", "10.9.8"]);
        let squares: Vec<_> = blocks[0].squares.iter().map(|it| it.class).collect();
        assert_eq!(squares, ["device", "edge"]);
        assert_eq!((blocks[1].height, blocks[1].squares.len()), (8, 1));
    }

    #[test]
    fn small_networks_are_drawn_in_their_row() {
        let conflict = AddressUse {
            devices: 2,
            ..AddressUse::default()
        };
        let small = subnet("192.168.1.80/28", &[("192.168.1.82", conflict)]);
        let drawing = Drawing::new(&[small]);
        let block = &drawing.subnets[0].blocks[0];
        assert_eq!((block.height, block.rows[0].label.as_str()), (1, ".64"));
        let grid = &block.grid;
        assert!(grid.starts_with("M16 0H32M16 1H32M16 0V1"), "{grid}");
        let square = &block.squares[0];
        assert_eq!((square.left, square.top, square.number), (18, 0, 82));
        assert_eq!(square.class, "conflict");
    }

    #[test]
    fn the_number_of_pictures_is_bounded() {
        let used: Vec<_> = (0..=255).map(|third| format!("10.0.{third}.9")).collect();
        let used: Vec<_> = used.iter().map(|it| (it.as_str(), device())).collect();
        let drawing = Drawing::new(&[subnet("10.0.0.0/16", &used)]);
        assert_eq!(drawing.subnets[0].blocks.len(), MAX_BLOCKS);
        assert_eq!(drawing.more, 256 - MAX_BLOCKS);
    }
}
