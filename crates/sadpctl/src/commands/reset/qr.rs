//! QR codes on the screen.

use std::io::Write;

use sadp_reset::QrImage;

use crate::{failure::Failure, terminal::Terminal};

/// Draws a text as a QR code, where it fits the screen.
pub(super) fn draw(text: &str, terminal: &mut Terminal) -> Result<(), Failure> {
    let Ok(image) = QrImage::new(text) else {
        terminal.note("the request is too long for a QR code");
        return Ok(());
    };
    let picture = image.to_text();
    let wide = picture.lines().map(|line| line.chars().count()).max();
    if wide > Some(terminal.width()) {
        terminal.note("the window is too narrow for the QR code: it is in qr.png");
        return Ok(());
    }
    writeln!(terminal.out(), "\n{picture}")?;
    terminal.flush()
}
