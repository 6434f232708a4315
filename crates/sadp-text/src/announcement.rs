//! Changes before they are made: what will be done, and the question.

use std::borrow::Cow;

use jiff::Timestamp;
use sadp_model::text::clean;
use sadp_ops::DiscoveredDevice;
use sadp_proto::Mailbox;
use sadp_reset::Action;

use crate::{count, device_line, minute};

/// What is shown and asked before devices are changed.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// What is done.
    pub action: Action,
    /// To which devices.
    pub devices: Vec<&'a DiscoveredDevice>,
    /// The same in lines to read.
    pub plan: String,
    /// The question, e.g. `Activate these 40 devices?`
    pub text: String,
}

/// A change of devices, as it is announced and as the user is asked for it.
#[derive(Clone, Debug)]
pub struct Announcement {
    action: Action,
    /// What is done, ending where the number of devices follows.
    what: Cow<'static, str>,
    /// The question, with `{}` in place of the devices.
    question: &'static str,
}

#[rustfmt::skip]
#[expect(missing_docs, reason = "each says what it is in its own words")]
impl Announcement {
    pub const ACTIVATE: Self = Self::new(Action::Activate, "the first password is set on", "Activate {}?");
    pub const GUID_EXPORT: Self = Self::new(Action::GuidExport, "a GUID is exported into the vault from", "Export the GUID of {}?");
    pub const GUID_IMPORT: Self = Self::new(Action::GuidImport, "a GUID is sent once, to set a new password on", "Reset the password of {} by GUID?");
    pub const MAILED_CODE: Self = Self::new(Action::MailConfirm, "the code is sent once, to set a new password on", "Reset the password of {} by the code?");
    pub const MAIL_QR_AGAIN: Self = Self::new(Action::MailQr, "an earlier QR code, and the code mailed for it, becomes void on", "Fetch another QR code from {}?");
    pub const QUESTIONS: Self = Self::new(Action::QuestionsSet, "the security questions are set, in place of any former ones, on", "Set the security questions of {}?");
    pub const ANSWERS: Self = Self::new(Action::QuestionsAnswer, "the answers are sent once, to set a new password on", "Reset the password of {} by the answers?");
    pub const REQUEST: Self = Self::new(Action::ExportRequest, "a request to the vendor's support is exported from", "Export a request from {}?");
    pub const REQUEST_AGAIN: Self = Self::new(Action::ExportRequest, "a request still waits for its answer, and becomes void by another, on", "Export another request from {}, and give up the older one?");
}

impl Announcement {
    pub(crate) const fn new(action: Action, what: &'static str, question: &'static str) -> Self {
        Self {
            action,
            what: Cow::Borrowed(what),
            question,
        }
    }

    /// A new reserved e-mail address.
    pub fn mailbox(mailbox: &Mailbox) -> Self {
        let address = clean(mailbox.as_str());
        let what =
            format!("the reserved e-mail address, which is sent unencrypted, becomes {address} on");
        Self {
            action: Action::MailSet,
            what: what.into(),
            question: "Set the reserved e-mail address of {}?",
        }
    }

    /// The question, with the first 40 devices listed below what is done.
    pub fn question<'d>(
        &self,
        devices: impl IntoIterator<Item = &'d DiscoveredDevice>,
    ) -> Question<'d> {
        let devices: Vec<_> = devices.into_iter().collect();
        let number = count(devices.len() as u64, "device", "devices");
        let lines = devices.iter().copied().map(device_line);
        Question {
            action: self.action,
            plan: listed(format!("{} {number}:", self.what), lines, 40),
            text: question(self.question, devices.len()),
            devices,
        }
    }
}

/// A question about a number of devices, which stand at `{}` in it.
pub(crate) fn question(text: &str, devices: usize) -> String {
    let devices = match devices {
        1 => "this device".into(),
        devices => format!("these {devices} devices"),
    };
    text.replace("{}", &devices)
}

/// A heading, and the first `most` lines below it.
pub(crate) fn listed(
    heading: String,
    lines: impl ExactSizeIterator<Item = String>,
    most: usize,
) -> String {
    let left = lines.len().saturating_sub(most);
    let more = (left > 0).then(|| format!("  and {left} more"));
    let lines = lines.take(most).chain(more);
    [heading]
        .into_iter()
        .chain(lines)
        .collect::<Vec<_>>()
        .join("\n")
}

/// How many devices are left out because they are active.
pub fn already_active(devices: usize) -> String {
    match devices {
        1 => "1 device is active already".into(),
        _ => format!("{devices} devices are active already"),
    }
}

/// A device that refused a secret before, where the user is asked whether to send
/// another.
pub fn refused_before(device: &DiscoveredDevice, at: Timestamp) -> String {
    let device = device_line(device);
    format!(
        "{} refused a secret of this kind on {}: each wrong one costs a try",
        device.trim_start(),
        minute(at)
    )
}
