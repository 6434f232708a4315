//! Jobs of a front end that lives on: what is asked, and what a no, a stop and a device that
//! is absent lead to.

use std::{collections::VecDeque, fs::File, net::Ipv4Addr, path::Path, time::Duration};

use sadp_discovery::messages::MessageFile;
use sadp_model::MacAddr;
use sadp_ops::{
    DiscoveredDevice, Event, Observer, Outcome, OutcomeData, OutcomeStatus, Reason, Report, Seen,
    job::{
        Decision, Job, JobError, JobNote, JobQuestion, JobSettings, Operator, PlanToApply, Task,
        redacted_path,
    },
    locate::Lamp,
    network::{AddressRange, NetworkFinding, WantedSettings, plan_file},
    recovery::{
        answer::AnswerInput,
        button::ButtonFinding,
        password_reset::{OwnerSecret, ResetFinding},
        prepare::{WantedAnswers, WantedPreparation},
    },
};
use sadp_proto::{Code, Mailbox};
use sadp_reset::{Contact, DeviceKey, QuestionAnswersFile, QuestionNames, collect};
use tokio_util::sync::CancellationToken;

use crate::{
    answer::save_answer,
    guid::{RECORDER, vault},
    mail::{CURRENT, WITH_MAILBOX, mailed},
    questions::{RIGHT, SET, answers},
    site::{Simulated, quiet},
};

const NEW: &str = "[[device]]\nprofile = \"ipc-v5.5.6\"\nactivated = false\n";
const ACTIVE: &str = "[[device]]\nprofile = \"ipc-v5.5.82\"\n";

/// A person who gives these answers in turn, and stops the job instead of the next.
struct Person {
    answers: VecDeque<bool>,
    stop: CancellationToken,
    asked: Vec<Asked>,
    notes: Vec<String>,
}

/// How many devices a question was about, and how many it named besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Asked {
    devices: usize,
    left_out: usize,
    never_seen: usize,
    refused_before: usize,
}

impl Observer for Person {
    fn observe(&mut self, _: Event<'_>) {}
}

impl Operator for Person {
    fn ask(&mut self, question: JobQuestion<'_>) -> Decision<'_> {
        self.asked.push(Asked {
            devices: question.task.devices().len(),
            left_out: question.left_out.len(),
            never_seen: question.never_seen.len(),
            refused_before: question.refused_before.len(),
        });
        if let Some(yes) = self.answers.pop_front() {
            return Box::pin(async move { yes });
        }
        self.stop.cancel();
        Box::pin(std::future::pending())
    }

    fn note(&mut self, note: JobNote<'_>) {
        self.notes.push(format!("{note:?}"));
    }
}

impl Simulated {
    fn person(&self, answers: &[bool]) -> Person {
        Person {
            answers: answers.iter().copied().collect(),
            stop: self.cancellation.stop.clone(),
            asked: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// The keys of all devices that answer now.
    async fn keys(&mut self) -> Vec<DeviceKey> {
        let (inventory, _) = self.session.look(&mut quiet).await.unwrap();
        let keys = inventory.devices.iter().filter_map(DiscoveredDevice::key);
        keys.collect()
    }

    async fn run(&mut self, job: Job, person: &mut Person) -> Result<Report, JobError> {
        let settings = JobSettings::new("test", Duration::ZERO);
        job.run(&mut self.session, settings, person).await
    }

    /// The same for a device that is not there. Nobody is asked.
    async fn fail_for_absent(&mut self) -> JobError {
        let mut person = self.person(&[]);
        let job = Job {
            devices: vec![absent()],
            task: activation(),
        };
        let error = self.run(job, &mut person).await.unwrap_err();
        assert!(person.asked.is_empty());
        error
    }

    /// The same for all devices that answer now. The person says yes.
    async fn run_for_all(&mut self, task: Task) -> (Vec<Outcome>, Person) {
        let mut person = self.person(&[true]);
        let devices = self.keys().await;
        let report = self.run(Job { devices, task }, &mut person).await.unwrap();
        assert!(report.failure.is_none(), "{report:#?}");
        (report.outcomes, person)
    }
}

fn activation() -> Task {
    Task::Activate("Garden-77x".into())
}

fn absent() -> DeviceKey {
    DeviceKey::new(Some(MacAddr::new([0x44, 0x47, 0xcc, 9, 9, 9])), None).unwrap()
}

const fn asked(devices: usize) -> Asked {
    Asked {
        devices,
        left_out: 0,
        never_seen: 0,
        refused_before: 0,
    }
}

#[tokio::test(start_paused = true)]
async fn a_yes_activates() {
    let mut site = Simulated::new(NEW);
    let (outcomes, person) = site.run_for_all(activation()).await;
    assert_eq!(outcomes[0].seen, Some(Seen::Changed));
    assert_eq!(person.asked, [asked(1)]);
    assert_eq!(site.executions(0).activations, 1);
}

#[tokio::test(start_paused = true)]
async fn a_no_and_a_stop_send_nothing() {
    for answers in [&[false][..], &[]] {
        let mut site = Simulated::new(NEW);
        let mut person = site.person(answers);
        let job = Job {
            devices: site.keys().await,
            task: activation(),
        };
        let ended = site.run(job, &mut person).await;
        assert!(matches!(ended, Err(JobError::NotConfirmed)), "{ended:?}");
        assert_eq!(person.asked.len(), 1);
        assert_eq!(site.executions(0).exchanges, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn absent_devices_are_noted_and_a_job_for_them_alone_ends() {
    let mut site = Simulated::new(NEW);
    let mut devices = site.keys().await;
    devices.push(absent());
    let mut person = site.person(&[true]);
    let task = activation();
    let report = site.run(Job { devices, task }, &mut person).await.unwrap();
    assert_eq!(report.outcomes.len(), 1);
    assert_eq!(person.notes, [format!("NotFound({:?})", absent())]);

    let error = site.fail_for_absent().await;
    assert!(matches!(error, JobError::NoneAnswers), "{error:?}");
    site.disconnect();
    let error = site.fail_for_absent().await;
    assert!(matches!(error, JobError::NothingFound(_)), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn the_question_names_what_is_left_out_what_is_new_and_what_refused_before() {
    let mut site = Simulated::new(&format!("{ACTIVE}{NEW}"));
    let range = AddressRange {
        first: Ipv4Addr::new(192, 168, 1, 121),
        mask: None,
        gateway: None,
    };
    let wrong = Task::Addresses(range, "Wrong-password1".into());
    let (outcomes, person) = site.run_for_all(wrong).await;
    let first = Asked {
        left_out: 1,
        never_seen: 1,
        ..asked(1)
    };
    assert_eq!(person.asked, [first]);
    let left_out = Reason::Network(NetworkFinding::NotActivated);
    assert!(outcomes.iter().any(|it| it.reason == left_out));
    let (outcomes, person) = site
        .run_for_all(Task::Addresses(range, CURRENT.into()))
        .await;
    let again = Asked {
        refused_before: 1,
        ..first
    };
    assert_eq!(person.asked, [again]);
    let done = outcomes.iter().filter(|it| it.seen == Some(Seen::Changed));
    assert_eq!(done.count(), 1, "{outcomes:#?}");
}

#[tokio::test(start_paused = true)]
async fn settings_of_one_device_are_changed_and_what_it_has_is_not_asked_for() {
    let mut site = Simulated::new(ACTIVE);
    let wanted = WantedSettings {
        http: Some(8080),
        ..WantedSettings::default()
    };
    for (questions, seen) in [(1, Seen::Changed), (0, Seen::Changed)] {
        let task = Task::Set(wanted.clone(), CURRENT.into());
        let (outcomes, person) = site.run_for_all(task).await;
        assert_eq!(person.asked.len(), questions);
        assert_eq!(outcomes[0].seen, Some(seen), "{outcomes:#?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_lamp_blinks_without_a_question() {
    let mut site = Simulated::new("[[device]]\nprofile = \"ipc-v5.7.3\"");
    let (outcomes, person) = site
        .run_for_all(Task::Lamp(Lamp::For(Duration::from_secs(30))))
        .await;
    assert_eq!(outcomes[0].status, OutcomeStatus::Done);
    assert!(person.asked.is_empty());
    assert_eq!(site.executions(0).lamps, 2, "on, and off");
}

/// The first question is whether the older request is given up. A no leaves it.
#[tokio::test(start_paused = true)]
async fn a_request_is_exported_and_again_only_after_a_yes() {
    let mut site = Simulated::new(ACTIVE);
    let folder = tempfile::tempdir().unwrap();
    let task = || Task::Export {
        folder: folder.path().to_owned(),
        contact: Box::new(Contact::default()),
    };
    let (outcomes, _) = site.run_for_all(task()).await;
    assert_eq!(outcomes[0].status, OutcomeStatus::Done);
    for (answers, done) in [(&[false][..], false), (&[true, true], true)] {
        let mut person = site.person(answers);
        let job = Job {
            devices: site.keys().await,
            task: task(),
        };
        let report = site.run(job, &mut person).await.unwrap();
        assert_eq!(report.outcomes[0].status == OutcomeStatus::Done, done);
        assert_eq!(person.asked.len(), answers.len());
    }
}

#[tokio::test(start_paused = true)]
async fn answers_that_are_made_are_on_the_disk_and_no_file_is_written_over() {
    let mut site = Simulated::new(RECORDER);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("answers.txt");
    let task = || {
        let wanted = WantedPreparation {
            answers: Some(WantedAnswers::Made(path.clone())),
            ..WantedPreparation::default()
        };
        Task::Prepare {
            wanted,
            password: CURRENT.into(),
            passphrase: None,
        }
    };
    let (outcomes, person) = site.run_for_all(task()).await;
    assert_eq!(outcomes[0].status, OutcomeStatus::Done, "{outcomes:#?}");
    assert_eq!(person.notes, [format!("AnswersKept({path:?})")]);
    let file = QuestionAnswersFile::read(&path).unwrap();
    assert!(matches!(file, QuestionAnswersFile::PerDevice(all) if all.len() == 1));

    let mut person = site.person(&[]);
    let job = Job {
        devices: site.keys().await,
        task: task(),
    };
    let ended = site.run(job, &mut person).await;
    assert!(matches!(ended, Err(JobError::Prepare(_))), "{ended:?}");
}

const SET_ANEW: Reason = Reason::PasswordReset(ResetFinding::Set { seen: true });

#[tokio::test(start_paused = true)]
async fn a_guid_is_exported_and_sets_a_new_password_once() {
    let import = || Task::ImportGuids(vault(), "Garden-77x".into());
    let mut site = Simulated::new(&format!("{RECORDER}{RECORDER}"));
    let mut person = site.person(&[]);
    let job = Job {
        devices: site.keys().await,
        task: import(),
    };
    let ended = site.run(job, &mut person).await;
    assert!(matches!(ended, Err(JobError::NoGuid)), "{ended:?}");

    let mut site = Simulated::new(RECORDER);
    let export = Task::ExportGuids {
        password: CURRENT.into(),
        passphrase: None,
    };
    let (outcomes, person) = site.run_for_all(export).await;
    assert_eq!(outcomes[0].status, OutcomeStatus::Done);
    assert_eq!(person.notes, ["NotEncrypted"]);
    let (outcomes, person) = site.run_for_all(import()).await;
    assert_eq!(outcomes[0].reason, SET_ANEW);
    assert_eq!(person.asked, [asked(1)]);
}

#[tokio::test(start_paused = true)]
async fn a_mailbox_is_reserved_and_a_code_mailed_there_sets_a_new_password() {
    let mut site = Simulated::new(RECORDER);
    let mailbox = Mailbox::new("owner@example.com").unwrap();
    let set = Task::SetMailbox(mailbox, CURRENT.into());
    let (outcomes, person) = site.run_for_all(set).await;
    assert_eq!(outcomes[0].status, OutcomeStatus::Done);
    assert_eq!(person.asked.len(), 1);

    let mut site = Simulated::new(WITH_MAILBOX);
    let (_, person) = site.run_for_all(Task::FetchQr).await;
    assert!(person.asked.is_empty());
    let (outcomes, person) = site.run_for_all(Task::FetchQr).await;
    assert_eq!(person.asked, [asked(1)], "the first becomes void");
    let code = Code::new(mailed(&outcomes[0]).as_bytes()).unwrap();
    let reset = Task::ResetPassword(OwnerSecret::MailedCode(code), "Garden-77x".into());
    let (outcomes, person) = site.run_for_all(reset).await;
    assert_eq!(outcomes[0].reason, SET_ANEW);
    assert_eq!(person.asked, [asked(1)]);
}

#[tokio::test(start_paused = true)]
async fn questions_are_set_and_their_answers_set_a_new_password() {
    let set = Task::SetQuestions(answers(RIGHT), CURRENT.into());
    let secret = OwnerSecret::Answers(answers(RIGHT));
    let reset = Task::ResetPassword(secret, "Garden-77x".into());
    for (devices, task) in [(RECORDER, set), (SET, reset)] {
        let mut site = Simulated::new(devices);
        let (outcomes, person) = site.run_for_all(task).await;
        assert_eq!(outcomes[0].status, OutcomeStatus::Done, "{outcomes:#?}");
        assert_eq!(person.asked.len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_device_is_asked_for_its_questions_without_a_confirmation() {
    let mut site = Simulated::new(SET);
    let ask = Task::AskQuestions(QuestionNames::default());
    let (outcomes, person) = site.run_for_all(ask).await;
    let OutcomeData::Questions(list) = &outcomes[0].data else {
        panic!("{outcomes:#?}");
    };
    assert_eq!(list.questions.iter().filter(|it| it.set).count(), 3);
    assert!(person.asked.is_empty());
}

/// That it was reset is reported, whether it then gets a password or not.
#[tokio::test(start_paused = true)]
async fn after_a_reset_by_the_button_a_device_gets_its_first_password_after_a_yes() {
    for yes in [true, false] {
        let devices = format!("seed = 1\n{ACTIVE}button = \"20s\"\nreboot = \"30s\"\n");
        let mut site = Simulated::new(&devices);
        let mut person = site.person(&[yes]);
        let job = Job {
            devices: site.keys().await,
            task: Task::AwaitButton {
                limit: Duration::from_mins(15),
                first_password: Some("Garden-77x".into()),
            },
        };
        let outcomes = site.run(job, &mut person).await.unwrap().outcomes;
        let is_reset = outcomes[0].reason == Reason::Button(ButtonFinding::Reset);
        assert_eq!(is_reset, !yes, "{outcomes:#?}");
        assert_eq!(outcomes[0].status, OutcomeStatus::Done);
        assert_eq!(person.asked, [asked(1)]);
        assert_eq!(site.executions(0).activations, u64::from(yes));
    }
}

/// Answers to others would cost a try.
#[tokio::test(start_paused = true)]
async fn nobody_is_asked_about_questions_that_the_device_does_not_list() {
    let mut site = Simulated::new(SET);
    let unlisted = answers([(1, "Paris"), (4, "Rex"), (31, "blue")]);
    let secret = OwnerSecret::Answers(unlisted);
    let reset = Task::ResetPassword(secret, "Garden-77x".into());
    let (outcomes, person) = site.run_for_all(reset).await;
    assert_eq!(outcomes[0].reason, Reason::QuestionNotListed(31));
    assert!(person.asked.is_empty());
}

#[tokio::test(start_paused = true)]
async fn answers_of_the_vendor_go_to_their_devices_after_a_yes() {
    let mut site = Simulated::new(ACTIVE);
    let folder = tempfile::tempdir().unwrap();
    let export = Task::Export {
        folder: folder.path().to_owned(),
        contact: Box::default(),
    };
    let (outcomes, _) = site.run_for_all(export).await;
    let OutcomeData::Request(exported) = &outcomes[0].data else {
        panic!("{outcomes:#?}");
    };
    let send = || Task::SendAnswers {
        input: AnswerInput::Files(collect(&[folder.path().to_owned()])),
        password: Some("Garden-77x".into()),
    };
    let (outcomes, person) = site.run_for_all(send()).await;
    assert_eq!(
        (outcomes.len(), person.asked.len()),
        (0, 0),
        "none is there yet"
    );
    save_answer(exported.package.path());
    let (outcomes, person) = site.run_for_all(send()).await;
    assert_eq!(outcomes[0].status, OutcomeStatus::Done, "{outcomes:#?}");
    assert_eq!(person.asked, [asked(1)]);
    assert_eq!(site.executions(0).resets, 1);
}

#[tokio::test(start_paused = true)]
async fn a_plan_is_applied_to_its_devices_and_what_became_of_it_written_down() {
    let mut site = Simulated::new(&format!(
        "{ACTIVE}mac = \"44:47:cc:00:00:01\"\nmask = \"255.255.255.0\"\n"
    ));
    let folder = tempfile::tempdir().unwrap();
    let results = folder.path().join("plan.result.csv");
    let task = apply("44:47:cc:00:00:01", &results);
    assert!(!format!("{task:?}").contains("Secret-1"));
    let (outcomes, person) = site.run_for_all(task).await;
    assert_eq!(outcomes[0].seen, Some(Seen::Changed), "{outcomes:#?}");
    assert_eq!(person.asked.len(), 1);
    assert!(person.notes[0].starts_with("ResultsKept"));
    let written = std::fs::read_to_string(&results).unwrap();
    assert!(written.contains(",192.168.1.121,done,"), "{written}");
    assert!(written.contains(",as told\r\n") && !written.contains("Secret-1"));
    let mut person = site.person(&[]);
    let job = Job {
        devices: Vec::new(),
        task: apply("44:47:cc:00:00:99", &folder.path().join("other.csv")),
    };
    let ended = site.run(job, &mut person).await;
    assert!(matches!(ended, Err(JobError::Plan(_))), "{ended:?}");
    assert!(!folder.path().join("other.csv").exists());
}

fn apply(mac: &str, results: &Path) -> Task {
    let plan = format!(
        "mac,ip,mask,gateway,password\n{mac},192.168.1.121,255.255.255.0,0.0.0.0,Secret-1\n"
    );
    let (rows, table) = plan_file::read(plan.as_bytes()).unwrap();
    let plan = PlanToApply {
        rows,
        table,
        results: results.to_owned(),
        message: |_| "as told".into(),
    };
    Task::Apply(Box::new(plan), CURRENT.into())
}

#[tokio::test(start_paused = true)]
async fn a_scan_is_recorded_whole_and_redacted_and_nobody_is_asked() {
    let mut site = Simulated::new(&format!("{ACTIVE}mac = \"44:47:cc:12:34:56\"\n"));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scan.pcapng");
    let mut person = site.person(&[]);
    let record = || Job {
        devices: Vec::new(),
        task: Task::Record(path.clone()),
    };
    site.run(record(), &mut person).await.unwrap();
    assert!(person.asked.is_empty());
    assert!(
        person.notes[0].ends_with("devices: 1 }"),
        "{:?}",
        person.notes
    );
    let macs = [&path, &redacted_path(&path)].map(|path| {
        let file = MessageFile::from_reader(File::open(path).unwrap(), None).unwrap();
        let mut devices = file.devices().entries.into_iter();
        devices.next().unwrap().device.mac.unwrap()
    });
    assert_eq!(macs[0], MacAddr::new([0x44, 0x47, 0xcc, 0x12, 0x34, 0x56]));
    assert_ne!(macs[0], macs[1]);
    let again = site.run(record(), &mut person).await;
    assert!(matches!(again, Err(JobError::Recording(_))), "{again:?}");
}
