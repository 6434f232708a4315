//! A command under way, with what it says on stderr as it says it.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, ChildStderr, Command, Stdio},
};

use crate::run::Run;

pub(crate) struct Talk {
    pub(crate) child: Child,
    log: BufReader<ChildStderr>,
    pub(crate) said: String,
}

impl Talk {
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        Self {
            child,
            log,
            said: String::new(),
        }
    }

    /// Reads on until it says so.
    pub(crate) fn until(&mut self, text: &str) {
        while !self.said.contains(text) {
            self.line();
        }
    }

    /// Reads on until it says so again.
    #[cfg(unix)]
    pub(crate) fn until_again(&mut self, text: &str) {
        let before = self.said.len();
        while !self.said[before..].contains(text) {
            self.line();
        }
    }

    fn line(&mut self) {
        let more = self.log.read_line(&mut self.said).unwrap();
        assert!(more > 0, "it ended: {}", self.said);
    }

    /// Sends it a signal, unless it is over.
    #[cfg(unix)]
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let kill = Command::new("kill").args(["-s", name, &pid]).output();
        kill.unwrap();
    }

    pub(crate) fn end(mut self) -> Run {
        self.log.read_to_string(&mut self.said).unwrap();
        let mut run: Run = self.child.wait_with_output().unwrap().into();
        run.stderr = self.said;
        run
    }
}
