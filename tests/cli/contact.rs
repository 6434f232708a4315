//! The contact, as it is asked for on a terminal.

use std::fs;

use crate::{
    pty::Dialogue,
    run::{Run, sadpctl},
};

#[test]
fn a_contact_is_asked_for_written_kept_and_checked() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("contact.toml");
    let path = file.to_str().unwrap();
    let mut asked = Dialogue::start(&sadpctl(&["contact", "--contact", path]));
    asked.answer("name:", "Ann \"A\" Example");
    asked.answer("email:", "nobody");
    asked.answer("email:", "ann@example.com");
    asked.answer("phone:", "");
    asked.answer("company:", "Example Ltd");
    asked.answer("country:", "Utopia");
    asked.answer("role (installer, distributor, end user):", "installer");
    asked.answer("purchase-channel:", "");
    asked.answer("support-email:", "support@example.com");
    let (code, said) = asked.end();
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("write one e-mail address"), "{said}");
    assert!(
        said.contains("left blank in each request.txt: phone"),
        "{said}"
    );
    let show = |arguments: &[&str]| -> Run {
        let arguments = [&["contact", "--show", "--contact", path], arguments].concat();
        sadpctl(&arguments).output().unwrap().into()
    };
    let shown = show(&[]);
    assert!(shown.stdout.contains("Ann \"A\" Example"), "{shown}");
    // What is there is kept by Enter and deleted by a dash.
    let mut asked = Dialogue::start(&sadpctl(&["contact", "--contact", path]));
    asked.answer("name [Ann", "");
    asked.answer("email [ann", "");
    asked.answer("phone:", "");
    asked.answer("company [Example Ltd]:", "-");
    asked.answer("country [Utopia]:", "");
    asked.answer("[installer]:", "");
    asked.answer("purchase-channel:", "");
    asked.answer("support-email [sup", "");
    assert_eq!(asked.end().0, 0);
    let text = fs::read_to_string(&file).unwrap();
    assert!(
        text.contains("ann@example.com") && !text.contains("company"),
        "{text}"
    );
    fs::write(&file, "role = \"boss\"\n").unwrap();
    let wrong = show(&[]);
    assert_eq!(wrong.code, 1, "{wrong}");
    assert!(
        wrong.stderr.contains("installer, distributor or end user"),
        "{wrong}"
    );
    let piped: Run = sadpctl(&["contact", "--contact", path])
        .output()
        .unwrap()
        .into();
    assert_eq!(piped.code, 2, "{piped}");
}
