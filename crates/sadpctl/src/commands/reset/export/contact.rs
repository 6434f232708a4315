//! Who asks the vendor's support.

use std::path::Path;

use sadp_reset::{Contact, SettingsError};

use crate::{
    failure::{Exit, Failure},
    state,
    terminal::Terminal,
};

/// Reads `contact.toml`: the one named, or that of the configuration folder,
/// which need not be there. Tells what is left blank.
pub(super) fn read(named: Option<&Path>, terminal: &mut Terminal) -> Result<Contact, Failure> {
    let path = match named {
        Some(path) => {
            std::fs::metadata(path).map_err(|error| {
                let what = format!("cannot read {}", path.display());
                Failure::new(Exit::Machine, anyhow::Error::new(error).context(what))
                    .hint("check the path; nothing was sent")
            })?;
            path.to_owned()
        }
        None => state::config_folder()?.join(Contact::FILE_NAME),
    };
    let contact = Contact::read(&path).map_err(|error| {
        let exit = match error {
            SettingsError::Read { .. } => Exit::Machine,
            _ => Exit::Usage,
        };
        Failure::new(exit, error)
            .hint("write lines as name = \"...\", or remove the file; nothing was sent")
    })?;
    let blanks = blanks(&contact);
    if !blanks.is_empty() {
        terminal.note(&format!(
            "left blank in each request.txt: {}; {} fills them in",
            blanks.join(", "),
            path.display()
        ));
    }
    Ok(contact)
}

/// What is not filled in, by the keys of the file.
fn blanks(contact: &Contact) -> Vec<&'static str> {
    let Contact {
        name,
        email,
        phone,
        company,
        country,
        role,
        purchase_channel,
    } = contact;
    let all = [
        ("name", name),
        ("email", email),
        ("phone", phone),
        ("company", company),
        ("country", country),
        ("role", role),
        ("purchase-channel", purchase_channel),
    ];
    let blank = all.into_iter().filter(|(_, value)| value.is_none());
    blank.map(|(key, _)| key).collect()
}
