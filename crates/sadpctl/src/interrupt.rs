//! Ctrl-C, and what else asks a program to end: `SIGTERM`, and `SIGHUP` when the
//! terminal goes away.
//!
//! A command waits in several places one after the other. A wish to end that
//! comes between two of them is kept for the next, so that nothing is sent
//! behind a Ctrl-C that nobody happened to listen for.

use std::{
    io,
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use sadp_ops::Cancellation;
use tokio::{runtime::Builder, sync::Semaphore, time::timeout};

/// How long a wish may go without anybody taking it. Nothing is done for longer
/// without listening, but for writing to a reader that does not read.
const PATIENCE: Duration = Duration::from_secs(15);

/// The wishes that nobody took yet. Signals belong to the process, and so does
/// this.
static WISHES: Semaphore = Semaphore::const_new(0);

/// Waits until the program is asked to end. Each wish is taken once.
pub(crate) async fn interrupted() {
    match WISHES.acquire().await {
        Ok(wish) => wish.forget(),
        // It is never closed.
        Err(_) => std::future::pending().await,
    }
}

/// Passes wishes on: the first stops the sending of an operation, the second its
/// looks as well. Later ones end the program.
pub(crate) async fn pass_to(cancellation: Cancellation) {
    interrupted().await;
    cancellation.stop.cancel();
    interrupted().await;
    cancellation.abandon.cancel();
}

/// Whether a secret is being typed.
static ASKING: AtomicBool = AtomicBool::new(false);

/// Reads a secret from a terminal, which cannot be broken off from outside. There
/// Ctrl-C is a key, by which the reading itself ends, and leaves the terminal as
/// it was: the signal it raises must not end the program before that. Whatever
/// else asks the program to end then does so at once.
pub(crate) fn while_asking<T>(read: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    listen()?;
    ASKING.store(true, Ordering::Relaxed);
    let read = read();
    ASKING.store(false, Ordering::Relaxed);
    read
}

/// Takes the signals over, from now on and until the program ends: on a thread
/// of its own, which is there when all else is blocked or over.
pub(crate) fn listen() -> io::Result<()> {
    static LISTENING: OnceLock<()> = OnceLock::new();
    if LISTENING.set(()).is_err() {
        return Ok(());
    }
    // Tokio panics where it cannot open the pair of sockets that wakes it.
    #[cfg(unix)]
    (0..4)
        .map(|_| std::os::unix::net::UnixStream::pair())
        .collect::<io::Result<Vec<_>>>()?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let signals = {
        let _within = runtime.enter();
        system::Signals::new()?
    };
    std::thread::Builder::new().spawn(move || runtime.block_on(pass_on(signals)))?;
    Ok(())
}

async fn pass_on(mut signals: system::Signals) {
    let mut latest = None;
    loop {
        let next = timeout(PATIENCE, signals.next()).await;
        if let Ok(signal) = next
            && signal != CTRL_C
            && ASKING.load(Ordering::Relaxed)
        {
            end(signal);
        }
        if let Some(signal) = latest
            && WISHES.available_permits() > 0
        {
            // A second wish, or one that waited too long: it is meant.
            end(signal);
        }
        latest = next.ok();
        WISHES.add_permits(latest.is_some().into());
    }
}

/// The number of the signal that Ctrl-C stands for.
const CTRL_C: i32 = 2;

/// Ends the program where it stands, with the exit code that shells give to a
/// program ended by a signal. The ledger is made to survive it.
#[expect(clippy::exit, reason = "what should end it by itself does not listen")]
fn end(signal: i32) {
    std::process::exit(128 + signal);
}

#[cfg(unix)]
mod system {
    use std::{fs, io};

    use tokio::signal::unix::{Signal, SignalKind, signal};

    /// The signals that ask a program to end.
    pub(crate) struct Signals {
        interrupt: Signal,
        terminate: Signal,
        hangup: Option<Signal>,
    }

    impl Signals {
        pub(crate) fn new() -> io::Result<Self> {
            let hangup = (!is_to_outlive_its_terminal())
                .then(|| signal(SignalKind::hangup()))
                .transpose()?;
            Ok(Self {
                interrupt: signal(SignalKind::interrupt())?,
                terminate: signal(SignalKind::terminate())?,
                hangup,
            })
        }

        /// The number of the next one.
        pub(crate) async fn next(&mut self) -> i32 {
            let hangup = async {
                match &mut self.hangup {
                    Some(hangup) => hangup.recv().await,
                    None => std::future::pending().await,
                }
            };
            let kind = tokio::select! {
                _ = self.interrupt.recv() => SignalKind::interrupt(),
                _ = self.terminate.recv() => SignalKind::terminate(),
                _ = hangup => SignalKind::hangup(),
            };
            kind.as_raw_value()
        }
    }

    /// Whether it was started by `nohup`. Where the system does not tell which
    /// signals are ignored, a program without a terminal is taken to be.
    fn is_to_outlive_its_terminal() -> bool {
        match fs::read_to_string("/proc/self/status") {
            Ok(status) => ignores_hangup(&status),
            Err(_) => !io::IsTerminal::is_terminal(&io::stderr()),
        }
    }

    fn ignores_hangup(status: &str) -> bool {
        let mut lines = status.lines();
        let mask = lines.find_map(|line| line.strip_prefix("SigIgn:"));
        let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
        // The first bit is signal 1, SIGHUP.
        mask.is_some_and(|mask| mask & 1 == 1)
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn nohup_is_seen_in_what_linux_reports() {
            for (mask, ignores) in [("0000000000001001", true), ("0000000000001000", false)] {
                let status = format!("Name:\tsadpctl\nSigBlk:\t0\nSigIgn:\t{mask}\n");
                assert_eq!(ignores_hangup(&status), ignores, "{mask}");
            }
            assert!(!ignores_hangup("SigIgn:\tnonsense"));
            assert!(!ignores_hangup(""));
        }
    }
}

#[cfg(not(unix))]
mod system {
    use std::io;

    /// Ctrl-C.
    pub(crate) struct Signals;

    impl Signals {
        #[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
        pub(crate) fn new() -> io::Result<Self> {
            Ok(Self)
        }

        /// The number shells know it by.
        pub(crate) async fn next(&mut self) -> i32 {
            if tokio::signal::ctrl_c().await.is_err() {
                // Without a handler Ctrl-C ends the program, which is as well.
                std::future::pending::<()>().await;
            }
            2
        }
    }
}
