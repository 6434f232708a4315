//! Forms, questions and results of actions.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use sadp_ops::{
    job::{Job, Task},
    network::WantedSettings,
};

use super::{press, screen, site, write};
use crate::{
    failure::{Exit, Failure},
    view::{Command, Results, View},
};

/// Types into a form, and presses Enter after each text.
fn fill(view: &mut View, texts: &[&str]) -> Option<Command> {
    let mut last = None;
    for text in texts {
        write(view, text);
        last = view.handle_key(KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE));
    }
    last
}

#[test]
fn an_activation_is_for_the_unactivated_ones_and_its_password_is_never_drawn() {
    let mut view = site();
    write(&mut view, "*a");
    assert!(fill(&mut view, &["Garden-77x"]).is_none());
    write(&mut view, "Garden-77x");
    let drawn = screen(&mut view, 60, 15);
    assert!(drawn.contains("First password for 1 device"), "{drawn}");
    assert!(!drawn.contains("Garden"), "{drawn}");
    assert!(!format!("{view:?}").contains("Garden"));
    let begun = fill(&mut view, &[""]);
    assert!(!format!("{begun:?}").contains("Garden"), "{begun:?}");
    let Some(Command::Begin(Job { devices, task })) = begun else {
        panic!("{begun:?}");
    };
    assert_eq!(devices.len(), 1, "the others are active");
    assert!(matches!(task, Task::Activate(_)), "{task:?}");
}

#[test]
fn a_form_asks_for_what_differs_only() {
    let mut view = site();
    write(&mut view, "n");
    assert!(screen(&mut view, 60, 15).contains("it has no password yet"));
    press(&mut view, &[KeyCode::Down]);
    write(&mut view, "n");
    assert!(fill(&mut view, &["", "", "", "", "", "", "Simulated-7"]).is_none());
    assert!(screen(&mut view, 60, 15).contains("nothing is changed yet"));
    press(&mut view, &[KeyCode::Up; 3]);
    write(&mut view, "on");
    let begun = fill(&mut view, &["", "", "81", ""]);
    let Some(Command::Begin(Job { task, .. })) = begun else {
        panic!("{begun:?}\n{}", screen(&mut view, 60, 15));
    };
    let expected = WantedSettings {
        dhcp: Some(true),
        sdk: Some(81),
        ..Default::default()
    };
    assert!(matches!(task, Task::Set(wanted, _) if wanted == expected));
}

#[test]
fn a_question_waits_until_what_is_typed_is_done() {
    let mut view = site();
    write(&mut view, "/y");
    view.ask("plan".into(), "Go on?".into());
    assert!(!screen(&mut view, 60, 15).contains("Go on?"));
    press(&mut view, &[KeyCode::Enter]);
    assert!(screen(&mut view, 60, 15).contains("Go on? [y/N]"));
    let answer = fill(&mut view, &["yes"]);
    assert!(matches!(answer, Some(Command::Answer(true))), "{answer:?}");
    for no in ["", "n", "yy"] {
        view.ask("plan".into(), "Go on?".into());
        let answer = fill(&mut view, &[no]);
        assert!(
            matches!(answer, Some(Command::Answer(false))),
            "{no}: {answer:?}"
        );
    }
}

#[test]
fn leaving_is_asked_while_something_is_under_way() {
    let mut view = site();
    view.set_busy(Some("activating 12 of 40".into()));
    assert!(screen(&mut view, 60, 15).contains("activating 12 of 40"));
    write(&mut view, "q");
    assert!(screen(&mut view, 80, 24).contains("activating 12 of 40: stop it and leave? [y/N]"));
    assert!(fill(&mut view, &["n"]).is_none());
    write(&mut view, "qy");
    assert!(matches!(fill(&mut view, &[""]), Some(Command::Quit)));
    view.set_busy(None);
    view.show_results(Results {
        failure: Some(Failure::words(Exit::Machine, "it failed").hint("try again")),
        ..Results::default()
    });
    let failed = screen(&mut view, 60, 15);
    assert!(failed.contains("error: it failed"), "{failed}");
    assert!(failed.contains("hint: try again"), "{failed}");
    write(&mut view, "q");
    assert!(screen(&mut view, 60, 15).contains("row 1 of 6"));
}
