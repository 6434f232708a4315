//! Why received bytes cannot be decoded.

/// Why a datagram cannot be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum DecodeError {
    /// It contains no element.
    #[error("not an XML document")]
    NotXml,
    /// Nothing in the document identifies the device.
    #[error("no MAC, serial number or address in the reply")]
    Nameless,
    /// It is an Ethernet frame of another protocol.
    #[error(transparent)]
    Frame(#[from] FrameError),
}

/// Why bytes are not a frame of this protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum FrameError {
    /// It ends within the headers.
    #[error("a frame that ends before its {0}")]
    Short(&'static str),
    /// It has another Ethernet type.
    #[error("a frame of type {0:#06x}")]
    EtherType(u16),
    /// It has the Ethernet type, but another identifier.
    #[error("an unknown identifier {0:#04x}")]
    Identifier(u8),
    /// It has other addresses than Ethernet and IPv4 ones.
    #[error("addresses of an unknown length")]
    AddressLength,
}
