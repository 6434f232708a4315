use std::{fmt::Write as _, io::Write as _, path::Path};

use jiff::{SignedDuration, Timestamp};
use sadp_discovery::Pace;
use sadp_ops::DiscoveredDevice;
use sadp_proto::{Command, CommandOutcome as Reply, MailQr};
use sadp_reset::{Action, AttemptFilter, AttemptRecord, AttemptResult, QrImage, write_new_file};
use sadp_text::minute;
use serde_json::{Value, json};

use crate::{
    args::{ChangeArgs, GlobalArgs, MailQrArgs},
    commands::{
        batch::{self, Order, Orders, Sent},
        reset::errand::{Errand, Offer, Visit},
    },
    failure::{Exit, Failure},
    outcome::{Ending, Outcome},
    output::Format,
    state,
    terminal::Terminal,
    text::clean,
};

pub(super) fn run(
    args: &MailQrArgs,
    global: &GlobalArgs,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let errand = Errand {
        action: Action::MailQr,
        offer: Offer::Mailbox,
        plan: "an earlier QR code, and the code mailed for it, becomes void on",
        would: "a QR code would be fetched from it, and an earlier one become void",
        pace: Pace::Together,
        parallel: 1,
        change: ChangeArgs {
            yes: args.yes,
            dry_run: args.dry_run,
            force: false,
        },
        global,
    };
    batch::check_format(global)?;
    if let Some(png) = &args.png {
        must_be_free(png)?;
    }
    let mut visit = Visit::begin(&args.ask, [&args.device], (global, &mut *terminal))?;
    let found = args.device.choose(visit.devices())?;
    let (fit, mut outcomes) = errand.fit(vec![found], true)?;
    let ([found], false) = (&fit[..], args.dry_run) else {
        outcomes.extend(errand.planned(&fit));
        return batch::print(&outcomes, None, global, terminal);
    };
    if let Some(earlier) = earlier(found, global)? {
        terminal.warn(&earlier.words());
        batch::must_be_asked(errand.change)?;
        visit.confirm(&errand, &fit, terminal)?;
    }
    let (sent, told) = fetch(&visit, &errand, (found, args.png.as_deref()), terminal)?;
    if let Some(told) = &told
        && global.format == Format::Table
    {
        let picture = drawn(told, terminal);
        let guidance = guidance(found, told, args.png.as_deref());
        writeln!(terminal.out(), "{picture}\n{guidance}\n")?;
    }
    for (_, mut outcome) in sent.outcomes {
        if outcome.result == Ending::Done {
            tell(&mut outcome, told.as_ref());
        }
        outcomes.push(outcome);
    }
    batch::print(&outcomes, sent.trouble, global, terminal)
}

/// Asks for the QR code, and writes its picture the moment it arrives.
fn fetch(
    visit: &Visit,
    errand: &Errand<'_>,
    (found, png): (&DiscoveredDevice, Option<&Path>),
    terminal: &mut Terminal,
) -> Result<(Sent, Option<MailQr>), Failure> {
    let order = Order {
        found: found.clone(),
        command: Command::GetMailQr,
    };
    let mut told = None;
    let orders = Orders::keeping(vec![order], |_, arrived| {
        if let Reply::Done(reply) = arrived.reply {
            told = MailQr::read(reply);
        }
        match (&told, png) {
            (Some(told), Some(png)) => keep(told, png),
            _ => Ok(()),
        }
    });
    let sent = visit.send(errand, orders, terminal)?;
    Ok((sent, told))
}

/// A QR code cannot be had a second time: whether it can be kept is seen first.
fn must_be_free(png: &Path) -> Result<(), Failure> {
    if png.symlink_metadata().is_err() {
        return Ok(());
    }
    let message = format!("{} is there already", png.display());
    Err(Failure::words(Exit::Machine, message)
        .hint("name a file that is not there yet; nothing was sent"))
}

/// A QR code that was fetched before and may still be good.
#[derive(Debug, PartialEq, Eq)]
struct Earlier {
    fetched: Timestamp,
    /// When another was asked for since, and did not arrive.
    maybe_void: Option<Timestamp>,
}

impl Earlier {
    /// Among these attempts of one device, latest first. Where none arrived,
    /// nothing is lost by a new one.
    fn among(attempts: &[AttemptRecord]) -> Option<Self> {
        let asked = || {
            let all = attempts.iter();
            all.filter(|it| it.attempt.action == Action::MailQr)
        };
        let place = asked().position(|it| it.result() == AttemptResult::Done)?;
        let since = asked().take(place);
        let mut unanswered = since.filter(|it| {
            matches!(
                it.result(),
                AttemptResult::NoAnswer | AttemptResult::Unknown
            )
        });
        Some(Self {
            fetched: asked().nth(place)?.attempt.at,
            maybe_void: unanswered.next().map(|it| it.attempt.at),
        })
    }

    fn words(&self) -> String {
        let fetched = minute(self.fetched);
        match self.maybe_void {
            None => format!(
                "a QR code was fetched from this device on {fetched}: a new one makes it void"
            ),
            Some(asked) => format!(
                "a QR code was fetched from this device on {fetched}: a new one makes it void, and so may have done the one that was asked for on {} and did not arrive",
                minute(asked)
            ),
        }
    }
}

/// How long a mailed code is valid.
const MAILED_VALID_FOR: SignedDuration = SignedDuration::from_hours(48);

fn earlier(found: &DiscoveredDevice, global: &GlobalArgs) -> Result<Option<Earlier>, Failure> {
    let Some(ledger) = state::open_existing(global)? else {
        return Ok(None);
    };
    let filter = AttemptFilter {
        device: found.key(),
        since: Timestamp::now().checked_sub(MAILED_VALID_FOR).ok(),
        limit: None,
    };
    let attempts = ledger.attempts(&filter).map_err(state::failed)?;
    Ok(Earlier::among(&attempts))
}

fn keep(told: &MailQr, png: &Path) -> Result<(), Failure> {
    let picture = QrImage::new(&told.qr).and_then(|image| image.to_png());
    let picture = picture.map_err(|error| {
        let error = anyhow::Error::new(error).context("the QR code cannot be drawn");
        Failure::new(Exit::Machine, error)
            .hint("its content stands in the outcome, as data.qr of --format json")
    })?;
    write_new_file(png, &picture).map_err(|error| {
        let what = format!("cannot write {}", png.display());
        Failure::new(Exit::Machine, anyhow::Error::new(error).context(what))
            .hint("the QR code is good all the same: take a picture of the screen, or of data.qr of --format json")
    })
}

fn tell(outcome: &mut Outcome, told: Option<&MailQr>) {
    let Some(told) = told else {
        outcome.result = Ending::NoAnswer;
        outcome.exit = Exit::Refused;
        outcome.message = "it answered without a QR code, or not all of it arrived".into();
        outcome.next = Some("run it again".into());
        return;
    };
    let text = |text: &Option<Box<str>>| text.as_deref().map_or(Value::Null, |text| json!(text));
    let data = &mut outcome.data;
    data.insert("qr".into(), json!(&*told.qr));
    data.insert("mailbox".into(), text(&told.mailbox));
    data.insert("service_mailbox".into(), text(&told.service_mailbox));
    outcome.message = if told.qr_is_raw {
        "its QR code is here, but did not arrive in base64 as devices send it: it holds the text as received"
    } else {
        "its QR code is here"
    }
    .into();
    outcome.next = Some("when the code has come: sadpctl reset mail confirm DEVICE".into());
}

fn drawn(told: &MailQr, terminal: &mut Terminal) -> String {
    match QrImage::new(&told.qr) {
        Ok(image) => image.to_text(),
        Err(error) => {
            terminal.warn(&format!("the QR code cannot be drawn: {error}"));
            format!("{}\n", clean(&told.qr))
        }
    }
}

/// What to do with the QR code.
fn guidance(found: &DiscoveredDevice, told: &MailQr, png: Option<&Path>) -> String {
    let device = &found.entry.device;
    let name = device
        .mac
        .map_or_else(|| "DEVICE".into(), |mac| mac.to_string());
    let picture = png.map_or_else(|| "a photo of it".into(), |png| png.display().to_string());
    let service = match &told.service_mailbox {
        Some(service) => format!("Mail {picture} to {}", clean(service)),
        None => {
            format!("The device names no address: mail {picture} to the vendor's support")
        }
    };
    let mailbox = told.mailbox.as_deref().map_or_else(
        || "at its reserved e-mail address".into(),
        |mailbox| format!("at {}", clean(mailbox)),
    );
    let mut text = String::new();
    // Writing into a text does not fail.
    let _ = write!(
        text,
        "\
This QR code is for {name} alone. What to do with it:
1. {service},
   or scan it with the vendor's app, Hik-Connect.
2. A code comes {mailbox}, most often within minutes.
3. Give it to the device within {} hours:
   sadpctl reset mail confirm {name}
Until then do not restart the device, nor change its reserved address, nor fetch
another QR code: each makes the code void.",
        MAILED_VALID_FOR.as_hours()
    );
    text
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use sadp_reset::{Attempt, AttemptVerdict, Ledger};

    use super::*;
    use crate::samples::Samples as _;

    #[test]
    fn what_to_do_with_a_qr_code_is_told() {
        let told = MailQr {
            qr: "abc".into(),
            qr_is_raw: false,
            mailbox: Some("o***r@example.com".into()),
            service_mailbox: Some("service@example.com\u{1b}".into()),
        };
        let found = DiscoveredDevice::named("44:47:cc:00:00:05");
        let full = guidance(&found, &told, Some(Path::new("qr.png")));
        let bare = MailQr {
            mailbox: None,
            service_mailbox: None,
            ..told
        };
        let bare = guidance(&found, &bare, None);
        assert_snapshot!(format!("{full}\n\n{bare}"));
    }

    #[test]
    fn a_code_that_arrived_and_any_asked_for_since_count() {
        use AttemptResult::{Done, NoAnswer, Refused, Unknown};
        let told = |results: &[AttemptResult]| {
            let folder = tempfile::tempdir().unwrap();
            let mut ledger = Ledger::open(folder.path()).unwrap();
            for (second, &result) in (0..).zip(results) {
                let at = Timestamp::from_second(second).unwrap();
                for action in [Action::MailQr, Action::ExportRequest] {
                    let attempt = Attempt {
                        device: None,
                        address: None,
                        action,
                        at,
                    };
                    let id = ledger.begin(&attempt).unwrap();
                    let verdict = AttemptVerdict::new(result, at);
                    ledger.finish(id, &verdict).unwrap();
                }
            }
            let attempts = ledger.attempts(&AttemptFilter::default()).unwrap();
            let second = |at: Timestamp| at.as_second();
            Earlier::among(&attempts)
                .map(|earlier| (second(earlier.fetched), earlier.maybe_void.map(second)))
        };
        for (results, expected) in [
            (&[][..], None),
            (&[NoAnswer], None),
            (&[Done], Some((0, None))),
            (&[NoAnswer, Done], Some((1, None))),
            (&[Done, NoAnswer], Some((0, Some(1)))),
            (&[Done, Unknown, Refused], Some((0, Some(1)))),
            (&[Done, Refused], Some((0, None))),
            (&[Done, NoAnswer, Done], Some((2, None))),
        ] {
            assert_eq!(told(results), expected, "{results:?}");
        }
    }
}
