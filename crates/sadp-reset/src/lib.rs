//! What this crate does not do: it touches no network and reads no clock, it
//! makes no key or code of the vendor, it never changes or deletes an answer, and
//! its ledger has no place for a password, an answer or a code.
//!
//! How a camera's password comes back, and what has to be remembered on the
//! way: which device is locked until when, how many tries it has left, and what
//! was sent to which device with what result.
//!
//! - [`Ledger`]: the file that remembers it from one run to the next.
//! - [`DeviceKey`]: by what a device is known again there.
//! - [`Attempt`] and [`AttemptVerdict`]: the audit, written before and after a command
//!   is sent.
//! - [`export_request`]: a request to the vendor's support as a [`Package`] on
//!   the disk, and its [`Case`] in the ledger.
//! - [`collect`] and [`assign`]: the support's answers, each matched to its
//!   request; [`RequestFacts::judge`] says whether that is still valid.
//! - [`Vault`]: GUIDs exported while the password was known.
//! - [`QuestionAnswers`]: answers to security questions, from a file.
//!
//! Every file is whole or not there, for its owner alone, and never written over
//! another.

#![cfg_attr(
    not(test),
    warn(
        clippy::arithmetic_side_effects,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )
)]

mod device_key;
mod digest;
mod disk;
mod files;
mod ledger;
mod request;
mod validity;

pub use device_key::DeviceKey;
pub use digest::{Digest, ParseDigestError};
pub use disk::{NewFile, write_new_file};
pub use files::{
    answer::{
        Answer, AnswerFile, Assignment, Collected, KnownBy, Matched, NotAnAnswer, Problem, Target,
        Why, assign, collect,
    },
    name::{device_name, package_name},
    package::{
        ExportError, Exported, Package, PackageError, PackageRequest, RecordError, RequestRecord,
        export_request,
    },
    qr::{QrError, QrImage},
    questions::{QuestionAnswers, QuestionAnswersError, QuestionFileError, QuestionProblem},
    settings::{Contact, QuestionNames, SettingsError},
    vault::{GuidExport, GuidFile, Vault, VaultError, read_any_guid_file, read_guid_file},
};
pub use ledger::{
    Action, Attempt, AttemptFilter, AttemptId, AttemptRecord, AttemptResult, AttemptVerdict, Case,
    CaseEnded, CaseEnding, CaseFilter, CaseId, GuidId, GuidRecord, GuidStanding, GuidVoid, Ledger,
    LedgerError, NewCase, OpenedCase, RefusalWord, RememberedLock, UnknownWord,
};
pub use request::{RequestCommand, RequestKind};
pub use validity::{InvalidReason, LastSeen, RequestFacts, RequestValidity, VALID_FOR, WARN_AFTER};
