//! The simulated vendor support: answers request packages of simulated devices.

use std::{
    ffi::OsString,
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use sadp_model::{Serial, text::clean};
use sadp_reset::{
    DeviceKey, NewCase, Package, PackageError, RequestKind, device_name, read_bounded,
    write_new_file,
};
use sadp_sim::vendor_support::{self, MailCode, NotSimulated, RequestText};
use sadp_text::count;
use serde::Serialize;

use crate::{
    args::{Context, SimVendorArgs},
    failure::{Exit, Failure},
    output::{Layout, Row},
};

/// Answers what can be answered, tells what cannot, and ends as the first of
/// those does.
pub(super) fn run(args: &SimVendorArgs, mut context: Context<'_>) -> Result<Exit, Failure> {
    context.global.format.check::<AnswerLine>()?;
    let mut answers = Vec::new();
    let mut exit = Exit::Done;
    for request in requests(args) {
        match request.and_then(|request| answer(&request, args)) {
            Ok(answer) => answers.push(answer),
            Err(failure) => {
                context.terminal.report(&failure);
                if exit == Exit::Done {
                    exit = failure.exit;
                }
            }
        }
    }
    context.print(&answers)?;
    let number = count(answers.len() as u64, "request", "requests");
    let answered = format!("answered {number} of simulated devices");
    context.terminal.note(&answered);
    Ok(exit)
}

/// A request, and the file that answers it.
#[derive(Serialize)]
struct AnswerLine {
    request: String,
    answer: String,
}

impl Row for AnswerLine {
    const LIST: &'static str = "a list of answers has";

    fn write_table(rows: &[Self], out: &mut impl Write, _layout: Layout) -> io::Result<()> {
        rows.iter()
            .try_for_each(|line| writeln!(out, "{}", clean(&line.answer)))
    }
}

/// A request, and the folder its answer is for.
struct Request {
    file: PathBuf,
    name: OsString,
}

/// The most bytes of a code that are read.
const MAX_CODE: u64 = 4 << 10;

/// The requests at the paths named, in order.
fn requests(args: &SimVendorArgs) -> Vec<Result<Request, Failure>> {
    let found = args.requests.iter().map(|path| match fs::metadata(path) {
        Ok(about) if about.is_dir() && !args.mail => {
            in_folder(path).unwrap_or_else(|failure| vec![Err(failure)])
        }
        Ok(_) => vec![of_file(path, args.mail)],
        Err(error) => vec![Err(unreadable(path, error))],
    });
    found.flatten().collect()
}

/// A package, or all packages of a folder, by name.
fn in_folder(path: &Path) -> Result<Vec<Result<Request, Failure>>, Failure> {
    if let Some(file) = request_file(path) {
        return Ok(vec![of_file(&file, false)]);
    }
    let entries = fs::read_dir(path).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let entries = entries.map_err(|error| unreadable(path, error))?;
    let mut folders: Vec<_> = entries.iter().map(fs::DirEntry::path).collect();
    // What a killed export left half-written is hidden.
    folders.retain(|folder| !is_hidden(folder));
    folders.sort();
    let files: Vec<_> = folders.iter().filter_map(|it| request_file(it)).collect();
    if files.is_empty() {
        let message = format!("no request package in {}", path.display());
        return Err(Failure::usage(message)
            .hint("name a folder that reset export wrote, or one of those in it"));
    }
    Ok(files.iter().map(|file| of_file(file, false)).collect())
}

fn is_hidden(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    name.as_encoded_bytes().starts_with(b".")
}

/// What of a package is to be answered. A device that gives no code has its
/// record alone.
fn request_file(package: &Path) -> Option<PathBuf> {
    let files = [Package::CODE_FILE, Package::RECORD_FILE].map(|name| package.join(name));
    files.into_iter().find(|file| file.is_file())
}

/// The answer to a file goes into a folder of its package's name, that to a QR
/// code into one of its own.
fn of_file(path: &Path, mail: bool) -> Result<Request, Failure> {
    let whole = path.canonicalize();
    let whole = whole.map_err(|error| unreadable(path, error))?;
    let name = if mail {
        whole.file_stem()
    } else {
        whole.parent().and_then(Path::file_name)
    };
    let name = name.ok_or_else(|| {
        let message = format!("{} lies in no package folder", path.display());
        Failure::usage(message).hint("name a file in a folder")
    })?;
    Ok(Request {
        file: path.to_owned(),
        name: name.to_owned(),
    })
}

fn answer(request: &Request, args: &SimVendorArgs) -> Result<AnswerLine, Failure> {
    let (name, content) = make_answer(&request.file, args)?;
    let folder = args.out.join(&request.name);
    let path = folder.join(name);
    fs::create_dir_all(&folder)
        .and_then(|()| write_new_file(&path, content.as_bytes()))
        .map_err(|error| unwritable(&path, error))?;
    Ok(AnswerLine {
        request: request.file.display().to_string(),
        answer: path.display().to_string(),
    })
}

/// The answer's file name and content. The name tells whose it is: in the folder
/// of another's request it is known as misplaced.
fn make_answer(path: &Path, args: &SimVendorArgs) -> Result<(String, String), Failure> {
    if args.mail {
        let qr = read(path)?.parse();
        let qr: MailCode = qr.map_err(|error| not_simulated(error, path))?;
        return Ok(("code.txt".into(), format!("{}\n", qr.code())));
    }
    if path.ends_with(Package::RECORD_FILE) {
        let request = recorded_request(path.parent().unwrap_or(path))?;
        let code = dated_code(&request, path)?;
        let name = name("key", Some(request.device), "txt");
        return Ok((name, format!("{code}\n")));
    }
    let text = read(path)?;
    let (request, serial) =
        RequestText::read_exported(&text).map_err(|error| not_simulated(error, path))?;
    let whose = whose(&request, serial, path)?;
    if !args.key {
        return Ok((name("Encrypt", whose, "xml"), request.answer()));
    }
    let key = request.key().ok_or_else(|| {
        let message = format!("the device of {} takes a file only", path.display());
        Failure::usage(message).hint("leave out --key")
    })?;
    Ok((name("key", whose, "txt"), format!("{key}\n")))
}

/// A file name that holds serial and MAC as the package's does.
fn name(what: &str, whose: Option<DeviceKey>, ending: &str) -> String {
    let whose = whose.map(|whose| format!("_{}", device_name(&whose)));
    format!("{what}{}.{ending}", whose.unwrap_or_default())
}

/// The device that a code is of, with the serial number the request ends in, or
/// that from the record beside it where that is of the same device.
fn whose(request: &RequestText, serial: &str, path: &Path) -> Result<Option<DeviceKey>, Failure> {
    let serial = Serial::new(serial);
    let recorded = path
        .parent()
        .and_then(|package| recorded_request(package).ok());
    let recorded = recorded.map(|request| request.device);
    let same = recorded.filter(|key| key.mac() == Some(request.mac));
    let known = same.as_ref().and_then(DeviceKey::serial);
    if known.is_some() && serial.is_some() && known != serial.as_ref() {
        let message = format!(
            "{} ends in another serial number than the request.json beside it names",
            path.display()
        );
        return Err(Failure::usage(message).hint("name a package folder as reset export wrote it"));
    }
    Ok(same.or_else(|| DeviceKey::new(Some(request.mac), serial)))
}

fn not_simulated(error: NotSimulated, path: &Path) -> Failure {
    Failure::because(Exit::Usage, path.display().to_string(), error).hint(
        "send requests of real devices to the vendor's support, by reset export's request.txt",
    )
}

/// The code for what a device that gives none itself told of its serial and
/// start.
fn dated_code(request: &NewCase, path: &Path) -> Result<String, Failure> {
    let unanswerable = |message: &str| {
        let message = format!("{}: {message}", path.display());
        Failure::usage(message).hint("name a whole package folder")
    };
    if request.kind != RequestKind::LegacyCode {
        let message = "the device gives a request file, which is missing";
        return Err(unanswerable(message));
    }
    let serial = request.device.serial().map(Serial::as_str);
    let serial = serial.ok_or_else(|| unanswerable("the device reported no serial number"))?;
    Ok(vendor_support::dated_code(serial, request.boot_time))
}

/// The `request.json` of a package.
fn recorded_request(package: &Path) -> Result<NewCase, Failure> {
    let read = Package::read(package).map(|package| package.request);
    read.map_err(|error| match error {
        PackageError::File(error) => unreadable(&error.path, error.source),
        error => {
            Failure::new(Exit::Usage, error).hint("name a request.json that reset export wrote")
        }
    })
}

fn read(path: &Path) -> Result<String, Failure> {
    let text = match read_bounded(path, MAX_CODE) {
        Ok(bytes) => String::from_utf8(bytes).ok(),
        Err(error) if error.kind() == io::ErrorKind::FileTooLarge => None,
        Err(error) => return Err(unreadable(path, error)),
    };
    text.ok_or_else(|| {
        Failure::because(Exit::Usage, path.display().to_string(), NotSimulated)
            .hint("name a request package of a simulated device")
    })
}

fn unreadable(path: &Path, error: io::Error) -> Failure {
    Failure::unreadable(path.display(), error)
}

fn unwritable(path: &Path, error: io::Error) -> Failure {
    if error.kind() == io::ErrorKind::AlreadyExists {
        let message = format!("{} is there already", path.display());
        return Failure::words(Exit::Machine, message)
            .hint("an answer is never written over: remove it, or name another --out");
    }
    let what = format!("cannot write {}", path.display());
    Failure::because(Exit::Machine, what, error)
        .hint("check that you may write there and that there is room")
}
