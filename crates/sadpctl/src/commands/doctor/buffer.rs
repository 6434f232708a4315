//! How many answers a socket holds before somebody reads them.

use sadp_discovery::probe;

use super::system;
use crate::{
    check::{Check, Verdict},
    text::count,
};

/// What an answer takes of a receive buffer on Linux by the kernel's account:
/// 1,085 bytes of XML lie in 2,048, with 256 of bookkeeping. Measured: the
/// default buffer of 212,992 bytes holds 92 of them, one of 2 MiB 910.
const ANSWER: u64 = 2304;

/// Receive buffers, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Facts {
    /// What a scan's socket is granted.
    granted: Option<u64>,
    /// `net.core.rmem_max`, the most an unprivileged program may ask for.
    limit: Option<u64>,
    /// `net.core.rmem_default`.
    default: Option<u64>,
    /// Whether the system accounts as Linux does.
    linux: bool,
}

pub(super) fn gather() -> Facts {
    Facts {
        granted: probe::receive_buffer().ok().map(|bytes| bytes as u64),
        limit: system::number("/proc/sys/net/core/rmem_max"),
        default: system::number("/proc/sys/net/core/rmem_default"),
        linux: cfg!(target_os = "linux"),
    }
}

/// One line. `devices` were found, and `dropped` datagrams had no room while
/// the scan ran.
pub(super) fn judge(facts: Facts, devices: usize, dropped: Option<u64>) -> Check {
    const CHECK: &str = "receive-buffer";
    const SUBJECT: &str = "this machine";
    let check = |verdict, message: String| {
        Check::new(CHECK, SUBJECT, verdict, message)
            .data("granted", facts.granted)
            .data("rmem_max", facts.limit)
            .data("rmem_default", facts.default)
            .data("dropped", dropped)
    };
    let Some(granted) = facts.granted else {
        return check(
            Verdict::Warning,
            "what a socket is granted cannot be told".into(),
        );
    };
    if !facts.linux {
        return check(Verdict::Ok, format!("a socket is granted {granted} bytes"));
    }
    let holds = granted / ANSWER;
    let message = format!(
        "{granted} bytes hold the answers of {holds} devices at {ANSWER} bytes each, unread"
    );
    let check =
        |verdict, more: &str| check(verdict, format!("{message}{more}")).data("devices", holds);
    let lost = dropped.unwrap_or(0);
    if lost > 0 {
        let lost = count(lost, "datagram was", "datagrams were");
        let more = format!("; while the scan ran, {lost} dropped for want of room");
        return check(Verdict::Warning, &more).remedy(REMEDY);
    }
    if holds < FEW || devices as u64 > holds {
        let more = "; on a large site some are lost at first and asked again";
        return check(Verdict::Warning, more).remedy(REMEDY);
    }
    check(Verdict::Ok, "")
}

/// What the default buffer holds. With less, something is amiss.
const FEW: u64 = 92;

const REMEDY: &str = "allow more until the next start: sudo sysctl net.core.rmem_max=16777216";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cost_of_an_answer_is_the_one_measured() {
        for (granted, devices) in [(212_992, 92), (425_984, 184), (2 << 20, 910)] {
            assert_eq!(granted / ANSWER, devices);
        }
    }

    #[test]
    fn too_small_is_what_loses_answers() {
        for (granted, devices, dropped, verdict, said) in [
            (
                425_984,
                12,
                Some(0),
                Verdict::Ok,
                "184 devices at 2304 bytes",
            ),
            (425_984, 185, Some(0), Verdict::Warning, "asked again"),
            (
                425_984,
                12,
                Some(7),
                Verdict::Warning,
                "7 datagrams were dropped",
            ),
            (33_554_432, 5000, None, Verdict::Ok, "14563 devices"),
            (65_536, 0, None, Verdict::Warning, "28 devices"),
        ] {
            let facts = Facts {
                granted: Some(granted),
                linux: true,
                ..Facts::default()
            };
            let check = judge(facts, devices, dropped);
            assert_eq!(check.verdict, verdict, "{check:?}");
            assert!(check.message.contains(said), "{check:?}");
            assert_eq!(check.remedy.is_some(), verdict != Verdict::Ok);
        }
        let elsewhere = Facts {
            granted: Some(262_144),
            ..Facts::default()
        };
        assert_eq!(judge(elsewhere, 900, None).verdict, Verdict::Ok);
        assert_eq!(judge(Facts::default(), 0, None).verdict, Verdict::Warning);
    }
}
