//! Counters of a fleet.

use crate::HttpCounts;

/// What was done with a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handled {
    /// An inquiry that devices will answer.
    Inquiry {
        /// The number of devices, network faults aside.
        devices: u32,
    },
    /// A command that devices will answer.
    Command {
        /// The number of devices.
        devices: u32,
    },
    /// Not a request: a looped back reply, or something else.
    NoRequest,
    /// A request of a kind that no device answers.
    Unsupported,
    /// From outside the networks.
    Foreign,
    /// To an address that no device has.
    NobodyThere,
    /// Beyond the limit for one sender.
    TooOften,
    /// Too many replies are waiting.
    Full,
}

/// Counters of a fleet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Inquiries that devices answer.
    pub inquiries: u64,
    /// Commands to devices of the fleet.
    pub commands: u64,
    /// Commands by result.
    pub executions: Executions,
    /// Requests of kinds that no device answers.
    pub unsupported: u64,
    /// Requests from outside the networks.
    pub foreign: u64,
    /// Requests to addresses that no device has.
    pub nobody_there: u64,
    /// Requests beyond the limit for one sender.
    pub too_often: u64,
    /// Replies passed on for sending.
    pub replies: u64,
    /// Hellos passed on for sending.
    pub hellos: u64,
    /// Datagrams that the system refused to send.
    pub failed: u64,
    /// Requests over HTTP.
    pub http: HttpCounts,
}

impl Stats {
    pub(super) fn count(&mut self, heard: Handled) {
        match heard {
            Handled::Inquiry { .. } => self.inquiries += 1,
            Handled::Command { .. } => self.commands += 1,
            Handled::NoRequest | Handled::Full => {}
            Handled::Unsupported => self.unsupported += 1,
            Handled::Foreign => self.foreign += 1,
            Handled::NobodyThere => self.nobody_there += 1,
            Handled::TooOften => self.too_often += 1,
        }
    }
}

/// Executed and refused commands. A datagram that arrived twice counts once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Executions {
    /// Key exchanges answered.
    pub exchanges: u64,
    /// First passwords set.
    pub activations: u64,
    /// Network settings changed.
    pub updates: u64,
    /// Lamps switched.
    pub lamps: u64,
    /// Requests to the vendor made.
    pub requests: u64,
    /// Passwords set by the vendor's answer, or reset to the factory password.
    pub resets: u64,
    /// GUIDs exported.
    pub guid_exports: u64,
    /// Passwords set by a GUID.
    pub guid_resets: u64,
    /// Security questions set.
    pub questions_set: u64,
    /// Passwords set by the answers to security questions.
    pub answer_resets: u64,
    /// Recovery e-mail addresses set.
    pub mailboxes_set: u64,
    /// Mailed codes made.
    pub mail_codes: u64,
    /// Passwords set by a mailed code.
    pub mail_resets: u64,
    /// Commands of other kinds.
    pub others: u64,
    /// Devices returned to the unactivated state.
    pub deactivations: u64,
    /// Passwords received from a recorder.
    pub synced: u64,
    /// Commands refused, wrong passwords included.
    pub refused: u64,
    /// Commands that arrived again and got the same reply.
    pub repeated: u64,
}
