//! Settings files: the contact for requests, and names for security questions.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

use sadp_model::text::is_unprintable;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    FileError,
    disk::{NewFile, make_folder, read_bounded},
};

/// The person who asks the vendor's support, from `contact.toml`:
///
/// ```toml
/// name = "..."
/// email = "..."
/// phone = "..."
/// company = "..."
/// country = "..."
/// role = "installer"            # or distributor, end user
/// purchase-channel = "..."
/// support-email = "..."         # of the vendor's support of your country
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Contact {
    /// A person's name.
    pub name: Option<String>,
    /// The address for the answer.
    pub email: Option<String>,
    /// A phone number.
    pub phone: Option<String>,
    /// The company.
    pub company: Option<String>,
    /// The country.
    pub country: Option<String>,
    /// Installer, distributor or end user.
    pub role: Option<String>,
    /// Where the device was bought.
    pub purchase_channel: Option<String>,
    /// The address of the vendor's support, for the draft of an e-mail.
    pub support_email: Option<String>,
}

impl Contact {
    /// The file's name in the folder of settings.
    pub const FILE_NAME: &str = "contact.toml";

    /// The values of `role`.
    pub const ROLES: [&str; 3] = ["installer", "distributor", "end user"];

    /// The fields by the keys of the file.
    pub fn fields_mut(&mut self) -> [(&'static str, &mut Option<String>); 8] {
        [
            ("name", &mut self.name),
            ("email", &mut self.email),
            ("phone", &mut self.phone),
            ("company", &mut self.company),
            ("country", &mut self.country),
            ("role", &mut self.role),
            ("purchase-channel", &mut self.purchase_channel),
            ("support-email", &mut self.support_email),
        ]
    }

    /// The fields of the person that are not filled in, by the keys of the file.
    pub fn blanks(&self) -> Vec<&'static str> {
        let mut own = self.clone();
        own.support_email.get_or_insert_default();
        let blank = own
            .fields_mut()
            .into_iter()
            .filter(|(_, value)| value.is_none());
        blank.map(|(key, _)| key).collect()
    }

    /// What is wrong with a value, if anything.
    pub fn problem(key: &str, value: &str) -> Option<ContactProblem> {
        let is_email = value.split_once('@').is_some_and(|(name, host)| {
            !name.is_empty() && host.contains('.') && !value.contains(char::is_whitespace)
        });
        match key {
            _ if value.contains(is_unprintable) => Some(ContactProblem::Unprintable),
            "email" | "support-email" if !is_email => Some(ContactProblem::Email),
            "role" if !Self::ROLES.contains(&value) => Some(ContactProblem::Role),
            _ => None,
        }
    }

    /// Writes the file in place of a former one, and its folder where it is missing.
    pub fn write(&self, path: &Path) -> Result<(), FileError> {
        let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
        if let Some(folder) = folder {
            make_folder(folder).map_err(FileError::new("make the folder", folder))?;
        }
        let text = toml::to_string(self).map_err(io::Error::other);
        let written = text.and_then(|text| NewFile::begin(path)?.replace(text.as_bytes()));
        written.map_err(FileError::new("write", path))
    }

    /// Reads the file. Without a file all fields are empty.
    pub fn read(path: &Path) -> Result<Self, SettingsError> {
        read(path)
    }

    /// The fields of the person, with their names in the form.
    pub(crate) fn fields(&self) -> [(&'static str, Option<&str>); 7] {
        [
            ("Name", self.name.as_deref()),
            ("E-mail", self.email.as_deref()),
            ("Phone", self.phone.as_deref()),
            ("Company", self.company.as_deref()),
            ("Country", self.country.as_deref()),
            (
                "Role (installer, distributor, end user)",
                self.role.as_deref(),
            ),
            ("Purchase channel", self.purchase_channel.as_deref()),
        ]
    }
}

/// What is wrong with a value of a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContactProblem {
    /// Control or invisible characters.
    #[error("it has characters that cannot be printed")]
    Unprintable,
    /// No e-mail address.
    #[error("write one e-mail address, e.g. office@example.com")]
    Email,
    /// Another role than the vendor asks for.
    #[error("write installer, distributor or end user")]
    Role,
}

/// Names for the numbers of security questions, from `questions.toml`. The texts
/// belong to the vendor's programs, so none is built in.
///
/// ```toml
/// [names]
/// 1 = "first question of the list"
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuestionNames {
    #[serde(default)]
    names: BTreeMap<u32, String>,
}

impl QuestionNames {
    /// The file's name in the folder of settings.
    pub const FILE_NAME: &str = "questions.toml";

    /// Reads the file. Without a file there are no names.
    pub fn read(path: &Path) -> Result<Self, SettingsError> {
        read(path)
    }

    /// The name of a question.
    pub fn of(&self, id: u32) -> Option<&str> {
        self.names.get(&id).map(String::as_str)
    }
}

/// Why a settings file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file exists, but cannot be read.
    #[error(transparent)]
    Read(#[from] FileError),
    /// The file is not text.
    #[error("{} is not UTF-8 text", .0.display())]
    NotText(PathBuf),
    /// A line is not valid.
    #[error("{} line {line}: {message}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        message: String,
    },
}

fn read<T: DeserializeOwned + Default>(path: &Path) -> Result<T, SettingsError> {
    let bytes = match read_bounded(path, MAX_BYTES) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(T::default()),
        Err(error) => return Err(FileError::new("read", path)(error).into()),
    };
    let text = String::from_utf8(bytes).map_err(|_| SettingsError::NotText(path.to_owned()))?;
    toml::from_str(&text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start));
        let breaks = before.unwrap_or_default().matches('\n').count();
        SettingsError::Line {
            path: path.to_owned(),
            line: breaks.saturating_add(1),
            message: error.message().replace('\n', " "),
        }
    })
}

const MAX_BYTES: u64 = 64 * 1024;

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn written(text: impl AsRef<[u8]>) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.toml");
        fs::write(&path, text).unwrap();
        (folder, path)
    }

    #[test]
    fn a_contact_is_read_and_a_missing_one_is_blank() {
        let (_folder, path) = written("name = \"A\"\n# me\npurchase-channel = \"shop\"\n");
        let contact = Contact::read(&path).unwrap();
        assert_eq!(contact.name.as_deref(), Some("A"));
        assert_eq!(contact.purchase_channel.as_deref(), Some("shop"));
        assert_eq!(contact.email, None);
        let missing = path.with_file_name("none.toml");
        assert_eq!(Contact::read(&missing).unwrap(), Contact::default());
    }

    #[test]
    fn a_contact_is_written_checked_and_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/contact.toml");
        let contact = Contact {
            name: Some("A \"B\" \\ C".into()),
            role: Some("end user".into()),
            ..Contact::default()
        };
        for _ in 0..2 {
            contact.write(&path).unwrap();
            assert_eq!(Contact::read(&path).unwrap(), contact);
        }
        assert_eq!(contact.blanks().len(), 5);
        for (key, value, problem) in [
            ("email", "a@example.com", None),
            ("email", "a@b c.com", Some(ContactProblem::Email)),
            ("email", "a", Some(ContactProblem::Email)),
            ("role", "boss", Some(ContactProblem::Role)),
            ("role", "installer", None),
            ("name", "a\u{1b}", Some(ContactProblem::Unprintable)),
        ] {
            assert_eq!(Contact::problem(key, value), problem, "{key}: {value}");
        }
    }

    #[test]
    fn questions_get_names() {
        let (_folder, path) = written("[names]\n1 = \"one\"\n32 = \"last\"\n");
        let names = QuestionNames::read(&path).unwrap();
        let read = [1, 2, 32].map(|id| names.of(id));
        assert_eq!(read, [Some("one"), None, Some("last")]);
        let (_folder, path) = written("");
        let none = QuestionNames::read(&path).unwrap();
        assert_eq!(none, QuestionNames::default());
    }

    #[test]
    fn errors_name_their_line() {
        for (text, expected) in [
            (
                "name = \"A\"\n\nmail = \"b\"\n",
                "line 3: unknown field `mail`",
            ),
            ("name = \"A\"\nphone = 5\n", "line 2: invalid type"),
            ("name = \"A\"\nname = \"B\"\n", "line 2: duplicate key"),
        ] {
            let (_folder, path) = written(text);
            let error = Contact::read(&path).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
            assert!(error.starts_with(&*path.to_string_lossy()), "{error}");
        }
        let (_folder, path) = written([0xff]);
        assert!(matches!(
            Contact::read(&path),
            Err(SettingsError::NotText { .. })
        ));
        let (_folder, path) = written("#".repeat(70_000));
        assert!(matches!(Contact::read(&path), Err(SettingsError::Read(_))));
    }
}
