//! Whether this program may open the raw link.

use std::path::PathBuf;

use super::system;
use crate::check::{Check, Verdict};

/// What it may do, and where it lies.
#[derive(Debug)]
pub(super) struct Facts {
    /// The effective capabilities.
    capabilities: u64,
    program: Option<PathBuf>,
}

/// `None` where capabilities are not how this system does it.
pub(super) fn gather() -> Option<Facts> {
    Some(Facts {
        capabilities: effective(&system::read("/proc/self/status")?)?,
        program: std::env::current_exe().ok(),
    })
}

fn effective(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("CapEff:"))?;
    u64::from_str_radix(line.trim(), 16).ok()
}

/// `CAP_NET_RAW` (capability.h of Linux).
const NET_RAW: u32 = 13;

/// One line on the raw link.
pub(super) fn judge(facts: &Facts) -> Check {
    let may = facts.capabilities >> NET_RAW & 1 == 1;
    let check = |verdict, message| {
        Check::new("raw-link", "this program", verdict, message).data("cap_net_raw", may)
    };
    if may {
        return check(Verdict::Ok, "may use raw Ethernet (CAP_NET_RAW)");
    }
    let message = "may not use raw Ethernet: devices that answer only there are not found, nor those whose answers a filter drops";
    let program = facts
        .program
        .as_ref()
        .map(|path| path.display().to_string());
    let program = program.map_or_else(|| "sadpctl".into(), |path| quoted(&path));
    check(Verdict::Warning, message).remedy(format!(
        "run it with sudo, or allow it once: sudo setcap cap_net_raw+ep {program}"
    ))
}

/// A path as a shell takes it.
fn quoted(path: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "/._-+".contains(character);
    if path.chars().all(plain) {
        path.into()
    } else {
        format!("'{}'", path.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_capability_is_one_bit_of_many() {
        let status =
            |mask: &str| format!("Name:\tsadpctl\nCapPrm:\t0000000000000000\nCapEff:\t{mask}\n");
        for (mask, verdict) in [
            ("000001ffffffffff", Verdict::Ok),
            ("0000000000002000", Verdict::Ok),
            ("0000000000001000", Verdict::Warning),
            ("0000000000000000", Verdict::Warning),
        ] {
            let facts = Facts {
                capabilities: effective(&status(mask)).unwrap(),
                program: Some("/opt/my tools/sadpctl".into()),
            };
            let check = judge(&facts);
            assert_eq!(check.verdict, verdict, "{mask}");
            if let Some(remedy) = check.remedy {
                assert!(
                    remedy.ends_with("setcap cap_net_raw+ep '/opt/my tools/sadpctl'"),
                    "{remedy}"
                );
            }
        }
        assert_eq!(effective("CapEff:\tnone\n"), None);
        assert_eq!(effective(""), None);
    }
}
