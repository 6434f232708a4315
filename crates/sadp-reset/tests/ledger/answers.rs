use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use sadp_reset::{
    Assignment, Contact, DeviceKey, Ledger, NotAnAnswer, Package, PackageRequest, RequestKind, Why,
    assign, collect, export_request,
};
use tempfile::TempDir;
use zip::{ZipWriter, write::SimpleFileOptions};

use crate::{at, device, ledger};

/// A site whose requests were exported to `out`.
struct Site {
    ledger: Ledger,
    packages: Vec<Package>,
    folder: TempDir,
}

impl Site {
    fn new(devices: u16) -> Self {
        let (mut ledger, folder) = ledger();
        let out = folder.path().join("out");
        let packages = (1..=devices).map(|number| {
            let code = format!("code-of-{number}");
            let device = device(number);
            let request = PackageRequest {
                device: &device,
                address: None,
                kind: RequestKind::FileOrKey,
                code: Some(&code),
                exported_at: at(0),
            };
            export_request(&mut ledger, &out, &request, &Contact::default())
                .unwrap()
                .package
        });
        let packages = packages.collect();
        Self {
            ledger,
            packages,
            folder,
        }
    }

    fn out(&self) -> PathBuf {
        self.folder.path().join("out")
    }

    fn put(&self, package: usize, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.packages[package].path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    fn import(&self, paths: &[&Path]) -> Assignment {
        let paths: Vec<PathBuf> = paths.iter().map(|path| path.to_path_buf()).collect();
        let cases = self.ledger.cases().unwrap();
        assign(collect(&paths), &cases, None)
    }

    /// Why the one problem is one.
    fn problem(&self, paths: &[&Path]) -> Why {
        let mut assigned = self.import(paths);
        assert_eq!(
            (assigned.matched.len(), assigned.problems.len()),
            (0, 1),
            "{assigned:?}"
        );
        assigned.problems.remove(0).why
    }
}

#[test]
fn a_hundred_answers_find_their_requests_and_stay_as_they_are() {
    let site = Site::new(100);
    let paths: Vec<_> = (0..100)
        .map(|index| site.put(index, "Encrypt.xml", format!("answer-{index}\r\n")))
        .collect();
    let assigned = site.import(&[&site.out()]);
    assert!(assigned.problems.is_empty(), "{:?}", assigned.problems);
    assert!(assigned.waiting.is_empty());
    assert_eq!(assigned.matched.len(), 100);
    for matched in &assigned.matched {
        let index = paths.iter().position(|path| *path == matched.path).unwrap();
        let number = u16::try_from(index).unwrap() + 1;
        assert_eq!(
            Some(matched.target.device.clone()),
            DeviceKey::of(&device(number))
        );
        assert_eq!(matched.answer.expose(), format!("answer-{index}"));
        assert!(matched.target.case.is_some());
        let file = fs::read_to_string(&matched.path).unwrap();
        assert_eq!(file, format!("answer-{index}\r\n"));
    }
}

#[test]
fn a_file_a_package_and_what_an_archive_unpacked_to_are_looked_through() {
    let site = Site::new(2);
    let first = site.put(0, "Encrypt.xml", "one");
    site.put(1, "mail/attachment/answer.xml", "two");
    site.put(1, "label.jpg", b"\xff\xd8\xff\xe0 a photo of the label");
    site.put(1, "Thumbs.db", "litter");
    site.put(1, ".hidden", "litter");
    for paths in [
        vec![site.out()],
        vec![first.clone(), site.packages[1].path().to_owned()],
        vec![site.out(), first, site.out().join(".")],
    ] {
        let paths: Vec<&Path> = paths.iter().map(PathBuf::as_path).collect();
        let assigned = site.import(&paths);
        assert!(assigned.problems.is_empty(), "{:?}", assigned.problems);
        assert_eq!(assigned.matched.len(), 2, "{paths:?}");
    }
    let loose = site.folder.path().join("S2_4447cc000002.xml");
    fs::write(&loose, "two").unwrap();
    let assigned = site.import(&[&loose]);
    assert_eq!(assigned.matched.len(), 1, "{assigned:?}");
}

#[test]
fn what_is_no_answer_is_named() {
    let site = Site::new(1);
    let package = site.packages[0].path();
    for (name, kind) in [
        (Package::CODE_FILE, NotAnAnswer::Request),
        (Package::QR_FILE, NotAnAnswer::Image),
        (Package::RECORD_FILE, NotAnAnswer::RequestRecord),
        (Package::FORM_FILE, NotAnAnswer::RequestForm),
    ] {
        let why = site.problem(&[&package.join(name)]);
        assert!(
            matches!(why, Why::NotAnAnswer(told) if told == kind),
            "{name}: {why}"
        );
    }
    let nothing = site.import(&[package]);
    assert!(
        nothing.matched.is_empty() && nothing.problems.is_empty(),
        "{nothing:?}"
    );
    assert_eq!(nothing.waiting, [package]);

    let guid = {
        use base64::Engine;
        base64::engine::general_purpose::STANDARD.encode([7; 128])
    };
    for (name, content, kind) in [
        (
            "list.csv",
            b"ID,Device Type,Status,MAC Address\n".to_vec(),
            NotAnAnswer::DeviceList,
        ),
        ("a.xml", b"".to_vec(), NotAnAnswer::Empty),
        ("a.xml", vec![b'x'; 1025], NotAnAnswer::TooLong),
        ("a.xml", vec![b'x'; 100_000], NotAnAnswer::TooLong),
        ("copy.xml", b"code-of-1".to_vec(), NotAnAnswer::Request),
        ("a.xlsx", b"PK\x03\x04\0".to_vec(), NotAnAnswer::Archive),
        (
            "a.zip",
            b"PK\x03\x04\0".to_vec(),
            NotAnAnswer::ArchiveUnreadable,
        ),
        ("DeviceGUID.xml", guid.into_bytes(), NotAnAnswer::Guid),
    ] {
        let path = site.put(0, name, content);
        let why = site.problem(&[package]);
        assert!(
            matches!(why, Why::NotAnAnswer(told) if told == kind),
            "{name}: {why}"
        );
        fs::remove_file(path).unwrap();
    }
    site.put(0, Package::CODE_FILE, "code-of-1-or-the-answer");
    let why = site.problem(&[package]);
    assert!(
        matches!(why, Why::NotAnAnswer(NotAnAnswer::ChangedRequest)),
        "{why}"
    );
}

#[test]
fn a_path_that_is_not_there_or_a_broken_record_is_reported() {
    let site = Site::new(1);
    let why = site.problem(&[&site.out().join("none")]);
    assert!(matches!(why, Why::Unreadable(_)), "{why}");
    site.put(0, Package::RECORD_FILE, "{\"format\": 1}");
    let package = site.packages[0].path();
    assert!(matches!(site.problem(&[package]), Why::Record(_)));
    // The folder's name still tells whose answer it is.
    site.put(0, "a.xml", "answer");
    let assigned = site.import(&[package]);
    assert_eq!(
        (assigned.matched.len(), assigned.problems.len()),
        (1, 1),
        "{assigned:?}"
    );
}

#[test]
fn a_request_without_its_record_is_still_no_answer() {
    let site = Site::new(1);
    let folder = site.folder.path().join("S1_4447cc000001");
    fs::create_dir(&folder).unwrap();
    let copy = folder.join(Package::CODE_FILE);
    fs::write(&copy, "a-code-that-nobody-knows").unwrap();
    let why = site.problem(&[&folder]);
    assert!(
        matches!(why, Why::NotAnAnswer(NotAnAnswer::Request)),
        "{why}"
    );
}

#[test]
fn depth_is_bounded() {
    let site = Site::new(1);
    site.put(0, "1/2/3/4/5/6/a.xml", "answer");
    assert!(matches!(site.problem(&[&site.out()]), Why::TooDeep));
}

#[cfg(unix)]
#[test]
fn a_link_that_is_named_counts_where_it_lies() {
    let site = Site::new(2);
    let elsewhere = site.put(1, "Encrypt.xml", "answer");
    let link = site.packages[0].path().join("a.xml");
    std::os::unix::fs::symlink(&elsewhere, &link).unwrap();
    let assigned = site.import(&[&link]);
    let found = assigned
        .matched
        .first()
        .map(|one| one.target.device.clone());
    assert_eq!(found, DeviceKey::of(&device(1)), "{assigned:?}");
}

#[cfg(unix)]
#[test]
fn links_are_not_followed_and_pipes_not_read() {
    use std::{os::unix::fs::symlink, process::Command};
    let site = Site::new(1);
    let elsewhere = site.folder.path().join("elsewhere.xml");
    fs::write(&elsewhere, "answer").unwrap();
    let package = site.packages[0].path();
    let link = package.join("a.xml");
    symlink(&elsewhere, &link).unwrap();
    assert!(matches!(site.problem(&[package]), Why::Link));
    fs::remove_file(&link).unwrap();
    symlink(package, package.join("loop")).unwrap();
    assert!(matches!(site.problem(&[package]), Why::Link));
    fs::remove_file(package.join("loop")).unwrap();
    let pipe = package.join("pipe");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    assert!(matches!(site.problem(&[package]), Why::Special));
    assert!(matches!(site.problem(&[&pipe]), Why::Special));
}

#[test]
fn an_email_is_opened_and_its_attachments_are_matched_like_files() {
    let site = Site::new(2);
    let mail = site.folder.path().join("RE your requests.eml");
    let part = |name: &str, text: &str| {
        format!("--b\r\nContent-Disposition: attachment; filename=\"{name}\"\r\n\r\n{text}\r\n")
    };
    let write = |parts: &[String]| {
        let head = "From: support@example.com\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nDear customer, see the files.\r\n";
        fs::write(&mail, format!("{head}{}--b--\r\n", parts.concat())).unwrap();
    };
    let logo = part("logo.png", "GIF89a\u{1}");
    write(&[
        part("44-47-cc-00-00-01.xml", "answer-1"),
        part("4447cc000002.xml", "answer-2"),
        logo.clone(),
    ]);
    let assigned = site.import(&[&mail]);
    assert!(assigned.problems.is_empty(), "{:?}", assigned.problems);
    let mut found: Vec<_> = assigned
        .matched
        .iter()
        .map(|it| it.answer.expose())
        .collect();
    found.sort_unstable();
    assert_eq!(found, ["answer-1", "answer-2"]);
    assert_eq!(assigned.matched[0].path.parent(), Some(&*mail));
    assert!(assigned.matched.iter().all(|it| it.written_at.is_some()));
    // In a package, its folder tells whose it is.
    let kept = site.put(0, "answer.eml", fs::read(&mail).unwrap());
    fs::write(
        &kept,
        fs::read_to_string(&mail)
            .unwrap()
            .replace("4447cc000002", "other"),
    )
    .unwrap();
    let two = site.import(&[&kept]).problems;
    assert_eq!(two.len(), 2, "{two:?}");
    assert!(two.iter().all(|it| matches!(it.why, Why::TwoAnswers(_))));
    for (parts, kind) in [
        (vec![], NotAnAnswer::NoAttachment),
        (vec![logo], NotAnAnswer::NoAttachment),
        (
            vec![part("DeviceKey.xml", "code-of-1")],
            NotAnAnswer::Request,
        ),
        (vec![part("list.csv", "a,b,c\r\n1,2,3")], NotAnAnswer::Table),
        (
            vec![part("S1.txt", "Here is the answer to your request.")],
            NotAnAnswer::Prose,
        ),
    ] {
        write(&parts);
        let why = site.problem(&[&mail]);
        assert!(
            matches!(why, Why::NotAnAnswer(told) if told == kind),
            "{why}"
        );
    }
}

#[test]
fn an_archive_is_opened_and_equal_names_are_told_apart_by_their_folders() {
    let site = Site::new(3);
    let zip = |name: &str, files: &[(&str, &[u8])]| {
        let path = site.folder.path().join(name);
        let mut writer = ZipWriter::new(fs::File::create(&path).unwrap());
        for (name, bytes) in files {
            writer
                .start_file(*name, SimpleFileOptions::default())
                .unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap();
        path
    };
    let answers = zip(
        "answers.zip",
        &[
            ("44-47-cc-00-00-01/Encrypt.xml", b"answer-1"),
            ("44-47-cc-00-00-02/Encrypt.xml", b"answer-2"),
            ("logo.png", b"GIF89a\x01"),
            (
                "request-letter.txt",
                b"Request to reset the passwords of 3 devices",
            ),
        ],
    );
    let assigned = site.import(&[&answers]);
    let found = assigned.matched.iter().map(|it| it.answer.expose());
    assert_eq!(found.collect::<Vec<_>>(), ["answer-1", "answer-2"]);
    let [letter] = &assigned.problems[..] else {
        panic!("{:?}", assigned.problems)
    };
    assert!(matches!(
        letter.why,
        Why::NotAnAnswer(NotAnAnswer::RequestForm)
    ));
    // In a package, its folder says whose they are: of two, neither is sent.
    let bytes = fs::read(zip(
        "two.zip",
        &[
            ("a/Encrypt.xml", b"answer-1"),
            ("b/Encrypt.xml", b"answer-2"),
        ],
    ));
    let kept = site.put(0, "two.zip", bytes.unwrap());
    let two = site.import(&[&kept]).problems;
    assert_eq!(two.len(), 2, "{two:?}");
    assert!(two.iter().all(|it| matches!(it.why, Why::TwoAnswers(_))));

    let inner = fs::read(&answers).unwrap();
    for (name, files, kind) in [
        (
            "a.zip",
            vec![("inner.zip", &inner[..])],
            NotAnAnswer::Archive,
        ),
        (
            "b.zip",
            vec![("logo.png", b"GIF89a\x01")],
            NotAnAnswer::ArchiveEmpty,
        ),
        ("c.zip", vec![], NotAnAnswer::ArchiveEmpty),
        (
            "d.zip",
            vec![("../a.xml", b"answer-1")],
            NotAnAnswer::ArchivePath,
        ),
    ] {
        let why = site.problem(&[&zip(name, &files)]);
        assert!(
            matches!(why, Why::NotAnAnswer(told) if told == kind),
            "{name}: {why}"
        );
    }
}
