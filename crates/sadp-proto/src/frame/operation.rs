use std::fmt;

/// The purpose of a frame. Only announcements, inquiries and replies to them are
/// parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// A device requests settings.
    Announce,
    /// The reply to that.
    AnnounceReply,
    /// A probe for devices.
    Inquiry,
    /// A device reports itself.
    InquiryReply,
    /// A confirmation.
    Acknowledge,
    /// A change of addresses.
    Update,
    /// The reply to that.
    UpdateReply,
    /// The legacy default password.
    DefaultPassword,
    /// The reply to that.
    DefaultPasswordReply,
    /// Settings of the management server.
    ManagementServer,
    /// The reply to that.
    ManagementServerReply,
    /// A change of network parameters.
    ModifyNetwork,
    /// The reply to that.
    ModifyNetworkReply,
    /// Any other number.
    Unknown(u8),
}

use Operation as O;

/// Numbers and names.
const NAMED: [(u8, Operation, &str); 13] = [
    (0x01, O::Announce, "announce"),
    (0x02, O::AnnounceReply, "announce-reply"),
    (0x03, O::Inquiry, "inquiry"),
    (0x04, O::InquiryReply, "inquiry-reply"),
    (0x05, O::Acknowledge, "acknowledge"),
    (0x06, O::Update, "update"),
    (0x07, O::UpdateReply, "update-reply"),
    (0x0a, O::DefaultPassword, "default-password"),
    (0x0b, O::DefaultPasswordReply, "default-password-reply"),
    (0x0c, O::ManagementServer, "management-server"),
    (0x0d, O::ManagementServerReply, "management-server-reply"),
    (0x10, O::ModifyNetwork, "modify-network"),
    (0x11, O::ModifyNetworkReply, "modify-network-reply"),
];

impl From<u8> for Operation {
    fn from(number: u8) -> Self {
        let named = NAMED.iter().find(|(known, ..)| *known == number);
        named.map_or(Self::Unknown(number), |&(_, operation, _)| operation)
    }
}

impl From<Operation> for u8 {
    fn from(operation: Operation) -> Self {
        if let Operation::Unknown(number) = operation {
            return number;
        }
        let named = NAMED.iter().find(|(_, known, _)| *known == operation);
        named.map_or(0, |&(number, ..)| number)
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match NAMED.iter().find(|(_, known, _)| known == self) {
            Some((.., name)) => f.write_str(name),
            None => write!(f, "operation-{:#04x}", u8::from(*self)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_stays_the_same_there_and_back() {
        for number in 0..=u8::MAX {
            assert_eq!(u8::from(Operation::from(number)), number);
        }
        assert_eq!(Operation::from(3), Operation::Inquiry);
        assert_eq!(Operation::from(0x99).to_string(), "operation-0x99");
    }
}
