//! GUIDs: exported, kept, listed and given back.

use std::path::Path;

use sadp_discovery::ScanConfig;
use sadp_ops::{
    Guard, LedgerAccess, OutcomeData, PasswordSettings,
    recovery::guid::{
        self,
        export::{self, Settings},
        import::{self, GuidSource, ImportChoice},
    },
    verify,
};
use sadp_reset::{GuidBytes, GuidFile, VaultError};
use sadp_text::{Announcement, NOT_ENCRYPTED, count};
use secrecy::SecretString;

use crate::{
    args::{Context, GuidCommand, GuidExportArgs, GuidImportArgs},
    commands::new_password,
    failure::{Exit, Failure},
    output::GuidLine,
    run::{self, Purpose, Run, Target},
    secret::{self, Secret},
    state,
    terminal::Terminal,
};

pub(super) fn run(command: &GuidCommand, context: Context<'_>) -> Result<Exit, Failure> {
    match command {
        GuidCommand::Export(args) => export(args, context),
        GuidCommand::Import(args) => import(args, context),
        GuidCommand::List => list(context),
    }
}

fn export(args: &GuidExportArgs, context: Context<'_>) -> Result<Exit, Failure> {
    run::check(args.change, context.global)?;
    let password = secret::current(args.change.dry_run, &args.password)?;
    let encrypts = args.encrypt || args.passphrase_file.is_some();
    let passphrase = (encrypts && !args.change.dry_run)
        .then(|| Secret::NEW_PASSPHRASE.pending(args.passphrase_file.as_deref(), false))
        .transpose()?;
    let (mut run, inventory, devices) = Run::find(&args.choice, args.change, context)?;
    let overrides = args.change.overrides();
    let plan = export::plan(&run.session, devices, overrides, !args.choice.all)?;
    let announcement = Some(&Announcement::GUID_EXPORT);
    if !run.announce(announcement, &plan.selection.devices, args.change)? {
        return run.print_planned(plan.selection.into_outcomes());
    }
    let password = password.get(run.terminal)?;
    let passphrase = passphrase.map(|it| it.get(run.terminal)).transpose()?;
    let settings = Settings {
        access: PasswordSettings::new(&inventory, &password),
        passphrase: passphrase.as_ref(),
    };
    let report =
        run.block_on(async |session, observer| plan.carry_out(session, settings, observer).await)?;
    let mut data = report.outcomes.iter().map(|it| &it.data);
    if !encrypts && data.any(|it| matches!(it, OutcomeData::ExportedGuid(_))) {
        run.terminal.note(NOT_ENCRYPTED);
    }
    run.print(report)
}

fn import(args: &GuidImportArgs, context: Context<'_>) -> Result<Exit, Failure> {
    run::check(args.change, context.global)?;
    let reached = args.verify.access()?;
    let password = new_password::pending(&args.password, args.change)?;
    let Purpose { access, naming } = args.change.into();
    let mut run = Run::open(&args.ask, run::addresses(args.names()), access, context)?;
    let choice = ImportChoice {
        source: source(args, &mut run)?,
        overrides: args.change.overrides(),
        sync_cameras: args.sync_cameras,
        named: !args.all,
        parallel: args.parallel.into(),
    };
    let inventory = run.look_for(args.names())?;
    run.progress.say("opening GUIDs of the vault");
    let plan = import::plan(&run.session, args.choose(&inventory, naming)?, &choice)?;
    run.progress.clear();
    let wanted = !args.change.dry_run && !plan.imports.is_empty();
    if !wanted {
        let is_nothing = plan.is_nothing();
        let exit = run.print_planned(plan.into_outcomes())?;
        if !is_nothing {
            return Ok(exit);
        }
        let message = "the vault holds no usable GUID of any device found";
        return Err(Failure::words(Exit::NotFound, message)
            .hint("sadpctl reset guid list shows what it holds; nothing was sent"));
    }
    let devices = plan.imports.iter().map(|it| &it.device);
    run.confirm(&Announcement::GUID_IMPORT.question(devices), args.change)?;
    let password = password.get(run.terminal)?;
    run.carry_out(async move |session, observer| {
        let settings = PasswordSettings::new(&inventory, &password);
        let mut report = plan.carry_out(session, settings, observer).await?;
        if let Some(verification) = args.verify.verification(&password, &reached) {
            verify::verify(session, &mut report, verification, observer).await;
        }
        Ok(report)
    })
}

/// Reads the file, or the passphrase of the vault where one is needed.
fn source(args: &GuidImportArgs, run: &mut Run<'_>) -> Result<GuidSource, Failure> {
    if let Some(path) = &args.file {
        return Ok(GuidSource::File {
            path: path.clone(),
            file: Box::new(read(path, args, run.terminal)?),
        });
    }
    let encrypted = import::needs_passphrase(&run.session)?;
    let passphrase = if encrypted {
        passphrase(args, run.terminal)?
    } else {
        None
    };
    Ok(GuidSource::Vault { passphrase })
}

fn read(path: &Path, args: &GuidImportArgs, terminal: &mut Terminal) -> Result<GuidFile, Failure> {
    let bytes = GuidBytes::read(path).map_err(VaultError::from)?;
    let takes_any = args.change.overrides().lifts(Guard::RefusedBefore);
    let read = if takes_any {
        GuidBytes::any_guid
    } else {
        GuidBytes::guid
    };
    let mut file = read(&bytes, None);
    if matches!(file, Err(VaultError::PassphraseNeeded { .. }))
        && let Some(passphrase) = passphrase(args, terminal)?
    {
        file = read(&bytes, Some(&passphrase));
    }
    Ok(file?)
}

/// The passphrase. A dry run does not ask for it.
fn passphrase(
    args: &GuidImportArgs,
    terminal: &mut Terminal,
) -> Result<Option<SecretString>, Failure> {
    let file = args.passphrase_file.as_deref();
    let may_ask = !args.change.dry_run || file.is_some();
    let read = may_ask && Secret::PASSPHRASE.can_be_had(file);
    read.then(|| Secret::PASSPHRASE.read(file, terminal))
        .transpose()
}

fn list(mut context: Context<'_>) -> Result<Exit, Failure> {
    context.global.format.check::<GuidLine>()?;
    let session = state::open_session(ScanConfig::default(), LedgerAccess::Read, &mut context)?;
    let contents = guid::list(&session)?;
    let lines: Vec<_> = contents.guids.iter().map(GuidLine::new).collect();
    context.print(&lines)?;
    let terminal = context.terminal;
    let usable = lines.iter().filter(|line| line.is_valid()).count();
    let number = count(lines.len() as u64, "GUID", "GUIDs");
    let folder = contents.folder.display();
    terminal.note(&format!("{number} in {folder}: {usable} usable"));
    for path in &contents.unrecorded {
        terminal.warn(&format!(
            "{} is in the vault's folder but not in its list: an export may have been interrupted",
            path.display()
        ));
    }
    Ok(Exit::Done)
}
