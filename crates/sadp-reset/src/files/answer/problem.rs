use std::{io, path::PathBuf};

use super::NotAnAnswer;
use crate::{DeviceKey, PackageError};

/// A file or folder that cannot be used as an answer.
#[derive(Debug)]
pub struct Problem {
    /// The file or folder.
    pub path: PathBuf,
    /// The device, where it is known.
    pub device: Option<DeviceKey>,
    /// Why.
    pub why: Why,
}

/// Why a file or folder cannot be used as an answer.
#[derive(Debug, thiserror::Error)]
pub enum Why {
    /// It is something else.
    #[error(transparent)]
    NotAnAnswer(#[from] NotAnAnswer),
    /// It cannot be read.
    #[error("it cannot be read")]
    Unreadable(#[source] io::Error),
    /// It is neither a file nor a folder.
    #[error("it is neither a file nor a folder")]
    Special,
    /// It leads elsewhere, and is not followed.
    #[error("it is a link, which is not followed")]
    Link,
    /// The folder lies too deep.
    #[error("the folder lies too deep")]
    TooDeep,
    /// There are more files than are looked at.
    #[error("there are too many files: the rest was not looked at")]
    TooMany,
    /// The `request.json` beside it cannot be used.
    #[error("the record of the request cannot be used")]
    Record(#[source] PackageError),
    /// Nothing tells which request it answers.
    #[error("nothing tells which request it answers")]
    Unmatched,
    /// Its name holds the MAC of a device that has no request here.
    #[error("its name holds the MAC of a device that has no request here")]
    Stranger,
    /// It may be one device's or another's.
    #[error("it may be of {} devices", candidates.len())]
    Ambiguous {
        /// Those it may be of.
        candidates: Vec<DeviceKey>,
    },
    /// Its folder, its name and the device asked for do not agree.
    #[error("its folder, its name and the device asked for do not agree")]
    Contradiction {
        /// The devices they name, as far as known.
        devices: Vec<DeviceKey>,
    },
    /// Its name tells clearly whose it is; its folder or the device asked for
    /// is another.
    #[error("its name tells another device than its folder, or than was asked for: it belongs into {}", package.display())]
    Misplaced {
        /// The device its name tells.
        device: DeviceKey,
        /// The package of that device's last request.
        package: PathBuf,
    },
    /// There is another, different answer to the same request.
    #[error("there is another, different answer to the same request")]
    TwoAnswers {
        /// The others.
        others: Vec<PathBuf>,
    },
    /// The same answer lies with another request, and fits only one.
    #[error("the same answer lies with another request, and it fits only one")]
    SharedAnswer {
        /// The others.
        others: Vec<PathBuf>,
    },
    /// A later request of the same device has its answer here, too.
    #[error("a later request of the same device has its answer here, too")]
    OlderRequest {
        /// The later one's answer.
        newer: PathBuf,
    },
}
