//! Collects the sentences of the program, for `sadpctl messages`.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// The crates that hold any.
const CRATES: [&str; 9] = [
    "sadp-model",
    "sadp-proto",
    "sadp-reset",
    "sadp-discovery",
    "sadp-doctor",
    "sadp-ops",
    "sadp-text",
    "sadp-web",
    "sadpctl",
];

fn main() -> io::Result<()> {
    let crates = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("..");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    let mut messages = String::new();
    for name in CRATES {
        let folder = crates.join(name).join("src");
        println!("cargo::rerun-if-changed={}", folder.display());
        collect(&folder, name, &mut messages)?;
    }
    fs::write(out.join("messages.txt"), messages)
}

/// Adds those of the files in a folder, by file.
fn collect(folder: &Path, name: &str, messages: &mut String) -> io::Result<()> {
    let mut entries: Vec<_> = fs::read_dir(folder)?.collect::<io::Result<_>>()?;
    entries.sort_by_key(fs::DirEntry::path);
    for entry in entries {
        let path = entry.path();
        let stem = path.file_stem().unwrap_or_default();
        if stem == "tests" || stem == "widths" {
            continue;
        }
        let name = format!("{name}/{}", entry.file_name().display());
        if path.is_dir() {
            collect(&path, &name, messages)?;
        } else if path.extension().is_some_and(|it| it == "rs")
            && let Ok(tokens) = fs::read_to_string(&path)?.parse()
        {
            let mut found = Vec::new();
            walk(tokens, &mut found);
            if !found.is_empty() {
                messages.extend(["\n", &name, "\n"]);
                messages.extend(found.iter().flat_map(|text| ["  ", text, "\n"]));
            }
        }
    }
    Ok(())
}

/// The sentences among the literals. Comments and tests have none.
fn walk(tokens: TokenStream, found: &mut Vec<String>) {
    let mut is_test = false;
    let mut after_hash = false;
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                let begin: String = group.stream().to_string().chars().take(10).collect();
                let is_comment = ["doc", "expect", "allow"]
                    .iter()
                    .any(|it| begin.starts_with(it));
                is_test |= after_hash && begin.starts_with("cfg (test)");
                if is_test && group.delimiter() == Delimiter::Brace {
                    is_test = false;
                } else if !(after_hash && is_comment) {
                    walk(group.stream(), found);
                }
            }
            TokenTree::Literal(literal) => found.extend(sentence(&literal.to_string())),
            TokenTree::Punct(ref punct) if punct.as_char() == '#' => {
                after_hash = true;
                continue;
            }
            TokenTree::Punct(ref punct) if punct.as_char() == '!' => continue,
            _ => {}
        }
        after_hash = false;
    }
}

/// What only SQL has.
const SQL: [&str; 4] = ["WHERE ", "INSERT INTO ", "SELECT ", "CREATE TABLE "];

/// The text of a literal, where it is more than one word.
fn sentence(literal: &str) -> Option<String> {
    let text = literal.strip_prefix('"')?.strip_suffix('"')?;
    let parts = text.split("\\\n").map(str::trim_start);
    let text = parts.collect::<String>().replace("\\n", "\n    ");
    let words = text.split(' ').filter(|word| {
        let mut letters = word.chars().filter(char::is_ascii_lowercase);
        letters.nth(1).is_some()
    });
    (words.count() > 1 && !SQL.iter().any(|it| text.contains(it))).then_some(text)
}
