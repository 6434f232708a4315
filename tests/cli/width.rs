//! Lines that fit the terminal, whichever command prints them.

use pty_process::Size;

use crate::{
    pty::OnTerminal,
    request::{RecoverySite, device},
    run::sadpctl,
};

/// Higher than anything that is printed, so that no pager begins.
const ROWS: u16 = 900;

/// What a command leaves on a terminal, once no line is wider than that is.
fn on_terminal(command: &std::process::Command, columns: u16) -> String {
    let terminal = OnTerminal::start(command, Size::new(ROWS, columns));
    let mut parser = vt100::Parser::new(ROWS, columns, 0);
    terminal
        .bytes
        .iter()
        .for_each(|bytes| parser.process(&bytes));
    let screen = parser.screen();
    for (number, row) in (0..).zip(screen.rows(0, columns)) {
        // A word that is too long stands alone.
        assert!(
            !screen.row_wrapped(number) || !row.trim().contains(' '),
            "{command:?} at {columns}: {row}"
        );
    }
    screen.contents()
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    let questions = "questions = { 1 = \"Paris\", 4 = \"Rex\", 9 = \"blue\" }";
    let site = RecoverySite::new(&format!(
        "{}{}{}{}",
        device("ipc-v5.5.82", 1, questions),
        device("nvr-v4.30.085", 2, "mailbox = \"owner@example.com\""),
        device("ipc-v5.2.5", 3, ""),
        device("ipc-v5.5.82", 4, "activated = false"),
    ));
    assert_eq!(site.export(&["192.168.1.101"]).code, 0);
    for arguments in [
        &["scan"][..],
        &["show", "192.168.1.101"],
        &["net", "show", "192.168.1.101"],
        &["activate", "--all", "--dry-run"],
        &["activate", "192.168.1.101", "--yes"],
        &["reset", "ways", "--all"],
        &["reset", "ways", "192.168.1.101"],
        &["reset", "app", "192.168.1.102"],
        &["reset", "cases"],
        &["reset", "questions", "show", "192.168.1.101"],
        &["reset", "mail", "qr", "192.168.1.102", "--dry-run"],
        &["reset", "guid", "list"],
        &["locate", "192.168.1.250"],
        &["cloud", "show", "192.168.1.101"],
        &["doctor"],
    ] {
        for columns in [60, 80] {
            let command = site.command(arguments);
            assert!(!on_terminal(&command, columns).trim().is_empty());
        }
    }
}

#[test]
fn help_and_errors_fit_the_terminal() {
    for arguments in [
        &[][..],
        &["--help"],
        &["scan", "--help"],
        &["net", "apply", "--help"],
        &["reset", "import", "--help"],
        &[
            "scan",
            "--where",
            "no-such-key-at-all=anything-that-is-long",
        ],
        &["scan", "--format", "parquet"],
        &[
            "decode",
            "/no/such/file/anywhere/in/this/computer/that-has-a-long-name.pcapng",
        ],
        &["decode", "fixtures/replies/shop.xml"],
        &["decode", "--messages", "fixtures/replies/shop.xml"],
        &["demo"],
    ] {
        for columns in [60, 80] {
            assert!(!on_terminal(&sadpctl(arguments), columns).trim().is_empty());
        }
    }
}
