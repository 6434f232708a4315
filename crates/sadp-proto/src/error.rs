//! Why what was received cannot be read.

/// Why a datagram could not be read at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum DecodeError {
    /// There is no element in it.
    #[error("not an XML document")]
    NotXml,
    /// There is a document, but nothing in it tells which device it is from.
    #[error("no MAC, serial number or address in the reply")]
    Nameless,
    /// It is a bare Ethernet frame, and none of SADP.
    #[error(transparent)]
    Frame(#[from] FrameError),
}

/// Why bytes are no frame of this protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum FrameError {
    /// It ends within the headers.
    #[error("a frame that ends before its {0}")]
    Short(&'static str),
    /// It is of another kind.
    #[error("a frame of type {0:#06x}")]
    EtherType(u16),
    /// It is of the kind, but of another protocol.
    #[error("an unknown identifier {0:#04x}")]
    Identifier(u8),
    /// Its addresses are not of Ethernet and IPv4.
    #[error("addresses of an unknown length")]
    AddressLength,
}
