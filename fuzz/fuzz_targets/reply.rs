//! Whatever arrives in a datagram: read, typed, and written again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sadp_proto::{Document, Guid, Layout, MailQr, Message, Question, RequestCode};

fuzz_target!(|bytes: &[u8]| {
    let documents = Document::decode_all(bytes);
    for document in documents.into_iter().flatten() {
        let written = Document::encode("ProbeMatch", &document.fields, Layout::OneLine);
        let _ = Document::decode(&written);
        let _ = Message::from_document(document);
    }
    if let Ok(Message::CommandReply(reply)) = Message::decode(bytes) {
        let _ = RequestCode::read(&reply);
        let _ = Guid::read(&reply);
        let _ = Question::read_all(&reply);
        let _ = MailQr::read(&reply);
    }
});
