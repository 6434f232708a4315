//! What to do next, where a library says what is wrong.

use ipnet::Ipv4Net;
use sadp_discovery::{Notice, ScanError, raw::RawError};
use sadp_model::OffSubnet;
use sadp_ops::{
    DeviceRef, Naming, NotSelected, OpsError, SelectionError, recovery::prepare::PrepareError,
};
use sadp_reset::{KnownDevice, LedgerError, NotAnAnswer, Why};

use crate::{LinkedPage, Sentence, minute, ref_line};

/// What a person can do about it.
pub trait Remedy {
    /// What to do.
    fn remedy(&self) -> Sentence;
}

impl Remedy for ScanError {
    #[rustfmt::skip]
    fn remedy(&self) -> Sentence {
        Sentence::new(match self {
            Self::UnknownInterface { known, .. } if known.is_empty() => "no interface of this computer has an IPv4 address: connect a cable and set one",
            Self::UnknownInterface { known, .. } => return format!("choose one of: {}", known.join(", ")).into(),
            Self::InterfaceDown { .. } => "check the cable, or bring the interface up",
            Self::NoInterface => "connect to the cameras' network and give this computer an address there, e.g. 192.168.1.250/24",
            Self::List(_) => "check that this program may read the network configuration",
            Self::NoSocket { .. } => "check that a firewall or security tool lets this program use UDP",
            Self::Raw { reason, .. } => return reason.remedy(),
        })
    }
}

impl Remedy for OpsError {
    #[rustfmt::skip]
    fn remedy(&self) -> Sentence {
        Sentence::new(match self {
            Self::Ledger(error) => return error.remedy(),
            Self::Network(error) => return error.remedy(),
            Self::Vault(error) => return error.remedy(),
            Self::Folder { .. } => return Sentence::default().or_on_page("name another folder with --out", "make the state folder writable").text("; nothing was sent"),
            Self::Package(_) | Self::File(_) => "check that the disk has room and can be written; requests exported before are kept",
            Self::CamerasNotKept(_) => return Sentence::new("make the state folder writable, or ").then(other_state()),
            Self::Code(_) => "check it; nothing was sent",
            Self::PasswordMissing => return Sentence::new("give one").or_on_page(" with --new-password-file", "").text("; nothing was sent"),
            Self::Claimed(_) => return Sentence::new("wait until it ends").or_on_page(", or name another --state folder", "").text("; nothing was sent"),
            Self::Stopped => "run it again to go on",
            Self::Update(_) => "check the password and scan again; nothing was sent",
            _ => "check the password; nothing was sent",
        })
    }
}

impl Remedy for LedgerError {
    #[rustfmt::skip]
    fn remedy(&self) -> Sentence {
        Sentence::new(match self {
            Self::Busy { .. } => "another sadpctl, or a program that has the file open, is writing: wait until it is done, then run this again",
            Self::Damaged { .. } => return Sentence::default().or_on_page("until then --state names another folder", "until then begin this program with another state folder"),
            _ => return Sentence::new("locks and commands sent are kept there: make it writable, or ").or_on_page("name another folder with --state", START_ELSEWHERE),
        })
    }
}

impl Remedy for PrepareError {
    #[rustfmt::skip]
    fn remedy(&self) -> Sentence {
        Sentence::new(match self {
            Self::FileExists(_) => return Sentence::new("name a new file").or_on_page(", or use the answers in it by --answers", "").text("; nothing was sent"),
            Self::NotMade(_) => "run it again; nothing was sent",
            Self::Unusable(_) => "give three lines as 4=Rex: the number of a question and its answer; nothing was sent",
            Self::NotKept { .. } => "name a new file in a folder that you may write to; nothing was sent",
            Self::Ops(error) => return error.remedy(),
        })
    }
}

impl Remedy for Notice {
    #[rustfmt::skip]
    fn remedy(&self) -> Sentence {
        Sentence::new(match self {
            Self::PortTaken { .. } => "close other SADP tools and camera software, then scan again",
            Self::InterfaceGuessed { .. } => return Sentence::new("scan one interface at a time").or_on_page(", with -i", ""),
            Self::PortRefused { .. } => "check that a firewall or security tool lets this program listen",
            Self::NotJoined { .. } => return Sentence::default().or_on_page("name the cameras' interface with -i", "begin this program for the cameras' interface alone").text(", or disable interfaces not in use"),
            Self::NoSocket { .. } | Self::NotSent { .. } | Self::NotHeard { .. } | Self::NoFrames { .. } => "check the cable and the interface's address, then scan again",
            Self::Fragments { .. } => "add an address in the devices' network to this computer, then scan again",
            Self::FragmentsRefused { .. } => return Sentence::new("record the scan").or_on_page(" with --record FILE.pcapng", "").text(", and find out which machine sends them"),
            Self::NotRecorded { .. } => "check that the disk has room, then record again",
            Self::TargetsNotSent { .. } => "check the targets and this computer's routes to them",
        })
    }
}

impl Remedy for RawError {
    #[rustfmt::skip]
    fn remedy(&self) -> Sentence {
        match self {
            Self::NotPermitted => permission(),
            Self::NotEthernet => Sentence::new("name the card that the cameras are on").or_on_page(" with -i, or leave --link-layer out", " when this program is begun"),
            Self::NotBuilt => without_raw(),
            Self::Failed(_) => Sentence::new("check that the interface is up, or ").then(without_raw()),
        }
    }
}

fn without_raw() -> Sentence {
    let page = "begin this program without raw Ethernet";
    Sentence::default().or_on_page("leave --link-layer out", page)
}

/// How to have another state folder.
pub(crate) fn other_state() -> Sentence {
    Sentence::default().or_on_page("name another with --state", START_ELSEWHERE)
}

const START_ELSEWHERE: &str = "begin this program with another folder";

/// Whose commands to name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Platform {
    /// Linux.
    Linux,
    /// macOS.
    MacOs,
    /// Windows.
    Windows,
}

impl Platform {
    /// The one this program was built for.
    pub const HERE: Self = if cfg!(windows) {
        Self::Windows
    } else if cfg!(target_os = "macos") {
        Self::MacOs
    } else {
        Self::Linux
    };

    /// The command that gives an interface one more address.
    pub fn add_address(self, interface: &str, address: Ipv4Net) -> String {
        let (own, mask) = (address.addr(), address.netmask());
        match self {
            Self::Linux => format!("sudo ip addr add {address} dev {interface}"),
            Self::MacOs => format!("sudo ifconfig {interface} alias {own} {mask}"),
            Self::Windows => {
                format!("netsh interface ipv4 add address \"{interface}\" {own} {mask}")
            }
        }
    }
}

/// What to do to reach a subnet.
pub fn reach(subnet: &OffSubnet, platform: Platform) -> Sentence {
    let command = platform.add_address(&subnet.interface, subnet.free);
    let caution = ", though it overlaps one of this computer's own";
    let caution = if subnet.overlaps { caution } else { "" };
    Sentence::new(format!("to reach that network{caution}: ")).shell(command)
}

/// How this program gets the permission.
pub fn permission() -> Sentence {
    let program = std::env::current_exe().map(|path| quoted(&path.display().to_string()));
    let program = program.unwrap_or_else(|_| "sadpctl".into());
    if cfg!(target_os = "linux") {
        Sentence::default()
            .shell(format!("sudo setcap cap_net_raw+ep {program}"))
            .text(" permits it for good; sudo does for once")
    } else {
        Sentence::new("run it with sudo")
    }
}

/// A path as a shell takes it.
fn quoted(path: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-+".contains(letter);
    if path.chars().all(plain) {
        return path.into();
    }
    format!("'{}'", path.replace('\'', r"'\''"))
}

/// Why a name selects no device.
#[rustfmt::skip]
pub fn selection_error(error: &SelectionError) -> String {
    let name = error.name.as_str();
    match &error.why {
        NotSelected::NotFound(_) => format!("no device found has the serial, label number, MAC or address {name}"),
        NotSelected::NotFoundNow(device) => format!("{name} was not found now: {}", last_seen(device)),
        NotSelected::Ending(devices) =>
            format!("{name} is not a full name, and nobody is asked whether this is the device:{}", list(devices)),
        NotSelected::Ambiguous { devices, naming } => {
            let what = match (naming, error.name.address(), error.name.mac()) {
                (Naming::Ending, ..) => "a serial or MAC that ends in",
                (_, Some(_), _) => "the address",
                (_, None, Some(_)) => "the MAC",
                (_, None, None) => "the serial, label number or name",
            };
            format!("{} devices have {what} {name}:{}", devices.len(), list(devices))
        }
    }
}

impl Remedy for SelectionError {
    #[rustfmt::skip]
    fn remedy(&self) -> Sentence {
        if let NotSelected::NotFound(_) | NotSelected::NotFoundNow(_) = self.why
            && let Some(address) = self.name.address()
        {
            return Sentence::new("check its power and cable; if it has a web page but does not answer SADP: ")
                .terminal_only(format!("sadpctl check {address}"));
        }
        Sentence::new(match &self.why {
            NotSelected::Ambiguous { .. } | NotSelected::Ending(_) => "name the one you mean by its full serial number or MAC",
            NotSelected::NotFoundNow(_) => return Sentence::new("check its power and cable; if it has another address by now, behind a router, ").or_on_page("name that with --target", "name that when this program is begun"),
            NotSelected::NotFound(similar) if similar.is_empty() => return Sentence::new("a device is named by its serial number, label number, MAC or IPv4 address, or by the last four characters or more of serial or MAC: ").command("sadpctl scan", LinkedPage::Devices).text(" lists them"),
            NotSelected::NotFound(similar) => return format!("devices with a similar name:{}", list(similar)).into(),
        })
    }
}

/// Where and when a device was that is absent now.
pub fn last_seen(device: &KnownDevice) -> String {
    let names = ref_line(&DeviceRef::from(device));
    format!("it was last seen on {}:\n{names}", minute(device.at))
}

/// A line for each device, by all of its names.
fn list(devices: &[DeviceRef]) -> String {
    let shown = devices.iter().take(SelectionError::MAX_LISTED);
    let mut lines = vec![String::new()];
    lines.extend(shown.map(ref_line));
    if devices.len() > SelectionError::MAX_LISTED {
        lines.push("  ...".into());
    }
    lines.join("\n")
}

impl Remedy for Why {
    #[rustfmt::skip]
    fn remedy(&self) -> Sentence {
        Sentence::new(match self {
            Self::NotAnAnswer(kind) => return kind.remedy(),
            Self::Unreadable(_) => "check the path and that you may read the file, or name another",
            Self::Special => "name a file or a folder",
            Self::Link | Self::TooDeep => "name it itself",
            Self::TooMany => "name a folder that holds only request packages",
            Self::Record(_) => return Sentence::new("restore the package's request.json, or ").or_on_page("name the device with --device", "choose the request here"),
            Self::Unmatched => return Sentence::default().or_on_page("save it in the folder of its request, or name the request with --case N, as sadpctl reset cases numbers them", "choose the request that it answers"),
            Self::Stranger => "check which device the answer is for; if the name is wrong, rename the file",
            Self::Ambiguous { .. } => return Sentence::default().or_on_page("save it in the folder of its request, or name the request with --case N", "choose the request that it answers"),
            Self::Contradiction { .. } => "check which device the answer is for, and put it into the folder of its request",
            Self::Misplaced { .. } => "check which device the answer is for, and move it into the folder of the request that was named with it",
            Self::TwoAnswers { .. } => "keep the answer that belongs to this request, and only that",
            Self::SharedAnswer { .. } => "keep it only in the folder of the request it was made for",
            Self::OlderRequest { .. } => "nothing: only the last request of a device counts",
        })
    }
}

impl Remedy for NotAnAnswer {
    #[rustfmt::skip]
    fn remedy(&self) -> Sentence {
        Sentence::new(match self {
            Self::SeveralLines | Self::Prose | Self::Table | Self::Serial | Self::Unlike | Self::NoAttachment =>
                "save the attachment of the support's mail, or the key alone, and import that",
            Self::DeviceList | Self::RequestRecord | Self::RequestForm => "name the file that the vendor's support sent back",
            Self::Request => "name the file that the vendor's support sent back; if that has this name, change it",
            Self::ChangedRequest => "if it is the answer, save it under another name, and give the request its name back",
            Self::Guid => return Sentence::new("use ").command("reset guid import", LinkedPage::GuidImport).text(" for it"),
            Self::Archive => "unpack it first",
            Self::Mail => "save the e-mail as an .eml file, or its attachment, and import that",
            Self::Empty | Self::TooLong | Self::Image | Self::Message | Self::Document | Self::ByteOrderMark | Self::NotText =>
                "save the attachment of the support's mail again, as it is",
            Self::ArchiveUnreadable | Self::ArchiveTooLarge => {
                "unpack it and name the folder with the answers; if that fails, ask the support to send it again"
            }
            Self::ArchiveEncrypted => "unpack it with its password, and name the folder",
            Self::ArchivePath => "do not unpack it: ask the support for the answers again",
            Self::ArchiveEmpty => "name the archive that the support sent",
            Self::NotAKey | Self::NotACode => "type it as the support wrote it",
        })
    }
}
