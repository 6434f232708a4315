//! ONVIF on devices: what is known of it, and what is set.

use sadp_isapi::{Integrate, OnvifUser};
use strum::IntoStaticStr;

use super::{OutcomeStatus, Seen};

/// ONVIF on a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnvifStatus {
    /// Whether it is on.
    pub enabled: bool,
    /// How its users log in, as the device writes it: `digest/WSSE`.
    pub login: Option<Box<str>>,
    /// Its users, which are not the device's. `None` where its firmware has none.
    pub users: Option<Vec<OnvifUser>>,
}

impl OnvifStatus {
    /// `None` where the device has no ONVIF.
    pub(crate) fn new(integrate: &Integrate, users: Option<Vec<OnvifUser>>) -> Option<Self> {
        let onvif = integrate.onvif.as_ref()?;
        Some(Self {
            enabled: onvif.enable,
            login: onvif.certificate_type.clone(),
            users,
        })
    }

    pub(crate) fn user(&self, name: &str) -> Option<&OnvifUser> {
        let mut users = self.users.iter().flatten();
        users.find(|user| *user.user_name == *name)
    }
}

/// What is set of ONVIF.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnvifSettings {
    /// Whether it is on.
    pub enable: bool,
    /// A user of it. `None`: users stay as they are.
    pub user: Option<WantedOnvifUser>,
}

/// A user of ONVIF, added or given another password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedOnvifUser {
    /// The name.
    pub name: Box<str>,
    /// What the user may do. `None`: a user who is there keeps it, another one is an
    /// operator.
    pub level: Option<OnvifLevel>,
}

/// What a user of ONVIF may do, in the words of devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "camelCase")]
pub enum OnvifLevel {
    /// Everything.
    Administrator,
    /// Watch, and move cameras.
    Operator,
    /// Watch.
    MediaUser,
}

impl OnvifLevel {
    /// The device's word.
    pub fn word(self) -> &'static str {
        self.into()
    }
}

impl WantedOnvifUser {
    /// The user as it is written to the device: the one of this name, or another with the lowest
    /// free number.
    pub(crate) fn on(&self, status: &OnvifStatus) -> WrittenUser {
        let present = status.user(&self.name);
        let level = self.level.map(|it| it.word().into());
        let users = status.users.as_deref().unwrap_or_default();
        let mut free = (1..).filter(|id| users.iter().all(|user| user.id != *id));
        let user = OnvifUser {
            id: present.map_or_else(|| free.next().unwrap_or_default(), |it| it.id),
            user_name: self.name.clone(),
            user_type: level
                .or_else(|| present?.user_type.clone())
                .or_else(|| Some(OnvifLevel::Operator.word().into())),
        };
        WrittenUser {
            user,
            is_new: present.is_none(),
            is_encrypted: false,
        }
    }
}

/// A user of ONVIF that a device took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenUser {
    /// The user.
    pub user: OnvifUser,
    /// Whether the device had none of this name.
    pub is_new: bool,
    /// Whether name and password went encrypted.
    pub is_encrypted: bool,
}

/// What was changed of ONVIF.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnvifChange {
    /// What was to be set.
    pub wanted: OnvifSettings,
    /// How it was before. `None` where it was not read.
    pub before: Option<OnvifStatus>,
    /// How it is afterwards, read once more. `None` where it was not.
    pub after: Option<OnvifStatus>,
    /// Whether the device took the switch.
    pub switch_written: bool,
    /// The user that it took.
    pub user: Option<WrittenUser>,
    /// Whether it says that it has to restart first.
    pub needs_restart: bool,
}

impl OnvifChange {
    pub(crate) const fn new(wanted: OnvifSettings) -> Self {
        Self {
            wanted,
            before: None,
            after: None,
            switch_written: false,
            user: None,
            needs_restart: false,
        }
    }

    /// Whether anything was written.
    pub const fn is_written(&self) -> bool {
        self.switch_written || self.user.is_some()
    }

    /// What the device shows of a change that it accepted, and how that ends.
    pub(crate) fn conclusion(&self) -> (OutcomeStatus, Option<Seen>) {
        if !self.is_written() {
            return (OutcomeStatus::Done, None);
        }
        let done = self.after.as_ref().map(|after| {
            let mut users = self.user.iter();
            after.enabled == self.wanted.enable
                && users.all(|written| {
                    let present = after.user(&written.user.user_name);
                    present.is_some_and(|it| it.user_type == written.user.user_type)
                })
        });
        Seen::of(done).after_accepted(self.needs_restart)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(id: u32, name: &str, level: OnvifLevel) -> OnvifUser {
        OnvifUser {
            id,
            user_name: name.into(),
            user_type: Some(level.word().into()),
        }
    }

    fn status(users: Vec<OnvifUser>) -> OnvifStatus {
        OnvifStatus {
            enabled: true,
            login: None,
            users: Some(users),
        }
    }

    #[test]
    fn a_user_keeps_number_and_level_and_another_gets_the_lowest_free_number() {
        use OnvifLevel::{Administrator, MediaUser, Operator};
        let status = status(vec![
            user(1, "vms", MediaUser),
            user(3, "nvr", Administrator),
        ]);
        for (name, level, expected, is_new) in [
            ("vms", None, (1, MediaUser), false),
            ("nvr", Some(Operator), (3, Operator), false),
            ("new", None, (2, Operator), true),
            ("Vms", Some(MediaUser), (2, MediaUser), true),
        ] {
            let name = name.into();
            let written = WantedOnvifUser { name, level }.on(&status);
            let expected = user(expected.0, &written.user.user_name, expected.1);
            assert_eq!((&written.user, written.is_new), (&expected, is_new));
        }
    }

    #[test]
    fn what_the_device_shows_afterwards_decides() {
        use OutcomeStatus::{Done, Unknown};
        let vms = user(1, "vms", OnvifLevel::Operator);
        let written = WrittenUser {
            user: vms.clone(),
            is_new: true,
            is_encrypted: true,
        };
        let other = user(1, "vms", OnvifLevel::MediaUser);
        for (after, expected) in [
            (Some(status(vec![vms])), (Done, Some(Seen::Changed))),
            (Some(status(vec![other])), (Unknown, Some(Seen::Unchanged))),
            (Some(status(vec![])), (Unknown, Some(Seen::Unchanged))),
            (None, (Done, Some(Seen::Missing))),
        ] {
            let change = OnvifChange {
                after,
                user: Some(written.clone()),
                ..OnvifChange::new(OnvifSettings {
                    enable: true,
                    user: None,
                })
            };
            assert_eq!(change.conclusion(), expected);
        }
    }
}
