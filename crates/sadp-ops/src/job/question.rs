use jiff::Timestamp;
use sadp_proto::Mailbox;
use sadp_reset::Action;

use crate::{
    DiscoveredDevice, Outcome, network,
    recovery::{
        answer, guid::import::PlannedImport, mail::EarlierQr, password_reset::Method, prepare,
        request,
    },
};

/// What a person is asked before anything is sent.
#[derive(Clone, Debug)]
pub struct JobQuestion<'a> {
    /// What will be done.
    pub task: PlannedTask<'a>,
    /// The devices that are left out, and why.
    pub left_out: &'a [Outcome],
    /// The devices that have accepted no secret before, where the current password is sent:
    /// somebody may have invented them to be given it.
    pub never_seen: Vec<&'a DiscoveredDevice>,
    /// The devices that refused a secret of the same kind, and when.
    pub refused_before: Vec<(&'a DiscoveredDevice, Timestamp)>,
}

/// What a job will do once it is confirmed.
#[derive(Clone, Copy, Debug)]
pub enum PlannedTask<'a> {
    /// Set the first password of these devices.
    Activate(&'a [DiscoveredDevice]),
    /// Export these requests.
    Request(&'a [request::Export]),
    /// Export these requests again, and give up the earlier ones. A no leaves them out, and
    /// the job goes on.
    RequestAgain(&'a [request::Export]),
    /// Prepare recovery.
    Prepare(&'a prepare::Plan),
    /// Change the network settings of one device.
    Set(&'a network::Plan),
    /// Give addresses, and what else a plan has, to devices.
    Addresses(&'a network::Plan),
    /// Export GUIDs.
    ExportGuids(&'a [DiscoveredDevice]),
    /// Send GUIDs, to set a new password.
    ImportGuids(&'a [PlannedImport]),
    /// Reserve this e-mail address.
    SetMailbox(&'a [DiscoveredDevice], &'a Mailbox),
    /// Fetch a QR code, and give up an earlier one.
    FetchQrAgain(&'a [DiscoveredDevice], &'a EarlierQr),
    /// Set security questions.
    SetQuestions(&'a [DiscoveredDevice]),
    /// Set a new password by a secret of the owner.
    ResetPassword(&'a [DiscoveredDevice], Method),
    /// Send the vendor's answers.
    SendAnswers(&'a answer::Plan),
}

impl<'a> PlannedTask<'a> {
    /// By which action the devices are asked whether they refused a secret before.
    pub(super) const fn action(self) -> Action {
        match self {
            Self::Activate(_) => Action::Activate,
            Self::Request(_) | Self::RequestAgain(_) => Action::ExportRequest,
            Self::Prepare(_) | Self::ExportGuids(_) => Action::GuidExport,
            Self::Set(_) | Self::Addresses(_) => Action::NetSet,
            Self::ImportGuids(_) => Action::GuidImport,
            Self::SetMailbox(..) => Action::MailSet,
            Self::FetchQrAgain(..) => Action::MailQr,
            Self::SetQuestions(_) => Action::QuestionsSet,
            Self::ResetPassword(_, Method::Answers) => Action::QuestionsAnswer,
            Self::ResetPassword(_, Method::MailedCode) => Action::MailConfirm,
            Self::SendAnswers(_) => Action::ImportAnswer,
        }
    }

    /// The devices to which something is sent.
    pub fn devices(self) -> Vec<&'a DiscoveredDevice> {
        match self {
            Self::Activate(devices)
            | Self::ExportGuids(devices)
            | Self::SetMailbox(devices, _)
            | Self::FetchQrAgain(devices, _)
            | Self::SetQuestions(devices)
            | Self::ResetPassword(devices, _) => devices.iter().collect(),
            Self::ImportGuids(imports) => imports.iter().map(|it| &it.device).collect(),
            Self::SendAnswers(plan) => plan.answers.iter().map(|it| &it.device).collect(),
            Self::Request(exports) | Self::RequestAgain(exports) => {
                exports.iter().map(|it| &it.device).collect()
            }
            Self::Prepare(plan) => plan.devices().collect(),
            Self::Set(plan) | Self::Addresses(plan) => {
                plan.changes.iter().map(|it| &it.device).collect()
            }
        }
    }
}
