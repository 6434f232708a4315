//! Changes before they are made: what will be done, and the question.

use std::borrow::Cow;

use jiff::Timestamp;
use sadp_model::text::clean;
use sadp_ops::{DiscoveredDevice, Preparation, recovery::prepare};
use sadp_proto::Mailbox;
use sadp_reset::Action;

use crate::{count, device_lines, device_name, minute};

/// What is shown and asked before devices are changed.
#[derive(Clone, Debug)]
pub struct Confirmation<'a> {
    /// What is done.
    pub action: Action,
    /// To which devices.
    pub devices: Vec<&'a DiscoveredDevice>,
    /// The same in lines to read.
    pub plan: String,
    /// The question, e.g. `Activate these 40 devices?`
    pub text: String,
}

impl Confirmation<'_> {
    /// The same, and names the devices that have accepted no secret before: somebody
    /// may have invented them to be given the current password.
    #[must_use]
    pub fn naming(mut self, new: &[&DiscoveredDevice]) -> Self {
        if new.is_empty() {
            return self;
        }
        let (plan, named) = match (new.len(), self.devices.len()) {
            (1, 1) => (
                "it was never seen before: make sure that it is yours, because it is given the current password".into(),
                "It was never seen before.".to_owned(),
            ),
            (number, all) => {
                let heading = "never seen before (make sure that they are yours, because they are given the current password):";
                let plan = if number == all {
                    format!("{heading} all of them")
                } else {
                    listed(heading.into(), device_lines(new.iter().copied()))
                };
                let were = if number == 1 { "was" } else { "were" };
                (plan, format!("{number} of them {were} never seen before."))
            }
        };
        self.plan = format!("{}\n{plan}", self.plan);
        self.text = format!("{named} {}", self.text);
        self
    }
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
    pub const ACTIVATE_AND_PREPARE: Self = Self::new(Action::Activate, "the first password is set, and then recovery is prepared, on", "Activate {} and prepare recovery?");
    pub const ACTIVATE_OVER_HTTP: Self = Self::new(Action::Activate, "the first password is set over HTTP on", "Activate {} over HTTP?");
    pub const ACTIVATE_OVER_HTTP_V3: Self = Self::new(Action::Activate, "the first password is set by the newer activation over HTTP, which is known from one source only, and then tried once, on", "Activate {} over HTTP?");
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

    pub(crate) fn described(action: Action, what: String, question: &'static str) -> Self {
        Self {
            action,
            what: Cow::Owned(what),
            question,
        }
    }

    /// A new reserved e-mail address.
    pub fn mailbox(mailbox: &Mailbox) -> Self {
        let address = clean(mailbox.as_str());
        let what =
            format!("the reserved e-mail address, which is sent unencrypted, becomes {address} on");
        let question = "Set the reserved e-mail address of {}?";
        Self::described(Action::MailSet, what, question)
    }

    /// Recovery, to be prepared in these ways on so many devices each.
    pub fn prepare(plan: &prepare::Plan) -> Self {
        let counts = plan.counts().into_iter();
        let counts = counts.filter(|(_, devices, _)| *devices > 0);
        let parts = counts.map(|(preparation, devices, over_http)| {
            let what = match (preparation, plan.mailbox()) {
                (Preparation::Guid, _) => "the GUID exported into the vault".into(),
                (Preparation::Questions, _) => "security questions set".into(),
                (Preparation::Mailbox, None) => "an e-mail address reserved".into(),
                (Preparation::Mailbox, Some(mailbox)) => {
                    let address = clean(mailbox.as_str());
                    // SADP has no other way to send it.
                    let how = (over_http < devices).then_some(", sent unencrypted");
                    let how = how.unwrap_or_default();
                    format!("the e-mail address {address} reserved{how}")
                }
            };
            let way = match over_http {
                0 => String::new(),
                all if all == devices => ", over HTTP".into(),
                some => format!(", {some} of them over HTTP"),
            };
            format!("{devices} x {what}{way}")
        });
        let parts: Vec<_> = parts.collect();
        let what = format!("recovery is prepared ({}) on", parts.join("; "));
        Self::described(Action::GuidExport, what, "Prepare recovery of {}?")
    }

    /// The question, with the devices listed below what is done.
    pub fn question<'d>(
        &self,
        devices: impl IntoIterator<Item = &'d DiscoveredDevice>,
    ) -> Confirmation<'d> {
        let devices: Vec<_> = devices.into_iter().collect();
        let number = count(devices.len() as u64, "device", "devices");
        let lines = device_lines(devices.iter().copied());
        Confirmation {
            action: self.action,
            plan: listed(format!("{} {number}:", self.what), lines),
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

/// A heading, and the lines below it.
pub(crate) fn listed(heading: String, lines: impl IntoIterator<Item = String>) -> String {
    let lines = std::iter::once(heading).chain(lines);
    lines.collect::<Vec<_>>().join("\n")
}

/// How many devices are left out because they are active.
pub fn already_active(devices: usize) -> String {
    let devices = count(devices as u64, "device is", "devices are");
    format!("{devices} active already")
}

/// A device that refused a secret before, where the user is asked whether to send
/// another.
pub fn refused_before(device: &DiscoveredDevice, at: Timestamp) -> String {
    let (device, at) = (device_name(device), minute(at));
    format!(
        "{device}: a secret of this kind, sent on {at}, did not work, and each wrong one costs a try"
    )
}

#[cfg(test)]
mod tests {
    use sadp_model::testing::recorded_at;

    use super::*;

    #[test]
    fn devices_that_were_never_seen_are_named_in_the_question() {
        let devices = recorded_at(&[[192, 168, 1, 64], [192, 168, 1, 65]]);
        let devices = DiscoveredDevice::assess_all(devices, &[]);
        let ask = |devices: &[DiscoveredDevice], new: &[&DiscoveredDevice]| {
            let question = Announcement::QUESTIONS.question(devices).naming(new);
            let plan = question.plan.lines().skip(1 + devices.len());
            (question.text, plan.map(str::to_owned).collect::<Vec<_>>())
        };
        let (text, plan) = ask(&devices, &[]);
        assert_eq!(text, "Set the security questions of these 2 devices?");
        assert!(plan.is_empty());
        let (one, plan) = ask(&devices, &[&devices[1]]);
        assert_eq!(one, format!("1 of them was never seen before. {text}"));
        assert_eq!(plan.len(), 2);
        assert!(plan[1].contains("c4:2f:90:00:00:01"));
        let (text, plan) = ask(&devices, &[&devices[0], &devices[1]]);
        assert!(text.starts_with("2 of them were never seen before. "));
        assert!(plan[0].ends_with(": all of them"));
        let (text, plan) = ask(&devices[..1], &[&devices[0]]);
        assert!(text.starts_with("It was never seen before. "));
        assert_eq!(plan.len(), 1);
    }
}
