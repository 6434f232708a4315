//! The forms of a GUID in a file.

use sadp_proto::{Guid, GuidError};

use crate::disk::without_line_break;

/// Parses the GUID in any file: raw or in base64, with or without one line break at
/// the end. Refuses one that is too short to be complete: it would cost a try.
pub(crate) fn parse(bytes: &[u8]) -> Result<Guid, GuidError> {
    let length = GuidError::Length(bytes.len());
    match text(bytes) {
        Err(GuidError::NotText) => {
            // A raw GUID may end with a byte that looks like a line break.
            let raw = [bytes, without_line_break(bytes)];
            let raw = raw.into_iter().find_map(|raw| Guid::new(raw).ok());
            raw.ok_or(length)
        }
        Err(_) => Err(length),
        Ok(guid) => {
            let bytes = guid.to_bytes().ok_or(GuidError::NotBase64)?;
            (bytes.len() >= Guid::BYTES).then_some(guid).ok_or(length)
        }
    }
}

/// Parses the GUID in any file. Accepts a text of any length and form, which may be
/// incomplete.
pub(crate) fn parse_any(bytes: &[u8]) -> Result<Guid, GuidError> {
    parse(bytes).or_else(|error| parse_kept(bytes).map_err(|_| error))
}

/// Parses a file of the vault: the text as received, in any form, or raw bytes, as
/// earlier versions wrote them.
pub fn parse_kept(bytes: &[u8]) -> Result<Guid, GuidError> {
    match text(bytes) {
        Err(GuidError::NotText) => Guid::new(bytes),
        read => read,
    }
}

/// Raw bytes are text as rarely as a key is guessed.
fn text(bytes: &[u8]) -> Result<Guid, GuidError> {
    str::from_utf8(bytes).map_or(Err(GuidError::NotText), Guid::from_text)
}

#[cfg(test)]
mod tests {
    use base64::{Engine, prelude::BASE64_STANDARD};

    use super::*;

    fn length(bytes: usize) -> GuidError {
        GuidError::Length(bytes)
    }

    #[test]
    fn all_forms_are_read_byte_for_byte() {
        let raw: [u8; 128] = std::array::from_fn(|index| u8::try_from(index * 2).unwrap());
        let text = BASE64_STANDARD.encode(raw);
        for end in ["", "\n", "\r\n"] {
            for form in [&raw[..], text.as_bytes()] {
                let file = [form, end.as_bytes()].concat();
                assert_eq!(parse(&file).unwrap().as_str(), text);
            }
        }
        let lines = format!("{}\n{}", &text[..64], &text[64..]);
        let longest = "A".repeat(512);
        for text in [&lines, &longest] {
            assert_eq!(parse(text.as_bytes()).unwrap().as_str(), text);
        }
        let mut raw = raw;
        raw[127] = b'\n';
        assert_eq!(**parse(&raw).unwrap().to_bytes().unwrap(), raw);
        assert_eq!(parse_kept(&raw), parse(&raw));
    }

    #[test]
    fn other_files_are_refused() {
        let text = "A".repeat(168) + "A!A=";
        let fed = "A".repeat(85) + "\x0c" + &"A".repeat(86);
        for (file, error) in [
            (vec![], length(0)),
            (vec![7; 127], length(127)),
            (vec![7; 130], length(130)),
            (vec![0xff; 172], length(172)),
            // A text that was cut short, also where it has as many bytes as a raw one.
            (vec![b'A'; 128], length(128)),
            (vec![b'A'; 168], length(168)),
            (vec![b'A'; 171], GuidError::NotBase64),
            (vec![b'A'; 516], length(516)),
            (text.into_bytes(), GuidError::NotBase64),
            (fed.into_bytes(), length(172)),
            (b"ID,Device Type\n1,DS-2CD\n".to_vec(), GuidError::NotBase64),
        ] {
            assert_eq!(parse(&file).unwrap_err(), error);
        }
    }

    #[test]
    fn a_suspect_text_is_read_where_that_is_wanted_and_from_the_vault() {
        for text in ["x", "no base64", &"A".repeat(168), &"~".repeat(512)] {
            let file = format!("{text}\r\n");
            assert_eq!(parse_any(file.as_bytes()).unwrap().as_str(), text);
            assert_eq!(parse_kept(text.as_bytes()).unwrap().as_str(), text);
        }
        assert_eq!(parse_any(&[7; 128]), parse(&[7; 128]));
        for bytes in [&[][..], &[7; 127], &[b'A'; 513]] {
            assert_eq!(parse_any(bytes), Err(length(bytes.len())));
            assert!(parse_kept(bytes).is_err());
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..600)) {
            let _ = parse(&bytes);
            let _ = parse_kept(&bytes);
        }

        /// Whatever is taken is given back as it stands there.
        #[test]
        fn a_text_is_taken_as_it_is(text in "[A-Za-z0-9+/]{160,520}={0,2}") {
            let kept = parse_kept(text.as_bytes());
            proptest::prop_assert_eq!(kept.is_ok(), text.len() <= Guid::MAX_TEXT_BYTES);
            if let Ok(guid) = parse(text.as_bytes()) {
                proptest::prop_assert_eq!(guid.as_str(), &text);
                proptest::prop_assert_eq!(kept, Ok(guid));
            }
        }

        #[test]
        fn raw_bytes_are_never_taken_for_a_text(raw in proptest::array::uniform32(proptest::num::u8::ANY)) {
            let raw = [raw; 4].concat();
            if let Ok(guid) = parse(&raw) {
                proptest::prop_assert_eq!(&**guid.to_bytes().unwrap(), &raw);
            }
        }
    }
}
