use std::fmt::Write as _;

use png::{BitDepth, ColorType, Encoder, EncodingError};
use qrcode::{Color, EcLevel, QrCode, render::unicode::Dense1x2, types};

/// A QR code with a device's text, unchanged.
#[derive(Clone)]
pub struct QrImage {
    code: QrCode,
}

impl QrImage {
    /// Makes the QR code of a text, with error correction level M where it fits, else L.
    pub fn new(text: &str) -> Result<Self, QrError> {
        QrCode::with_error_correction_level(text, EcLevel::M)
            .or_else(|_| QrCode::with_error_correction_level(text, EcLevel::L))
            .map(|code| Self { code })
            .map_err(QrError::Text)
    }

    /// Draws the code with half blocks, two modules per character, with a light
    /// border. The characters fill the light modules: the code suits light letters on
    /// a dark background, and appears inverted elsewhere.
    pub fn to_text(&self) -> String {
        let mut renderer = self.code.render::<Dense1x2>();
        renderer.dark_color(Dense1x2::Light);
        renderer.light_color(Dense1x2::Dark);
        renderer.build()
    }

    /// The side of the picture that [`QrImage::to_svg_path`] draws, in modules: the code
    /// with its border.
    pub fn side(&self) -> usize {
        self.code.width().saturating_add(QUIET.saturating_mul(2))
    }

    /// Draws the code as the path of an SVG: lines of one module's width through the
    /// middle of the dark modules.
    pub fn to_svg_path(&self) -> String {
        let mut path = String::new();
        let colors = self.code.to_colors();
        for (row, modules) in colors.chunks(self.code.width().max(1)).enumerate() {
            let top = row.saturating_add(QUIET);
            let mut at = None;
            let mut left = QUIET;
            for run in modules.chunk_by(|one, other| one == other) {
                let right = left.saturating_add(run.len());
                if run.first() == Some(&Color::Dark) {
                    let length = run.len();
                    let _ = match at {
                        Some(at) => write!(path, "m{} 0h{length}", left.saturating_sub(at)),
                        None => write!(path, "M{left} {top}.5h{length}"),
                    };
                    at = Some(right);
                }
                left = right;
            }
        }
        path
    }

    /// Draws the code as a PNG, black on white, eight pixels per module, with a border.
    pub fn to_png(&self) -> Result<Vec<u8>, QrError> {
        let (width, side) = (self.code.width(), self.side());
        let colors = self.code.to_colors();
        let blank = std::iter::repeat_n(vec![Color::Light; side], QUIET);
        let rows = colors.chunks(width.max(1)).map(|row| {
            let border = [Color::Light; QUIET];
            [&border[..], row, &border[..]].concat()
        });
        // A module is one byte (eight pixels) wide and eight rows high.
        let mut pixels = Vec::new();
        for row in blank.clone().chain(rows).chain(blank) {
            for _ in 0..SCALE {
                pixels.extend(row.iter().map(|color| color.select(0u8, 0xff)));
            }
        }
        let pixels_wide = u32::try_from(side)
            .unwrap_or(u32::MAX)
            .saturating_mul(SCALE);
        encode(pixels_wide, &pixels).map_err(QrError::Png)
    }
}

impl std::fmt::Debug for QrImage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("QrImage").finish_non_exhaustive()
    }
}

/// Why a QR code could not be made.
#[derive(Debug, thiserror::Error)]
pub enum QrError {
    /// The text does not fit: about 2,900 bytes do.
    #[error("the text does not fit into a QR code")]
    Text(#[source] types::QrError),
    /// The picture could not be encoded.
    #[error("cannot encode the picture of a QR code")]
    Png(#[source] EncodingError),
}

fn encode(side: u32, pixels: &[u8]) -> Result<Vec<u8>, EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, side, side);
    encoder.set_color(ColorType::Grayscale);
    encoder.set_depth(BitDepth::One);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(bytes)
}

/// The border that the standard requires, in modules.
const QUIET: usize = 4;

const SCALE: u32 = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_shows_the_modules() {
        let image = QrImage::new("hello").unwrap();
        let bytes = image.to_png().unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes))
            .read_info()
            .unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let frame = reader.next_frame(&mut pixels).unwrap();
        let side = 21 + 2 * QUIET;
        assert_eq!((frame.width, frame.height), (29 * 8, 29 * 8));
        let shown: Vec<_> = (0..side * side)
            .map(|place| pixels[(place / side) * 8 * side + place % side])
            .collect();
        for (place, byte) in shown.iter().enumerate() {
            let (row, column) = (place / side, place % side);
            let inside =
                (QUIET..side - QUIET).contains(&row) && (QUIET..side - QUIET).contains(&column);
            let dark = inside && image.code[(column - QUIET, row - QUIET)] == Color::Dark;
            assert_eq!(*byte, if dark { 0 } else { 0xff }, "{row} {column}");
        }
    }

    #[test]
    fn the_path_covers_the_dark_modules() {
        let image = QrImage::new("hello").unwrap();
        assert_eq!(image.side(), 29);
        let path = image.to_svg_path();
        let lines: Vec<_> = path.split('M').skip(1).collect();
        assert_eq!(lines.len(), 21);
        // The two finder patterns at the top, and what is between them.
        assert!(lines[0].starts_with("4 4.5h7m"), "{path}");
        assert!(lines[0].ends_with("h7"), "{path}");
        let lengths = path.split('h').skip(1);
        let dark: usize = lengths
            .map(|it| {
                it.split(['m', 'M'])
                    .next()
                    .unwrap()
                    .parse::<usize>()
                    .unwrap()
            })
            .sum();
        let colors = image.code.to_colors();
        assert_eq!(dark, colors.iter().filter(|it| **it == Color::Dark).count());
    }

    #[test]
    fn the_text_has_a_border_and_half_blocks() {
        let text = QrImage::new("hello").unwrap().to_text();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), (21 + 8usize).div_ceil(2));
        assert!(lines[0].chars().all(|character| character == '█'));
        assert!(text.chars().all(|character| "█▀▄ \n".contains(character)));
    }

    #[test]
    fn a_code_of_a_thousand_characters_fits_and_more_is_refused() {
        QrImage::new(&"A/+b".repeat(512)).unwrap().to_png().unwrap();
        let error = QrImage::new(&"x".repeat(3000)).unwrap_err();
        assert!(matches!(error, QrError::Text(_)));
    }
}
