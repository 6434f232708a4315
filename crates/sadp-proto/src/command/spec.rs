/// Describes one kind of command. Sending, ledger, safety checks and command line
/// all read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "a table of independent facts"
)]
pub struct CommandSpec {
    /// The `Types` element.
    pub types: &'static str,
    /// Whether a key exchange comes first.
    pub sealed: bool,
    /// Whether it may be sent again after a timeout: it costs no try, and a second
    /// one does no harm, or makes only the later result valid. All others are sent
    /// once.
    pub repeatable: bool,
    /// Whether the device makes something new each time and voids what it made
    /// before: the last of several replies counts.
    pub makes_new: bool,
    /// Whether it contains a secret that the device may find wrong and count.
    pub costs_try: bool,
    /// Whether it changes the device's password.
    pub sets_password: bool,
    /// Whether it contains a password, an answer, a code or a GUID.
    pub carries_secret: bool,
    /// The element of an inquiry reply that reports support for this command.
    /// `None` if there is none.
    pub offered_by: Option<&'static str>,
    /// The element that the reply brings. A reply that contains it is a good one,
    /// even without a `Result`. `None` if it brings none.
    pub answered_by: Option<&'static str>,
}

impl CommandSpec {
    /// Without a secret, sent once.
    pub(super) const fn plain(types: &'static str) -> Self {
        Self {
            types,
            sealed: false,
            repeatable: false,
            makes_new: false,
            costs_try: false,
            sets_password: false,
            carries_secret: false,
            offered_by: None,
            answered_by: None,
        }
    }

    /// Without a secret; a second one does no harm.
    pub(super) const fn read(types: &'static str) -> Self {
        Self {
            repeatable: true,
            ..Self::plain(types)
        }
    }

    /// Reads something that the device makes for each request.
    pub(super) const fn read_new(types: &'static str) -> Self {
        Self {
            makes_new: true,
            ..Self::read(types)
        }
    }

    /// Contains the current password.
    pub(super) const fn with_password(types: &'static str) -> Self {
        Self {
            sealed: true,
            costs_try: true,
            carries_secret: true,
            ..Self::plain(types)
        }
    }

    /// Sets a new password without the current one.
    pub(super) const fn new_password(types: &'static str) -> Self {
        Self {
            sets_password: true,
            ..Self::with_password(types)
        }
    }

    /// Sent without a key exchange.
    pub(super) const fn unsealed(self) -> Self {
        Self {
            sealed: false,
            ..self
        }
    }

    /// Reported by this element of an inquiry reply.
    pub(super) const fn offered(self, by: &'static str) -> Self {
        Self {
            offered_by: Some(by),
            ..self
        }
    }

    /// Answered by this element.
    pub(super) const fn answered(self, by: &'static str) -> Self {
        Self {
            answered_by: Some(by),
            ..self
        }
    }
}
