//! GUIDs: exported, kept, listed and given back.

use std::path::Path;

use sadp_discovery::ScanConfig;
use sadp_ops::{
    Cancellation, DeviceName, Guard, LedgerAccess, OutcomeData, PasswordSettings, Report, Session,
    SessionConfig,
    recovery::guid::{
        self, ListedGuid,
        export::{self, Settings},
        import::{self, GuidSource, ImportChoice},
    },
};
use sadp_reset::{GuidFile, VaultError, read_any_guid_file, read_guid_file};
use sadp_text::guid_void;
use secrecy::SecretString;

use crate::{
    args::{GlobalArgs, GuidCommand, GuidExportArgs, GuidImportArgs},
    commands::{list, new_password},
    failure::{Exit, Failure},
    output::{self, GuidLine},
    run::{self, Run},
    secret, state,
    terminal::Terminal,
    text::count,
};

pub(super) fn run(
    command: &GuidCommand,
    global: &GlobalArgs,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    match command {
        GuidCommand::Export(args) => export(args, global, terminal),
        GuidCommand::Import(args) => import(args, global, terminal),
        GuidCommand::List => list(global, terminal),
    }
}

fn export(
    args: &GuidExportArgs,
    global: &GlobalArgs,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    run::check(args.change, global)?;
    let password = secret::current_unless(args.change.dry_run, &args.password)?;
    let encrypts = args.encrypt || args.passphrase_file.is_some();
    let passphrase = (encrypts && !args.change.dry_run)
        .then(|| secret::new_passphrase(args.passphrase_file.as_deref()))
        .transpose()?;
    let also = args.choice.devices.iter().filter_map(DeviceName::address);
    let mut run = Run::open(&args.ask, also, args.change.access(), global, terminal)?;
    let inventory = run.look()?;
    let devices = list::choose(&args.choice, inventory.devices.clone())?;
    let overrides = args.change.overrides();
    let plan = export::plan(&run.session, devices, overrides, !args.choice.all);
    let plan = plan.map_err(state::failed)?;
    let wanted = !plan.selection.devices.is_empty();
    let Some(password) = password.filter(|_| wanted) else {
        return run.print(Report::new(plan.selection.into_outcomes()));
    };
    let what = "a GUID is exported into the vault from";
    run.confirm(what, &plan.selection.devices, args.change)?;
    let settings = Settings {
        access: PasswordSettings {
            inventory: &inventory,
            password: &password,
        },
        passphrase: passphrase.as_ref(),
    };
    let report = run
        .block_on(async |session, observer| plan.carry_out(session, settings, observer).await)
        .map_err(run::failed)?;
    let mut data = report.outcomes.iter().map(|it| &it.data);
    if !encrypts && data.any(|it| matches!(it, OutcomeData::ExportedGuid(_))) {
        run.terminal.note(
            "the files are not encrypted: keep them safe, whoever holds one can take its device over",
        );
    }
    run.print(report)
}

fn import(
    args: &GuidImportArgs,
    global: &GlobalArgs,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    run::check(args.change, global)?;
    let password = new_password::read(&args.password, args.change, terminal)?;
    let names = args.choice();
    let also = names.devices.iter().filter_map(DeviceName::address);
    let mut run = Run::open(&args.ask, also, args.change.access(), global, terminal)?;
    let choice = ImportChoice {
        source: source(args, &run.session)?,
        overrides: args.change.overrides(),
        sync_cameras: args.sync_cameras,
        named: !args.all,
        parallel: args.parallel.into(),
    };
    let inventory = run.look()?;
    let devices = list::choose(&names, inventory.devices.clone())?;
    let plan = import::plan(&run.session, devices, &choice).map_err(state::failed)?;
    let wanted = !args.change.dry_run && !plan.imports.is_empty();
    let Some(password) = password.filter(|_| wanted) else {
        let is_nothing = plan.is_nothing();
        let exit = run.print(Report::new(plan.into_outcomes()))?;
        return if is_nothing {
            Err(none_in_vault())
        } else {
            Ok(exit)
        };
    };
    let what = "a GUID goes out once, to set a new password on";
    run.confirm(what, &plan.devices(), args.change)?;
    let settings = PasswordSettings {
        inventory: &inventory,
        password: &password,
    };
    run.carry_out(async |session, observer| plan.carry_out(session, settings, observer).await)
}

fn none_in_vault() -> Failure {
    Failure::words(
        Exit::NotFound,
        "the vault holds no usable GUID of any device found",
    )
    .hint("sadpctl reset guid list shows what it holds; nothing was sent")
}

/// Reads the file, or the passphrase of the vault where one is needed.
fn source(args: &GuidImportArgs, session: &Session) -> Result<GuidSource, Failure> {
    if let Some(path) = &args.file {
        return Ok(GuidSource::File {
            path: path.clone(),
            file: Box::new(read(path, args)?),
        });
    }
    let encrypted = import::needs_passphrase(session).map_err(state::failed)?;
    let passphrase = if encrypted { passphrase(args)? } else { None };
    Ok(GuidSource::Vault { passphrase })
}

fn read(path: &Path, args: &GuidImportArgs) -> Result<GuidFile, Failure> {
    let read = if args.change.overrides().lifts(Guard::RefusedBefore) {
        read_any_guid_file
    } else {
        read_guid_file
    };
    let mut file = read(path, None);
    if matches!(file, Err(VaultError::PassphraseNeeded { .. }))
        && let Some(passphrase) = passphrase(args)?
    {
        file = read(path, Some(&passphrase));
    }
    file.map_err(state::vault_failed)
}

/// The passphrase. A dry run does not ask for it.
fn passphrase(args: &GuidImportArgs) -> Result<Option<SecretString>, Failure> {
    let file = args.passphrase_file.as_deref();
    let may_ask = !args.change.dry_run || file.is_some();
    let passphrase = may_ask.then(|| secret::passphrase(file)).transpose()?;
    Ok(passphrase.flatten())
}

fn list(global: &GlobalArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    global.format.check::<GuidLine>()?;
    let session = Session::open(SessionConfig {
        scan: ScanConfig::default(),
        state: state::folder(global)?,
        access: LedgerAccess::Read,
        cancellation: Cancellation::default(),
    });
    let contents = session.and_then(|session| guid::list(&session));
    let contents = contents.map_err(run::failed)?;
    let lines: Vec<_> = contents.guids.iter().map(line).collect();
    output::print(&lines, global.format, terminal)?;
    let usable = lines.iter().filter(|line| line.is_valid()).count();
    let number = count(lines.len() as u64, "GUID", "GUIDs");
    let folder = contents.folder.display();
    terminal.note(&format!("{number} in {folder}: {usable} to be used"));
    for path in &contents.unrecorded {
        terminal.warn(&format!(
            "{} is in the vault's folder but not in its list: an export may have been broken off",
            path.display()
        ));
    }
    Ok(Exit::Done)
}

fn line(guid: &ListedGuid) -> GuidLine {
    let record = &guid.record;
    GuidLine {
        serial: record.device.serial().map(ToString::to_string),
        mac: record.device.mac().map(|mac| mac.to_string()),
        exported_at: record.exported_at.to_string(),
        path: guid.path.display().to_string(),
        file: record.file_name.clone(),
        encrypted: record.encrypted,
        state: match record.void {
            Some(_) => "void",
            None if !guid.exists => "missing",
            None => "valid",
        },
        void: record.void.map(|(why, _)| why.name()),
        void_at: record.void.map(|(_, at)| at.to_string()),
        why: record.void.map(|(why, _)| guid_void(why)),
        suspect: guid.suspect,
    }
}
