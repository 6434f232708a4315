//! What a fleet heard and said, counted.

/// What became of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// An inquiry: so many devices heard it and will answer.
    Inquiry {
        /// How many, faults on the way aside.
        devices: u32,
    },
    /// A command: so many devices heard it and will answer.
    Command {
        /// How many.
        devices: u32,
    },
    /// Not a request: a reply looped back, or something else altogether.
    NoRequest,
    /// A request of a kind that no device answers.
    Unsupported,
    /// From outside the networks.
    Foreign,
    /// To an address no device has.
    NobodyThere,
    /// One asker's requests beyond the limit.
    TooOften,
    /// Too many replies wait already.
    Full,
}

/// What a fleet heard and said, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// All datagrams heard, own replies looped back included.
    pub datagrams: u64,
    /// Inquiries that devices answer.
    pub inquiries: u64,
    /// Commands to devices of the fleet.
    pub commands: u64,
    /// What devices made of commands.
    pub executions: Executions,
    /// Requests of kinds that no device answers.
    pub unsupported: u64,
    /// Requests from outside the networks.
    pub foreign: u64,
    /// Requests to addresses no device has.
    pub nobody_there: u64,
    /// Requests not answered because the asker asks too often.
    pub too_often: u64,
    /// Requests not answered because too many replies wait.
    pub full: u64,
    /// Replies handed out for sending.
    pub replies: u64,
    /// Hellos handed out for sending.
    pub hellos: u64,
    /// Inquiries, commands and replies lost by a fault asked for.
    pub lost: u64,
    /// Datagrams the system refused to send.
    pub failed: u64,
}

impl Stats {
    pub(super) fn count(&mut self, heard: Heard) {
        match heard {
            Heard::Inquiry { .. } => self.inquiries += 1,
            Heard::Command { .. } => self.commands += 1,
            Heard::NoRequest => {}
            Heard::Unsupported => self.unsupported += 1,
            Heard::Foreign => self.foreign += 1,
            Heard::NobodyThere => self.nobody_there += 1,
            Heard::TooOften => self.too_often += 1,
            Heard::Full => self.full += 1,
        }
    }
}

/// What devices made of commands. Each datagram counts as often as it was
/// obeyed or refused: one that arrived twice does so once.
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
    /// Passwords set by the vendor's answer, or returned to the factory's.
    pub resets: u64,
    /// GUIDs exported.
    pub guid_exports: u64,
    /// Passwords set by a GUID.
    pub guid_resets: u64,
    /// Lists of security questions given.
    pub question_lists: u64,
    /// Security questions set.
    pub questions_set: u64,
    /// Passwords set by the answers to security questions.
    pub answer_resets: u64,
    /// Reserved e-mail addresses set.
    pub mailboxes_set: u64,
    /// Codes made that come by e-mail.
    pub mail_codes: u64,
    /// Passwords set by a code that came by e-mail.
    pub mail_resets: u64,
    /// Replies that say which recovery ways are set up, or whether a device can
    /// be unbound.
    pub status_reads: u64,
    /// Hik-Connect switches, verification codes and unbindings.
    pub cloud_changes: u64,
    /// Devices returned to the unactivated state.
    pub deactivations: u64,
    /// Passwords taken over from a recorder.
    pub synced: u64,
    /// Commands refused, wrong passwords included.
    pub refused: u64,
    /// Commands that arrived again, to get the same answer.
    pub repeated: u64,
}
