//! Whether the devices' port can be listened on, and who holds it.

use std::{collections::HashMap, fs, net::SocketAddr};

use procfs_core::{ExplicitSystemInfo, FromReadSI, net::UdpNetEntries};
use sadp_discovery::probe::{self, PortUse};
use serde_json::json;

use super::system;
use crate::{
    advice::Platform,
    check::{Check, Verdict},
};

/// The port and who holds it.
#[derive(Debug)]
pub(super) struct Facts {
    port: u16,
    state: PortUse,
    holders: Vec<Holder>,
}

/// A socket on the port.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Holder {
    user: u32,
    inode: u64,
    /// Its process, where it may be seen.
    process: Option<(u32, String)>,
}

/// Looks before anything of ours holds the port.
pub(super) fn gather(port: u16) -> Facts {
    let state = probe::port_use(port);
    let holders = if matches!(state, PortUse::Free) {
        Vec::new()
    } else {
        holders(port)
    };
    Facts {
        port,
        state,
        holders,
    }
}

impl Facts {
    /// Whether a scan can listen there.
    pub(super) fn can_listen(&self) -> bool {
        matches!(self.state, PortUse::Free | PortUse::Shared)
    }
}

fn holders(port: u16) -> Vec<Holder> {
    let tables = ["/proc/net/udp", "/proc/net/udp6"];
    let tables = tables.into_iter().filter_map(system::read);
    let mut holders: Vec<_> = tables.flat_map(|table| on_port(&table, port)).collect();
    holders.truncate(MAX_HOLDERS);
    find_processes(&mut holders);
    holders
}

/// The most sockets whose processes are looked for.
const MAX_HOLDERS: usize = 16;

/// The sockets of a `/proc/net/udp` on a port.
fn on_port(table: &str, port: u16) -> Vec<Holder> {
    // Only addresses are read, which depend on the byte order alone.
    let machine = ExplicitSystemInfo {
        boot_time_secs: 0,
        ticks_per_second: 100,
        page_size: 4096,
        is_little_endian: cfg!(target_endian = "little"),
    };
    let entries = UdpNetEntries::from_read(table.as_bytes(), &machine);
    let entries = entries.map_or_else(|_| Vec::new(), |entries| entries.0);
    entries
        .into_iter()
        .filter(|entry| SocketAddr::port(&entry.local_address) == port)
        .map(|entry| Holder {
            user: entry.uid,
            inode: entry.inode,
            process: None,
        })
        .collect()
}

/// The most processes, and open files of each, that are looked at.
const MAX_PROCESSES: usize = 8192;
const MAX_FILES: usize = 4096;

/// Finds the processes that have the sockets open. Those of other users are
/// seen by root only.
fn find_processes(holders: &mut [Holder]) {
    let wanted: HashMap<String, usize> = (0..)
        .zip(holders.iter())
        .map(|(place, holder)| (format!("socket:[{}]", holder.inode), place))
        .collect();
    let Ok(processes) = fs::read_dir("/proc") else {
        return;
    };
    for process in processes.flatten().take(MAX_PROCESSES) {
        let number = process
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok());
        let (Some(number), Ok(files)) = (number, fs::read_dir(process.path().join("fd"))) else {
            continue;
        };
        for file in files.flatten().take(MAX_FILES) {
            let target = fs::read_link(file.path()).unwrap_or_default();
            let place = target.to_str().and_then(|target| wanted.get(target));
            if let Some(holder) = place.and_then(|&place| holders.get_mut(place)) {
                let name = system::read(process.path().join("comm")).unwrap_or_default();
                holder.process = Some((number, name.trim().to_owned()));
            }
        }
    }
}

/// One line on the port.
pub(super) fn judge(facts: &Facts, platform: Platform) -> Check {
    let Facts {
        port,
        state,
        holders,
    } = facts;
    let who = who(holders);
    let (verdict, word, message) = match state {
        PortUse::Free => (
            Verdict::Ok,
            "free",
            "free: answers by multicast can be heard".into(),
        ),
        PortUse::Shared => (
            Verdict::Ok,
            "shared",
            format!("shared with {who}: answers by multicast reach both"),
        ),
        PortUse::Taken => (
            Verdict::Problem,
            "taken",
            format!(
                "held by {who}, which shares it with nobody: devices that answer by multicast are not heard"
            ),
        ),
        PortUse::Refused(error) => (
            Verdict::Problem,
            "refused",
            format!("cannot be opened ({error}): devices that answer by multicast are not heard"),
        ),
    };
    let processes = holders.iter().map(|holder| {
        let (number, name) = holder.process.clone().unzip();
        json!({"process": number, "name": name, "user": holder.user})
    });
    let check = Check::new("port", format!("UDP {port}"), verdict, message)
        .data("state", word)
        .data("holders", json!(processes.collect::<Vec<_>>()));
    match state {
        PortUse::Free | PortUse::Shared => check,
        PortUse::Taken => check.remedy(close(holders, *port, platform)),
        PortUse::Refused(_) => {
            check.remedy("check that a firewall or security tool lets this program listen")
        }
    }
}

fn who(holders: &[Holder]) -> String {
    let mut names: Vec<_> = holders
        .iter()
        .map(|holder| match &holder.process {
            Some((number, name)) => format!("{name} (process {number})"),
            None => format!("a program of user {}", holder.user),
        })
        .collect();
    names.sort();
    names.dedup();
    if names.is_empty() {
        "another program".into()
    } else {
        names.join(", ")
    }
}

fn close(holders: &[Holder], port: u16, platform: Platform) -> String {
    if holders.iter().any(|holder| holder.process.is_some()) {
        return "close that program, then scan again".into();
    }
    let look = match platform {
        Platform::Linux => format!("sudo ss -ulpn 'sport = :{port}'"),
        Platform::MacOs => format!("sudo lsof -nP -iUDP:{port}"),
        Platform::Windows => "netstat -abno -p UDP".into(),
    };
    format!("close other SADP tools and camera software; to see which program it is: {look}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  351: 00000000:909C 00000000:0000 07 00000000:00000000 00:00000000 00000000  1000        0 40123 2 0000000000000000 0
  802: 0100007F:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000   101        0 18273 2 0000000000000000 0
";

    #[test]
    fn sockets_on_the_port_are_told_apart_from_others() {
        let found = on_port(TABLE, 37020);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].user, found[0].inode), (1000, 40123));
        assert!(on_port(TABLE, 5353).is_empty());
        assert!(on_port("", 37020).is_empty());
        assert!(on_port("header\ngarbage\n", 37020).is_empty());
    }

    #[test]
    fn each_state_has_its_verdict() {
        let unseen = Holder {
            user: 1000,
            inode: 1,
            process: None,
        };
        let seen = Holder {
            process: Some((812, "SADPTool".into())),
            ..unseen
        };
        let refused = || PortUse::Refused(std::io::ErrorKind::PermissionDenied.into());
        for (state, holders, verdict, said, remedy) in [
            (PortUse::Free, vec![], Verdict::Ok, "free", None),
            (
                PortUse::Shared,
                vec![seen.clone()],
                Verdict::Ok,
                "SADPTool (process 812)",
                None,
            ),
            (
                PortUse::Taken,
                vec![seen.clone(), seen],
                Verdict::Problem,
                "held by SADPTool (process 812),",
                Some("close that program"),
            ),
            (
                PortUse::Taken,
                vec![unseen],
                Verdict::Problem,
                "a program of user 1000",
                Some("sudo ss -ulpn 'sport = :37020'"),
            ),
            (
                PortUse::Taken,
                vec![],
                Verdict::Problem,
                "held by another program",
                Some("sudo ss"),
            ),
            (
                refused(),
                vec![],
                Verdict::Problem,
                "cannot be opened",
                Some("security tool"),
            ),
        ] {
            let facts = Facts {
                port: 37020,
                state,
                holders,
            };
            let check = judge(&facts, Platform::Linux);
            assert_eq!(check.verdict, verdict, "{check:?}");
            assert!(check.message.contains(said), "{check:?}");
            let told = check.remedy.unwrap_or_default();
            assert!(told.contains(remedy.unwrap_or_default()), "{told}");
            assert_eq!(told.is_empty(), remedy.is_none(), "{told}");
        }
    }
}
