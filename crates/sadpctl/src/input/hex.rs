//! Datagrams as hex, as people and tools write them: with or without spaces,
//! offsets and a text column.

/// The datagrams of a hex text; `None` if it is something else.
pub(super) fn datagrams(bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim_end)
        .filter(|line| !line.trim_start().starts_with('#'))
        .collect();
    dump(&lines).or_else(|| plain(&lines))
}

/// Lines that begin with their offset, as of xxd, hexdump and packet
/// analysers.
fn dump(lines: &[&str]) -> Option<Vec<Vec<u8>>> {
    let mut offsets = Vec::new();
    for line in lines.iter().filter(|line| !line.trim().is_empty()) {
        let line = line.trim_start();
        let (offset, rest) = line.split_once([':', ' ', '\t']).unwrap_or((line, ""));
        let digits = offset.strip_prefix("0x").unwrap_or(offset);
        if digits.len() < 3 {
            return None;
        }
        offsets.push((usize::from_str_radix(digits, 16).ok()?, rest));
    }
    let mut datagrams: Vec<Vec<u8>> = Vec::new();
    for (index, &(offset, rest)) in offsets.iter().enumerate() {
        let expected = datagrams.last().map_or(0, Vec::len);
        if offset == 0 {
            datagrams.push(Vec::new());
        } else if offset != expected {
            return None;
        }
        let next = offsets.get(index + 1).map(|&(next, _)| next);
        let length = next
            .and_then(|next| next.checked_sub(offset))
            .filter(|&length| length > 0);
        let datagram = datagrams.last_mut()?;
        datagram.extend(row(rest, length.unwrap_or(MAX_ROW).min(MAX_ROW)));
    }
    // hexdump and od end with an offset alone, which adds an empty row.
    datagrams.retain(|datagram| !datagram.is_empty());
    (!datagrams.is_empty()).then_some(datagrams)
}

/// The most bytes that one line of a dump shows.
const MAX_ROW: usize = 64;

/// The bytes of one line of a dump, up to its text column.
fn row(rest: &str, length: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length);
    // Three blanks or a bar part the bytes from the text column.
    let columns = rest
        .trim_start()
        .split_once("   ")
        .map_or(rest, |(columns, _)| columns);
    for group in columns.split_whitespace() {
        let Some(group) = pairs(group) else {
            break;
        };
        bytes.extend(group);
        if bytes.len() >= length {
            break;
        }
    }
    bytes.truncate(length);
    bytes
}

/// Hex without offsets: blank lines part datagrams; so do line ends, unless all
/// lines of a block but the last are of one length, as of a wrapped text.
fn plain(lines: &[&str]) -> Option<Vec<Vec<u8>>> {
    let mut datagrams = Vec::new();
    for block in lines.split(|line| line.trim().is_empty()) {
        let rows: Option<Vec<Vec<u8>>> = block.iter().map(|line| plain_line(line)).collect();
        let rows = rows?;
        let Some((last, wrapped)) = rows.split_last() else {
            continue;
        };
        let width = wrapped.first().map_or(0, Vec::len);
        let begins_anew = |row: &Vec<u8>| row.starts_with(b"<?xml") || row.starts_with(b"<Probe");
        let is_wrapped = wrapped.iter().all(|row| row.len() == width)
            && last.len() <= width
            && !rows.iter().skip(1).any(begins_anew);
        if is_wrapped {
            datagrams.push(rows.concat());
        } else {
            datagrams.extend(rows);
        }
    }
    (!datagrams.is_empty()).then_some(datagrams)
}

fn plain_line(line: &str) -> Option<Vec<u8>> {
    let mut digits = String::with_capacity(line.len());
    for part in line.split([' ', '\t', ':', '-', ',']) {
        let part = part
            .strip_prefix("0x")
            .or_else(|| part.strip_prefix("\\x"))
            .unwrap_or(part);
        digits.push_str(&part.replace("\\x", ""));
    }
    pairs(&digits)
}

fn pairs(digits: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    if !rest.is_empty() || pairs.is_empty() {
        return None;
    }
    let value = |digit: u8| char::from(digit).to_digit(16);
    pairs
        .iter()
        .map(|[high, low]| u8::try_from(value(*high)? << 4 | value(*low)?).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;

    const MESSAGE: &[u8] = b"<Hello><Types>hello</Types><MAC>c4-2f-90-00-00-01</MAC></Hello>";

    fn hex(bytes: &[u8], between: &str) -> String {
        let pairs: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        pairs.join(between)
    }

    fn read(text: &str) -> Option<Vec<Vec<u8>>> {
        datagrams(text.as_bytes())
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
            assert_eq!(
                read(&hex(MESSAGE, between)),
                Some(vec![MESSAGE.to_vec()]),
                "{between:?}"
            );
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
        assert_eq!(
            read(&format!("# two\n{short}\n{long}\n")),
            Some(both.clone())
        );
        assert_eq!(read(&format!("{short}\n\n{long}\n")), Some(both));
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
        let analyser = dumped(|offset, bytes, text| {
            format!("{offset:04x}   {:<47}   {text}", hex(bytes, " "))
        });
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
        assert_eq!(
            read(&format!("{dump}\n{dump}")),
            Some(vec![MESSAGE.to_vec(); 2])
        );
    }

    #[test]
    fn other_text_is_no_hex() {
        for text in ["", "hello", "<Bye/>", "abc", "0000: zz", "12 3"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
