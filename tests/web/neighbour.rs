//! Another user of the same computer, and whoever gets hold of the link.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Output},
};

use crate::{
    load::{ask, enter},
    run::skipped,
    server::Server,
};

/// Runs a command as nobody. `None` where that is not permitted.
fn as_nobody(arguments: &[&str]) -> Option<Output> {
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
    let allowed = Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups", "true"])
        .output();
    allowed
        .is_ok_and(|it| it.status.success())
        .then(|| command.args(arguments).output().unwrap())
}

#[test]
fn another_user_learns_nothing_and_is_not_let_in() {
    let server = Server::opening();
    let token = server.link.split_once('=').unwrap().1;
    // What the browser is started with: the file alone.
    let opened = server.opened();
    assert!(
        !opened.contains(token) && Path::new(&opened).exists(),
        "{opened}"
    );
    let mode = fs::metadata(&opened).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(fs::read_to_string(&opened).unwrap().contains(token));

    let pid = server.pid();
    let port = server.origin().rsplit(':').next().unwrap();
    let get = format!(
        "exec 3<>/dev/tcp/127.0.0.1/{port}; printf 'GET / HTTP/1.1\\r\\nHost: 127.0.0.1:{port}\\r\\nConnection: close\\r\\n\\r\\n' >&3; cat <&3"
    );
    for (arguments, shown) in [
        (vec!["cat".to_owned(), opened.clone()], None),
        (vec!["cat".into(), format!("/proc/{pid}/environ")], None),
        (
            vec!["cat".into(), format!("/proc/{pid}/cmdline")],
            Some("sadpctl"),
        ),
        (
            vec!["bash".into(), "-c".into(), get],
            Some("401 Unauthorized"),
        ),
    ] {
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        let Some(output) = as_nobody(&arguments) else {
            return skipped("only root can be another user");
        };
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        match shown {
            Some(shown) => assert!(text.contains(shown), "{arguments:?}: {text}"),
            None => assert!(
                !output.status.success() && text.is_empty(),
                "{arguments:?}: {text}"
            ),
        }
        assert!(!text.contains(token), "{arguments:?}: {text}");
    }
    enter(&server);
    assert!(!fs::exists(&opened).unwrap(), "it was used");
}

#[test]
fn a_link_that_is_used_twice_ends_the_page_and_says_so() {
    let mut server = Server::with_devices(3);
    let cookie = enter(&server);
    let path = server.link.strip_prefix(server.origin()).unwrap();
    let again = ask(&server, &format!("GET {path}\n"));
    assert!(again.starts_with("HTTP/1.1 403"), "{again}");
    assert!(again.contains("used twice"), "{again}");
    assert!(!again.contains("set-cookie"), "{again}");
    assert_eq!(server.wait(), Some(4));
    let log = server.log();
    assert!(log.contains("the link was used twice"), "{log}");
    assert!(!log.contains(cookie.split_once('=').unwrap().1), "{log}");
}
