//! Whatever arrives in a datagram: read, typed, and written again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sadp_proto::{Document, Guid, XmlLayout, MailQr, Message, QuestionList, RequestCode};
use sadp_reset::QrImage;

fuzz_target!(|bytes: &[u8]| {
    let documents = Document::decode_all(bytes);
    for document in documents.into_iter().flatten() {
        let written = Document::encode("ProbeMatch", &document.fields, XmlLayout::OneLine);
        let _ = Document::decode(&written);
        let _ = Message::from_document(document);
    }
    if let Ok(Message::CommandReply(reply)) = Message::decode(bytes) {
        let _ = Guid::read(&reply);
        let _ = QuestionList::read(&reply);
        if let Some(code) = RequestCode::read(&reply) {
            drawn(code.as_str());
        }
        if let Some(mail) = MailQr::read(&reply) {
            drawn(&mail.qr);
        }
    }
});

/// What a device gives out to be scanned is drawn, or refused: it cannot write on the terminal.
fn drawn(text: &str) {
    let Ok(image) = QrImage::new(text) else {
        return;
    };
    assert!(
        image
            .to_text()
            .chars()
            .all(|shown| "█▀▄ \n".contains(shown))
    );
    assert!(
        image
            .to_png()
            .is_ok_and(|bytes| bytes.starts_with(b"\x89PNG"))
    );
}
