//! GUIDs in files.

use sadp_proto::{Guid, GuidError};

use crate::files::without_line_break;

/// The GUID in a file of these bytes: raw, or in base64, with or without one
/// line break at the end.
pub(crate) fn parse(bytes: &[u8]) -> Result<Guid, GuidError> {
    let body = without_line_break(bytes);
    // A raw one may end with what looks like a line break.
    let raw = [bytes, body]
        .into_iter()
        .find_map(|raw| Guid::new(raw).ok());
    if let Some(raw) = raw {
        return Ok(raw);
    }
    if body.len() != BASE64_CHARS {
        return Err(GuidError::Length { bytes: bytes.len() });
    }
    let text = std::str::from_utf8(body).map_err(|_| GuidError::NotBase64)?;
    Guid::from_base64(text)
}

const BASE64_CHARS: usize = 172;

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::STANDARD};

    use super::*;

    #[test]
    fn both_forms_are_read_byte_for_byte() {
        let raw: [u8; 128] = std::array::from_fn(|index| u8::try_from(index * 2).unwrap());
        let text = STANDARD.encode(raw);
        assert_eq!(text.len(), BASE64_CHARS);
        for end in ["", "\n", "\r\n"] {
            for form in [&raw[..], text.as_bytes()] {
                let file = [form, end.as_bytes()].concat();
                assert_eq!(parse(&file).unwrap().as_bytes(), &raw);
            }
        }
        let mut raw = raw;
        raw[127] = b'\n';
        assert_eq!(parse(&raw).unwrap().as_bytes(), &raw);
    }

    #[test]
    fn other_files_are_refused_and_nothing_of_them_is_told() {
        let text = "A".repeat(BASE64_CHARS - 4) + "A A=";
        for (file, error) in [
            (vec![], GuidError::Length { bytes: 0 }),
            (vec![7; 127], GuidError::Length { bytes: 127 }),
            (vec![7; 129], GuidError::Length { bytes: 129 }),
            (vec![7; 172], GuidError::NotBase64),
            (vec![0xff; 172], GuidError::NotBase64),
            (text.into_bytes(), GuidError::NotBase64),
        ] {
            assert_eq!(parse(&file).unwrap_err(), error);
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
            let _ = parse(&bytes);
        }
    }
}
