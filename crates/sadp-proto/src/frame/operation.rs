use std::fmt;

/// The purpose of a frame, by its number. Only announcements, inquiries and replies to
/// them are parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Operation(pub u8);

impl Operation {
    /// A device requests settings.
    pub const ANNOUNCE: Self = Self(0x01);
    /// A probe for devices.
    pub const INQUIRY: Self = Self(0x03);
    /// A device reports itself.
    pub const INQUIRY_REPLY: Self = Self(0x04);
    /// A confirmation.
    pub const ACKNOWLEDGE: Self = Self(0x05);
    /// A change of addresses.
    pub const UPDATE: Self = Self(0x06);
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match *self {
            Self::ANNOUNCE => "announce",
            Self(0x02) => "announce-reply",
            Self::INQUIRY => "inquiry",
            Self::INQUIRY_REPLY => "inquiry-reply",
            Self::ACKNOWLEDGE => "acknowledge",
            Self::UPDATE => "update",
            Self(0x07) => "update-reply",
            Self(0x0a) => "default-password",
            Self(0x0b) => "default-password-reply",
            Self(0x0c) => "management-server",
            Self(0x0d) => "management-server-reply",
            Self(0x10) => "modify-network",
            Self(0x11) => "modify-network-reply",
            Self(number) => return write!(f, "operation-{number:#04x}"),
        })
    }
}
