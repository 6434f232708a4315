//! The reserved e-mail address: set, asked for a QR code, its code given.

use std::{io::Write as _, path::Path};

use sadp_model::text::clean;
use sadp_ops::{
    DiscoveredDevice, OutcomeData, PasswordSettings,
    recovery::{
        mail::{self, Setting},
        password_reset::{Method, OwnerSecret},
    },
};
use sadp_proto::{Code, MailQr};
use sadp_reset::{QrImage, write_new_file};
use sadp_text::{Announcement, MAILED_CODE_VOID, earlier_qr, mail_qr_steps};
use secrecy::ExposeSecret;

use super::{Secrets, qr_picture, set_password};
use crate::{
    args::{ChangeArgs, Context, ForceArgs, MailCommand, MailConfirmArgs, MailQrArgs, MailSetArgs},
    commands::new_password,
    failure::{Exit, Failure},
    fold::fold,
    output::{self, Format},
    run::{self, Run},
    secret::{self, Secret},
    terminal::Terminal,
};

pub(super) fn run(command: &MailCommand, context: Context<'_>) -> Result<Exit, Failure> {
    match command {
        MailCommand::Set(args) => set(args, context),
        MailCommand::Qr(args) => qr(args, context),
        MailCommand::Confirm(args) => confirm(args, context),
    }
}

fn set(args: &MailSetArgs, context: Context<'_>) -> Result<Exit, Failure> {
    run::check(args.change, context.global)?;
    let password = secret::current(args.change.dry_run, &args.password)?;
    let (mut run, inventory, devices) = Run::find(&args.choice, args.change, context)?;
    let setting = Setting {
        mailbox: args.mailbox.clone(),
        overrides: args.change.overrides(),
        named: !args.choice.all,
    };
    let plan = mail::plan_set(&run.session, devices, setting)?;
    let announcement = Announcement::mailbox(&args.mailbox);
    if !run.announce(Some(&announcement), &plan.selection.devices, args.change)? {
        return run.print_planned(plan.into_outcomes());
    }
    let password = password.get(run.terminal)?;
    run.carry_out(async move |session, observer| {
        let settings = PasswordSettings::new(&inventory, &password);
        plan.carry_out(session, settings, observer).await
    })
}

fn qr(args: &MailQrArgs, context: Context<'_>) -> Result<Exit, Failure> {
    let change = ChangeArgs {
        yes: args.yes,
        dry_run: args.dry_run,
        force: ForceArgs::default(),
    };
    output::check_outcomes(context.global.format)?;
    if let Some(png) = &args.png {
        must_be_free(png)?;
    }
    let (mut run, inventory, device) = Run::find(&args.target, change, context)?;
    let plan = mail::plan_qr(&run.session, device.clone())?;
    if args.dry_run || plan.selection.devices.is_empty() {
        return run.print_planned(plan.selection.into_outcomes());
    }
    if let Some(earlier) = &plan.earlier {
        run.terminal.warn(&earlier_qr(earlier));
        run::require_confirmation(change)?;
        run.confirm(&Announcement::MAIL_QR_AGAIN.question([&device]), change)?;
    }
    let report = run
        .block_on(async |session, observer| plan.carry_out(session, &inventory, observer).await)?;
    let mut unwritten = None;
    if let Some(OutcomeData::MailQr(fetched)) = report.outcomes.first().map(|it| &it.data) {
        let png = args.png.as_deref();
        unwritten = png.and_then(|png| write_png(fetched, png).err());
        if run.global.format == Format::Table {
            let picture = drawn(fetched, run.terminal);
            let guidance = guidance(&device, fetched, png);
            let guidance = fold(&guidance, run.terminal.width());
            writeln!(run.terminal.out(), "{picture}\n{guidance}\n")?;
        }
    }
    run.print_after(report, unwritten, None)
}

fn confirm(args: &MailConfirmArgs, context: Context<'_>) -> Result<Exit, Failure> {
    let (reset, file) = (&args.reset, args.code_file.as_deref());
    run::check(reset.change, context.global)?;
    let code = (file.is_some() || !reset.change.dry_run).then(|| code(file, context.terminal));
    let secrets = Secrets {
        method: Method::MailedCode,
        secret: code.transpose()?.map(OwnerSecret::MailedCode),
        password: new_password::pending(&reset.password, reset.change)?,
    };
    set_password(secrets, reset, context)
}

/// The code that can be sent.
fn code(file: Option<&Path>, terminal: &mut Terminal) -> Result<Code, Failure> {
    let code = Secret::MAILED_CODE.read(file, terminal)?;
    Code::new(code.expose_secret().as_bytes()).map_err(|error| {
        Failure::because(Exit::Usage, "the code cannot be sent", error)
            .hint("give the code of the e-mail alone, without the text around it; nothing was sent")
    })
}

/// A QR code cannot be fetched a second time: its file is checked first.
fn must_be_free(png: &Path) -> Result<(), Failure> {
    if png.symlink_metadata().is_err() {
        return Ok(());
    }
    let message = format!("{} is there already", png.display());
    Err(Failure::words(Exit::Machine, message)
        .hint("name a file that is not there yet; nothing was sent"))
}

fn write_png(fetched: &MailQr, png: &Path) -> Result<(), Failure> {
    let picture = QrImage::new(&fetched.qr).and_then(|image| image.to_png());
    let picture = picture.map_err(|error| {
        Failure::because(Exit::Machine, "the QR code cannot be drawn", error)
            .hint("its content stands in the outcome, as data.qr of --format json")
    })?;
    write_new_file(png, &picture).map_err(|error| {
        let what = format!("cannot write {}", png.display());
        Failure::because(Exit::Machine, what, error)
            .hint("the QR code is still valid: take a picture of the screen, or of data.qr of --format json")
    })
}

fn drawn(fetched: &MailQr, terminal: &mut Terminal) -> String {
    let warning = match qr_picture(&fetched.qr, terminal) {
        Ok(Some(picture)) => return picture,
        Ok(None) => "the window is too narrow to draw the QR code: its text stands below".into(),
        Err(error) => format!("the QR code cannot be drawn: {error}"),
    };
    terminal.warn(&warning);
    format!("{}\n", clean(&fetched.qr))
}

/// What to do with the QR code.
fn guidance(found: &DiscoveredDevice, told: &MailQr, png: Option<&Path>) -> String {
    let device = &found.entry.device;
    let mac = device.mac.map(|mac| mac.to_string());
    let name = mac.as_deref().unwrap_or("DEVICE");
    let picture = png.map_or_else(|| "a photo of it".into(), |png| png.display().to_string());
    let [mail, wait] = mail_qr_steps(told, &picture);
    format!(
        "\
This QR code is for {name} alone. What to do with it:
1. {mail}
2. {wait}
3. Give it to the device within {} hours: sadpctl reset mail confirm {name}
{MAILED_CODE_VOID}",
        mail::VALID_FOR.as_hours()
    )
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::samples::named;

    #[test]
    fn what_to_do_with_a_qr_code_is_reported() {
        let told = MailQr {
            qr: "abc".into(),
            qr_is_raw: false,
            mailbox: Some("o***r@example.com".into()),
            service_mailbox: Some("service@example.com\u{1b}".into()),
        };
        let found = named("44:47:cc:00:00:05");
        let full = guidance(&found, &told, Some(Path::new("qr.png")));
        let bare = MailQr {
            mailbox: None,
            service_mailbox: None,
            ..told
        };
        let bare = guidance(&found, &bare, None);
        assert_snapshot!(format!("{full}\n\n{bare}"));
    }
}
