//! What kind of request a device takes, in words that last.

use std::{fmt, str::FromStr};

use sadp_model::RequestWay;

use crate::UnknownWord;

/// What goes to the vendor's support and what comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RequestKind {
    /// Start time and serial go out, a dated code comes back.
    LegacyCode,
    /// A request file goes out, an encrypted file comes back.
    File,
    /// A request file or QR code goes out, a file or a short key comes back.
    FileOrKey,
}

impl RequestKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::LegacyCode, Self::File, Self::FileOrKey];

    /// The kind a device takes, or `None` where it has nothing to ask for.
    pub const fn of(way: RequestWay) -> Option<Self> {
        match way {
            RequestWay::None => None,
            RequestWay::LegacyCode => Some(Self::LegacyCode),
            RequestWay::File => Some(Self::File),
            RequestWay::FileOrKey => Some(Self::FileOrKey),
        }
    }

    /// The command that brings the device's code. Legacy devices have none.
    pub const fn command(self) -> Option<RequestCommand> {
        match self {
            Self::LegacyCode => None,
            Self::File => Some(RequestCommand::GetCode),
            Self::FileOrKey => Some(RequestCommand::GetEncryptString),
        }
    }

    /// The name scripts see, e.g. `file-or-key`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::LegacyCode => "legacy-code",
            Self::File => "file",
            Self::FileOrKey => "file-or-key",
        }
    }
}

impl fmt::Display for RequestKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for RequestKind {
    type Err = UnknownWord;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let mut all = Self::ALL.into_iter();
        all.find(|kind| kind.name() == name).ok_or(UnknownWord)
    }
}

/// The command that brought a device's code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RequestCommand {
    /// `getcode`.
    GetCode,
    /// `getencryptstring`.
    GetEncryptString,
}

impl RequestCommand {
    /// Every command.
    pub const ALL: [Self; 2] = [Self::GetCode, Self::GetEncryptString];

    /// The protocol's word, e.g. `getencryptstring`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::GetCode => "getcode",
            Self::GetEncryptString => "getencryptstring",
        }
    }
}

impl fmt::Display for RequestCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for RequestCommand {
    type Err = UnknownWord;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let mut all = Self::ALL.into_iter();
        all.find(|command| command.name() == name)
            .ok_or(UnknownWord)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_model_and_read_back() {
        for way in [
            RequestWay::LegacyCode,
            RequestWay::File,
            RequestWay::FileOrKey,
        ] {
            let kind = RequestKind::of(way).unwrap();
            assert_eq!(kind.name(), way.name());
            assert_eq!(kind.name().parse(), Ok(kind));
        }
        assert_eq!(RequestKind::of(RequestWay::None), None);
        assert_eq!("none".parse::<RequestKind>(), Err(UnknownWord));
        for command in RequestCommand::ALL {
            assert_eq!(command.name().parse(), Ok(command));
        }
    }
}
