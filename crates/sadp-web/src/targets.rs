//! The devices that a form is for: one that is named, or those that are marked.

use std::collections::BTreeSet;

use maud::{Markup, html};
use sadp_model::text::clean;
use sadp_ops::{Guard, Overrides};
use sadp_reset::{Action, DeviceKey};
use sadp_text::{capitalised, select::by_key, words::guarded_against};
use serde::Deserialize;

use crate::{
    draft::FormDraft,
    error::WebError,
    form::{SYNC, SentForm, VERIFY},
    live::{LiveDevice, LiveState},
    page::FormField,
    site::Site,
    wording::device_title,
};

/// The name of the field with the numbers of devices.
const DEVICES: &str = "devices";

/// The name of the field with guards that are lifted, and of the one with the device's
/// name, typed.
const LIFTED: &str = "lift";
const TYPED_NAME: &str = "device-name";

/// Which devices a page is for.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(crate) struct TargetQuery {
    /// The number of one device. Without it, the marked ones.
    pub(crate) device: Option<u64>,
}

/// The devices that a form is for.
#[derive(Clone, Debug)]
pub(crate) struct Targets(Vec<LiveDevice>);

impl Targets {
    /// Those of a page. Fails where no device is named or marked.
    pub(crate) fn of(site: &Site, query: TargetQuery) -> Result<Self, WebError> {
        let now = site.live.now();
        let devices = match query.device {
            Some(number) => now.device(number).into_iter().cloned().collect(),
            None => now.marked().cloned().collect(),
        };
        Self::new(devices)
    }

    /// The only one of a page that is for one device.
    pub(crate) fn one_of(site: &Site, query: TargetQuery) -> Result<LiveDevice, WebError> {
        Self::of(site, query)?.only()
    }

    /// Those of a form that was sent.
    pub(crate) fn of_form(site: &Site, form: &SentForm) -> Result<Self, WebError> {
        let now: &LiveState = &site.live.now();
        let numbers = form.text(DEVICES).split_whitespace();
        let numbers: BTreeSet<u64> = numbers.filter_map(|it| it.parse().ok()).collect();
        let devices = numbers.iter().filter_map(|&it| now.device(it));
        Self::new(devices.cloned().collect())
    }

    /// Those of the list that these keys identify; there may be none.
    pub(crate) fn of_keys(site: &Site, keys: &[DeviceKey]) -> Self {
        let now = site.live.now();
        let devices = now
            .all()
            .filter(|it| keys.iter().any(|key| it.found.is(key)));
        Self(devices.cloned().collect())
    }

    /// In the order of a key, by its name, and by MAC where that is alike.
    pub(crate) fn sorted(mut self, key: &str) -> Self {
        self.0.sort_by_key(|it| it.found.entry.device.mac);
        if let Ok(key) = key.parse() {
            by_key(&mut self.0, &key);
        }
        self
    }

    /// These devices.
    pub(crate) fn new(devices: Vec<LiveDevice>) -> Result<Self, WebError> {
        if devices.is_empty() {
            let error = WebError::gone("no device is chosen");
            return Err(error.next("mark devices in the list, then choose what to do"));
        }
        Ok(Self(devices))
    }

    /// The devices.
    pub(crate) fn devices(&self) -> &[LiveDevice] {
        &self.0
    }

    /// The only one, where there is one.
    pub(crate) fn single(&self) -> Option<&LiveDevice> {
        match &*self.0 {
            [device] => Some(device),
            _ => None,
        }
    }

    /// The only one.
    pub(crate) fn only(&self) -> Result<LiveDevice, WebError> {
        let only = self.single().cloned();
        only.ok_or_else(|| {
            WebError::bad("this is done with one device at a time")
                .next("open it from the page of the device")
        })
    }

    /// Whether one of them can pass a new password on to its cameras.
    pub(crate) fn offers_camera_sync(&self) -> bool {
        let mut devices = self.0.iter();
        devices.any(|it| it.found.entry.device.recovery.sync_camera_passwords == Some(true))
    }

    /// What the ledger and a look know them by. Those that tell neither MAC nor serial are
    /// not among them.
    pub(crate) fn keys(&self) -> Result<Vec<DeviceKey>, WebError> {
        let keys = self.0.iter().filter_map(|it| it.found.key());
        let keys: Vec<_> = keys.collect();
        if keys.is_empty() {
            return Err(
                WebError::bad("the device tells neither its MAC nor its serial")
                    .next("it cannot be sent commands: look at it in its own web page"),
            );
        }
        Ok(keys)
    }

    /// The devices as a part of a form, for people and for the form.
    pub(crate) fn render(&self) -> Markup {
        html! {
            (self.hidden())
            @if let [device] = &*self.0 {
                p { "For " strong { (device_title(&device.found)) } "." }
            } @else {
                details {
                    summary { "For " strong { (self.0.len()) " devices" } }
                    ul { @for device in &self.0 { li { (device_title(&device.found)) } } }
                }
            }
        }
    }

    /// The same for the form alone.
    pub(crate) fn hidden(&self) -> Markup {
        let numbers: Vec<_> = self.0.iter().map(|it| it.number.to_string()).collect();
        html! { input type="hidden" name=(DEVICES) value=(numbers.join(" ")); }
    }

    /// What is done once a new password is set.
    pub(crate) fn after_reset(&self, draft: &FormDraft) -> Markup {
        html! {
            p { label { input type="checkbox" name=(VERIFY) value="yes" checked[draft.is_ticked(VERIFY, false)];
                " Try the new password afterwards, by one login over HTTP" } }
            @if self.offers_camera_sync() {
                p { label { input type="checkbox" name=(SYNC) value="yes" checked[draft.is_ticked(SYNC, false)];
                    " Have the recorder pass the new password on to its cameras" } }
            }
        }
    }

    /// The guards of an action, to be lifted for one device by typing its name.
    pub(crate) fn guards(&self, action: Action, draft: &FormDraft) -> Markup {
        self.liftable(&Guard::of(action), draft)
    }

    /// The same with fields that lower the protection of a password: see
    /// [`require_named`](Self::require_named).
    pub(crate) fn guards_and(
        &self,
        action: Action,
        fields: &[GuardedField<'_>],
        draft: &FormDraft,
    ) -> Markup {
        self.guarded(&Guard::of(action), fields, draft)
    }

    /// The same for these guards.
    pub(crate) fn liftable(&self, guards: &[Guard], draft: &FormDraft) -> Markup {
        self.guarded(guards, &[], draft)
    }

    fn guarded(&self, guards: &[Guard], fields: &[GuardedField<'_>], draft: &FormDraft) -> Markup {
        if self.single().is_none() {
            return html! {};
        }
        html! {
            @let is_used = draft.typed(LIFTED).is_some() || draft.given(TYPED_NAME)
                || fields.iter().any(|it| draft.given(it.name()));
            details .guards open[is_used] {
                summary { "Send it although something speaks against it" }
                p { "Only where a plan left this device out, and only if you know why. "
                    "Each box lifts one check." }
                fieldset {
                    legend { "Checks to lift" }
                    @for guard in guards {
                        @let word: &str = guard.into();
                        label { input type="checkbox" name=(LIFTED) value=(word) checked[draft.has(LIFTED, word)];
                            " " (capitalised(guarded_against(*guard))) " (" (word) ")" } br;
                    }
                }
                @for field in fields { (field.render(draft)) }
                (FormField::text(TYPED_NAME, "Type the device's MAC, serial, name or address").render(draft))
            }
        }
    }

    /// The guards that somebody lifted, who also typed the name of the device.
    pub(crate) fn lifted(&self, form: &SentForm) -> Result<Overrides, WebError> {
        let lifted: Result<Vec<Guard>, _> = form.all(LIFTED).map(str::parse).collect();
        let lifted = lifted.map_err(|_| WebError::bad("there is no such check"))?;
        if lifted.is_empty() {
            return Ok(Overrides::default());
        }
        self.require_named(form)?;
        Ok(lifted.into_iter().collect())
    }

    /// Fails where somebody lowers a protection who did not type the name of the device.
    pub(crate) fn require_named(&self, form: &SentForm) -> Result<(), WebError> {
        let typed = form.text(TYPED_NAME);
        if self.single().is_some_and(|it| is_named(it, typed)) {
            return Ok(());
        }
        let message = "the name that was typed is not that of the device";
        Err(WebError::bad(message)
            .at(TYPED_NAME)
            .next("type its MAC, serial, name or address to lift a check; nothing was sent"))
    }
}

/// A field that lowers the protection of a password. It stands among the guards.
pub(crate) enum GuardedField<'a> {
    /// A box, by its name and what it does.
    Box(&'static str, &'static str),
    /// Something to type.
    Text(FormField<'a>),
}

impl GuardedField<'_> {
    fn name(&self) -> &str {
        match self {
            Self::Box(name, _) => name,
            Self::Text(field) => field.name,
        }
    }

    fn render(&self, draft: &FormDraft) -> Markup {
        match self {
            Self::Box(name, text) => html! {
                p { label { input type="checkbox" name=(name) value="yes" checked[draft.is_ticked(name, false)];
                    " " (text) } }
            },
            Self::Text(field) => field.render(draft),
        }
    }
}

/// Whether this is a name of the device, whole.
fn is_named(device: &LiveDevice, typed: &str) -> bool {
    let found = &device.found;
    let it = &found.entry.device;
    let names = [
        it.mac.map(|mac| mac.to_string()),
        it.serial.as_ref().map(ToString::to_string),
        it.serial.as_ref().and_then(|it| it.label()).map(Into::into),
        it.ipv4.address.map(|address| address.to_string()),
        found.called(),
    ];
    let mut names = names.into_iter().flatten();
    !typed.is_empty() && names.any(|name| clean(&name).eq_ignore_ascii_case(typed))
}
