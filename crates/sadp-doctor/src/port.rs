//! Whether the devices' port can be listened on, and who holds it.

use std::{collections::HashMap, fs, net::SocketAddr};

use procfs_core::{ExplicitSystemInfo, FromReadSI, net::UdpNetEntries};
use sadp_discovery::probe;

use crate::{Check, Finding, PortState, Subject, Verdict, system};

/// A socket on the port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortHolder {
    /// The number of the user that opened it.
    pub user: u32,
    /// Its process, where this program may see it. Root sees all.
    pub process: Option<Process>,
    inode: u64,
}

/// A process of this computer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its number.
    pub id: u32,
    /// Its name, as the system keeps it: 15 bytes at most on Linux.
    pub name: String,
}

/// The devices' port before the scan opens it.
#[derive(Debug)]
pub struct ListenPort {
    /// Its number.
    pub port: u16,
    /// Whether it can be listened on.
    pub state: PortState,
    /// Who holds it.
    pub holders: Vec<PortHolder>,
}

impl ListenPort {
    /// Opens the port for a moment. Sends nothing.
    pub(crate) fn gather(port: u16) -> Self {
        let state = probe::port_use(port);
        let holders = match state {
            PortState::Free => Vec::new(),
            _ => holders(port),
        };
        Self {
            port,
            state,
            holders,
        }
    }

    /// Returns whether a scan can listen there.
    pub(crate) fn can_listen(&self) -> bool {
        matches!(self.state, PortState::Free | PortState::Shared)
    }

    pub(crate) fn judge(self) -> Check {
        let verdict = if self.can_listen() {
            Verdict::Ok
        } else {
            Verdict::Problem
        };
        Check::new(Subject::Port(self.port), verdict, Finding::Port(self))
    }
}

/// The most sockets whose processes are looked up.
const MAX_HOLDERS: usize = 16;

fn holders(port: u16) -> Vec<PortHolder> {
    let tables = ["/proc/net/udp", "/proc/net/udp6"];
    let tables = tables.into_iter().filter_map(system::read);
    let mut holders: Vec<_> = tables.flat_map(|table| on_port(&table, port)).collect();
    holders.truncate(MAX_HOLDERS);
    find_processes(&mut holders);
    holders
}

/// Reads the sockets of a `/proc/net/udp` that are on a port.
fn on_port(table: &str, port: u16) -> Vec<PortHolder> {
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
        .map(|entry| PortHolder {
            user: entry.uid,
            inode: entry.inode,
            process: None,
        })
        .collect()
}

/// The most processes, and open files of each, that are looked at.
const MAX_PROCESSES: usize = 8192;
const MAX_FILES: usize = 4096;

/// Finds the processes that have the sockets open.
fn find_processes(holders: &mut [PortHolder]) {
    let wanted: HashMap<String, usize> = (0..)
        .zip(holders.iter())
        .map(|(place, holder)| (format!("socket:[{}]", holder.inode), place))
        .collect();
    let Ok(processes) = fs::read_dir("/proc") else {
        return;
    };
    for process in processes.flatten().take(MAX_PROCESSES) {
        let name = process.file_name();
        let id = name.to_str().and_then(|name| name.parse().ok());
        let (Some(id), Ok(files)) = (id, fs::read_dir(process.path().join("fd"))) else {
            continue;
        };
        for file in files.flatten().take(MAX_FILES) {
            let target = fs::read_link(file.path()).unwrap_or_default();
            let place = target.to_str().and_then(|target| wanted.get(target));
            if let Some(holder) = place.and_then(|&place| holders.get_mut(place)) {
                let name = system::read(process.path().join("comm")).unwrap_or_default();
                let name = name.trim().to_owned();
                holder.process = Some(Process { id, name });
            }
        }
    }
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
    fn sockets_on_the_port_are_distinguished_from_others() {
        let found = on_port(TABLE, 37020);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].user, found[0].inode), (1000, 40123));
        assert!(on_port(TABLE, 5353).is_empty());
        assert!(on_port("header\ngarbage\n", 37020).is_empty());
    }

    #[test]
    fn a_port_that_cannot_be_listened_on_is_a_problem() {
        let refused = PortState::Refused(std::io::ErrorKind::PermissionDenied.into());
        for (state, verdict) in [
            (PortState::Free, Verdict::Ok),
            (PortState::Shared, Verdict::Ok),
            (PortState::Taken, Verdict::Problem),
            (refused, Verdict::Problem),
        ] {
            let port = ListenPort {
                port: 37020,
                state,
                holders: Vec::new(),
            };
            let check = port.judge();
            assert_eq!(check.verdict, verdict, "{check:?}");
        }
    }
}
