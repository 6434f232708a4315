//! Recorders that pass a new password on to their cameras.

use sadp_proto::{Command, SecretAnswers};
use sadp_sim::Access;

use super::{
    PASSWORD,
    van::{Van, is_done, password},
};

/// A recorder and four cameras: one of another password, one unactivated.
fn site(keys: &str) -> Van {
    Van::new(&format!(
        "[defaults]\nhello = false\n\
         [[device]]\nprofile = \"nvr-v3.4.106\"\nquestions = {{ 1 = \"a\", 2 = \"b\", 3 = \"c\" }}\n{keys}\n\
         [[device]]\nprofile = \"ipc-v5.5.82\"\nip = \"192.168.1.101\"\n\
         [[device]]\nprofile = \"ptz-v5.5.22\"\nip = \"192.168.1.102\"\n\
         [[device]]\nprofile = \"ipc-v5.5.82\"\nip = \"192.168.1.103\"\npassword = \"Stable-Door9\"\n\
         [[device]]\nprofile = \"ipc-v5.5.82\"\nip = \"192.168.1.104\"\nactivated = false\n\
         [[device]]\nprofile = \"intercom-v1.5.0\"\nip = \"192.168.1.105\"\n"
    ))
}

fn reset(van: &mut Van, sync_cameras: bool) {
    let answers = [(1, "a"), (2, "b"), (3, "c")].map(|(id, text)| (id, text.into()));
    let command = Command::ResetByAnswers {
        answers: SecretAnswers::new(answers.to_vec()).unwrap(),
        password: password(PASSWORD),
        sync_cameras,
    };
    assert!(is_done(&van.order(0, command)));
}

/// Which devices the recorder gave its new password to.
fn changed(van: &mut Van) -> Vec<usize> {
    let all = 1..van.fleet.devices().len();
    let synced = |device: &usize| van.fleet.executions(*device).synced == 1;
    let synced: Vec<_> = all.clone().filter(synced).collect();
    for device in all {
        let expected = synced.contains(&device);
        assert_eq!(van.has_password(device, PASSWORD), expected, "{device}");
    }
    synced
}

#[test]
fn cameras_that_shared_its_password_get_the_new_one() {
    let mut van = site("");
    reset(&mut van, true);
    assert_eq!(changed(&mut van), [1, 2]);
    assert_eq!(van.fleet.stats().executions.synced, 2);
    assert!(van.has_password(3, "Stable-Door9"));
}

#[test]
fn cameras_it_knows_get_the_new_one() {
    let mut van = site("cameras = [\"192.168.1.103\", \"192.168.1.104\", \"192.168.1.102\"]");
    reset(&mut van, true);
    assert_eq!(changed(&mut van), [2, 3]);
}

#[test]
fn cameras_keep_theirs_where_nobody_asks_or_the_recorder_cannot() {
    let mut van = site("");
    reset(&mut van, false);
    assert_eq!(changed(&mut van), [0; 0]);
    for keys in [
        "omit = [\"SyncIPCPassword\"]",
        "fields = { SyncIPCPassword = \"false\" }",
    ] {
        let mut van = site(keys);
        reset(&mut van, true);
        assert_eq!(changed(&mut van), [0; 0]);
    }
}

#[test]
fn a_cameras_guids_are_void_with_its_password() {
    let mut van = Van::new(
        "[[device]]\nprofile = \"nvr-v3.4.106\"\nquestions = { 1 = \"a\", 2 = \"b\", 3 = \"c\" }\n\
         [[device]]\nprofile = \"ipc-v5.6.5\"\n",
    );
    let export = Command::ExportGuid {
        password: password(Access::PASSWORD),
    };
    let guid = sadp_proto::Guid::read(&super::van::done(van.order(1, export))).unwrap();
    reset(&mut van, true);
    let command = Command::ResetByGuid {
        guid: Box::new(guid),
        password: password("Other-77-Word"),
        sync_cameras: false,
    };
    let outcome = van.order(1, command);
    assert_eq!(super::van::word(outcome), sadp_proto::Refusal::InvalidGuid);
}
