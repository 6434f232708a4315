//! Network settings: of one device, of several from a first address, and by a plan file.

mod plan;

use std::net::Ipv4Addr;

use axum::{
    Router,
    extract::{Query, State},
    response::Response,
    routing::get,
};
use maud::{Markup, html};
use sadp_model::{Device, State as DeviceState};
use sadp_ops::{
    job::{Job, JobSettings, Task},
    network::{self, AddressRange, WantedSettings},
};
use sadp_reset::Action;
use serde::Deserialize;

use super::{FormPage, shown};
use crate::{
    draft::FormDraft,
    error::WebError,
    form::SentForm,
    page::{self, FormField, Tab, page},
    site::Site,
    targets::{GuardedField, TargetQuery, Targets},
};

const PATH: &str = "/network";

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route(PATH, get(show).post(begin))
        .merge(plan::routes())
}

const PAGE: FormPage = FormPage {
    path: PATH,
    tab: Tab::Devices,
    render: content,
};

async fn show(State(site): State<Site>, Query(query): Query<TargetQuery>) -> Response {
    if query.device.is_none() && Targets::of(&site, query).is_err() {
        let body = html! {
            p { "No device is marked in the list." }
            (plan_link())
        };
        let page = page(&site, Tab::Devices, "Network settings", &body);
        return shown(&site, Tab::Devices, Ok(page));
    }
    PAGE.show(&site, query)
}

fn plan_link() -> Markup {
    html! {
        h2 { "By a plan file" }
        p { a .button href=(plan::PATH) { "Plan many devices in a file" } }
        p .hint { "A table with a row for each device, to look over and change in a spreadsheet, and to apply." }
    }
}

#[expect(clippy::unnecessary_wraps, reason = "pages with a form may fail")]
fn content(site: &Site, targets: &Targets, draft: &FormDraft) -> Result<Markup, WebError> {
    let unactivated = unactivated(targets);
    let body = html! {
            @if unactivated > 0 {
                p { (sadp_text::count(unactivated as u64, "of them has", "of them have")) " no password yet, and is left out. "
                    "Activate first: then settings can be sent." }
            }
            @match targets.single() {
                Some(device) => { (settings_form(site, targets, &device.found.entry.device, draft)) }
                None => {
                    (addresses_form(site, targets, draft))
                    (plan_link())
                }
            }
    };
    Ok(page(site, Tab::Devices, "Network settings", &body))
}

fn unactivated(targets: &Targets) -> usize {
    let devices = targets.devices().iter();
    let states = devices.map(|it| it.found.entry.device.state);
    states
        .filter(|it| *it == Some(DeviceState::Unactivated))
        .count()
}

/// The settings of one device, as they are now.
fn settings_form(site: &Site, targets: &Targets, device: &Device, draft: &FormDraft) -> Markup {
    let fields = [
        SettingField::new(ADDRESS, "IPv4 address", device.ipv4.address),
        SettingField::new(MASK, "Subnet mask", device.ipv4.mask),
        SettingField {
            now: device
                .ipv4
                .gateway
                .map_or_else(|| NONE.into(), |it| it.to_string()),
            hint: "An address, or none.",
            ..SettingField::new(GATEWAY, "Default gateway", device.ipv4.gateway)
        },
        SettingField::new(HTTP_PORT, "HTTP port", device.ports.http),
        SettingField::new(SDK_PORT, "SDK port", device.ports.sdk),
    ];
    let now = switch(device.ipv4.dhcp);
    let dhcp = draft.value(DHCP, now);
    page::form(
        site,
        draft,
        "Look and plan",
        &html! {
            (targets.render())
            p { "What you leave as it is, stays as it is on the device. You see the plan before anything is sent." }
            @for field in &fields { (field.render(draft)) }
            div .field {
                label for=(DHCP) { "DHCP" }
                input type="hidden" name=(before(DHCP)) value=(draft.value(&before(DHCP), now));
                select id=(DHCP) name=(DHCP) {
                    @if now.is_empty() { option value="" selected[dhcp.is_empty()] { "Not reported: leave as it is" } }
                    option value="off" selected[dhcp == "off"] { "Off: the address is fixed" }
                    option value="on" selected[dhcp == "on"] { "On: a server gives address, mask and gateway" }
                }
            }
            (page::current_password(draft))
            (account_field(draft))
            (targets.guards_and(Action::NetSet, &[REPLAYABLE], draft))
        },
    )
}

/// A first address for several devices.
fn addresses_form(site: &Site, targets: &Targets, draft: &FormDraft) -> Markup {
    html! {
        h2 { "Give addresses in a row" }
        (page::form(site, draft, "Look and plan", &html! {
            (targets.render())
            (range_fields(&TypedRange::default(), draft))
            (order_field(draft))
            (page::current_password(draft))
            (account_field(draft))
        }))
    }
}

/// In which order devices get their addresses, by the names of keys.
const ORDERS: [(&str, &str); 5] = [
    ("ip", "their addresses now"),
    ("mac", "their MACs"),
    ("serial", "their serials"),
    ("name", "their names"),
    ("model", "their models"),
];

fn order_field(draft: &FormDraft) -> Markup {
    let chosen = draft.value(ORDER, "ip");
    html! {
        div .field {
            label for=(ORDER) { "In the order of" }
            select id=(ORDER) name=(ORDER) aria-describedby="order-hint" {
                @for (key, name) in ORDERS { option value=(key) selected[key == chosen] { (name) } }
            }
            p .hint #order-hint { "Those that are alike in it follow by their MACs." }
        }
    }
}

const REPLAYABLE: GuardedField<'_> = GuardedField::Box(
    ALLOW_REPLAYABLE,
    "Send the password even where it can be recorded and replayed: older firmware takes it in such a form alone",
);

fn account_field(draft: &FormDraft) -> Markup {
    FormField::text(ACCOUNT, "Account of the password")
        .hint("Only where it is not admin and the device does not report it.")
        .render(draft)
}

/// The fields of a range.
fn range_fields(typed: &TypedRange, draft: &FormDraft) -> Markup {
    html! {
        (FormField::text(FROM, "First address").value(&typed.from).required()
            .hint("Devices get the free addresses from this one on, e.g. 192.168.1.101. Those of other devices are left out.").render(draft))
        (FormField::text(MASK, "Subnet mask").value(&typed.mask)
            .hint("If empty, as this computer or a device there has it.").render(draft))
        (FormField::text(GATEWAY, "Default gateway").value(&typed.gateway)
            .hint("An address, or none. If empty, the one that most devices there have.").render(draft))
    }
}

async fn begin(State(site): State<Site>, sent: SentForm) -> Response {
    let begun = start(&site, &sent);
    PAGE.begun(&site, sent, begun)
}

fn start(site: &Site, form: &SentForm) -> Result<(), WebError> {
    let targets = Targets::of_form(site, form)?.sorted(form.text(ORDER));
    let overrides = targets.lifted(form)?;
    let task = if targets.single().is_some() {
        Task::Set(wanted(form)?, form.current_password()?)
    } else {
        let range = TypedRange {
            from: form.text(FROM).into(),
            mask: form.text(MASK).into(),
            gateway: form.text(GATEWAY).into(),
        };
        Task::Addresses(range.read()?, form.current_password()?)
    };
    let allow_replayable = form.is_ticked(ALLOW_REPLAYABLE);
    if allow_replayable {
        targets.require_named(form)?;
    }
    let settings = JobSettings {
        account: account(form)?,
        allow_replayable,
        ..site.job_settings(overrides)
    };
    let devices = targets.keys()?;
    site.begin(Job { devices, task }, settings)
}

const ADDRESS: &str = "address";
const MASK: &str = "mask";
const GATEWAY: &str = "gateway";
const DHCP: &str = "dhcp";
const HTTP_PORT: &str = "http-port";
const SDK_PORT: &str = "sdk-port";
const FROM: &str = "from";
const ORDER: &str = "order";
const ACCOUNT: &str = "account";
const ALLOW_REPLAYABLE: &str = "allow-replayable";

/// How a gateway of none is written.
const NONE: &str = "none";

/// A setting with what the device has now. What stood there when the page was made comes
/// back with the form: the device may have got another address meanwhile, and only what
/// somebody changed is sent.
struct SettingField {
    name: &'static str,
    label: &'static str,
    now: String,
    hint: &'static str,
}

impl SettingField {
    fn new(name: &'static str, label: &'static str, now: Option<impl ToString>) -> Self {
        Self {
            name,
            label,
            now: now.map_or_else(String::new, |it| it.to_string()),
            hint: "",
        }
    }

    fn render(&self, draft: &FormDraft) -> Markup {
        let before = before(self.name);
        html! {
            input type="hidden" name=(before) value=(draft.value(&before, &self.now));
            (FormField::text(self.name, self.label).value(&self.now).hint(self.hint).render(draft))
        }
    }
}

/// The name of the field with what stood in another one.
fn before(name: &str) -> String {
    format!("{name}-before")
}

const fn switch(on: Option<bool>) -> &'static str {
    match on {
        Some(true) => "on",
        Some(false) => "off",
        None => "",
    }
}

/// The account of the current password, where one was typed.
fn account(form: &SentForm) -> Result<Option<String>, WebError> {
    let Some(typed) = form.given(ACCOUNT) else {
        return Ok(None);
    };
    let account = network::read_account(typed).ok_or_else(|| {
        WebError::bad("the account is not valid")
            .at(ACCOUNT)
            .next("write its name as it is on the device; nothing was sent")
    })?;
    Ok(Some(account))
}

/// The settings that somebody changed in the form, at least one.
fn wanted(form: &SentForm) -> Result<WantedSettings, WebError> {
    let changed = |name| {
        form.given(name)
            .filter(|it| *it != form.text(&before(name)))
    };
    let wanted = WantedSettings {
        address: read(changed(ADDRESS), address, "the IPv4 address")?,
        mask: read(changed(MASK), sadp_model::read_mask, "the subnet mask")?,
        gateway: read(changed(GATEWAY), gateway, "the gateway")?,
        dhcp: changed(DHCP).map(|it| it == "on"),
        http: read(changed(HTTP_PORT), port, "the HTTP port")?,
        sdk: read(changed(SDK_PORT), port, "the SDK port")?,
    };
    if wanted == WantedSettings::default() {
        return Err(WebError::bad("no setting is changed")
            .next("change what the device is to have; nothing was sent"));
    }
    Ok(wanted)
}

/// A range as it was typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct TypedRange {
    from: String,
    mask: String,
    gateway: String,
}

impl TypedRange {
    fn read(&self) -> Result<AddressRange, WebError> {
        let first = read(given(&self.from), address, "the first address")?;
        let first = first.ok_or_else(|| {
            WebError::bad("the first address is missing").next("type it, e.g. 192.168.1.101")
        })?;
        Ok(AddressRange {
            first,
            mask: read(given(&self.mask), sadp_model::read_mask, "the subnet mask")?,
            gateway: read(given(&self.gateway), gateway, "the gateway")?,
        })
    }
}

fn given(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|it| !it.is_empty())
}

/// `None` where nothing was typed. `what` names the value.
fn read<T>(
    typed: Option<&str>,
    parse: fn(&str) -> Option<T>,
    what: &str,
) -> Result<Option<T>, WebError> {
    let Some(typed) = typed else {
        return Ok(None);
    };
    match parse(typed) {
        Some(value) => Ok(Some(value)),
        None => Err(WebError::bad(format!("{what} \"{typed}\" is not valid"))
            .next("write addresses and masks as 192.168.1.64, and ports as 1 to 65535; nothing was sent")),
    }
}

fn address(text: &str) -> Option<Ipv4Addr> {
    text.parse().ok()
}

/// `0.0.0.0` is none.
fn gateway(text: &str) -> Option<Ipv4Addr> {
    if text.eq_ignore_ascii_case(NONE) {
        return Some(Ipv4Addr::UNSPECIFIED);
    }
    address(text)
}

fn port(text: &str) -> Option<u16> {
    text.parse().ok().filter(|it| *it > 0)
}
