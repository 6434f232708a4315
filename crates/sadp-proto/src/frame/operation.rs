use std::fmt;

/// Makes [`Operation`] and its table from one list: number, variant and name.
macro_rules! operations {
    ($($(#[$doc:meta])+ $number:literal $variant:ident $name:literal;)+) => {
        /// The purpose of a frame. Only announcements, inquiries and replies to them are
        /// parsed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Operation {
            $($(#[$doc])+ $variant,)+
            /// Any other number.
            Unknown(u8),
        }

        const NAMED: &[(u8, Operation, &str)] = &[$(($number, Operation::$variant, $name)),+];
    };
}

operations! {
    /// A device requests settings.
    0x01 Announce "announce";
    /// The reply to that.
    0x02 AnnounceReply "announce-reply";
    /// A probe for devices.
    0x03 Inquiry "inquiry";
    /// A device reports itself.
    0x04 InquiryReply "inquiry-reply";
    /// A confirmation.
    0x05 Acknowledge "acknowledge";
    /// A change of addresses.
    0x06 Update "update";
    /// The reply to that.
    0x07 UpdateReply "update-reply";
    /// The legacy default password.
    0x0a DefaultPassword "default-password";
    /// The reply to that.
    0x0b DefaultPasswordReply "default-password-reply";
    /// Settings of the management server.
    0x0c ManagementServer "management-server";
    /// The reply to that.
    0x0d ManagementServerReply "management-server-reply";
    /// A change of network parameters.
    0x10 ModifyNetwork "modify-network";
    /// The reply to that.
    0x11 ModifyNetworkReply "modify-network-reply";
}

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
