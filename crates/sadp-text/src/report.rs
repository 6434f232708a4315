//! The hand-over document of a site and its labels, as pages of HTML.
//!
//! Templates hold the layout and its headings. All text that a device or a person
//! supplied is escaped by the template engine, without invisible characters and of
//! bounded length. Templates read no file, and are stopped where they do not end.

mod device;
mod drawing;
mod labels;
mod tables;

use std::{io::Write, path::Path, sync::Arc};

use minijinja::{
    AutoEscape, Environment, UndefinedBehavior, Value,
    value::{Enumerator, Object, ObjectRepr, Serde},
};
use sadp_model::{DeviceCounts, RecoveryMethod, text::clean};
use sadp_ops::report::{ReportedDevice, SiteReport};
use sadp_reset::{Contact, SiteText};
use serde::Serialize;

use self::{
    device::{CameraCells, DeviceCells},
    drawing::Drawing,
};
pub use self::{
    labels::{InvalidLabelSize, LabelSize},
    tables::report_sheets,
};
use crate::{NOT_ASKED, capitalised, count, device_counts, finding, grouped, mends, minute};

/// A template that renders a page.
#[derive(Debug)]
pub struct PageTemplate {
    environment: Environment<'static>,
}

/// A template cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name}{place}: {problem}", place = .line.map_or_else(String::new, |line| format!(", line {line}")))]
pub struct TemplateError {
    /// The name of the template.
    pub name: String,
    /// The line, from 1.
    pub line: Option<usize>,
    /// What is wrong.
    pub problem: String,
}

/// The name of the only template in an environment.
const PAGE: &str = "page";

/// The steps after which a template is stopped, and those for each device more. The
/// built-in ones take about a tenth.
const FUEL: u64 = 1_000_000;
const FUEL_A_DEVICE: u64 = 10_000;

impl PageTemplate {
    /// The template of the hand-over document.
    pub const REPORT: &str = include_str!("../templates/report.html");

    /// The template of the labels.
    pub const LABELS: &str = include_str!("../templates/labels.html");

    /// The most bytes of a template.
    pub const MAX_BYTES: usize = 1 << 20;

    /// Reads a template.
    pub fn new(source: &str) -> Result<Self, TemplateError> {
        let mut environment = Environment::new();
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        let mut syntax = environment.syntax().to_builder();
        let syntax = syntax.trim_blocks(true).lstrip_blocks(true).build()?;
        environment.set_syntax(syntax);
        // Nothing that a device sends becomes markup.
        environment.remove_filter("safe");
        environment.add_template_owned(PAGE, source.to_owned())?;
        Ok(Self { environment })
    }

    fn render(
        &self,
        page: impl Serialize,
        devices: usize,
        out: impl Write,
    ) -> Result<(), TemplateError> {
        let mut environment = self.environment.clone();
        let more = FUEL_A_DEVICE.saturating_mul(devices as u64);
        environment.set_fuel(Some(FUEL.saturating_add(more)));
        let template = environment.get_template(PAGE)?;
        template.render_captured_to(Serde(page), out)?;
        Ok(())
    }
}

impl From<minijinja::Error> for TemplateError {
    fn from(error: minijinja::Error) -> Self {
        let kind = error.kind();
        let detail = error.detail().map(|detail| format!(" ({})", clean(detail)));
        Self {
            name: "the template".into(),
            line: error.line(),
            problem: format!("{kind}{}", detail.unwrap_or_default()),
        }
    }
}

impl TemplateError {
    /// The same with the template's name.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..self
        }
    }
}

/// Devices that become values of the template engine one by one, when they are read: all at
/// once they would take several times the memory.
#[derive(Debug)]
struct DeviceList(Vec<DeviceCells>);

impl Object for DeviceList {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let row = self.0.get(key.as_usize()?)?;
        Some(Value::from(Serde(row)))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.0.len())
    }
}

/// What people say about a site.
#[derive(Clone, Debug, Default)]
pub struct SiteParties {
    /// The document's title.
    pub title: Option<SiteText>,
    /// Whose site it is.
    pub customer: Option<SiteText>,
    /// Who hands it over, where that is not the contact.
    pub installer: Option<SiteText>,
    /// Who asks the vendor's support: the installer, unless the role is another one.
    pub contact: Contact,
}

/// Renders the hand-over document and writes it in many small parts while it is made. A
/// part that cannot be written is an error of the template, too.
pub fn write_report_page(
    report: &SiteReport,
    parties: &SiteParties,
    template: &PageTemplate,
    out: impl Write,
) -> Result<(), TemplateError> {
    let things = report.devices.len().saturating_add(report.cameras.len());
    template.render(Page::new(report, parties), things, out)
}

/// The same for a page with a label for each device.
pub fn write_labels_page(
    report: &SiteReport,
    size: LabelSize,
    template: &PageTemplate,
    out: impl Write,
) -> Result<(), TemplateError> {
    let labels = labels::Labels::new(report, size);
    template.render(labels, report.devices.len(), out)
}

/// What the template of the document reads. Texts that are not known are empty.
#[derive(Serialize)]
struct Page {
    title: String,
    customer: Vec<String>,
    installer: Vec<String>,
    date: String,
    version: &'static str,
    counts: String,
    recoverable: usize,
    problems: usize,
    /// That devices were not asked what is set up on them. Empty where they were.
    not_asked: String,
    has_names: bool,
    has_plan: bool,
    drawing: Drawing,
    /// [`DeviceCells`].
    devices: Value,
    /// Those that are known by their recorder alone.
    cameras: Vec<CameraCells>,
    keep: Vec<KeepRow>,
    findings: Vec<FindingGroup>,
}

/// What the owner keeps.
#[derive(Serialize)]
struct KeepRow {
    what: &'static str,
    place: String,
    why: String,
}

/// Devices with the same finding.
#[derive(Serialize)]
struct FindingGroup {
    problem: bool,
    meaning: String,
    devices: Vec<FindingCells>,
}

#[derive(Serialize)]
struct FindingCells {
    number: usize,
    device: String,
    address: String,
    mends: String,
}

impl Page {
    fn new(report: &SiteReport, parties: &SiteParties) -> Self {
        let all = &report.devices;
        let counts = DeviceCounts::of(all.iter().map(ReportedDevice::device));
        let counts = device_counts(&counts);
        let contact = Some(contact_lines(&parties.contact));
        let is_owner = parties.contact.role.as_deref() == Some("end user");
        let owner = contact.clone().filter(|_| is_owner);
        let not_asked = (!report.asked).then(|| capitalised(NOT_ASKED));
        let title = parties.title.as_ref();
        let title = title.map_or("Camera site: hand-over", SiteText::as_str);
        let devices = DeviceCells::all(report);
        let findings = FindingGroup::all(report, &devices);
        let problems = findings.iter().filter(|it| it.problem);
        Self {
            title: title.into(),
            customer: named(parties.customer.as_ref(), owner),
            installer: named(parties.installer.as_ref(), contact.filter(|_| !is_owner)),
            date: minute(report.at),
            version: env!("CARGO_PKG_VERSION"),
            // The template has the number.
            counts: counts.split_once(' ').map_or("", |(_, rest)| rest).into(),
            recoverable: all.iter().filter(|it| it.audited.is_recoverable()).count(),
            problems: problems.map(|it| it.devices.len()).sum(),
            not_asked: not_asked.unwrap_or_default(),
            has_names: devices.iter().any(DeviceCells::is_named),
            has_plan: devices.iter().any(|it| !it.planned.is_empty()),
            drawing: Drawing::new(&report.subnets),
            cameras: report.cameras.iter().map(CameraCells::new).collect(),
            keep: keep(report),
            devices: Value::from_object(DeviceList(devices)),
            findings,
        }
    }
}

/// The name given, else `others`.
fn named(given: Option<&SiteText>, others: Option<Vec<String>>) -> Vec<String> {
    let given = given.map(|text| vec![text.as_str().to_owned()]);
    given.or(others).unwrap_or_default()
}

fn contact_lines(contact: &Contact) -> Vec<String> {
    let (company, name, country) = (&contact.company, &contact.name, &contact.country);
    let lines = [company, name, &contact.phone, &contact.email, country];
    lines.into_iter().flatten().map(|it| shown(it)).collect()
}

/// A text that a device or a person supplied, of bounded length.
fn shown(text: &str) -> String {
    const LONGEST: usize = 80;
    let text = clean(text.trim());
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.into_owned(),
    }
}

fn known(text: Option<impl ToString>) -> String {
    text.map_or_else(String::new, |text| shown(&text.to_string()))
}

fn keep(report: &SiteReport) -> Vec<KeepRow> {
    let all = &report.devices;
    let devices = |number: usize| count(number as u64, "device", "devices");
    let ready = |method| {
        let ready = all.iter().filter(|it| it.audited.is_ready(method));
        Some(ready.count())
            .filter(|number| *number > 0)
            .map(devices)
    };
    let mut rows = vec![KeepRow {
        what: "Passwords",
        place: "with the owner alone".into(),
        why: "They stand neither in this document nor in any file of sadpctl.".into(),
    }];
    let guids = all.iter().filter_map(|it| it.guid.as_ref());
    let files = guids.clone().count();
    if files > 0 {
        let sealed = match guids.filter(|it| it.encrypted).count() as u64 {
            0 => "Whoever holds one can take its device over.".into(),
            sealed => {
                let sealed = count(sealed, "is", "are");
                format!("{sealed} encrypted: keep the passphrase elsewhere.")
            }
        };
        rows.push(KeepRow {
            what: "GUID files",
            place: path_text(&report.vault),
            why: format!(
                "Of {}: each resets the password of its device once, until the password changes. Copy them to a safe place. {sealed}",
                devices(files)
            ),
        });
    }
    if let Some(devices) = ready(RecoveryMethod::Questions) {
        rows.push(KeepRow {
            what: "Answers to security questions",
            place: "the file that they were set from".into(),
            why: format!(
                "Of {devices}: three answers reset the password. They are not in this document."
            ),
        });
    }
    if let Some(devices) = ready(RecoveryMethod::Mail) {
        rows.push(KeepRow {
            what: "Reserved e-mail address",
            place: "the owner's mailbox".into(),
            why: format!(
                "Of {devices}: the code for a new password is sent there. Keep the address in use."
            ),
        });
    }
    let requests: Vec<_> = all.iter().filter_map(|it| it.request.as_ref()).collect();
    if let Some(first) = requests.first() {
        let folder = first.request.package.parent();
        let wait = count(requests.len() as u64, "device waits", "devices wait");
        rows.push(KeepRow {
            what: "Open requests",
            place: folder.map_or_else(String::new, path_text),
            why: format!(
                "{wait} for the vendor's answer: until it is in, neither restart nor export again."
            ),
        });
    }
    rows.push(KeepRow {
        what: "Invoices and photographs of the labels",
        place: "with the owner".into(),
        why: "The vendor's support asks for proof of ownership where nothing else is left.".into(),
    });
    rows
}

fn path_text(path: &Path) -> String {
    clean(&path.display().to_string()).into_owned()
}

impl FindingGroup {
    /// All findings, problems first.
    fn all(report: &SiteReport, cells: &[DeviceCells]) -> Vec<Self> {
        let devices = report.devices.iter().zip(cells);
        let found = devices.flat_map(|(reported, cells)| {
            reported.audited.findings.iter().map(|&found| {
                let mends = mends(found, reported.device(), &cells.mac);
                let device = FindingCells {
                    number: cells.number,
                    device: cells.called(),
                    address: cells.address.clone(),
                    mends: shown(&mends.to_string()),
                };
                (found, device)
            })
        });
        let groups = grouped(found).into_iter().map(|(found, devices)| Self {
            problem: found.is_problem(),
            meaning: capitalised(&finding(found)),
            devices,
        });
        let mut groups: Vec<_> = groups.collect();
        groups.sort_by_key(|group| !group.problem);
        groups
    }
}

#[cfg(test)]
mod tests;
