use super::*;

type Elements = &'static [(&'static str, &'static str)];

/// Each text, its elements in order, and whether it is well-formed.
#[test]
fn elements_are_read_as_far_as_they_go() {
    #[rustfmt::skip]
    let cases: [(&str, Elements, bool); 13] = [
        // Duplicate and empty elements.
        (
            "<?xml version=\"1.0\"?>\r\n<Hello><A>1</A>\r\n<B></B><C/> <A> 2 </A></Hello>\r\n",
            &[("A", "1"), ("B", ""), ("C", ""), ("A", "2")], true,
        ),
        // A nested element has its path as its name.
        ("<P><L><Q><ID>1</ID></Q><Q><ID>2</ID></Q></L></P>", &[("L/Q/ID", "1"), ("L/Q/ID", "2")], true),
        // Entities are resolved, never expanded.
        (
            "<!DOCTYPE P [<!ENTITY x \"yyyy\">]><P><A>a &amp; b &#66; & c &x; &lt;</A></P>",
            &[("A", "a & b B & c &x; <")], true,
        ),
        ("<P><A b=\"1\" c='2'>x</A><B>y</B></P>", &[("A@b", "1"), ("A@c", "2"), ("A", "x"), ("B", "y")], true),
        // Truncated.
        ("<ProbeMatch><A>1</A><B>2</B><C>3", &[("A", "1"), ("B", "2")], false),
        ("<ProbeMatch><A>1</A><B", &[("A", "1")], false),
        ("<ProbeMatch><A>1</A></Prob", &[("A", "1")], false),
        // A tag that is cut short, after a line break.
        ("<P>\r\n<A>1</A>\r\n<B<C>3</C>\r\n</P>", &[("A", "1"), ("C", "3")], false),
        // A missing, misspelt or stray end tag.
        ("<P><A>1<B>2</B><C>3</C></P>", &[("A", "1"), ("B", "2"), ("C", "3")], false),
        ("<P><A>1</X><B>2</B></P>", &[("A", "1"), ("B", "2")], false),
        ("<P><A>1</A></X><B>2</B></P>", &[("A", "1"), ("B", "2")], false),
        // A bare `<` costs the rest of one element.
        ("<P><A>1<2</A><B>2</B></P>", &[("A", "1"), ("B", "2")], false),
        ("\0\u{17}junk<?xml version=\"1.0\"?><P><A>1</A></P>\0\0\0", &[("A", "1")], true),
    ];
    for (text, expected, complete) in cases {
        let document = Document::decode(text.as_bytes()).unwrap();
        let fields: Vec<_> = document.fields.iter().collect();
        assert_eq!(fields, expected, "{text}");
        assert_eq!(document.complete, complete, "{text}");
    }
}

#[test]
fn attributes_are_written_before_their_element() {
    let text = b"<P><A b=\"1\" c='2'>x</A><B>y</B></P>";
    let document = Document::decode(text).unwrap();
    let written = Document::encode("P", &document.fields, XmlLayout::Request);
    let written = String::from_utf8(written).unwrap();
    assert!(written.contains("<A b=\"1\" c=\"2\">x</A><B>y</B>"));
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
    let header = b"<?xml version=\"1.0\"?>";
    for bytes in [&b""[..], b"\0\0", b"hello", b"<", header, b"\xff\xfe"] {
        let error = Err(DecodeError::NotXml);
        assert_eq!(Document::decode(bytes), error, "{bytes:?}");
    }
}

#[test]
fn a_file_of_several_documents_is_read_to_its_end() {
    let text = "<P><A>1</A></P>\n\n<?xml version=\"1.0\"?><P><A>2</A></P>junk<P><A>3";
    let all = Document::decode_all(text.as_bytes());
    for (read, expected) in all.iter().zip([Some("1"), Some("2"), None]) {
        assert_eq!(read.as_ref().unwrap().fields.first("A"), expected);
    }
    assert_eq!(all.len(), 3);
}

#[test]
fn a_request_is_written_as_the_vendors_client_writes_it() {
    let fields = [("Uuid", "X"), ("Types", "a<b&c")].into_iter().collect();
    let bytes = Document::encode("Probe", &fields, XmlLayout::Request);
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

    /// A blank in its end tag makes an element one that is read by events.
    #[test]
    fn plain_elements_are_read_as_by_events(
        parts in proptest::collection::vec(proptest::sample::select(vec![
            "<A>1</A>", "<A> 2\u{3000}</A>", "<A></A>", "<B>\r\n3</B>", "<A>4</B>", "<A>5<B>6</B>", "<A>&amp;&</A>",
            "<A b=\"7\">8</A>", "<A/>", "</A>", "<L>", "</L>", "<1A>9</A>", "<!-- <A>10</A -->", "<![CDATA[11]]>",
            "text", "\u{feff}", "&", "&lt;", "<", "<A", ">", "\r\n", " \x0c", "</P>",
        ]), 0..20),
    ) {
        let text = format!("<P>{}</P><P><A>12</A></P>", parts.concat());
        let by_events = text.replace("</A>", "</A >").replace("</B>", "</B >");
        let [plain, by_events] = [text, by_events].map(|text| Document::decode_all(text.as_bytes()));
        proptest::prop_assert_eq!(plain, by_events);
    }

    /// The buffer never grew: that would leave a copy in memory.
    #[test]
    fn a_secret_document_has_room_from_the_start(
        pairs in proptest::collection::vec(("[AB](/[AB]){0,3}(@c)?", "[<>&\"'aü]{0,20}"), 0..20),
    ) {
        let fields: RawFields = pairs.iter().map(|(name, text)| (&**name, &**text)).collect();
        let bytes = Document::encode_secret("Probe", &fields);
        proptest::prop_assert_eq!(bytes.capacity(), most_bytes("Probe", &fields));
        let usual = Document::encode("Probe", &fields, XmlLayout::Request);
        proptest::prop_assert_eq!(&*bytes, &usual);
    }

    #[test]
    fn what_is_written_is_read(
        pairs in proptest::collection::vec(("[A-Za-z][A-Za-z0-9]{0,9}", "[^\\p{C}\\s]{0,20}"), 0..20),
        layout in proptest::sample::select(vec![
            XmlLayout::Request, XmlLayout::RootSharesLine, XmlLayout::ElementPerLine, XmlLayout::OneLine, XmlLayout::Bare,
        ]),
    ) {
        let fields: RawFields = pairs.iter().map(|(name, text)| (&**name, &**text)).collect();
        let bytes = Document::encode("ProbeMatch", &fields, layout);
        let document = Document::decode(&bytes).unwrap();
        proptest::prop_assert!(document.complete);
        proptest::prop_assert_eq!(document.fields, fields);
    }
}
