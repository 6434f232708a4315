//! The document to hand over, and labels.

use std::{
    io::{self, Write},
    path::Path,
};

use sadp_ops::report::{self, SiteSources};
use sadp_reset::NewFile;
use sadp_text::{
    PageTemplate, Sheet, SiteParties, TemplateError, count, report_sheets, write_labels_page,
    write_report_page,
};

use super::{audit, reset::load_contact};
use crate::{
    args::{Context, ReportArgs},
    commands::net,
    failure::{Exit, Failure},
    files,
    output::Format,
    run::Run,
    terminal::Terminal,
};

pub(super) fn run(args: &ReportArgs, context: Context<'_>) -> Result<Exit, Failure> {
    if context.global.format != Format::Table {
        let message = "a report is a page or a workbook, in no other format";
        let hint = "leave --format out, and use --out or --xlsx";
        return Err(Failure::usage(message).hint(hint));
    }
    let built_in = if args.labels {
        PageTemplate::LABELS
    } else {
        PageTemplate::REPORT
    };
    if args.print_template {
        write!(context.terminal.out(), "{built_in}")?;
        context.terminal.flush()?;
        return Ok(Exit::Done);
    }
    let template = template(args.template.as_deref(), built_in)?;
    let plan = match &args.plan {
        Some(path) => net::read_plan(path)?.0,
        None => Vec::new(),
    };
    let parties = SiteParties {
        title: args.title.clone(),
        customer: args.customer.clone(),
        installer: args.installer.clone(),
        contact: load_contact(args.contact.as_deref())?.0,
    };
    let page = args.out.as_deref();
    let page_file = page.map(|path| files::begin_with_ending(path, &["html", "htm"]));
    let page_file = page_file.transpose()?;
    let workbook = args.xlsx.as_deref();
    let workbook_file = workbook.map(|path| files::begin_with_ending(path, &["xlsx"]));
    let workbook_file = workbook_file.transpose()?;
    let mut run = Run::open(&args.ask, None, audit::access(args.no_ask), context)?;
    let devices = audit::look(&mut run, args.filter.as_ref(), args.no_ask)?;
    let sources = SiteSources {
        devices,
        asked: !args.no_ask,
        plan: &plan,
    };
    let site = report::site_report(&run.session, sources)?;
    let terminal = run.into_terminal();
    let devices = site.devices.len() as u64;
    let recoverable = site.devices.iter().filter(|it| it.audited.is_recoverable());
    let written = if args.labels {
        count(devices, "label", "labels")
    } else {
        format!(
            "{} of {} can be recovered without the vendor's support",
            recoverable.count(),
            count(devices, "device", "devices")
        )
    };
    if args.no_ask && !args.labels {
        terminal.note(sadp_text::NOT_ASKED);
    }
    if let Some(file) = page_file {
        let mut page = Vec::new();
        let rendered = if args.labels {
            write_labels_page(&site, args.label_size, &template, &mut page)
        } else {
            write_report_page(&site, &parties, &template, &mut page)
        };
        rendered.map_err(|error| unusable(error, args.template.as_deref()))?;
        finish(file, &page, &written, terminal)?;
    }
    if let Some(file) = workbook_file {
        let bytes = Sheet::workbook(&report_sheets(&site))?;
        finish(file, &bytes, &written, terminal)?;
    }
    Ok(Exit::Done)
}

fn finish(
    file: NewFile,
    bytes: &[u8],
    written: &str,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    let path = file.path().to_owned();
    file.finish(bytes)
        .map_err(|error| Failure::unwritable(&path, error))?;
    terminal.note(&format!("{} is written: {written}", path.display()));
    Ok(())
}

/// The template of this file, else the built-in one.
fn template(path: Option<&Path>, built_in: &str) -> Result<PageTemplate, Failure> {
    let Some(path) = path else {
        return PageTemplate::new(built_in).map_err(|error| unusable(error, None));
    };
    let source = files::read(path, PageTemplate::MAX_BYTES as u64, "a template")?;
    let source = String::from_utf8(source).map_err(|_| {
        let error = io::Error::from(io::ErrorKind::InvalidData);
        Failure::unreadable(path.display(), error)
    })?;
    PageTemplate::new(&source).map_err(|error| unusable(error, Some(path)))
}

fn unusable(error: TemplateError, template: Option<&Path>) -> Failure {
    let error = match template {
        Some(path) => error.named(path.display().to_string()),
        None => error,
    };
    Failure::new(Exit::Usage, error)
        .hint("correct the template; sadpctl report --print-template prints one that works")
}
