//! The page in the browser, beside the command line: the same plans and reports of
//! sadp-ops, in the same words of sadp-text.
//!
//! [`WebServer::bind`] takes a port on loopback, and [`WebServer::run`] serves the page until it
//! is stopped or nobody has used it for a while. Whoever has the one-time link
//! ([`WebServer::link`]) is let in, once; a cookie that only this run knows lets the browser
//! in afterwards. The module `access` keeps everybody else out.
//!
//! - `access`: who is let in; forms that are sent once. `gate` stands before all pages.
//! - `live`: the list of devices; `watch` keeps it up to date.
//! - `jobs`: the one change of devices that is under way; `work` begins it, and looks.
//! - `site`: all of these and what people chose, as pages share them.
//! - `draft`: forms as they are shown, also again after they were refused.
//! - `kept`: files that pages make, and their downloads.
//! - `looks`: what is asked for a page in the background, without a change.
//! - `replies`: what devices replied when they were asked.
//! - `uploads`: answers of the vendor's support that were uploaded and not sent yet.
//! - `pages`: a module for each page. A page reads what it shows, or begins a job.
//! - `page`: the frame around them, and the pieces they are made of.
//! - `wording`: sentences of sadp-text, with links in place of commands.
//!
//! No page needs anything from elsewhere: style and script are in the program.

mod access;
mod draft;
mod error;
mod form;
mod gate;
mod jobs;
mod kept;
mod live;
mod looks;
mod page;
mod pages;
mod replies;
mod server;
mod site;
mod targets;
#[cfg(test)]
mod tests;
mod tls;
mod uploads;
mod watch;
mod wording;
mod work;

use std::sync::{Mutex, MutexGuard, PoisonError};

pub use server::{WebServer, WebServerError};
pub use site::{EndReason, WebConfig};
pub use tls::{TlsError, TlsIdentity};

/// What another thread left behind is whole: each change is one step.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
