//! How the house is kept: which room may name which, which room alone names a library, and what no file may do.
//!
//! The tables say what is allowed. An entry that nothing needs any more is a failure too, so they stay true.

mod arrows;
mod sources;

use arrows::{arrows, circles, paths};
use sources::{Source, room, sources};
use std::collections::{BTreeMap, BTreeSet};

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
const OWNED: &[(&str, &str)] = &[
    ("rusqlite", "src/db/"),
    ("virt", "src/compute/driver/libvirt/"),
    ("hyper", "src/http/"),
    ("ring", "src/seal/"),
    ("md5_lanes", "src/objects/"),
];
/// Other files that name an owned library, with the reason.
const OWNED_ELSEWHERE: &[(&str, &str, &str)] =
    &[("src/imds/mod.rs", "hyper", "a listener for guests: its sockets live in other network namespaces")];

/// Files longer than this need a reason.
const LONG: usize = 600;
const LONG_FILES: &[(&str, &str)] = &[("src/ec2/actions/mod.rs", "two lists, with a line for every action")];

/// The rooms that a file's code names.
fn rooms_named(source: &Source) -> BTreeSet<String> {
    let of_crate = paths(&source.code).into_iter().filter_map(|path| path.strip_prefix("crate::").map(str::to_owned));
    of_crate.map(|path| path.split("::").next().unwrap().to_owned()).collect()
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
        for named in rooms_named(source).into_iter().filter(|n| n != of) {
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
fn no_files_name_each_other_in_a_circle() {
    let circles = circles(arrows(&sources()));
    assert!(circles.is_empty(), "arrows on circles, or between them: {circles:#?}");
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
