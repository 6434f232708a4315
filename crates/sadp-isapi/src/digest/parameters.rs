//! The grammar of `WWW-Authenticate` and `Authorization`, as liberal as devices
//! require: a comma more or less, blanks anywhere, values quoted or not.

use zeroize::Zeroizing;

/// One challenge of a header, or one set of credentials: its scheme and parameters.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct AuthScheme {
    pub(super) name: String,
    parameters: Vec<(String, ParameterValue)>,
}

/// A parameter's value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ParameterValue {
    /// Without quotes and escapes. It may be in any encoding.
    pub(super) bytes: Vec<u8>,
    pub(super) quoted: bool,
}

impl AuthScheme {
    /// Reads the schemes of a header. `None` if it is longer than
    /// [`MAX_BYTES`], a quote is not closed, or something is not of this grammar.
    pub(super) fn read_all(header: &[u8]) -> Option<Vec<Self>> {
        if header.len() > MAX_BYTES {
            return None;
        }
        let mut schemes: Vec<Self> = Vec::new();
        let mut rest = Cursor(header);
        loop {
            rest.skip(|byte| byte == b',' || byte.is_ascii_whitespace());
            if rest.0.is_empty() {
                return Some(schemes);
            }
            let name = rest.word()?;
            rest.skip(|byte| byte.is_ascii_whitespace());
            if !rest.take(b'=') {
                schemes.push(Self {
                    name,
                    parameters: Vec::new(),
                });
                continue;
            }
            rest.skip(|byte| byte.is_ascii_whitespace());
            let value = rest.value()?;
            schemes.last_mut()?.parameters.push((name, value));
        }
    }

    pub(super) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// The first parameter of this name.
    pub(super) fn value(&self, name: &str) -> Option<&ParameterValue> {
        let mut all = self.parameters.iter();
        let found = all.find(|(it, _)| it.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value)
    }

    /// The bytes of the first parameter of this name.
    pub(super) fn bytes(&self, name: &str) -> Option<&[u8]> {
        Some(&self.value(name)?.bytes)
    }

    /// The first parameter of this name, if it is UTF-8.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        std::str::from_utf8(self.bytes(name)?).ok()
    }
}

/// Longer headers are not read. Real ones have at most 300 bytes.
pub(super) const MAX_BYTES: usize = 4096;

/// Writes the parameters of one scheme. Wiped when dropped.
pub(super) struct AuthWriter(Zeroizing<Vec<u8>>);

impl AuthWriter {
    /// Starts with the only scheme that has parameters here.
    pub(super) fn digest() -> Self {
        Self(Zeroizing::new(b"Digest".to_vec()))
    }

    /// Appends a parameter in quotes: `"` and `\` are escaped.
    pub(super) fn quoted(&mut self, name: &str, value: &[u8]) {
        self.name(name);
        self.0.push(b'"');
        for &byte in value {
            if matches!(byte, b'"' | b'\\') {
                self.0.push(b'\\');
            }
            self.0.push(byte);
        }
        self.0.push(b'"');
    }

    /// Appends a parameter without quotes.
    pub(super) fn token(&mut self, name: &str, value: &str) {
        self.name(name);
        self.0.extend_from_slice(value.as_bytes());
    }

    fn name(&mut self, name: &str) {
        let is_first = !self.0.contains(&b'=');
        self.0
            .extend_from_slice(if is_first { b" " } else { b", " });
        self.0.extend_from_slice(name.as_bytes());
        self.0.push(b'=');
    }

    pub(super) fn finish(self) -> Zeroizing<Vec<u8>> {
        self.0
    }
}

/// The rest of a header.
struct Cursor<'a>(&'a [u8]);

impl Cursor<'_> {
    fn skip(&mut self, is_skipped: impl Fn(u8) -> bool) {
        let at = self.0.iter().position(|&byte| !is_skipped(byte));
        self.0 = self.0.get(at.unwrap_or(self.0.len())..).unwrap_or_default();
    }

    fn take(&mut self, byte: u8) -> bool {
        let Some(rest) = self.0.strip_prefix(&[byte]) else {
            return false;
        };
        self.0 = rest;
        true
    }

    /// The name of a scheme or parameter.
    fn word(&mut self) -> Option<String> {
        let word =
            self.until(|byte| matches!(byte, b'=' | b',' | b'"') || byte.is_ascii_whitespace());
        if word.is_empty() {
            return None;
        }
        String::from_utf8(word).ok()
    }

    fn value(&mut self) -> Option<ParameterValue> {
        if !self.take(b'"') {
            let bytes = self.until(|byte| byte == b',' || byte.is_ascii_whitespace());
            return Some(ParameterValue {
                bytes,
                quoted: false,
            });
        }
        let mut bytes = Vec::new();
        loop {
            let (&byte, rest) = self.0.split_first()?;
            self.0 = rest;
            match byte {
                b'"' => {
                    return Some(ParameterValue {
                        bytes,
                        quoted: true,
                    });
                }
                b'\\' => {
                    let (&escaped, rest) = self.0.split_first()?;
                    self.0 = rest;
                    bytes.push(escaped);
                }
                byte => bytes.push(byte),
            }
        }
    }

    fn until(&mut self, ends: impl Fn(u8) -> bool) -> Vec<u8> {
        let at = self.0.iter().position(|&byte| ends(byte));
        let (taken, rest) = self.0.split_at(at.unwrap_or(self.0.len()));
        self.0 = rest;
        taken.to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_schemes_of_one_header_are_told_apart() {
        let header = br#"Basic realm="a, b=c" , Digest realm="x\"y\\z",nonce = q1/+=:2==,stale="FALSE",, opaque="", Negotiate"#;
        let schemes = AuthScheme::read_all(header).unwrap();
        let names: Vec<_> = schemes.iter().map(|it| &*it.name).collect();
        assert_eq!(names, ["Basic", "Digest", "Negotiate"]);
        let [basic, digest, _] = &*schemes else {
            panic!("three");
        };
        assert_eq!(basic.text("REALM"), Some("a, b=c"));
        assert_eq!(digest.text("realm"), Some(r#"x"y\z"#));
        assert_eq!(digest.text("nonce"), Some("q1/+=:2=="));
        assert!(!digest.value("nonce").unwrap().quoted);
        assert_eq!(digest.text("opaque"), Some(""));
        assert_eq!(digest.text("qop"), None);
    }

    #[test]
    fn what_is_cut_or_too_long_is_not_read() {
        for header in [
            &b"Digest realm=\"open"[..],
            b"Digest realm=\"open\\",
            b"realm=\"no scheme\"",
            b"Digest =\"no name\"",
            b"\xff\xfe",
        ] {
            assert_eq!(AuthScheme::read_all(header), None, "{header:?}");
        }
        let long = format!("Digest realm=\"{}\"", "x".repeat(10_240));
        assert_eq!(AuthScheme::read_all(long.as_bytes()), None);
        assert_eq!(AuthScheme::read_all(b" , ").unwrap(), []);
    }

    proptest::proptest! {
        #[test]
        fn any_header_is_survived(header: Vec<u8>) {
            let _ = AuthScheme::read_all(&header);
        }

        #[test]
        fn what_is_quoted_is_read_back(bytes: Vec<u8>) {
            let mut writer = AuthWriter::digest();
            writer.token("stale", "FALSE");
            writer.quoted("realm", &bytes);
            let header = writer.finish();
            if header.len() <= MAX_BYTES {
                let schemes = AuthScheme::read_all(&header).unwrap();
                proptest::prop_assert_eq!(&schemes[0].value("realm").unwrap().bytes, &bytes);
            }
        }
    }
}
