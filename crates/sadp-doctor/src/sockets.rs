//! What sockets of this program are granted: raw Ethernet frames and receive
//! buffers.

use sadp_discovery::{
    interface, probe,
    raw::{self, RawError},
};

use crate::{
    Check, Finding, Subject, Verdict,
    system::{self, Counters},
};

/// Whether this program may send and receive raw Ethernet frames.
#[derive(Debug)]
pub enum RawEthernet {
    /// On so many interfaces.
    Available {
        /// How many.
        interfaces: usize,
    },
    /// On none. A lack of permission is named before other errors.
    Unavailable(RawError),
}

/// Opens each of these interfaces for a moment and sends nothing. `None` where
/// there are none.
pub(crate) fn gather_raw(names: &[&str]) -> Option<RawEthernet> {
    let all = interface::list().ok()?;
    let names = names.iter();
    let found = names.filter_map(|name| all.iter().find(|it| it.card() == *name));
    RawEthernet::of(found.map(raw::check).collect())
}

impl RawEthernet {
    fn of(tried: Vec<Result<(), RawError>>) -> Option<Self> {
        let interfaces = tried.iter().filter(|tried| tried.is_ok()).count();
        if interfaces > 0 {
            return Some(Self::Available { interfaces });
        }
        tried
            .into_iter()
            .filter_map(Result::err)
            .min_by_key(|error| !matches!(error, RawError::NotPermitted))
            .map(Self::Unavailable)
    }

    pub(crate) fn judge(self) -> Check {
        let verdict = match self {
            Self::Unavailable(RawError::NotPermitted | RawError::Failed(_)) => Verdict::Warning,
            Self::Unavailable(_) | Self::Available { .. } => Verdict::Ok,
        };
        Check::new(Subject::Program, verdict, Finding::RawEthernet(self))
    }
}

/// Receive buffers, in bytes, and how many replies fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReceiveBuffer {
    /// What a scan's socket is granted. `None` where it could not be read.
    pub granted: Option<u64>,
    /// `net.core.rmem_max`, the most that a program without privileges gets.
    pub limit: Option<u64>,
    /// `net.core.rmem_default`.
    pub default: Option<u64>,
    /// How many replies fit, of [`ReceiveBuffer::REPLY`] bytes each. Known on
    /// Linux only.
    pub capacity: Option<u64>,
    /// How many datagrams were dropped for lack of room while the scan ran.
    pub dropped: Option<u64>,
}

impl ReceiveBuffer {
    /// What a reply takes of a receive buffer on Linux by the kernel's account:
    /// 1,085 bytes of XML lie in 2,048, with 256 of bookkeeping. Measured: the
    /// default buffer of 212,992 bytes holds 92 of them, one of 2 MiB 910.
    pub const REPLY: u64 = 2304;

    /// What the default buffer holds. With less, something is amiss.
    const DEFAULT_CAPACITY: u64 = 92;

    pub(crate) fn gather() -> Self {
        let granted = probe::receive_buffer().ok().map(|bytes| bytes as u64);
        let linux = cfg!(target_os = "linux");
        Self {
            granted,
            limit: system::number("/proc/sys/net/core/rmem_max"),
            default: system::number("/proc/sys/net/core/rmem_default"),
            capacity: granted.filter(|_| linux).map(|bytes| bytes / Self::REPLY),
            dropped: None,
        }
    }

    /// `devices` were found.
    pub(crate) fn judge(mut self, devices: usize, dropped: Counters) -> Check {
        self.dropped = dropped.buffer;
        let too_small = self.capacity.is_some_and(|capacity| {
            let lost = self.dropped > Some(0);
            lost || capacity < Self::DEFAULT_CAPACITY || devices as u64 > capacity
        });
        let verdict = match self.granted {
            Some(_) if !too_small => Verdict::Ok,
            _ => Verdict::Warning,
        };
        let finding = Finding::ReceiveBuffer(self);
        Check::new(Subject::Computer, verdict, finding)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_interface_is_enough_and_lack_of_permission_comes_first() {
        use Verdict::{Ok, Warning};
        let failed = || Err(RawError::Failed(std::io::ErrorKind::NotFound.into()));
        let not_permitted = || Err(RawError::NotPermitted);
        for (tried, verdict) in [
            (vec![Err(RawError::NotEthernet), Result::Ok(())], Ok),
            (vec![Err(RawError::NotBuilt), not_permitted()], Warning),
            (vec![failed()], Warning),
            (vec![Err(RawError::NotEthernet)], Ok),
            (vec![Err(RawError::NotBuilt)], Ok),
        ] {
            let check = RawEthernet::of(tried).unwrap().judge();
            assert_eq!(check.verdict, verdict, "{check:?}");
        }
        assert!(RawEthernet::of(Vec::new()).is_none());
    }

    #[test]
    fn a_buffer_that_loses_replies_is_too_small() {
        use Verdict::{Ok, Warning};
        assert_eq!(212_992 / ReceiveBuffer::REPLY, 92, "as measured");
        for (granted, linux, devices, dropped, verdict) in [
            (Some(425_984), true, 12, Some(0), Ok),
            (Some(425_984), true, 185, Some(0), Warning),
            (Some(425_984), true, 12, Some(7), Warning),
            (Some(33_554_432), true, 5000, None, Ok),
            (Some(65_536), true, 0, None, Warning),
            (Some(262_144), false, 900, None, Ok),
            (None, true, 0, None, Warning),
        ] {
            let buffer = ReceiveBuffer {
                granted,
                capacity: granted
                    .filter(|_| linux)
                    .map(|bytes| bytes / ReceiveBuffer::REPLY),
                ..ReceiveBuffer::default()
            };
            let counters = Counters {
                buffer: dropped,
                reverse_path: None,
            };
            let check = buffer.judge(devices, counters);
            assert_eq!(check.verdict, verdict, "{check:?}");
        }
    }
}
