//! E-mails of the vendor's support: their attachments may be answers.

use mailparse::{DispositionType, MailHeaderMap, ParsedMail, parse_mail};
use sadp_model::text::clean;
use zeroize::Zeroizing;

use super::{NotAnAnswer, archive, kind};

/// The most bytes of an e-mail that is opened.
pub(super) const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// The most attachments that are read.
const MAX_ATTACHMENTS: usize = 64;

/// E-mails are forwarded as attachments of others.
const MAX_DEPTH: usize = 3;

/// The most characters of a name that are kept.
const MAX_NAME: usize = 100;

/// A file in an e-mail or in an archive.
pub(super) struct Attachment {
    /// Its own name, without control and invisible characters. That of a file in an
    /// archive has the folders in it.
    pub(super) name: String,
    /// As much of it as tells what it is; the whole of an archive.
    pub(super) bytes: Zeroizing<Vec<u8>>,
}

/// Whether a file is an e-mail, by its name.
pub(super) fn is_mail(name: &str) -> bool {
    name.to_ascii_lowercase().ends_with(".eml")
}

/// Returns the files in an e-mail: at least one. The text of the e-mail is none of
/// them.
pub(super) fn attachments(mail: &[u8]) -> Result<Vec<Attachment>, NotAnAnswer> {
    let mut found = Vec::new();
    add(mail, MAX_DEPTH, &mut found)?;
    if found.is_empty() {
        return Err(NotAnAnswer::NoAttachment);
    }
    Ok(found)
}

fn add(mail: &[u8], depth: usize, found: &mut Vec<Attachment>) -> Result<(), NotAnAnswer> {
    let mail = parse_mail(mail).map_err(|_| NotAnAnswer::Mail)?;
    if mail.headers.get_first_header("From").is_none() && mail.subparts.is_empty() {
        return Err(NotAnAnswer::Mail);
    }
    for part in mail.parts().filter(|part| part.subparts.is_empty()) {
        let is_forwarded = part.ctype.mimetype == "message/rfc822";
        let name = if is_forwarded { None } else { name_of(part) };
        if name.is_none() && !is_forwarded {
            continue;
        }
        let bytes = part.get_body_raw().map_err(|_| NotAnAnswer::Mail)?;
        let mut bytes = Zeroizing::new(bytes);
        match name {
            None => {
                let depth = depth.checked_sub(1).ok_or(NotAnAnswer::Mail)?;
                add(&bytes, depth, found)?;
            }
            Some(_) if found.len() == MAX_ATTACHMENTS => return Err(NotAnAnswer::TooLong),
            Some(name) => {
                if !archive::is_archive(&name) {
                    bytes.truncate(usize::try_from(kind::ENOUGH).unwrap_or(usize::MAX));
                }
                found.push(Attachment { name, bytes });
            }
        }
    }
    Ok(())
}

/// The name of a part. `None` where it is a text of the e-mail itself.
fn name_of(part: &ParsedMail<'_>) -> Option<String> {
    let disposition = part.get_content_disposition();
    let given = disposition.params.get("filename");
    let given = given.or_else(|| part.ctype.params.get("name"));
    if given.is_none() && disposition.disposition != DispositionType::Attachment {
        return None;
    }
    Some(own_name(given.map(String::as_str).unwrap_or_default()))
}

/// The own name of a file, from its sender's word: without folders, and without control and
/// invisible characters.
pub(super) fn own_name(given: &str) -> String {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = clean(last.trim()).chars().take(MAX_NAME).collect();
    let is_name = name.contains(|it: char| it.is_alphanumeric());
    if is_name { name } else { "attachment".into() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names(mail: &str) -> Result<Vec<(String, String)>, NotAnAnswer> {
        let found = attachments(mail.replace('\n', "\r\n").as_bytes())?;
        let found = found.iter().map(|it| {
            let text = String::from_utf8_lossy(&it.bytes);
            (it.name.clone(), text.into_owned())
        });
        Ok(found.collect())
    }

    const BODY: &str = "From: support@example.com\nSubject: your request\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nDear customer, your key is AbC12345\n";

    fn mail(part: &str) -> String {
        format!("{BODY}--b\n{part}\n--b--\n")
    }

    #[test]
    fn attachments_are_decoded_and_their_names_made_harmless() {
        for (part, name, content) in [
            (
                "Content-Disposition: attachment; filename=\"Encrypt.xml\"\nContent-Transfer-Encoding: base64\n\nQWJDMTIzNDU=",
                "Encrypt.xml",
                "AbC12345",
            ),
            (
                "Content-Type: text/xml; name=\"../../etc/S1.xml\"\n\nAbC12345",
                "S1.xml",
                "AbC12345",
            ),
            (
                "Content-Disposition: attachment; filename*=UTF-8''a%1B%5B2Jb%E2%80%AE.xml\n\nAbC12345",
                "a\\u{1b}[2Jb\\u{202e}.xml",
                "AbC12345",
            ),
            (
                "Content-Disposition: attachment; filename=\"C:\\\\x\\\\..\"\n\nAbC12345",
                "attachment",
                "AbC12345",
            ),
            (
                "Content-Disposition: attachment\n\nAbC12345",
                "attachment",
                "AbC12345",
            ),
        ] {
            let found = names(&mail(part)).unwrap();
            let [(found, text)] = &found[..] else {
                panic!("{found:?}");
            };
            assert_eq!((&**found, text.trim_end()), (name, content), "{part}");
        }
    }

    #[test]
    fn a_forwarded_mail_is_opened_and_an_endless_one_is_not() {
        let own = "Content-Disposition: attachment; filename=a.xml\n\nAbC12345";
        let mut nested = mail(own);
        for depth in 0..6 {
            let found = names(&nested).map(|found| found.len());
            let is_opened = depth <= MAX_DEPTH;
            let expected = is_opened.then_some(1).ok_or(NotAnAnswer::Mail);
            assert_eq!(found, expected, "{depth}");
            let boundary = format!("outer{depth}");
            nested = format!(
                "From: a@example.com\nContent-Type: multipart/mixed; boundary={boundary}\n\n--{boundary}\nContent-Type: message/rfc822\n\n{nested}\n--{boundary}--\n"
            );
        }
        let many = format!("{own}\n--b\n").repeat(MAX_ATTACHMENTS + 1);
        assert_eq!(names(&mail(&many)), Err(NotAnAnswer::TooLong));
    }

    #[test]
    fn a_mail_without_an_attachment_and_what_is_no_mail_are_distinguished() {
        let bare = names(&format!("{BODY}--b--\n"));
        assert_eq!(bare, Err(NotAnAnswer::NoAttachment));
        for other in ["", "AbC12345", "\u{0}\u{1}", "key: AbC12345\n\n"] {
            assert_eq!(names(other), Err(NotAnAnswer::Mail), "{other:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
            let _ = attachments(&bytes);
        }

        #[test]
        fn any_part_is_survived(part in "[ -~\n]{0,300}") {
            for found in names(&mail(&part)).unwrap_or_default() {
                prop_assert!(!found.0.contains(['/', '\\', '\n']));
            }
        }
    }
}
