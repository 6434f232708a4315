//! The commands that devices carry out, and which devices know them.

use super::{
    Executions, activation, cloud, command::Response, execution::Execution, guid, mail, questions,
    update, vendor_request,
};
use crate::{Device, device::Support};

/// A command that devices carry out.
pub(super) struct CommandKind {
    pub(super) types: &'static str,
    /// The element by which a device reports that it takes the command, where there is
    /// one.
    pub(super) offered_by: Option<&'static str>,
    /// Whether it sets a password in place of a forgotten one.
    pub(super) replaces_password: bool,
    /// The counter of executions.
    pub(super) counter: fn(&mut Executions) -> &mut u64,
    pub(super) run: fn(&mut Execution<'_>) -> Result<Response, Response>,
}

impl CommandKind {
    pub(super) fn of(types: &str) -> Option<&'static Self> {
        let mut all = FAMILIES.into_iter().flatten().chain([&EXCHANGE]);
        all.find(|kind| kind.types == types)
    }

    /// Whether the firmware of a device knows the command. Other firmware stays
    /// silent.
    pub(super) fn is_known_to(&self, device: &Device) -> bool {
        match self.types {
            "exchangecode" | "activate" => device.profile.knows_activation(),
            "lamp" => device.profile.lamp,
            _ => self.support(device) != Support::Unknown,
        }
    }

    /// Lets a device carry out the command.
    pub(super) fn run(&self, execution: &mut Execution<'_>) -> Response {
        // Commands about e-mail have words of their own for a device without.
        let has_own_words = self.offered_by == Some(mail::SUPPORT);
        if !has_own_words && self.support(execution.device) == Support::No {
            return Response::failed();
        }
        (self.run)(execution).unwrap_or_else(|refused| refused)
    }

    fn support(&self, device: &Device) -> Support {
        self.offered_by
            .map_or(Support::Yes, |element| device.supports(element))
    }
}

/// Declares the `COMMANDS` of a module, one line each: description, counter, function,
/// and whether it replaces the password.
macro_rules! commands {
    ($($spec:ident $counter:ident $run:path $(, $replaces:literal)?;)*) => {
        pub(super) static COMMANDS: &[crate::fleet::kind::CommandKind] =
            &[$(crate::fleet::kind::CommandKind {
            types: sadp_proto::CommandSpec::$spec.types,
            offered_by: sadp_proto::CommandSpec::$spec.offered_by,
            replaces_password: false $(|| $replaces)?,
            counter: |counts| &mut counts.$counter,
            run: $run,
        }),*];
    };
}
pub(super) use commands;

/// Every command of the devices, by the modules that carry them out.
static FAMILIES: [&[CommandKind]; 7] = [
    activation::COMMANDS,
    update::COMMANDS,
    vendor_request::COMMANDS,
    guid::COMMANDS,
    questions::COMMANDS,
    mail::COMMANDS,
    cloud::COMMANDS,
];

static EXCHANGE: CommandKind = CommandKind {
    types: "exchangecode",
    offered_by: None,
    replaces_password: false,
    counter: |counts| &mut counts.exchanges,
    run: activation::exchange,
};
