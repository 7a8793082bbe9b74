//! How the house is kept: which room may name which, which room alone names a library, and what no file may do.
//!
//! The tables say what is allowed. An entry that nothing needs any more is a failure too, so they stay true.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Each room, and the rooms that its code (not its tests) may name. An arrow points down or to a leaf.
const ROOMS: &[(&str, &[&str])] = &[
    // Programs and protocols.
    (
        "cli",
        &[
            "cloud", "compute", "config", "db", "ec2", "fault", "http", "iam", "images", "imds", "network", "objects",
            "s3", "ssm", "volumes",
        ],
    ),
    ("http", &["id"]),
    ("ec2", &["auth", "clock", "cloud", "compute", "db", "http", "iam", "id", "images", "network", "volumes", "wire"]),
    ("s3", &["auth", "clock", "config", "http", "iam", "id", "objects", "wire"]),
    ("ssm", &["auth", "clock", "config", "http", "iam"]),
    ("imds", &["clock", "compute", "config", "db", "id", "network"]),
    ("cloud", &["compute", "config", "db", "iam", "id", "images", "network", "objects", "volumes"]),
    // What things mean.
    ("compute", &["clock", "config", "db", "fault", "id", "images", "network", "volumes"]),
    ("volumes", &["clock", "db", "fault", "id"]),
    ("images", &["clock", "db", "fault", "id", "objects", "volumes"]),
    ("objects", &["blobs", "clock", "db", "iam", "id", "seal", "wire"]),
    ("network", &["clock", "db", "fault", "id"]),
    ("iam", &["clock", "config", "db"]),
    // Where things are kept.
    ("db", &["fault"]),
    ("blobs", &["fault", "id"]),
    // Leaves.
    ("auth", &["iam", "wire"]),
    ("seal", &["fault"]),
    ("wire", &["id"]),
    ("config", &[]),
    ("clock", &[]),
    ("id", &[]),
    ("fault", &[]),
];

/// A library, and the only part of the source that may name it.
const OWNED: &[(&str, &str)] =
    &[("rusqlite", "src/db/"), ("virt", "src/compute/driver/libvirt/"), ("hyper", "src/http/"), ("ring", "src/seal/")];
/// Other files that name an owned library, with the reason.
const OWNED_ELSEWHERE: &[(&str, &str, &str)] =
    &[("src/imds/mod.rs", "hyper", "a listener for guests: its sockets live in other network namespaces")];

/// Files longer than this need a reason.
const LONG: usize = 600;
const LONG_FILES: &[(&str, &str)] = &[];

struct Source {
    /// From the project's folder: `src/db/mod.rs`.
    path: String,
    lines: usize,
    /// Without comments, and without the tests at the foot.
    code: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join("src")];
    let mut files: Vec<PathBuf> = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false if path.extension().is_some_and(|e| e == "rs") => files.push(path),
                false => {}
            }
        }
    }
    files.sort();
    let texts: Vec<(String, String)> = files
        .iter()
        .map(|f| (f.strip_prefix(root).unwrap().to_str().unwrap().to_owned(), std::fs::read_to_string(f).unwrap()))
        .collect();
    let tests: Vec<String> = texts.iter().flat_map(|(path, text)| test_modules(path, text)).collect();
    texts
        .iter()
        .filter(|(path, _)| !tests.iter().any(|t| path == &format!("{t}.rs") || path.starts_with(&format!("{t}/"))))
        .map(|(path, text)| Source { path: path.clone(), lines: text.lines().count(), code: code_of(text) })
        .collect()
}

/// Paths, without `.rs`, of the modules that a file declares for tests only.
fn test_modules(path: &str, text: &str) -> Vec<String> {
    let folder = path.trim_end_matches(".rs").trim_end_matches("/mod");
    let lines: Vec<&str> = text.lines().collect();
    lines
        .windows(2)
        .filter(|pair| pair[0].trim() == "#[cfg(test)]")
        .filter_map(|pair| pair[1].trim().strip_suffix(';')?.rsplit_once("mod ").map(|(_, name)| name))
        .map(|name| format!("{folder}/{name}"))
        .collect()
}

fn code_of(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let foot = lines
        .windows(2)
        .position(|pair| pair[0] == "#[cfg(test)]" && pair[1].contains("mod ") && pair[1].ends_with('{'))
        .unwrap_or(lines.len());
    lines[..foot].iter().filter(|l| !l.trim_start().starts_with("//")).map(|l| format!("{l}\n")).collect()
}

/// The room of a file: its folder below `src`, or its own name.
fn room(path: &str) -> &str {
    path.trim_start_matches("src/").split(['/', '.']).next().unwrap()
}

/// The first names behind every `crate::`, `use crate::{…}` taken apart.
fn rooms_named(code: &str) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let rest = &code[at + "crate::".len()..];
        let Some(list) = rest.strip_prefix('{') else {
            named.insert(first_name(rest));
            continue;
        };
        let (mut depth, mut start) = (1, true);
        for (i, c) in list.char_indices() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 1 => start = true,
                _ if start && c.is_alphabetic() => {
                    named.insert(first_name(&list[i..]));
                    start = false;
                }
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
    }
    named
}

fn first_name(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// Whether the code names a library's path: `virt::` but not `libvirt::`, nor a method called so.
fn names(code: &str, library: &str) -> bool {
    let pattern = format!("{library}::");
    code.match_indices(&pattern).any(|(at, _)| !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
}

#[test]
fn arrows_point_down() {
    let mut used: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let sources = sources();
    for source in sources.iter().filter(|s| !["src/lib.rs", "src/main.rs"].contains(&s.path.as_str())) {
        let of = room(&source.path);
        let (_, allowed) = ROOMS.iter().find(|(name, _)| *name == of).unwrap_or_else(|| panic!("{of} is in no table"));
        for named in rooms_named(&source.code).into_iter().filter(|n| n != of) {
            assert!(allowed.contains(&named.as_str()), "{}: {of} may not name {named}", source.path);
            used.entry(of).or_default().insert(named);
        }
    }
    let arrows = ROOMS.iter().flat_map(|(room, allowed)| allowed.iter().map(move |arrow| (*room, *arrow)));
    let unused: Vec<_> = arrows.filter(|(room, arrow)| !used.get(room).is_some_and(|n| n.contains(*arrow))).collect();
    assert!(unused.is_empty(), "arrows that nothing needs any more, to be taken out of the table: {unused:?}");
}

#[test]
fn no_two_rooms_name_each_other() {
    let arrows: BTreeMap<&str, &[&str]> = ROOMS.iter().copied().collect();
    for (from, to) in ROOMS.iter().flat_map(|(from, to)| to.iter().map(move |t| (*from, *t))) {
        let mut ahead = vec![to];
        let mut seen = BTreeSet::new();
        while let Some(room) = ahead.pop() {
            assert_ne!(room, from, "{from} -> {to} leads back to {from}");
            if seen.insert(room) {
                ahead.extend(arrows[room]);
            }
        }
    }
}

#[test]
fn a_library_has_one_room() {
    let sources = sources();
    for (library, owner) in OWNED {
        let elsewhere: BTreeSet<&str> =
            OWNED_ELSEWHERE.iter().filter(|(_, name, _)| name == library).map(|(path, ..)| *path).collect();
        let found: BTreeSet<&str> = sources
            .iter()
            .filter(|s| !s.path.starts_with(owner) && names(&s.code, library))
            .map(|s| s.path.as_str())
            .collect();
        assert_eq!(found, elsewhere, "{library} is {owner}'s");
    }
}

#[test]
fn files_are_short() {
    let long: BTreeSet<String> = sources().iter().filter(|s| s.lines > LONG).map(|s| s.path.clone()).collect();
    let allowed: BTreeSet<String> = LONG_FILES.iter().map(|(path, _reason)| path.to_string()).collect();
    assert_eq!(long, allowed, "files of more than {LONG} lines, and those with a reason");
}

#[test]
fn nothing_unwraps_outside_tests() {
    for source in sources() {
        let line = source.code.lines().find(|l| l.contains(".unwrap()"));
        assert_eq!(line, None, "{}: use `?`, or `expect` with why it cannot fail", source.path);
    }
}

#[test]
fn imports_are_by_name() {
    for source in sources() {
        let glob = source.code.lines().find(|l| l.trim_start().starts_with("use ") && l.contains("::*"));
        assert_eq!(glob, None, "{}", source.path);
    }
}

#[test]
fn the_reader_of_paths_reads_them() {
    let names = rooms_named("use crate::{clock, wire::{a, b}};\nlet x = crate::id::new();\nuse nix_crate::no;");
    assert_eq!(names, ["clock", "id", "wire"].map(String::from).into());
}
