//! ONVIF on devices, as it is shown and set.

use sadp_model::text::clean;
use sadp_ops::{
    Outcome, OutcomeStatus, Seen,
    onvif::{OnvifChange, OnvifLevel, OnvifSettings, OnvifStatus},
};
use sadp_reset::Action;

use crate::{Announcement, Explanation, Sentence, first_of, say};

/// ONVIF as it was read.
pub(super) fn shown(status: &OnvifStatus) -> Explanation {
    let login = status.login.as_deref().filter(|_| status.enabled);
    let login = login.map_or_else(String::new, |it| format!(", login by {}", clean(it)));
    let users = users(status);
    let shown = say(format!("ONVIF {}{login}{users}", on(status.enabled)));
    if !(status.enabled && status.users.as_ref().is_some_and(Vec::is_empty)) {
        return shown;
    }
    let useless = Sentence::new("nobody can use ONVIF without a user: ");
    shown.next(useless.terminal_only("sadpctl onvif on DEVICE --user NAME"))
}

const fn on(enabled: bool) -> &'static str {
    if enabled { "on" } else { "off" }
}

/// `; users: vms (operator), nvr (administrator)`.
fn users(status: &OnvifStatus) -> String {
    const NAMED: usize = 6;
    let users = match status.users.as_deref() {
        None => return String::new(),
        Some([]) => return "; no users".into(),
        Some(users) => users,
    };
    let names = users.iter().map(|user| match &user.user_type {
        Some(level) => format!("{} ({})", clean(&user.user_name), clean(level)),
        None => clean(&user.user_name).into_owned(),
    });
    let names = first_of(names, NAMED, |more| format!("{more} more"));
    format!("; users: {names}")
}

/// ONVIF that was set, or would be.
pub(super) fn changed(change: &OnvifChange, outcome: &Outcome) -> Explanation {
    let wanted = &change.wanted;
    if outcome.status == OutcomeStatus::Planned {
        let (on, user) = (on(wanted.enable), wanted.user.as_ref());
        let user = user.map(|it| format!("; user {} would get a password", it.name));
        let user = user.unwrap_or_default();
        return say(format!("ONVIF would be switched {on}{user}"));
    }
    let Some(after) = &change.after else {
        return say("it accepted the change, but ONVIF could not be read again")
            .next(Sentence::new("to see it: ").terminal_only("sadpctl onvif show DEVICE"));
    };
    let shown = shown(after);
    if !change.is_written() {
        return shown.after("nothing to change: ");
    }
    if outcome.status == OutcomeStatus::Unknown {
        let now = shown.message;
        let message = format!("it accepted the change, but does not show it: {now}");
        return say(message).next("look at its own web page, or run it again");
    }
    let before = change.before.as_ref();
    let was = before.filter(|it| it.enabled != after.enabled);
    let was = was.map_or_else(String::new, |it| format!(" (was {})", on(it.enabled)));
    let user = change.user.as_ref().map_or_else(String::new, |written| {
        let name = &written.user.user_name;
        let password = "has the new password";
        let what = if written.is_new { "is added" } else { password };
        let plain = ", and the password went unencrypted: its firmware takes it in no other way";
        let plain = if written.is_encrypted { "" } else { plain };
        format!("; user {name} {what}{plain}")
    });
    let message = format!("ONVIF {}{was}{user}", on(after.enabled));
    if change.needs_restart || outcome.seen != Some(Seen::Changed) {
        let restart = Sentence::new("restart it in its own web page, then: ");
        return say(message + "; it takes the change over when it restarts")
            .next(restart.terminal_only("sadpctl onvif show DEVICE"));
    }
    Explanation {
        message: message.into(),
        ..shown
    }
}

impl Announcement {
    /// ONVIF to be switched, with a user or without.
    pub fn onvif(wanted: &OnvifSettings) -> Self {
        let mut switched = "ONVIF is switched on, where it is off,";
        let mut question = "Switch on ONVIF for {}?";
        if !wanted.enable {
            switched =
                "ONVIF is switched off (recorders and programs that use it lose the picture)";
            question = "Switch off ONVIF for {}?";
        }
        let user = wanted.user.as_ref().map_or_else(String::new, |user| {
            let level = user.level.map_or_else(String::new, |it| format!(" ({})", OnvifLevel::word(it)));
            format!(" and its user {}{level} gets a password, unencrypted where the firmware takes no other,", user.name)
        });
        let what = format!("{switched}{user} on");
        Self::described(Action::OnvifSet, what, question)
    }
}
