use base64::{Engine, prelude::BASE64_STANDARD};

use super::ecb;

/// The key is the same on all devices and protects nothing: the elements
/// (`SoftwareVersionEncrypt`, `DSPVersionEncrypt`, `OEMInfoEncrypt`) are display
/// texts. Source: the vendor's 2019 client.
const KEY: &ecb::Key = b"HKSADPPRIVATEKEY";

/// Opens an `...Encrypt` display text: base64, AES-128-ECB, NUL-terminated. `None`
/// if it has another form.
pub(crate) fn open_display_text(sealed: &str) -> Option<String> {
    let mut bytes = BASE64_STANDARD.decode(sealed.trim()).ok()?;
    if bytes.is_empty() || !bytes.len().is_multiple_of(ecb::BLOCK) {
        return None;
    }
    ecb::decrypt(KEY, &mut bytes);
    let text = bytes.split(|&byte| byte == 0).next()?;
    String::from_utf8(text.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_version_is_opened() {
        let text = open_display_text("Mwq3Ogi55n+jOYb87QgXMMoNlLGRqioIBAmCsJMnM5U=");
        assert_eq!(text.as_deref(), Some("V5.5.0 build 170101"));
    }

    #[test]
    fn other_forms_are_refused() {
        for text in [
            "",
            "=",
            "AAAA",
            "Mwq3Ogi55n+jOYb87QgXMMoNlLGRqioIBAmCsJMnM5",
            "V5.5.0",
        ] {
            assert_eq!(open_display_text(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_survived(text in "\\PC*") {
            let _ = open_display_text(&text);
        }
    }
}
