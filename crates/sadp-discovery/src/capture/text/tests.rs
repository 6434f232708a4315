use std::fmt::Write;

use proptest::prelude::*;

use super::*;

const MESSAGE: &[u8] = b"<Hello><Types>hello</Types><MAC>c4-2f-90-00-00-01</MAC></Hello>";

fn hex(bytes: &[u8], between: &str) -> String {
    let pairs: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    pairs.join(between)
}

fn read(text: &str) -> Option<Vec<Vec<u8>>> {
    FORMS.iter().find_map(|form| form(text))
}

/// A dump of 16 bytes a line; `row` writes one from offset, bytes, text.
fn dumped(row: impl Fn(usize, &[u8], &str) -> String) -> String {
    let mut out = String::new();
    for (index, bytes) in MESSAGE.chunks(16).enumerate() {
        let text = String::from_utf8_lossy(bytes);
        writeln!(out, "{}", row(index * 16, bytes, &text)).unwrap();
    }
    out
}

#[test]
fn streams_are_read_however_parted() {
    for between in ["", " ", ":", "-", ", "] {
        let found = read(&hex(MESSAGE, between));
        assert_eq!(found, Some(vec![MESSAGE.to_vec()]), "{between:?}");
    }
    let escaped = format!("\\x{}", hex(MESSAGE, "\\x"));
    assert_eq!(read(&escaped), Some(vec![MESSAGE.to_vec()]));
    let words = format!("0x{},", hex(MESSAGE, ", 0x"));
    assert_eq!(read(&words), Some(vec![MESSAGE.to_vec()]));
}

#[test]
fn wrapped_streams_are_one_datagram_and_others_one_a_line() {
    let wrapped: Vec<_> = MESSAGE.chunks(20).map(|row| hex(row, "")).collect();
    assert_eq!(read(&wrapped.join("\n")), Some(vec![MESSAGE.to_vec()]));
    let (short, long) = (hex(b"<Bye/>", ""), hex(MESSAGE, ""));
    let both = vec![b"<Bye/>".to_vec(), MESSAGE.to_vec()];
    for parted in [
        format!("# two\n{short}\n{long}\n"),
        format!("{short}\n\n{long}\n"),
    ] {
        assert_eq!(read(&parted).as_ref(), Some(&both));
    }
    let twice = format!("{0}\n{0}\n", hex(b"<?xml version=\"1.0\"?><Bye/>", ""));
    assert_eq!(read(&twice).map(|datagrams| datagrams.len()), Some(2));
}

#[test]
fn dumps_of_the_usual_tools_are_read() {
    let xxd = dumped(|offset, bytes, text| {
        let groups: Vec<_> = bytes.chunks(2).map(|pair| hex(pair, "")).collect();
        format!("{offset:08x}: {:<39}  {text}", groups.join(" "))
    });
    let canonical = dumped(|offset, bytes, text| {
        let (left, right) = bytes.split_at(bytes.len().min(8));
        format!(
            "{offset:08x}  {:<23}  {:<23}  |{text}|",
            hex(left, " "),
            hex(right, " ")
        )
    });
    let canonical = format!("{canonical}{:08x}\n", MESSAGE.len());
    let analyser =
        dumped(|offset, bytes, text| format!("{offset:04x}   {:<47}   {text}", hex(bytes, " ")));
    let tcpdump = dumped(|offset, bytes, text| {
        let groups: Vec<_> = bytes.chunks(2).map(|pair| hex(pair, "")).collect();
        format!("\t0x{offset:04x}:  {:<39}  {text}", groups.join(" "))
    });
    for dump in [xxd, canonical, analyser, tcpdump] {
        assert_eq!(read(&dump), Some(vec![MESSAGE.to_vec()]), "{dump}");
    }
}

#[test]
fn two_dumps_are_two_datagrams() {
    let dump = dumped(|offset, bytes, _| format!("{offset:04x}  {}", hex(bytes, " ")));
    let twice = format!("{dump}\n{dump}");
    assert_eq!(read(&twice), Some(vec![MESSAGE.to_vec(); 2]));
}

#[test]
fn other_text_is_no_hex() {
    for text in ["", "hello", "<Bye/>", "abc", "0000: zz", "12 3"] {
        assert_eq!(read(text), None, "{text}");
    }
}

/// A packet of a fixture in a dump, which other text surrounds.
const CAPTIONED: &str = "\
No.  Time      Source\n\
  1  0.000000  192.168.1.101\n\
    0100 .... = Version: 4\n\
    0000 00.. = Differentiated Services Codepoint: Default (0)\n\
\n\
0000  3c 48 65 6c 6c 6f 3e 3c 2f 48 65 6c 6c 6f 3e 20   <Hello></Hello> \n\
0010  20 0a                                              .\n\
\n\
10:21:33.5 IP 192.168.1.101.37020 > 239.255.255.250.37020: UDP, length 6\n\
\t0x0000:  3c42 7965 2f3e                           <Bye/>\n";

#[test]
fn other_lines_stand_between_packets() {
    let expected = [&b"<Hello></Hello>  \n"[..], b"<Bye/>"];
    assert_eq!(read(CAPTIONED).unwrap(), expected);
    let quoted = CAPTIONED.replace('\n', "\n> ");
    assert_eq!(read(&quoted).unwrap(), expected);
}

#[test]
fn the_text_column_is_not_read_for_bytes() {
    let dump = "00000000: 6465 6164 6265 6566 6465 6164 6265 6566  deadbeefdeadbeef\n\
                00000010: 6465 6164 6265 6566 6465 6164 6265 6566  deadbeefdeadbeef\n";
    assert_eq!(read(dump).unwrap(), [b"deadbeef".repeat(4)]);
}

#[test]
fn rows_that_were_left_out_are_filled_in_within_bounds() {
    fn dump(end: u32) -> String {
        format!("00000000  61 62  |ab|\n*\n{end:08x}  63  |c|\n")
    }
    assert_eq!(read(&dump(6)).unwrap(), [b"abababc"]);
    assert_eq!(read(&dump(1 << 20)), None);
    let many = dump(1 << 15).repeat(100);
    let total: usize = read(&format!("caption\n{many}"))
        .unwrap()
        .iter()
        .map(Vec::len)
        .sum();
    assert!(total <= MAX_LEFT_OUT + 300, "{total}");
}

#[test]
fn a_gap_ends_a_packet_that_has_a_caption() {
    let gap = "caption\n0x0000:  3c42\n0x0010:  7965\n0x0012:  2f3e\n";
    assert_eq!(read(gap).unwrap(), [b"<B"]);
}

#[test]
fn arrays_and_strings_of_c_are_read() {
    let array = "static const unsigned char pkt1[6] = {\n\
                 0x3c, 0x42, 0x79, 0x65,\n0x2f, 0x3e\n};\n";
    assert_eq!(read(array).unwrap(), [b"<Bye/>"]);
    let string = "\"\\x3c\\x42\\x79\\x65\" \\\n\"\\x2f\\x3e\"\n";
    assert_eq!(read(string).unwrap(), [b"<Bye/>"]);
}

#[test]
fn escaped_xml_is_read_without_the_tags_of_its_page() {
    let page =
        "<html><pre>&lt;<b>Hello</b>&gt;&lt;MAC&gt;x&amp;amp;y&lt;/MAC&gt;&lt;/Hello&gt;</pre>";
    let expected = [b"<Hello><MAC>x&amp;y</MAC></Hello>"];
    assert_eq!(read(page).unwrap(), expected);
    let twice = "&amp;lt;Bye&amp;gt;&amp;lt;/Bye&amp;gt;";
    assert_eq!(read(twice).unwrap(), [b"<Bye></Bye>"]);
    assert_eq!(read("<Hello><MAC>&lt;Hello></MAC></Hello>"), None);
}

proptest! {
    #[test]
    fn any_text_is_survived(text in "([0-9a-fx:.*<>&;lt |\n\t]|0x00[0-9a-f]0:|&lt;Bye>){0,300}") {
        let _ = read_text(text.as_bytes());
    }

    #[test]
    fn any_bytes_in_a_dump_are_survived(bytes in prop::collection::vec(any::<u8>(), 1..200)) {
        let mut dump = String::new();
        for (index, row) in bytes.chunks(16).enumerate() {
            writeln!(dump, "\t0x{:04x}:  {}", index * 16, hex(row, " ")).unwrap();
        }
        prop_assert_eq!(read(&dump), Some(vec![bytes]));
        let _ = read_text(dump.as_bytes());
    }
}
