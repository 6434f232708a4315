use std::net::Ipv4Addr;

use sadp_model::{Device as Read, Kind, State};
use sadp_proto::{DecodeError, Message};

use super::*;
use crate::{Fleet, FleetConfig, Probability, Reply};

const SMALL_SHOP: &str = include_str!("../../../../fixtures/sites/small-shop.toml");
const LOCKED_VAN: &str = include_str!("../../../../fixtures/sites/locked-van.toml");
const QUIRKS: &str = include_str!("../../../../fixtures/sites/quirks.toml");

fn network() -> Ipv4Net {
    "192.168.1.5/24".parse().unwrap()
}

fn build(text: &str) -> Vec<Device> {
    Site::parse(text).unwrap().build(network()).unwrap()
}

fn error(text: &str) -> String {
    Site::parse(text).unwrap_err().to_string()
}

/// What an inquiry brings from these devices, in their order.
fn told(devices: Vec<Device>) -> Vec<Result<Read, DecodeError>> {
    let address = Ipv4Addr::new(192, 168, 1, 5);
    let mut fleet = Fleet::new(devices, FleetConfig::new(address, vec![network()]));
    let uuid = uuid::Uuid::from_u128(1);
    let datagram = crate::InboundDatagram {
        from: "192.168.1.9:40000".parse().unwrap(),
        destination: None,
        payload: &sadp_proto::Inquiry { uuid }.encode(),
    };
    fleet.handle_datagram(std::time::Duration::ZERO, &datagram);
    let mut replies = Vec::new();
    while let Some(now) = fleet.poll_timeout() {
        while let Some(transmit) = fleet.poll_transmit(now) {
            if transmit.payload.windows(7).all(|bytes| bytes != b"<Hello>") {
                replies.push((transmit.device, transmit.payload));
            }
        }
    }
    replies.sort();
    replies.iter().map(|(_, payload)| read(payload)).collect()
}

fn read(payload: &[u8]) -> Result<Read, DecodeError> {
    match Message::decode(payload)? {
        Message::Report(report) => Ok(report.device),
        other => panic!("not a report: {other:?}"),
    }
}

#[test]
fn defaults_count_for_devices_that_do_not_say_otherwise() {
    let devices = build(
        "[defaults]\nreply = \"unicast\"\nloss = 0.5\nmask = \"255.255.0.0\"\n\
         [[device]]\nprofile = \"ipc-v5.5.6\"\n[[device]]\nprofile = \"ipc-v5.5.6\"\nreply = \"both\"\nloss = 0",
    );
    assert_eq!(devices[0].behavior.reply, Reply::Unicast);
    assert_eq!(devices[0].behavior.faults.loss, "0.5".parse().unwrap());
    assert_eq!(devices[1].behavior.reply, Reply::Both);
    assert_eq!(devices[1].behavior.faults.loss, Probability::default());
    assert_eq!(devices[1].settings.mask, Ipv4Addr::new(255, 255, 0, 0));
}

#[test]
fn a_count_makes_devices_of_their_own_with_addresses_counted_up() {
    let devices = build(
        "[[device]]\nprofile = \"ipc-v5.5.6\"\ncount = 3\nip = \"192.168.1.101\"\n\
         [[device]]\nprofile = \"ipc-v5.5.6\"\n",
    );
    let addresses = devices.iter().map(|device| device.settings.address);
    let last: Vec<_> = addresses.map(|address| address.octets()[3]).collect();
    assert_eq!(last, [101, 102, 103, 104]);
    assert_ne!(devices[0].identity.mac, devices[1].identity.mac);
}

#[test]
fn what_a_device_says_of_itself_can_be_given() {
    let devices = build(
        "[[device]]\nprofile = \"ipc-v5.5.6\"\nmac = \"44-47-CC-00-00-01\"\nserial = \"S 1\"\nmodel = \"DS-2CD9\"\n\
         ip = \"10.0.0.9\"\ngateway = \"10.0.0.2\"\nactivated = false\nboot = \"1970-01-01 00:00:09\"\nhttp_port = 81\n\
         omit = [\"Salt\"]\n[device.fields]\nDHCP = \"maybe\"\nNovel = \"<1>\"\n",
    );
    let read = told(devices).remove(0).unwrap();
    assert_eq!(read.mac.unwrap().to_string(), "44:47:cc:00:00:01");
    assert_eq!(read.serial.unwrap().as_str(), "S 1");
    assert_eq!(read.model.as_deref(), Some("DS-2CD9"));
    assert_eq!(read.ipv4.address, Some(Ipv4Addr::new(10, 0, 0, 9)));
    assert_eq!(read.ipv4.gateway, Some(Ipv4Addr::new(10, 0, 0, 2)));
    assert_eq!(read.state, Some(State::Unactivated));
    assert_eq!(read.boot_time.unwrap().year(), 1970);
    assert_eq!(read.ports.http, Some(81));
    assert_eq!(read.raw.first("DHCP"), Some("maybe"));
    assert_eq!(read.raw.first("Novel"), Some("<1>"));
    assert_eq!(read.raw.first("Salt"), None);
}

/// Each mistake, and the beginning of its report. `;` stands for a line break.
const MISTAKES: &str = r#"
mac = "44-47" => line 3: not a MAC address of twelve hexadecimal digits$
ip = "192.168.1" => line 3: invalid IPv4 address syntax$
ip = => line 3:
delay = "5" => line 3: not a delay such as 200ms, 2.5s or 0..500ms, up to an hour$
loss = 1.5 => line 3: not a probability between 0 and 1, or 0% and 100%$
reply = "shout" => line 3: unknown variant `shout`, expected one of
colour = 1 => line 3: unknown field `colour`, expected one of
count = 0 => line 3: invalid value: integer `0`, expected a nonzero u32
count = 2; serial = "S" => line 1: a serial names one device, and `count` is 2$
count = 2; mac = "4447cc000001" => line 1: a MAC names one device, and `count` is 2$
count = 3; ip = "255.255.255.254" => line 1: no 3 addresses follow `ip`$
count = 100001 => line 1: a site has 100000 devices at most$
password = "" => line 3: a password has 1 to 16 bytes, this one has 0$
tries = 3; tries_left = 4 => line 1: `tries_left` is 3, the `tries` of the device, at most$
recovery_tries_left = 8
    => line 1: `recovery_tries_left` is 7, the `tries` of the device, at most$
refuse = { update = { retry_times = 3 } }
    => line 3: a word, or { word, retry_times, lock_minutes }$
questions = { 1 = "a" } => line 3: not 3 different questions, numbered 1 to 15$
questions = { 1 = "a", 2 = "b", x = "c" } => line 3: not 3 different questions, numbered 1 to 15$
questions = { 1 = "a", 2 = "b", 3 = "" } => line 3: an answer has 1 to 128 bytes$
mailbox = "nobody" => line 3: an e-mail address has an @$
request_valid = "soon" => line 3: not a time such as 20s, 90m or 48h, up to a year$
restart = "2years" => line 3: not a time such as 20s, 90m or 48h, up to a year$
activated = false; password = "Garden72!" => line 1: an unactivated device has no password$
activated = false; mailbox = "a@b"
    => line 1: an unactivated device has no reserved e-mail address$
activated = false; questions = { 1 = "a", 2 = "b", 3 = "c" }
    => line 1: an unactivated device has no security questions$
"#;

#[test]
fn mistakes_are_reported_with_their_line() {
    let entry = "[[device]]\nprofile = \"ipc-v5.6.5\"\n";
    for case in MISTAKES.trim().replace("\n    =>", " =>").lines() {
        let (mistake, expected) = case.split_once(" => ").unwrap();
        let told = error(&format!("{entry}{}", mistake.replace("; ", "\n"))) + "$";
        assert!(told.starts_with(expected), "{mistake}: {told}");
    }
    for (text, expected) in [
        (
            "\n[[device]]\nprofile = \"ipc-v5.2.5\"\nactivated = false",
            "line 2: firmware of the profile `ipc-v5.2.5` cannot be unactivated",
        ),
        (
            "[[device]]\nprofile = \"ipc\"",
            "line 2: no profile is called `ipc`; there are ipc-v5.2.5, ",
        ),
        ("[[device]]\ncount = 1", "line 1: missing field `profile`"),
        (
            "[defaults]\nquestions = { 1 = \"a\" }",
            "line 2: unknown field `questions`",
        ),
    ] {
        let told = error(text);
        assert!(told.starts_with(expected), "{told}");
    }
}

#[test]
fn a_network_too_small_is_refused() {
    let site = Site::parse("[[device]]\nprofile = \"ipc-v5.5.6\"\ncount = 9").unwrap();
    let [own, network] = ["10.0.0.2/30", "10.0.0.0/30"].map(|it| it.parse().unwrap());
    let refused = site.build(own).unwrap_err();
    assert_eq!(refused, SiteError::Full { network });
}

fn is_clockless(device: &Read) -> bool {
    device.boot_time.is_some_and(|boot| boot.year() == 1970)
}

#[test]
fn the_small_shop_has_what_the_demo_shows() {
    let devices = build(SMALL_SHOP);
    assert_eq!(format!("{devices:?}"), format!("{:?}", build(SMALL_SHOP)));
    let read: Vec<Read> = told(devices).into_iter().map(Result::unwrap).collect();
    let count = |holds: &dyn Fn(&Read) -> bool| read.iter().filter(|device| holds(device)).count();
    assert_eq!(read.len(), 10);
    assert_eq!(count(&|device| device.state == Some(State::Unactivated)), 3);
    assert_eq!(count(&|device| device.kind == Kind::Nvr), 1);
    let at = |last: [u8; 4]| count(&|device| device.ipv4.address == Some(last.into()));
    assert_eq!(at([192, 168, 1, 64]), 2);
    assert_eq!(at([192, 168, 1, 108]), 2);
    let elsewhere = |device: &Read| !network().contains(&device.ipv4.address.unwrap());
    assert_eq!(count(&elsewhere), 1);
    assert_eq!(count(&is_clockless), 1);
}

#[test]
fn the_quirks_are_all_there_and_read_as_meant() {
    let read = told(build(QUIRKS));
    let torn = read
        .iter()
        .filter(|read| read.as_ref().map_or(true, |device| !device.complete))
        .count();
    assert_eq!(torn, 1, "only the truncated reply is incomplete");
    let devices: Vec<&Read> = read.iter().filter_map(|read| read.as_ref().ok()).collect();
    let has = |holds: &dyn Fn(&Read) -> bool| devices.iter().any(|device| holds(device));
    for profile in crate::Profile::all() {
        let named = format!("profile = \"{}\"", profile.name());
        assert!(QUIRKS.contains(&named), "{named}");
    }
    assert!(has(&|it| it.mac.is_none() && it.serial.is_some()));
    assert!(has(&|it| it.mac.is_none() && it.serial.is_none()));
    assert!(has(&|it| it.mac.is_some_and(|mac| !mac.is_identity())));
    let chinese = "\u{95e8}\u{53e3}\u{6444}\u{50cf}\u{673a}";
    assert!(has(&|it| it.model.as_deref() == Some(chinese)));
    assert!(has(&|it| it.oem.as_deref() == Some("Locks & Sons")));
    assert!(has(&|it| it.raw.first("Activated") == Some("flase")));
    assert!(has(&|it| it.raw.first("NovelElement").is_some()));
    assert!(has(&is_clockless));
    let model = |it: &Read| it.model.clone().unwrap_or_default();
    assert!(has(&|it| model(it).starts_with("=cmd")));
}

#[test]
fn the_locked_van_has_cameras_from_the_box_and_some_that_refuse() {
    let devices = build(LOCKED_VAN);
    let unactivated = devices.iter().filter(|device| !device.state.activated);
    assert!(unactivated.count() >= 12);
    let locked = devices
        .iter()
        .filter(|it| it.access.tries.locked_until.is_some());
    assert_eq!(locked.count(), 1);
    let mut words: Vec<&str> = devices
        .iter()
        .flat_map(|device| device.quirks.refusals.values())
        .map(|refuse| &*refuse.word)
        .collect();
    words.sort_unstable();
    words.dedup();
    let expected = "denied failed failure hasActivated locked riskPassword";
    assert_eq!(words.join(" "), expected);
}

#[test]
fn guards_are_given_by_device_or_by_default() {
    let devices = build(
        "[defaults]\ntries = 5\nlock_minutes = 10\nsoft_rules = false\nreboot = \"20s\"\n\
         [[device]]\nprofile = \"ipc-v5.5.6\"\n[[device]]\nprofile = \"ipc-v5.5.6\"\ntries = 3\ntries_left = 2",
    );
    let [first, second] = [0, 1].map(|number: usize| &devices[number].access);
    assert_eq!((first.tries.most, first.tries.left), (5, 5));
    assert_eq!((second.tries.most, second.tries.left), (3, 2));
    assert_eq!(second.tries.lock, std::time::Duration::from_mins(10));
    assert!(!first.soft_rules);
    assert_eq!(devices[0].behavior.reboot, "20s".parse().ok());
}

#[test]
fn what_an_owner_prepared_is_given_by_device_or_by_default() {
    use std::time::Duration;

    let devices = build(
        "[defaults]\nmailbox = \"site@example.com\"\nrequest_valid = \"30m\"\ntries = 5\n\
         [[device]]\nprofile = \"ipc-v5.6.5\"\nquestions = { 1 = \"Paris\", 4 = \"Rex\", 9 = \"blue\" }\n\
         [[device]]\nprofile = \"ipc-v5.6.5\"\nactivated = false\n\
         [[device]]\nprofile = \"nvr-v4.30.085\"\nmailbox = \"owner@example.com\"\nrequest_valid = \"2s\"\n\
         recovery_tries_left = 1\ncameras = [\"192.168.1.9\"]\nrestart = \"1h 5m\"\nbutton = \"20s\"",
    );
    let [first, unactivated, recorder] = [0, 1, 2].map(|number: usize| &devices[number].recovery);
    assert_eq!(first.mailbox.as_deref(), Some("site@example.com"));
    assert!(first.questions.contains(4) && !first.questions.contains(2));
    assert_eq!(first.valid, Duration::from_mins(30));
    assert_eq!((first.tries.most, first.tries.left), (5, 5));
    assert_eq!(unactivated.mailbox, None);
    assert_eq!(recorder.mailbox.as_deref(), Some("owner@example.com"));
    assert_eq!(recorder.valid, Duration::from_secs(2));
    assert_eq!((recorder.tries.left, devices[2].access.tries.left), (1, 5));
    let camera = Ipv4Addr::new(192, 168, 1, 9);
    assert_eq!(recorder.cameras.as_deref(), Some(&[camera][..]));
    assert_eq!(devices[2].behavior.restart, Some(Duration::from_mins(65)));
    assert_eq!(devices[2].behavior.button, Some(Duration::from_secs(20)));
    assert!(!format!("{devices:?}").contains("Paris"));
}

const RECORDER: &str = "[[device]]\nprofile = \"nvr-v4.30.085\"\nhello = false\n\
    mailbox = \"owner@example.com\"\nquestions = { 1 = \"a\", 2 = \"b\", 3 = \"c\" }";

const COMMANDS: &str = "exchangecode activate update lamp getcode getencryptstring reset \
    ExportGUID GUIDReset getsecurityquestion setsecurityquestion AnswerReset SetMailBox \
    GetQRcodes MailReset";

const ELEMENTS: &str = "Code Password GUID MailBox SyncIPCPassword QuestionList/Question/ID \
    QuestionList/Question/Answer QuestionList/Question/mark Action";

/// One of the words of a text.
fn one_of(words: &'static str) -> impl proptest::strategy::Strategy<Value = &'static str> {
    proptest::sample::select(words.split(' ').collect::<Vec<_>>())
}

proptest::proptest! {
    #[test]
    fn no_command_panics(
        types in one_of(COMMANDS),
        fields in proptest::collection::vec((one_of(ELEMENTS), "\\PC{0,40}"), 0..9),
    ) {
        let address = network().addr();
        let mut fleet = Fleet::new(build(RECORDER), FleetConfig::new(address, vec![network()]));
        let mac = fleet.devices()[0].identity.mac.to_string();
        let mut request: sadp_model::RawFields = [("Uuid", "A"), ("Types", types), ("MAC", &*mac)].into_iter().collect();
        for (name, text) in &fields {
            request.push(name, text);
        }
        let payload = sadp_proto::Document::encode("Probe", &request, sadp_proto::XmlLayout::Request);
        let from = "192.168.1.9:40000".parse().unwrap();
        let now = std::time::Duration::ZERO;
        let heard = fleet.handle_datagram(now, &crate::InboundDatagram { from, destination: None, payload: &payload });
        proptest::prop_assert_eq!(heard, crate::Handled::Command { devices: 1 });
        let crate::Executions { resets, guid_resets, answer_resets, mail_resets, .. } = fleet.executions(0);
        proptest::prop_assert_eq!(resets + guid_resets + answer_resets + mail_resets, 0);
        let due = fleet.poll_timeout().unwrap();
        proptest::prop_assert!(fleet.poll_transmit(due).is_some());
    }
}
