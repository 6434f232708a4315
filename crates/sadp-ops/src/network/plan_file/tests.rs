use super::*;

pub(super) fn lines(text: &str) -> Vec<String> {
    let problems = read(text.as_bytes()).unwrap_err();
    let lines = problems
        .iter()
        .map(|it| format!("{}: {}", it.line, it.cause));
    lines.collect()
}

#[test]
fn a_plan_as_spreadsheets_save_it_is_read() {
    let (expected, _) = read(b"mac,ip,gateway\n4447cc1d6d13,192.168.1.9,0.0.0.0\n").unwrap();
    assert_eq!(expected.len(), 1);
    assert_eq!(expected[0].line, 2);
    for text in [
        "\u{feff}MAC;Serial;IP;Gateway\r\n44-47-cc-1d-6d-13;'=x;192.168.1.9;0.0.0.0\r\n;;;\r\n",
        "mac\tip\tgateway\tnote\n'44:47:cc:1d:6d:13\t 192.168.1.9 \t0.0.0.0\tnear, the door\n",
        "ip,gateway,mac,,\n\"192.168.1.9\",0.0.0.0,4447.cc1d.6d13,,",
    ] {
        assert_eq!(read(text.as_bytes()).unwrap().0, expected, "{text}");
    }
}

#[test]
fn what_is_written_is_read() {
    let mut found = DiscoveredDevice::received_from(&[[[10, 0, 0, 1]; 2]]);
    found.entry.device.ports.http = Some(80);
    let site_name = SiteName {
        name: "Gate, north".parse().ok(),
        place: "=Roof".parse().ok(),
    };
    found.site_name = Some(site_name.clone().into());
    let mask = Ipv4Addr::new(255, 255, 255, 0);
    let settings = HostSettings::new(Ipv4Addr::new(10, 0, 0, 9), mask, None).unwrap();
    let mut out = Vec::new();
    write(&mut out, &[(found.clone(), settings)]).unwrap();
    let (rows, _) = read(&out).unwrap();
    assert_eq!(Some(rows[0].mac), found.entry.device.mac);
    assert_eq!(rows[0].site_name, site_name);
    assert_eq!(rows[0].wanted.mask, Some(mask));
    assert_eq!(rows[0].wanted.gateway, Some(Ipv4Addr::UNSPECIFIED));
    assert_eq!((rows[0].wanted.http, rows[0].wanted.sdk), (Some(80), None));
}

#[test]
fn a_quote_that_is_not_closed_is_named_and_a_note_of_several_lines_is_not() {
    let rows = |note: &str| {
        format!("mac,ip,note\n4447cc1d6d13,10.0.0.5,{note}\n4447cc1d6d14,10.0.0.6,b\n")
    };
    let open = lines(&rows("\"a"));
    assert_eq!(open.len(), 1);
    assert!(open[0].starts_with("2: a quote is opened"), "{open:?}");
    // A row below may leave cells out at its end, and have its MAC anywhere.
    let short = "mac,ip,a,b\n4447cc1d6d13,10.0.0.5,x,\"y\n4447cc1d6d14,10.0.0.6\n";
    assert_eq!(lines(short), open);
    let short = "ip;x;mac;y\n10.0.0.5;\"x;4447cc1d6d13;y\n10.0.0.6;;'44-47-cc-1d-6d-14\n";
    assert_eq!(lines(short), open);
    for note in ["\"a\nb, c\"", "\"was\n4447cc1d6d15\""] {
        assert_eq!(read(rows(note).as_bytes()).unwrap().0.len(), 2, "{note}");
    }
}

#[test]
fn cells_left_out_at_the_end_of_a_row_are_empty() {
    let (rows, table) = read(b"mac,ip,name,note\n4447cc1d6d13,10.0.0.5\n").unwrap();
    assert_eq!((rows.len(), rows[0].site_name.is_empty()), (1, true));
    assert_eq!(table.rows[0].1.len(), 4);
}

#[test]
fn what_the_vendors_list_does_not_know_stays_as_it_is() {
    let list = "MAC Address,IPv4 Address,Port,HTTP Port\n44-47-cc-00-00-01,10.0.0.5,N/A,0\n";
    let (rows, _) = read(list.as_bytes()).unwrap();
    assert_eq!((rows[0].wanted.http, rows[0].wanted.sdk), (None, None));
}

#[test]
fn all_errors_are_reported_at_once() {
    let text = "mac,ip,mask,dhcp,http_port\n\
        4447cc1d6d13,192.168.1.9,,,\n\
        4447cc1d6d13,192.168.1.9,,,\n\
        zz,192.168.1.300,255.0.255.0,maybe,0\n\
        ,,,on,x\n\
        4447cc1d6d14,192.168.1.255,255.255.255.0,,,more\n\
        010000000000,10.0.0.1,,,\n";
    assert_eq!(
        lines(text),
        [
            "3: 44:47:cc:1d:6d:13 is already in line 2",
            "3: 192.168.1.9 is already given in line 2",
            "4: mac is \"zz\", not a MAC address",
            "4: ip is \"192.168.1.300\", not an IPv4 address",
            "4: dhcp is \"maybe\", not off",
            "4: http_port is \"0\", not a port of 1 to 65535",
            "4: 255.0.255.0 is not a valid subnet mask",
            "5: mac is empty",
            "5: ip is empty",
            "5: dhcp is on, so a server gives the address: write off, or leave the device out and use net set DEVICE --dhcp on",
            "5: http_port is \"x\", not a port of 1 to 65535",
            "6: 6 cells stand under 5 columns",
            "6: 192.168.1.255 is the network or broadcast address of 192.168.1.0/24",
            "7: mac is not the MAC of a single device",
        ]
    );
}

#[test]
fn a_file_that_is_no_plan_is_refused() {
    assert_eq!(lines(""), ["1: the file is empty"]);
    let empty = read(b"mac,ip\n\n").unwrap().0;
    assert_eq!(empty.len(), 0, "as net plan writes it");
    assert_eq!(
        lines("\nmac,MAC,serial\n"),
        [
            "2: two columns have the name mac",
            "2: the column ip is missing"
        ]
    );
}
