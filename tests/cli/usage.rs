//! Help, completions and manual pages.

use insta::assert_snapshot;

use crate::run::run;

#[test]
fn help() {
    assert_snapshot!(run(&["--help"]).stdout);
    assert_snapshot!(run(&["scan", "-h"]).stdout);
    assert_snapshot!(run(&["decode", "--help"]).stdout);
    assert_snapshot!(run(&["sim", "run", "--help"]).stdout);
    assert_snapshot!(run(&["watch", "--help"]).stdout);
}

#[test]
fn a_word_of_force_that_is_none_is_reported_with_all_that_are() {
    for wrong in ["nonsense", "44:47:cc:00:00:01", "locked,few-tries"] {
        let run = run(&["activate", "--all", "--yes", "--force", wrong]);
        assert_eq!(run.code, 2, "{run}");
        for word in ["weak-password", "two-senders", "account-changed"] {
            assert!(run.stderr.contains(word), "{word}: {run}");
        }
    }
}

#[test]
fn completions_for_every_shell() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let run = run(&["completions", shell]);
        assert_eq!(run.code, 0, "{run}");
        assert!(run.stdout.contains("interface"), "{shell}");
    }
}

#[test]
fn manual_pages() {
    let main = run(&["man"]);
    assert_eq!(main.code, 0, "{main}");
    assert!(main.stdout.contains(".TH sadpctl 1"), "{main}");
    let folder = tempfile::tempdir().unwrap();
    let pages = run(&["man", "--out", folder.path().to_str().unwrap()]);
    assert_eq!((pages.code, pages.stdout.as_str()), (0, ""), "{pages}");
    for page in ["sadpctl.1", "sadpctl-scan.1", "sadpctl-sim-run.1"] {
        assert!(folder.path().join(page).exists(), "{page}");
    }
}
