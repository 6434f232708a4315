//! Jobs, for front ends that live on meanwhile.

use sadp_ops::{
    job::{JobNote, JobQuestion, PlannedTask, Task},
    locate::Lamp,
    recovery::password_reset::Method,
};

use crate::{
    Announcement, Confirmation, Line, NOT_ENCRYPTED, answers_kept, answers_question,
    answers_unused, batch_question, count, device_question, earlier_qr, key_name, message,
    named_by_plan, refused_before, target_address, unanswered, with_cause,
};

/// What goes on, e.g. `activating`.
pub const fn doing(task: &Task) -> &'static str {
    match task {
        Task::Activate(_) => "activating",
        Task::Lamp(Lamp::For(_)) => "blinking",
        Task::Lamp(Lamp::On | Lamp::Off) => "switching the lamp",
        Task::Check(None) => "asking over HTTP",
        Task::Check(Some(_)) => "trying the password",
        Task::Record(_) => "recording a scan",
        Task::Export { .. } => "exporting requests",
        Task::Prepare { .. } => "preparing recovery",
        Task::Set(..) | Task::Addresses(..) | Task::Apply(..) => "setting addresses",
        Task::ExportGuids { .. } => "exporting GUIDs",
        Task::ImportGuids(..) => "importing GUIDs",
        Task::SetMailbox(..) => "setting e-mail addresses",
        Task::FetchQr => "fetching a QR code",
        Task::SetQuestions(..) => "setting security questions",
        Task::AskQuestions(_) => "asking for security questions",
        Task::AwaitButton { .. } => "waiting for a reset by the button",
        Task::ResetPassword(..) => "resetting a password",
        Task::SendAnswers { .. } => "sending answers",
    }
}

/// What will be done and the question, with the devices that are new, those that refused a
/// secret before, and those that are left out and why.
pub fn job_question<'a>(question: &JobQuestion<'a>) -> Confirmation<'a> {
    let mut confirmation = planned(question.task).naming(&question.never_seen);
    for (device, at) in &question.refused_before {
        let refused = refused_before(device, *at);
        confirmation.plan.extend(["\nwarning: ", &refused]);
    }
    for outcome in question.left_out {
        let mac = outcome.device.mac.map(|mac| mac.to_string());
        let (mac, why) = (mac.as_deref().unwrap_or("-"), message(outcome));
        let plan = &mut confirmation.plan;
        plan.extend(["\nnot sent to ", mac, ": ", &why]);
    }
    confirmation
}

fn planned(task: PlannedTask<'_>) -> Confirmation<'_> {
    let announcement = match task {
        PlannedTask::Activate(_) => Announcement::ACTIVATE,
        PlannedTask::Request(_) => Announcement::REQUEST,
        PlannedTask::RequestAgain(_) => Announcement::REQUEST_AGAIN,
        PlannedTask::Prepare(plan) => Announcement::prepare(plan),
        PlannedTask::Addresses(plan) => return batch_question(plan),
        PlannedTask::ExportGuids(_) => Announcement::GUID_EXPORT,
        PlannedTask::ImportGuids(_) => Announcement::GUID_IMPORT,
        PlannedTask::SetMailbox(_, mailbox) => Announcement::mailbox(mailbox),
        PlannedTask::SetQuestions(_) => Announcement::QUESTIONS,
        PlannedTask::ResetPassword(_, Method::Answers) => Announcement::ANSWERS,
        PlannedTask::ResetPassword(_, Method::MailedCode) => Announcement::MAILED_CODE,
        PlannedTask::SendAnswers(plan) => return answers_question(plan),
        PlannedTask::FetchQrAgain(devices, earlier) => {
            let mut question = Announcement::MAIL_QR_AGAIN.question(devices);
            question.plan.extend(["\n", &earlier_qr(earlier)]);
            return question;
        }
        PlannedTask::Set(plan) => {
            let change = plan.changes.first();
            let mut question = change.map_or_else(|| batch_question(plan), device_question);
            if let Some(target) = plan.target {
                question.plan.extend(["\n", &target_address(target)]);
            }
            return question;
        }
    };
    announcement.question(task.devices())
}

/// A fact about a job.
pub fn job_note(note: JobNote<'_>) -> Line {
    match note {
        JobNote::NotFound(device) => {
            let name = key_name(device);
            Line::Warning(format!("{name} was not found, and is left out"))
        }
        JobNote::AnswersUnused(path) => Line::Note(answers_unused(path).into()),
        JobNote::AnswersKept(path) => Line::Note(answers_kept(path).into()),
        JobNote::NotEncrypted => Line::Note(NOT_ENCRYPTED.into()),
        JobNote::Unanswered(packages) => Line::Note(unanswered(packages.len()).into()),
        JobNote::Named(devices) => Line::Note(named_by_plan(devices).into()),
        JobNote::ResultsKept(path) => Line::Note(format!("results: {}", path.display()).into()),
        JobNote::ResultsLost(error) => Line::Warning(with_cause(error)),
        JobNote::Recorded { packets, devices } => {
            let packets = count(packets, "packet", "packets");
            let devices = count(devices as u64, "device", "devices");
            Line::Note(format!("{packets} of {devices} recorded").into())
        }
    }
}
