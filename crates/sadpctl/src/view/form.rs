//! What an action needs before it begins: addresses, a folder, passwords typed hidden.

use std::{fmt, net::Ipv4Addr, str::FromStr};

use crossterm::event::KeyCode;
use sadp_model::{Device, PasswordCheck, SecretKind, SecretText};
use sadp_ops::{
    job::{Job, Task},
    network::{AddressRange, WantedSettings},
    recovery::prepare::{WantedAnswers, WantedPreparation},
};
use sadp_proto::seal::UpdateDigest;
use sadp_reset::DeviceKey;
use zeroize::Zeroizing;

use crate::args::{mailbox, mask, switch};

/// Fields to fill in.
#[derive(Debug)]
pub(super) struct Form {
    title: String,
    fields: Vec<Field>,
    /// The field of the cursor.
    at: usize,
    error: Option<String>,
    purpose: FormPurpose,
    devices: Vec<DeviceKey>,
}

#[derive(Debug)]
enum FormPurpose {
    Activate,
    Export,
    Prepare,
    Set(Box<Device>),
    Addresses,
}

/// The result of a key in a form.
pub(super) enum FormStep {
    Stay,
    Cancel,
    Done(Job),
}

/// A line to fill in.
struct Field {
    label: &'static str,
    /// Never grows beyond its first allocation, so that no copy is left in memory.
    text: Zeroizing<String>,
    hidden: bool,
}

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Field")
            .field("label", &self.label)
            .finish_non_exhaustive()
    }
}

impl Field {
    /// The most bytes of a text.
    const MAX: usize = 512;

    fn new(label: &'static str, value: &str) -> Self {
        let mut text = Zeroizing::new(String::with_capacity(Self::MAX));
        text.push_str(value.get(..Self::MAX).unwrap_or(value));
        Self {
            label,
            text,
            hidden: false,
        }
    }

    fn hidden(label: &'static str) -> Self {
        Self {
            hidden: true,
            ..Self::new(label, "")
        }
    }

    fn handle_key(&mut self, key: KeyCode) {
        match key {
            KeyCode::Char(letter) if self.text.len() + letter.len_utf8() <= Self::MAX => {
                self.text.push(letter);
            }
            KeyCode::Backspace => drop(self.text.pop()),
            KeyCode::Delete => self.text.clear(),
            _ => {}
        }
    }

    /// What is drawn of it.
    fn shown(&self) -> &str {
        if self.hidden && !self.text.is_empty() {
            return "(typed, hidden)";
        }
        &self.text
    }
}

impl Form {
    pub(super) fn activate(devices: Vec<DeviceKey>) -> Self {
        let fields = ["new password", "type it again"].map(Field::hidden).into();
        let title = format!("First password for {}", number(&devices));
        Self::new(title, fields, FormPurpose::Activate, devices)
    }

    pub(super) fn export(devices: Vec<DeviceKey>) -> Self {
        let fields = vec![Field::new("folder", "requests")];
        let title = format!("Requests to the vendor's support, of {}", number(&devices));
        Self::new(title, fields, FormPurpose::Export, devices)
    }

    pub(super) fn prepare(devices: Vec<DeviceKey>) -> Self {
        let fields = vec![
            Field::new("e-mail address", ""),
            Field::new("file for answers", ""),
            Field::hidden("current password"),
        ];
        let number = number(&devices);
        let title = format!("Recovery of {number}; without a file no security questions are set");
        Self::new(title, fields, FormPurpose::Prepare, devices)
    }

    /// The settings of one device, as they are now.
    pub(super) fn set(device: &Device, devices: Vec<DeviceKey>) -> Self {
        let ipv4 = &device.ipv4;
        let dhcp = ipv4.dhcp.map(|on| if on { "on" } else { "off" });
        let field = |label, value: Option<String>| Field::new(label, &value.unwrap_or_default());
        let fields = vec![
            field("address", ipv4.address.map(|it| it.to_string())),
            field("mask", ipv4.mask.map(|it| it.to_string())),
            field("gateway", ipv4.gateway.map(|it| it.to_string())),
            field("DHCP (on, off)", dhcp.map(Into::into)),
            field("HTTP port", device.ports.http.map(|it| it.to_string())),
            field("SDK port", device.ports.sdk.map(|it| it.to_string())),
            Field::hidden("current password"),
        ];
        let mac = device.mac.map_or_else(String::new, |mac| mac.to_string());
        let purpose = FormPurpose::Set(Box::new(device.clone()));
        let title = format!("Network settings of {mac}");
        Self::new(title, fields, purpose, devices)
    }

    pub(super) fn addresses(devices: Vec<DeviceKey>) -> Self {
        let fields = vec![
            Field::new("first address", ""),
            Field::new("mask", ""),
            Field::new("gateway", ""),
            Field::hidden("current password"),
        ];
        let number = number(&devices);
        let title = format!("New addresses for {number}; mask and gateway may stay empty");
        Self::new(title, fields, FormPurpose::Addresses, devices)
    }

    fn new(
        title: String,
        fields: Vec<Field>,
        purpose: FormPurpose,
        devices: Vec<DeviceKey>,
    ) -> Self {
        Self {
            title,
            fields,
            at: 0,
            error: None,
            purpose,
            devices,
        }
    }

    /// Its lines, and which of them has the cursor.
    pub(super) fn lines(&self) -> (Vec<String>, usize) {
        let mut lines = vec![self.title.clone()];
        let fields = self.fields.iter();
        lines.extend(fields.map(|it| format!("  {:<17} {}", it.label, it.shown())));
        if let Some(error) = &self.error {
            lines.extend([String::new(), error.clone()]);
        }
        (lines, self.at + 1)
    }

    pub(super) fn handle_key(&mut self, key: KeyCode) -> FormStep {
        match key {
            KeyCode::Esc => return FormStep::Cancel,
            KeyCode::Up | KeyCode::BackTab => self.at = self.at.saturating_sub(1),
            KeyCode::Enter | KeyCode::Down | KeyCode::Tab => {
                if let Err(error) = self.check() {
                    self.error = Some(error);
                } else if self.at + 1 < self.fields.len() {
                    self.error = None;
                    self.at += 1;
                } else if key == KeyCode::Enter {
                    match self.task() {
                        Ok(task) => {
                            let devices = std::mem::take(&mut self.devices);
                            return FormStep::Done(Job { devices, task });
                        }
                        Err(error) => self.error = Some(error),
                    }
                }
            }
            _ => {
                if let Some(field) = self.fields.get_mut(self.at) {
                    field.handle_key(key);
                }
            }
        }
        FormStep::Stay
    }

    fn text(&self, place: usize) -> &str {
        self.secret(place).trim()
    }

    /// A secret as it was typed.
    fn secret(&self, place: usize) -> &str {
        self.fields.get(place).map_or("", |field| &field.text)
    }

    /// Checks the field of the cursor.
    fn check(&mut self) -> Result<(), String> {
        let Some(field) = self.fields.get(self.at) else {
            return Ok(());
        };
        match (&self.purpose, self.at) {
            (FormPurpose::Activate, 0) => check_new(&field.text),
            (FormPurpose::Activate, _) if *self.secret(0) != *self.secret(1) => {
                self.fields.iter_mut().for_each(|field| field.text.clear());
                self.at = 0;
                Err("the new password typed twice is not the same: type it twice again".into())
            }
            (FormPurpose::Export, _) if field.text.trim().is_empty() => {
                Err("name a folder for the requests".into())
            }
            (FormPurpose::Activate | FormPurpose::Export, _) => Ok(()),
            _ if field.hidden => check_current(&field.text),
            (FormPurpose::Prepare, 0) => optional(&field.text, mailbox).map(drop),
            (FormPurpose::Prepare, _) => Ok(()),
            (FormPurpose::Set(_), 3) => optional(&field.text, switch).map(drop),
            (FormPurpose::Set(_), 4 | 5) => optional(&field.text, port).map(drop),
            (FormPurpose::Addresses, 0) => address(&field.text).map(drop),
            (_, 1) => optional(&field.text, mask).map(drop),
            _ => optional(&field.text, address).map(drop),
        }
    }

    /// What the form asks for.
    fn task(&self) -> Result<Task, String> {
        Ok(match &self.purpose {
            FormPurpose::Activate => Task::Activate(self.secret(0).into()),
            FormPurpose::Export => Task::Export {
                folder: self.text(0).into(),
                // Files are not read here.
                contact: Box::default(),
            },
            FormPurpose::Prepare => {
                let answers = Some(self.text(1)).filter(|text| !text.is_empty());
                let wanted = WantedPreparation {
                    mailbox: optional(self.text(0), mailbox)?,
                    answers: answers.map(|path| WantedAnswers::Made(path.into())),
                    ..WantedPreparation::default()
                };
                Task::Prepare {
                    wanted,
                    password: self.secret(2).into(),
                    passphrase: None,
                }
            }
            FormPurpose::Set(device) => {
                let wanted = self.wanted(device)?;
                if wanted == WantedSettings::default() {
                    return Err("nothing is changed yet".into());
                }
                Task::Set(wanted, self.secret(6).into())
            }
            FormPurpose::Addresses => {
                let range = AddressRange {
                    first: address(self.text(0))?,
                    mask: optional(self.text(1), mask)?,
                    gateway: optional(self.text(2), address)?,
                };
                Task::Addresses(range, self.secret(3).into())
            }
        })
    }

    /// What differs from the device's settings.
    fn wanted(&self, device: &Device) -> Result<WantedSettings, String> {
        let ipv4 = &device.ipv4;
        let gateway = optional(self.text(2), address)?;
        // An empty one is none.
        let gateway = gateway.or_else(|| ipv4.gateway.map(|_| Ipv4Addr::UNSPECIFIED));
        Ok(WantedSettings {
            address: changed(optional(self.text(0), address)?, ipv4.address),
            mask: changed(optional(self.text(1), mask)?, ipv4.mask),
            gateway: changed(gateway, ipv4.gateway),
            dhcp: changed(optional(self.text(3), switch)?, ipv4.dhcp),
            http: changed(optional(self.text(4), port)?, device.ports.http),
            sdk: changed(optional(self.text(5), port)?, device.ports.sdk),
        })
    }
}

fn number(devices: &[DeviceKey]) -> String {
    sadp_text::count(devices.len() as u64, "device", "devices")
}

fn changed<T: Copy + PartialEq>(typed: Option<T>, now: Option<T>) -> Option<T> {
    typed.filter(|typed| now != Some(*typed))
}

/// `None` where nothing was typed.
fn optional<T>(text: &str, parse: fn(&str) -> Result<T, String>) -> Result<Option<T>, String> {
    let text = text.trim();
    (!text.is_empty()).then(|| parse(text)).transpose()
}

fn address(text: &str) -> Result<Ipv4Addr, String> {
    let address = Ipv4Addr::from_str(text.trim());
    address.map_err(|_| "write an IPv4 address, e.g. 192.168.1.64".into())
}

fn port(text: &str) -> Result<u16, String> {
    let port = text.parse().ok().filter(|port| *port > 0);
    port.ok_or_else(|| "write a port, 1 to 65535".into())
}

/// The same rules as on the command line, where one of them can be lifted.
fn check_new(password: &str) -> Result<(), String> {
    let check = PasswordCheck::of(password, UpdateDigest::DEFAULT_USER);
    let problems: Vec<_> = check.problems.iter().map(ToString::to_string).collect();
    if problems.is_empty() {
        return Ok(());
    }
    let problems = problems.join("; ");
    Err(format!("the new password is refused: {problems}"))
}

fn check_current(password: &str) -> Result<(), String> {
    let problem = SecretText::read(password, SecretKind::CurrentPassword).problem;
    problem.map_or(Ok(()), |problem| {
        Err(format!("the current password {problem}"))
    })
}
