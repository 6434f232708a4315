//! File formats and persistent state for password recovery.
//!
//! This crate uses no network and reads no clock. It makes no key or code of the
//! vendor, never changes or deletes an answer, and its ledger has no place for a
//! password, an answer or a code.
//!
//! The [`Ledger`] is kept between runs, and knows a device by its [`DeviceKey`]. A [`Claim`]
//! lets runs that change devices take turns.
//!
//! The files are built on it: [`export_request`] writes a request to the vendor's support as
//! a [`Package`] and opens its [`Case`]; [`collect`] and [`assign`] find the support's
//! answers and match each to its request, and [`RequestFacts::judge`] decides whether that
//! is still valid; the [`Vault`] has GUIDs that were exported while the password was known.
//!
//! Every file is written whole or not at all, readable by its owner only, and never
//! over another.

#![cfg_attr(
    not(test),
    warn(
        clippy::arithmetic_side_effects,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )
)]

/// An enum whose words stand in the ledger, in files and in JSON, and are read back.
macro_rules! words {
    ($(#[$meta:meta])* pub enum $name:ident { $($variants:tt)* }) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[derive(strum::Display, strum::EnumString, strum::IntoStaticStr, strum::VariantArray)]
        #[strum(parse_err_ty = crate::UnknownWord, parse_err_fn = crate::UnknownWord::of)]
        $(#[$meta])*
        pub enum $name {
            $($variants)*
        }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = <Self as strum::VariantArray>::VARIANTS;

            /// The word in JSON and in the ledger.
            pub fn name(self) -> &'static str {
                self.into()
            }
        }
    };
}

mod claim;
mod device_index;
mod device_key;
mod digest;
mod disk;
mod files;
mod ledger;
mod request;
mod trust;
mod validity;

pub use claim::{Claim, ClaimAttempt, ClaimHolder};
pub use device_index::DeviceIndex;
pub use device_key::DeviceKey;
pub use digest::Digest;
pub use disk::{FileError, NewFile, make_folder, read_bounded, write_new_file};
pub use files::{
    answer::{
        Answer, AnswerFile, AnswerForm, AnswerProblem, AnswerTarget, Assignment, Collected,
        MatchBasis, Matched, NotAnAnswer, ReceivedFile, Why, assign, collect, collect_received,
        targets,
    },
    guid::parse_kept as parse_guid,
    last_scan::{LastScan, ScannedDevice},
    name::{device_name, package_name},
    package::{
        ExportError, Exported, Mailing, Package, PackageError, PackageRequest, RecordError,
        export_request,
    },
    qr::{QrError, QrImage},
    questions::{
        QuestionAnswers, QuestionAnswersError, QuestionAnswersFile, QuestionFileError,
        QuestionProblem,
    },
    recorder_cameras::{CameraLists, RecordedCameras, RecorderCamera},
    settings::{Contact, ContactProblem, QuestionNames, SettingsError},
    vault::{GuidBytes, GuidExport, Vault, VaultError},
};
pub use ledger::{
    Account, Action, Attempt, AttemptFilter, AttemptId, AttemptRecord, AttemptResult,
    AttemptVerdict, BadCaseId, Case, CaseEnded, CaseEnding, CaseId, GuidFile, GuidId, GuidRecord,
    GuidStanding, GuidVoid, InvalidSiteText, KnownDevice, Ledger, LedgerError, NamedDevice,
    NewCase, OpenedCase, PasswordNumber, RefusalWord, RememberedCertificate, RememberedLock,
    RememberedMove, SiteName, SiteText,
};
pub use request::{RequestCommand, RequestKind, UnknownWord, VALID_FOR, WARN_AFTER};
pub use trust::Untrusted;
pub use validity::{InvalidReason, LastSeen, RequestFacts, RequestValidity};
