//! How lines are folded for a terminal: between words alone.

use std::borrow::Cow;

use textwrap::{Options, WordSeparator, WordSplitter, core::display_width, wrap};

/// The columns that fit. `None` where nothing is folded: in a pipe or a file.
pub(crate) type Width = Option<usize>;

/// The text with its lines folded. What follows the first line of one is indented as
/// that is: to the text behind a number, an arrow or a label. A command at the end,
/// after a colon, stands on lines of its own, so that it can be copied; so does each of several,
/// with "then" between them.
pub(crate) fn fold(text: &str, width: Width) -> Cow<'_, str> {
    fold_labelled("", text, width)
}

/// The same, where the first line begins with a label, which is not in the text.
pub(crate) fn fold_labelled<'a>(label: &str, text: &'a str, width: Width) -> Cow<'a, str> {
    let Some(width) = width else {
        return text.into();
    };
    let mut label = display_width(label);
    let mut folded = Vec::new();
    for line in text.split('\n') {
        fold_line(line, width, label, &mut folded);
        label = 0;
    }
    folded.join("\n").into()
}

/// The lines of one text in a column.
pub(crate) fn fold_cell(text: &str, width: usize) -> Vec<Cow<'_, str>> {
    let lines = text.split('\n');
    lines.flat_map(|line| wrap(line, words(width))).collect()
}

/// The columns of the longest word.
pub(crate) fn longest_word(text: &str) -> usize {
    let words = text.split_whitespace().map(display_width);
    words.max().unwrap_or(0)
}

fn words(width: usize) -> Options<'static> {
    Options::new(width)
        .break_words(false)
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation)
}

/// The least columns for what follows an indent.
const MIN_TEXT: usize = 16;

fn fold_line(line: &str, width: usize, label: usize, folded: &mut Vec<String>) {
    let blank = " ".repeat(label);
    if label + display_width(line) <= width {
        folded.push(line.to_owned());
        return;
    }
    let (prose, commands) = split_commands(line);
    let (head, rest) = split_head(prose);
    let head_width = display_width(head);
    let fits = label + head_width + longest_word(rest).max(MIN_TEXT) <= width;
    let (head, rest, indent) = if fits {
        (head, rest, " ".repeat(label + head_width))
    } else {
        let (blanks, rest) = prose.split_at(prose.len() - prose.trim_start().len());
        (blanks, rest, format!("{blank}{blanks}  "))
    };
    let first = format!("{blank}{head}");
    let options = words(width)
        .initial_indent(&first)
        .subsequent_indent(&indent);
    let lines = wrap(rest, options).into_iter();
    // The label stands before the first line already.
    let lines = lines.enumerate().map(|(number, line)| match number {
        0 => line.get(label..).unwrap_or_default().to_owned(),
        _ => line.into_owned(),
    });
    folded.extend(lines);
    let indent = if indent.is_empty() {
        "  ".into()
    } else {
        indent
    };
    for command in commands {
        fold_command(command, width, &indent, folded);
    }
}

fn fold_command(command: &str, width: usize, indent: &str, folded: &mut Vec<String>) {
    // What a shell takes for one line is marked so.
    let is_windows = command.starts_with("netsh");
    let mark = if is_windows { " ^" } else { " \\" };
    let deeper = format!("{indent}  ");
    let options = words(width - mark.len())
        .initial_indent(indent)
        .subsequent_indent(&deeper);
    let lines = wrap(command, options).into_iter();
    let mut lines: Vec<_> = lines.map(Cow::into_owned).collect();
    let last = lines.pop();
    folded.extend(lines.into_iter().map(|line| line + mark));
    folded.extend(last);
}

/// A line, and the commands at its end, one after the other. A command with words behind
/// it is part of the line.
fn split_commands(line: &str) -> (&str, Vec<&str>) {
    const PROGRAMS: [&str; 3] = ["sudo ", "sadpctl ", "netsh "];
    let starts = PROGRAMS.map(|program| format!(": {program}"));
    let start = starts.iter().filter_map(|start| line.rfind(start)).max();
    let Some((prose, rest)) = start.and_then(|start| line.split_at_checked(start + 1)) else {
        return (line, Vec::new());
    };
    let commands: Vec<_> = rest.trim_start().split(", then ").collect();
    let is_command = |text: &&str| {
        let begins = PROGRAMS.iter().any(|program| text.starts_with(program));
        let ends_early = ["; ", ", ", " (", ". "].iter().any(|it| text.contains(it));
        begins && !ends_early
    };
    if commands.iter().all(is_command) {
        (prose, commands)
    } else {
        (line, Vec::new())
    }
}

/// What a line begins with, and the text that folds beside it.
fn split_head(line: &str) -> (&str, &str) {
    /// A label is no longer.
    const LABEL: usize = 40;
    let text = line.trim_start();
    let blanks = line.len() - text.len();
    let word = text.split(' ').next().unwrap_or_default();
    let is_mark = word == "->"
        || word
            .strip_suffix('.')
            .is_some_and(|it| it.parse::<u8>().is_ok());
    let gap = text.find("  ").filter(|gap| *gap <= LABEL);
    let head = match gap {
        Some(gap) => {
            let behind = text.get(gap..).unwrap_or_default();
            gap + behind.len() - behind.trim_start().len()
        }
        None if is_mark => word.len() + 1,
        None => 0,
    };
    line.split_at_checked(blanks + head).unwrap_or((line, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fold_between_words_and_below_their_text() {
        let text = "  1. Power the device off. Where its network cable powers it, unplug that.\n\
            \x20 off-subnet   in none of this computer's networks\n\
            \x20 serial       DS-2CD2143G0-I20200118AAWRC06891926-and-more\n\
            to reach it: sudo ip addr add 192.168.1.249/24 dev lan0";
        let folded = fold(text, Some(40));
        assert_eq!(
            folded.lines().collect::<Vec<_>>(),
            [
                "  1. Power the device off. Where its",
                "     network cable powers it, unplug",
                "     that.",
                "  off-subnet   in none of this",
                "               computer's networks",
                "  serial",
                "    DS-2CD2143G0-I20200118AAWRC06891926-and-more",
                "to reach it:",
                "  sudo ip addr add 192.168.1.249/24 \\",
                "    dev lan0",
            ]
        );
        assert_eq!(fold(text, None), text);
    }

    #[test]
    fn commands_stand_alone_unless_words_follow() {
        let several = "they need addresses: sadpctl activate --all, then sadpctl net plan --from 10.0.0.5 > plan.csv";
        assert_eq!(
            fold(several, Some(40)).lines().collect::<Vec<_>>(),
            [
                "they need addresses:",
                "  sadpctl activate --all",
                "  sadpctl net plan --from 10.0.0.5 > \\",
                "    plan.csv",
            ]
        );
        let words = "scan first: sadpctl scan --all; then choose one of the devices by its MAC";
        assert!(!fold(words, Some(40)).contains('\\'));
    }

    #[test]
    fn what_follows_a_label_is_indented_by_it() {
        let folded = fold_labelled("hint: ", "compare their labels before you change", Some(30));
        assert_eq!(folded, "compare their labels\n      before you change");
    }
}
