//! The kinds of requests to the vendor's support, and how long they are valid.

use jiff::SignedDuration;
use sadp_model::RequestWay;

/// From this age on a reminder is due: the vendor's guide of 2015 calls a request
/// valid for one day only.
pub const WARN_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// How long a request is valid, by the vendor's later guides.
pub const VALID_FOR: SignedDuration = SignedDuration::from_hours(48);

words! {
    /// What is sent to the vendor's support and what is returned.
    #[strum(serialize_all = "kebab-case")]
    pub enum RequestKind {
        /// Start time and serial are sent; a dated code is returned.
        LegacyCode,
        /// A request file is sent; an encrypted file is returned.
        File,
        /// A request file or QR code is sent; a file or a short key is returned.
        FileOrKey,
    }
}

impl RequestKind {
    /// The kind of request that a device supports, or `None`.
    pub const fn of(way: RequestWay) -> Option<Self> {
        match way {
            RequestWay::None => None,
            RequestWay::LegacyCode => Some(Self::LegacyCode),
            RequestWay::File => Some(Self::File),
            RequestWay::FileOrKey => Some(Self::FileOrKey),
        }
    }

    /// The command that returns the device's code. Legacy devices have none.
    pub const fn command(self) -> Option<RequestCommand> {
        match self {
            Self::LegacyCode => None,
            Self::File => Some(RequestCommand::GetCode),
            Self::FileOrKey => Some(RequestCommand::GetEncryptString),
        }
    }
}

words! {
    /// The command that returned a device's code.
    #[strum(serialize_all = "lowercase")]
    pub enum RequestCommand {
        /// `getcode`.
        GetCode,
        /// `getencryptstring`.
        GetEncryptString,
    }
}

/// The text is not a name that the ledger knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a word the ledger knows")]
pub struct UnknownWord;

impl UnknownWord {
    pub(crate) const fn of(_: &str) -> Self {
        Self
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
        for (name, command) in [
            ("getcode", RequestCommand::GetCode),
            ("getencryptstring", RequestCommand::GetEncryptString),
        ] {
            assert_eq!((command.name(), name.parse()), (name, Ok(command)));
        }
    }
}
