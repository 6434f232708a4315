//! Other runs, played by this test binary started again with a job to do.

use std::{
    collections::HashMap,
    env,
    io::{self, BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
};

use sadp_reset::{AttemptFilter, AttemptResult, AttemptVerdict, Ledger, LedgerError};

use crate::{at, attempt, key, lock_of};

const JOB: &str = "SADP_RESET_TEST_JOB";
const FOLDER: &str = "SADP_RESET_TEST_FOLDER";

/// What a started child does. In an ordinary test run there is no job.
#[test]
fn child() {
    let Some(folder) = env::var_os(FOLDER).map(PathBuf::from) else {
        return;
    };
    match &*env::var(JOB).unwrap() {
        "read" => {
            let ledger = Ledger::open_existing(&folder);
            let locks =
                ledger.map(|ledger| ledger.map(|ledger| ledger.locks(at(0)).unwrap().len()));
            say(&format!("read {locks:?}"));
        }
        "keep" => crate::killed::keep(&folder),
        "keep one" => crate::killed::keep_one(&folder),
        job => {
            say("opening");
            let mut ledger = in_turn(|| Ledger::open(&folder));
            for number in 0..job.parse().unwrap() {
                write(&mut ledger, number);
            }
        }
    }
}

/// Writes in every way there is, and says of each when it is on the disk.
///
/// All of it at the same second: runs that write at once have one clock. By
/// clocks of their own, as far apart as the runs are, each would take the other's
/// locks as told by a clock that was set back since, and shorten them.
fn write(ledger: &mut Ledger, number: u16) {
    let id = in_turn(|| ledger.begin(&attempt(number, 0)));
    say(&format!("begun {id}"));
    let verdict = AttemptVerdict::new(AttemptResult::Done, at(0));
    in_turn(|| ledger.finish(id, &verdict));
    say(&format!("finished {id}"));
    let camera = key(Some(u16::try_from(id.number()).unwrap()), None);
    in_turn(|| ledger.remember_lock(&camera, at(100_000), at(0)));
    say(&format!("locked {id}"));
    in_turn(|| ledger.remember_tries(&camera, 3, at(0)));
    say(&format!("counted {id}"));
}

/// Waits until the other runs let this one do it. The ledger itself waits five
/// seconds, which runs that write without a pause on a busy disk may take.
fn in_turn<T>(mut act: impl FnMut() -> Result<T, LedgerError>) -> T {
    loop {
        match act() {
            Err(LedgerError::Busy { .. }) => {}
            done => return done.unwrap(),
        }
    }
}

/// Reaches the parent whatever becomes of this process, and is not captured.
pub(crate) fn say(line: &str) {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "@ {line}").unwrap();
    stdout.flush().unwrap();
}

pub(crate) struct Run {
    pub(crate) child: Child,
    output: BufReader<ChildStdout>,
}

impl Run {
    pub(crate) fn start(job: &str, folder: &Path) -> Self {
        Self::start_as(&mut Command::new(env::current_exe().unwrap()), job, folder)
    }

    pub(crate) fn start_as(command: &mut Command, job: &str, folder: &Path) -> Self {
        command.args(["--exact", "processes::child", "--nocapture"]);
        command.env(JOB, job).env(FOLDER, folder);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { child, output }
    }

    /// The next thing it says, or `None` where it is over. A line that was cut
    /// off by its end does not count.
    pub(crate) fn hear(&mut self) -> Option<String> {
        loop {
            let mut line = String::new();
            self.output.read_line(&mut line).unwrap();
            let line = line.strip_suffix('\n')?;
            // The test harness may have put its own words before ours.
            if let Some((_, said)) = line.split_once("@ ") {
                return Some(said.to_owned());
            }
        }
    }

    pub(crate) fn hear_all(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.hear()).collect()
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Of what children said, what is not in the ledger.
fn lost<'a>(ledger: &Ledger, said: &'a [String]) -> Vec<&'a String> {
    let attempts = ledger.attempts(&AttemptFilter::default()).unwrap();
    let results: HashMap<_, _> = attempts
        .iter()
        .map(|record| (record.id.number(), record.result()))
        .collect();
    let is_kept = |said: &&String| {
        let Some((what, id)) = said.split_once(' ') else {
            return *said == "opening";
        };
        let id: u16 = id.parse().unwrap();
        let camera = key(Some(id), None);
        let result = results.get(&i64::from(id));
        match what {
            "begun" => result.is_some(),
            "finished" => result == Some(&AttemptResult::Done),
            "locked" => lock_of(ledger, &camera, at(0)) == Some(at(100_000)),
            "counted" => ledger.tries_left(&camera, at(0)).unwrap() == Some(3),
            other => panic!("{other}"),
        }
    };
    said.iter().filter(|said| !is_kept(said)).collect()
}

#[test]
fn nothing_is_lost_when_processes_open_and_write_at_once() {
    const RUNS: usize = 4;
    const EACH: usize = 25;
    for _ in 0..3 {
        let folder = tempfile::tempdir().unwrap();
        let runs: Vec<_> = (0..RUNS)
            .map(|_| Run::start(&EACH.to_string(), folder.path()))
            .collect();
        let mut said = Vec::new();
        for mut run in runs {
            said.extend(run.hear_all());
            assert!(run.child.wait().unwrap().success());
        }
        assert_eq!(said.len(), RUNS * (1 + 4 * EACH));
        let ledger = Ledger::open_existing(folder.path()).unwrap().unwrap();
        let found = ledger.attempts(&AttemptFilter::default()).unwrap();
        assert_eq!(found.len(), RUNS * EACH);
        let lost = lost(&ledger, &said);
        assert!(lost.is_empty(), "{lost:?}");
    }
}

#[test]
fn killed_at_any_moment_it_opens_again_with_all_that_was_written() {
    let mut folder = tempfile::tempdir().unwrap();
    let mut said = Vec::new();
    for round in 0..60 {
        // Many rounds begin with nothing, so that opening is cut off as well.
        if round % 3 == 0 {
            folder = tempfile::tempdir().unwrap();
            said.clear();
        }
        let mut victim = Run::start("10000", folder.path());
        let mut other = Run::start("10000", folder.path());
        for _ in 0..(round * 7) % 23 {
            said.extend(victim.hear());
        }
        victim.child.kill().unwrap();
        said.extend(victim.hear_all());
        // The other one goes on undisturbed, whatever locks the dead one held.
        for _ in 0..6 {
            said.push(other.hear().expect("the other run goes on"));
        }
        other.child.kill().unwrap();
        said.extend(other.hear_all());
        drop((victim, other));
        let ledger = Ledger::open(folder.path()).unwrap();
        let lost = lost(&ledger, &said);
        assert!(lost.is_empty(), "round {round}: {lost:?}");
    }
}

#[test]
fn what_a_killed_run_left_is_read_without_being_changed_for_good() {
    let folder = tempfile::tempdir().unwrap();
    let mut run = Run::start("10000", folder.path());
    while run.hear().is_some_and(|said| said != "counted 1") {}
    drop(run);
    let ledger = Ledger::open_existing(folder.path()).unwrap().unwrap();
    assert!(lost(&ledger, &["counted 1".into()]).is_empty());
}

/// Copies this program to where everyone may run it. By a process of its own: a
/// file that this one had open for writing may be held a moment longer by what
/// another test has just started, and cannot be run until then.
#[cfg(unix)]
pub(crate) fn copy_program(to: &Path) {
    let copied = Command::new("cp")
        .arg(env::current_exe().unwrap())
        .arg(to)
        .status();
    assert!(copied.unwrap().success());
}

/// Root may write everywhere, so there the reading is done by nobody.
#[cfg(unix)]
mod protected {
    use std::{
        fs,
        os::unix::{fs::PermissionsExt, process::CommandExt},
    };

    use super::*;

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    /// Lets everyone read the folder and nobody write it, and reads.
    fn read_protected(root: &Path, folder: &Path) -> String {
        let copy = root.join("test");
        copy_program(&copy);
        for path in [root, &copy, folder] {
            set_mode(path, 0o755);
        }
        for file in fs::read_dir(folder).unwrap() {
            set_mode(&file.unwrap().path(), 0o444);
        }
        set_mode(folder, 0o555);
        let mut command = Command::new(&copy);
        if fs::write(folder.join("probe"), "").is_ok() {
            fs::remove_file(folder.join("probe")).unwrap();
            command.uid(65534).gid(65534);
        }
        let said = Run::start_as(&mut command, "read", folder).hear();
        set_mode(folder, 0o755);
        said.unwrap()
    }

    #[test]
    fn a_ledger_in_a_protected_folder_is_read() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("state ?#%");
        let mut ledger = Ledger::open(&folder).unwrap();
        ledger
            .remember_lock(&key(Some(1), None), at(60), at(0))
            .unwrap();
        drop(ledger);
        assert_eq!(read_protected(root.path(), &folder), "read Ok(Some(1))");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    }

    #[test]
    fn so_is_what_a_killed_run_left_there() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("state");
        let mut run = Run::start("10000", &folder);
        while run.hear().is_some_and(|said| said != "locked 1") {}
        drop(run);
        let said = read_protected(root.path(), &folder);
        assert!(said.starts_with("read Ok(Some("), "{said}");
        assert_ne!(said, "read Ok(Some(0))");
    }

    #[test]
    fn without_its_index_that_is_an_error_and_not_an_older_state() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("state");
        let mut run = Run::start("10000", &folder);
        while run.hear().is_some_and(|said| said != "locked 1") {}
        drop(run);
        fs::remove_file(folder.join(format!("{}-shm", Ledger::FILE_NAME))).unwrap();
        let said = read_protected(root.path(), &folder);
        assert!(said.starts_with("read Err("), "{said}");
    }
}

/// Root alone can give files away.
#[cfg(unix)]
#[test]
#[expect(clippy::print_stderr, reason = "a test that is left out says so")]
fn what_root_makes_in_a_users_folder_is_the_users() {
    use std::{
        fs,
        os::unix::fs::{MetadataExt as _, chown},
    };
    const USER: u32 = 12_345;
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: only root can give files to another user");
        return;
    }
    let home = tempfile::tempdir().unwrap();
    chown(home.path(), Some(USER), Some(USER)).unwrap();
    let folder = home.path().join("share/sadpctl");
    // The files of an open database belong to it.
    let _ledger = Ledger::open(&folder).unwrap();
    sadp_reset::write_new_file(&folder.join("request.txt"), b"").unwrap();
    let mut made = vec![home.path().join("share"), folder.clone()];
    made.extend(fs::read_dir(&folder).unwrap().map(|it| it.unwrap().path()));
    assert!(made.len() > 3, "{made:?}");
    for path in made {
        assert_eq!(fs::metadata(&path).unwrap().uid(), USER, "{path:?}");
    }
}
