use super::*;

fn fields(text: &str) -> (Vec<(String, String)>, bool) {
    let document = Document::decode(text.as_bytes()).unwrap();
    let pairs = document
        .fields
        .iter()
        .map(|(name, text)| (name.into(), text.into()));
    (pairs.collect(), document.complete)
}

fn pairs<const N: usize>(expected: [(&str, &str); N]) -> Vec<(String, String)> {
    expected
        .map(|(name, text)| (name.into(), text.into()))
        .into()
}

#[test]
fn elements_come_in_order_with_doubles_and_empty_ones() {
    let text = "<?xml version=\"1.0\"?>\r\n<Hello><A>1</A>\r\n<B></B><C/> <A> 2 </A></Hello>\r\n";
    let expected = pairs([("A", "1"), ("B", ""), ("C", ""), ("A", "2")]);
    assert_eq!(fields(text), (expected, true));
}

#[test]
fn nested_elements_carry_their_path() {
    let text = "<P><QuestionList><Question><ID>1</ID></Question><Question><ID>2</ID></Question></QuestionList></P>";
    let expected = pairs([
        ("QuestionList/Question/ID", "1"),
        ("QuestionList/Question/ID", "2"),
    ]);
    assert_eq!(fields(text), (expected, true));
}

#[test]
fn entities_are_resolved_but_never_expanded() {
    let text = "<!DOCTYPE P [<!ENTITY x \"yyyy\">]><P><A>a &amp; b &#66; & c &x; &lt;</A></P>";
    assert_eq!(fields(text), (pairs([("A", "a & b B & c &x; <")]), true));
}

#[test]
fn attributes_come_before_their_element() {
    let text = "<P><A b=\"1\" c='2'>x</A><B>y</B></P>";
    let expected = pairs([("A@b", "1"), ("A@c", "2"), ("A", "x"), ("B", "y")]);
    assert_eq!(fields(text), (expected, true));
    let document = Document::decode(text.as_bytes()).unwrap();
    let written = Document::encode("P", &document.fields, XmlLayout::RequestMessage);
    assert!(
        String::from_utf8(written)
            .unwrap()
            .contains("<A b=\"1\" c=\"2\">x</A><B>y</B>")
    );
}

#[test]
fn a_truncated_document_keeps_what_was_whole() {
    let text = "<ProbeMatch><A>1</A><B>2</B><C>3";
    assert_eq!(fields(text), (pairs([("A", "1"), ("B", "2")]), false));
    assert_eq!(
        fields("<ProbeMatch><A>1</A><B"),
        (pairs([("A", "1")]), false)
    );
    assert_eq!(
        fields("<ProbeMatch><A>1</A></Prob"),
        (pairs([("A", "1")]), false)
    );
}

#[test]
fn one_broken_element_costs_nothing_but_itself() {
    let missing_end = "<P><A>1<B>2</B><C>3</C></P>";
    assert_eq!(
        fields(missing_end),
        (pairs([("A", "1"), ("B", "2"), ("C", "3")]), false)
    );
    let misspelt_end = "<P><A>1</X><B>2</B></P>";
    assert_eq!(
        fields(misspelt_end),
        (pairs([("A", "1"), ("B", "2")]), false)
    );
    let stray_end = "<P><A>1</A></X><B>2</B></P>";
    assert_eq!(fields(stray_end), (pairs([("A", "1"), ("B", "2")]), false));
    let bare_less_than = "<P><A>1<2</A><B>2</B></P>";
    let (found, complete) = fields(bare_less_than);
    assert!(found.contains(&("B".into(), "2".into())), "{found:?}");
    assert!(!complete);
}

#[test]
fn bytes_before_and_nuls_behind_are_passed_over() {
    let bytes = b"\x00\x17junk<?xml version=\"1.0\"?><P><A>1</A></P>\0\0\0";
    let document = Document::decode(bytes).unwrap();
    assert!(document.complete);
    assert_eq!(document.fields.first("A"), Some("1"));
}

#[test]
fn gb18030_text_is_read() {
    let (name, _, _) = GB18030.encode("\u{6444}\u{50cf}\u{673a}");
    let bytes = [b"<P><A>", &*name, b"</A></P>"].concat();
    let document = Document::decode(&bytes).unwrap();
    assert!(document.complete);
    assert_eq!(document.fields.first("A"), Some("\u{6444}\u{50cf}\u{673a}"));
}

#[test]
fn text_of_no_encoding_is_read_as_far_as_it_goes() {
    let document = Document::decode(b"<P><A>\xff\xff</A><B>2</B></P>").unwrap();
    assert!(!document.complete);
    assert_eq!(document.fields.first("B"), Some("2"));
}

#[test]
fn what_holds_no_element_is_not_xml() {
    for bytes in [
        &b""[..],
        b"\0\0",
        b"hello",
        b"<",
        b"<?xml version=\"1.0\"?>",
        b"\xff\xfe",
    ] {
        assert_eq!(
            Document::decode(bytes),
            Err(DecodeError::NotXml),
            "{bytes:?}"
        );
    }
}

#[test]
fn a_file_of_several_documents_is_read_to_its_end() {
    let text = "<P><A>1</A></P>\n\n<?xml version=\"1.0\"?><P><A>2</A></P>junk<P><A>3";
    let all = Document::decode_all(text.as_bytes());
    let texts: Vec<_> = all
        .iter()
        .map(|read| read.as_ref().unwrap().fields.first("A"))
        .collect();
    assert_eq!(texts, [Some("1"), Some("2"), None]);
}

#[test]
fn a_request_is_written_as_the_vendors_client_writes_it() {
    let fields = [("Uuid", "X"), ("Types", "a<b&c")].into_iter().collect();
    let bytes = Document::encode("Probe", &fields, XmlLayout::RequestMessage);
    assert_eq!(
        String::from_utf8(bytes).unwrap(),
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><Probe><Uuid>X</Uuid><Types>a&lt;b&amp;c</Types></Probe>"
    );
}

#[test]
fn camera_layout_shares_the_first_line() {
    let fields = [
        ("Uuid", "X"),
        ("L/Q/ID", "1"),
        ("L/Q/ID", "2"),
        ("MAC", "m"),
    ]
    .into_iter()
    .collect();
    let bytes = Document::encode("ProbeMatch", &fields, XmlLayout::RootSharesLine);
    assert_eq!(
        String::from_utf8(bytes).unwrap(),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<ProbeMatch><Uuid>X</Uuid>\r\n<L>\r\n<Q>\r\n<ID>1</ID>\r\n\
         </Q>\r\n<Q>\r\n<ID>2</ID>\r\n</Q>\r\n</L>\r\n<MAC>m</MAC>\r\n</ProbeMatch>\r\n"
    );
}

proptest::proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
        let _ = Document::decode(&bytes);
        let _ = Document::decode_all(&bytes);
    }

    #[test]
    fn arbitrary_markup_never_panics(text in "(<|>|/|&|;|a|b|P| |\"|!|\\?|\\[|-){0,80}") {
        let _ = Document::decode(text.as_bytes());
        let _ = Document::decode_all(text.as_bytes());
    }

    /// It did not grow: that would leave a copy of what it held so far.
    #[test]
    fn a_secret_document_has_room_from_the_start(
        pairs in proptest::collection::vec(("[AB](/[AB]){0,3}(@c)?", "[<>&\"'aü]{0,20}"), 0..20),
    ) {
        let fields: RawFields = pairs.iter().map(|(name, text)| (&**name, &**text)).collect();
        let bytes = Document::encode_secret("Probe", &fields);
        proptest::prop_assert_eq!(bytes.capacity(), most_bytes("Probe", &fields));
        let usual = Document::encode("Probe", &fields, XmlLayout::RequestMessage);
        proptest::prop_assert_eq!(&*bytes, &usual);
    }

    #[test]
    fn what_is_written_is_read(
        pairs in proptest::collection::vec(("[A-Za-z][A-Za-z0-9]{0,9}", "[^\\p{C}\\s]{0,20}"), 0..20),
        layout in proptest::sample::select(vec![
            XmlLayout::RequestMessage, XmlLayout::RootSharesLine, XmlLayout::ElementPerLine, XmlLayout::OneLine, XmlLayout::Bare,
        ]),
    ) {
        let fields: RawFields = pairs.iter().map(|(name, text)| (&**name, &**text)).collect();
        let bytes = Document::encode("ProbeMatch", &fields, layout);
        let document = Document::decode(&bytes).unwrap();
        proptest::prop_assert!(document.complete);
        proptest::prop_assert_eq!(document.fields, fields);
    }
}
