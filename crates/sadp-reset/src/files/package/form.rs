//! `request.txt`: the form with what the vendor's support asks for.

use jiff::Timestamp;
use sadp_model::text::clean;

use super::Package;
use crate::{Contact, RequestKind};

/// Returns the form, filled in with what is known. A device's text is made harmless:
/// it can add no lines and hide none.
pub(super) fn form(package: &Package, contact: &Contact) -> String {
    let request = &package.request;
    let mut form = FormText("Request to reset the password of a device\n\n".into());
    form.0.push_str(what_to_send(request.kind));
    if request.lacks_serial() {
        form.0.push_str(NO_SERIAL);
    }
    form.0
        .push_str("Lines marked with [fill in] are for you.\n");
    form.contact(contact);
    form.head("Device");
    form.field("Model", package.model.as_deref());
    form.field("Complete serial number", request.device.serial_text());
    form.field("MAC address", request.device.mac_text().as_deref());
    form.field("Firmware", package.firmware.as_deref());
    let start = request.boot_time.map(|time| time.to_string());
    form.field("Device start time", start.as_deref());
    form.field("Current date on the device", None);
    form.head("Request");
    form.field("Kind", Some(request.kind.name()));
    form.field("Exported at", Some(&time(request.exported_at)));
    form.field("Valid until", Some(&time(request.valid_until())));
    if let Some(digest) = request.sha256 {
        form.field("SHA-256 of the code", Some(&digest.to_string()));
    }
    form.head("Until the answer is in");
    form.0.push_str(REMINDER);
    form.0
}

fn what_to_send(kind: RequestKind) -> &'static str {
    match kind {
        RequestKind::LegacyCode => {
            "Send this to the vendor's support of your country, with a photo of the
device's label. The start time and the serial number are the request.
"
        }
        RequestKind::File => {
            "Send this to the vendor's support of your country, with DeviceKey.xml as it
is and a photo of the device's label.
"
        }
        RequestKind::FileOrKey => {
            "Send this to the vendor's support of your country, with DeviceKey.xml as it
is, or the QR code qr.png, and a photo of the device's label.
"
        }
    }
}

const NO_SERIAL: &str = "\
The device reported no serial number. The vendor's own tool appends it to the text
of DeviceKey.xml and of the QR code, directly, without a blank: here it is
missing. Tell the support so, and give the complete serial number from the
device's label.
";

const REMINDER: &str = "\
- Do not restart the device and do not cut its power: it forgets the request.
- Do not export the request again: only the last one counts.
- The answer is valid for two days from the export, on some devices for one.
- The answer fits this device and this request only. Save it in this folder,
  as it came, and run: sadpctl reset import FOLDER
";

/// A time as the vendor's support reads it.
pub(super) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

pub(super) struct FormText(pub(super) String);

impl FormText {
    /// Who asks.
    pub(super) fn contact(&mut self, contact: &Contact) {
        self.head("Who asks");
        for (name, value) in contact.fields() {
            self.field(name, value);
        }
    }

    pub(super) fn head(&mut self, title: &str) {
        let line = "-".repeat(title.len());
        self.0.extend(["\n", title, "\n", &line, "\n"]);
    }

    fn field(&mut self, name: &str, value: Option<&str>) {
        let value = value.filter(|value| !value.trim().is_empty());
        let value = value.map_or_else(|| "[fill in]".into(), clean);
        self.0.extend([name, ": ", &value, "\n"]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{device_key::testing::key, files::package::record::tests::package};

    #[test]
    fn it_is_filled_in_and_blanks_are_marked() {
        let contact = Contact {
            name: Some("A. Installer".into()),
            role: Some("installer".into()),
            ..Contact::default()
        };
        insta::assert_snapshot!(form(&package("DS-2CD2320D-I20180919AACHC52601815"), &contact), @r"
        Request to reset the password of a device

        Send this to the vendor's support of your country, with DeviceKey.xml as it
        is, or the QR code qr.png, and a photo of the device's label.
        Lines marked with [fill in] are for you.

        Who asks
        --------
        Name: A. Installer
        E-mail: [fill in]
        Phone: [fill in]
        Company: [fill in]
        Country: [fill in]
        Role (installer, distributor, end user): installer
        Purchase channel: [fill in]

        Device
        ------
        Model: DS-2CD2320D-I
        Complete serial number: DS-2CD2320D-I20180919AACHC52601815
        MAC address: 44:47:cc:1d:6d:13
        Firmware: V5.5.6build 180326
        Device start time: 2026-09-18T09:21:28
        Current date on the device: [fill in]

        Request
        -------
        Kind: file-or-key
        Exported at: 2026-09-21 14:13 UTC
        Valid until: 2026-09-23 14:13 UTC
        SHA-256 of the code: 5694d08a2e53ffcae0c3103e5ad6f6076abd960eb1f8a56577040bc1028f702b

        Until the answer is in
        ----------------------
        - Do not restart the device and do not cut its power: it forgets the request.
        - Do not export the request again: only the last one counts.
        - The answer is valid for two days from the export, on some devices for one.
        - The answer fits this device and this request only. Save it in this folder,
          as it came, and run: sadpctl reset import FOLDER
        ");
    }

    #[test]
    fn a_missing_serial_number_is_explained() {
        let mut bare = package("S1");
        bare.request.device = key(1, "");
        let blank = Contact::default();
        assert!(form(&bare, &blank).contains(NO_SERIAL));
        assert!(!form(&package("S1"), &blank).contains(NO_SERIAL));
        bare.request.kind = RequestKind::File;
        let text = form(&bare, &blank);
        assert!(!text.contains(NO_SERIAL), "nothing is appended to it");
    }

    #[test]
    fn a_device_cannot_add_lines_or_turn_them() {
        let hostile = "S1\r\nName: me\u{1b}[2J\u{202e}";
        let mut package = package(hostile);
        package.model = Some(hostile.into());
        package.firmware = Some(hostile.into());
        package.request.kind = RequestKind::LegacyCode;
        let text = form(&package, &Contact::default());
        let plain = form(&self::package("S1"), &Contact::default());
        assert_eq!(text.lines().count(), plain.lines().count());
        let mut lines = text.lines();
        assert!(lines.all(|line| !line.contains(sadp_model::text::is_unprintable)));
        assert!(!text.contains("DeviceKey.xml"), "there is none");
    }
}
