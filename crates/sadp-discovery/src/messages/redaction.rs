//! Messages with other names and addresses, on their way in.

use std::{net::SocketAddr, sync::Arc};

use crate::{
    CaptureRecorder, capture::CapturedDatagram, record::RecordedDatagram, redact::Redactor,
};

/// What is done to each message that is read.
#[derive(Debug)]
pub struct Redaction {
    pub(super) redactor: Redactor,
    /// Where the messages of a capture are written as well.
    out: Option<CaptureRecorder>,
}

impl Redaction {
    /// Begins; the messages of a capture are written to `out` as well.
    pub fn new(out: Option<CaptureRecorder>) -> Self {
        Self {
            redactor: Redactor::default(),
            out,
        }
    }

    /// Whether messages are written as well.
    pub(super) fn writes(&self) -> bool {
        self.out.is_some()
    }

    /// Redacts a datagram, and writes it.
    pub(super) fn datagram(&mut self, datagram: CapturedDatagram) -> CapturedDatagram {
        let datagram = self.redactor.datagram(datagram);
        if let Some(out) = &self.out {
            write(out, &datagram);
        }
        datagram
    }
}

fn write(out: &CaptureRecorder, datagram: &CapturedDatagram) {
    let interface = datagram.interface.clone();
    let interface = interface.unwrap_or_else(|| Arc::from("unknown"));
    let at = datagram.at.unwrap_or_default();
    if datagram.is_frame {
        out.frame(&interface, at, &datagram.payload);
    } else if let (SocketAddr::V4(from), SocketAddr::V4(to)) = (datagram.from, datagram.to) {
        let payload = &datagram.payload;
        out.datagram(&interface, at, &RecordedDatagram { from, to, payload });
    }
}
