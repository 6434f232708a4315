use std::path::Path;

use sadp_model::Device;
use sadp_ops::{
    DiscoveredDevice, LedgerAccess,
    audit::{self, AuditedDevice, EarlierAudit},
    cameras,
    recovery::methods,
};
use sadp_text::{
    AuditEntry, count, read_earlier_audit,
    select::{self, Filter},
};

use super::list;
use crate::{
    args::{AuditArgs, Context},
    failure::{Exit, Failure},
    files,
    output::Format,
    run::Run,
};

pub(super) fn run(args: &AuditArgs, context: Context<'_>) -> Result<Exit, Failure> {
    context.global.format.check::<AuditEntry>()?;
    let earlier = args.since.as_deref().map(read).transpose()?;
    let mut run = Run::open(&args.ask, None, access(args.no_ask), context)?;
    let mut devices = look(&mut run, args.filter.as_ref(), args.no_ask)?;
    select::by_urgency(&mut devices);
    let mut cameras = cameras::behind(&run.session, &devices);
    let audited = audit::audit(&run.session, devices)?;
    let rows = audited.iter().map(|it| {
        let since = earlier.as_ref().and_then(|earlier| it.since(earlier));
        let behind = cameras.iter().find(|camera| camera.is(device(it)));
        AuditEntry::new(it, since, behind)
    });
    let mut rows: Vec<_> = rows.collect();
    cameras.retain(|camera| !audited.iter().any(|it| camera.is(device(it))));
    // Conditions are about devices of the scan.
    if args.filter.is_none() {
        rows.extend(cameras.iter().map(AuditEntry::behind));
    }
    let mut context = run.into_context();
    context.print(&rows)?;
    let terminal = context.terminal;
    let recoverable = audited.iter().filter(|it| it.is_recoverable()).count();
    terminal.note(&format!(
        "{recoverable} of {} can be recovered without the vendor's support",
        count(audited.len() as u64, "device", "devices")
    ));
    if args.filter.is_none() && !cameras.is_empty() {
        let more = count(cameras.len() as u64, "camera", "cameras");
        terminal.note(&format!(
            "{more} behind recorders, as these reported last; ask them again: sadpctl cameras --all"
        ));
    }
    if args.no_ask {
        terminal.note(sadp_text::NOT_ASKED);
    }
    if let Some(earlier) = &earlier {
        let mut gone: Vec<_> = earlier.keys().collect();
        gone.retain(|mac| {
            let behind = cameras.iter().map(|it| it.camera.mac);
            let mut all = audited.iter().map(|it| device(it).mac).chain(behind);
            all.all(|it| it != Some(**mac))
        });
        for mac in gone {
            terminal.note(&format!("{mac} was audited before and is not found now"));
        }
        let changed = rows.iter().filter(|row| !row.change().is_empty()).count();
        let devices = count(changed as u64, "device", "devices");
        terminal.note(&format!("{devices} changed since the earlier audit"));
    }
    if context.global.format == Format::Table {
        let mut told = Vec::new();
        for it in &audited {
            let device = device(it);
            for &finding in &it.findings {
                let meaning = sadp_text::finding(finding);
                let hint = format!("{meaning}: {}", sadp_text::mends(finding, device, "DEVICE"));
                if !told.contains(&hint) {
                    terminal.hint(&hint);
                    told.push(hint);
                }
            }
        }
    }
    Ok(if rows.iter().any(AuditEntry::has_problem) {
        Exit::Refused
    } else {
        Exit::Done
    })
}

fn device(audited: &AuditedDevice) -> &Device {
    &audited.assessed.device.entry.device
}

/// What devices are asked is recorded.
pub(super) const fn access(no_ask: bool) -> LedgerAccess {
    if no_ask {
        LedgerAccess::Read
    } else {
        LedgerAccess::Record
    }
}

/// Looks for devices, and asks them what is set up on them.
pub(super) fn look(
    run: &mut Run<'_>,
    filter: Option<&Filter>,
    no_ask: bool,
) -> Result<Vec<DiscoveredDevice>, Failure> {
    let inventory = run.look()?;
    let mut devices = list::of_all(&inventory, filter)?;
    if !no_ask {
        run.block_on(async |session, observer| {
            methods::read_prepared(session, &inventory, &mut devices, observer).await
        })?;
    }
    Ok(devices)
}

fn read(path: &Path) -> Result<EarlierAudit, Failure> {
    /// That of some 20,000 devices.
    const MAX_BYTES: u64 = 64 << 20;
    let text = files::read(path, MAX_BYTES, "an audit")?;
    read_earlier_audit(&text).map_err(|error| {
        let what = format!("{} is not the JSON of an audit", path.display());
        Failure::because(Exit::Usage, what, error).hint("make it by: sadpctl audit --out FILE.json")
    })
}
