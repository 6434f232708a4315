//! What one login shows of a command that set a new password.

/// What one login with the new password shows of the command that set it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerifyFinding {
    /// The device has the new password.
    Set,
    /// No reply came, and the device does not have the new password.
    NotSet,
    /// The device replied that it set the new password, and refuses it.
    Contradicted,
}
