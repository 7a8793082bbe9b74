//! Which file names which.
//!
//! A name that a folder's `mod.rs` hands on counts as its own file's. A `mod.rs` is the door of its folder, so what it and its own files
//! have of each other is no arrow.

use crate::sources::Source;
use std::collections::{BTreeMap, BTreeSet};

/// From one file's module to another's, as `compute::launch`.
pub type Arrow = (String, String);

/// Every arrow of the source.
pub fn arrows(sources: &[Source]) -> BTreeSet<Arrow> {
    let modules: BTreeMap<String, &str> = sources.iter().map(|s| (module(&s.path), s.code.as_str())).collect();
    let mut handed = BTreeMap::new();
    for (module, code) in &modules {
        for path in uses(code).filter(|(public, _)| *public).flat_map(|(_, tree)| expand(tree)) {
            let whole = absolute(module, &path, &modules);
            handed.insert((module.clone(), whole.last().cloned().unwrap_or_default()), whole);
        }
    }
    let mut arrows = BTreeSet::new();
    for (from, code) in &modules {
        let named = paths(code).into_iter().map(|path| absolute(from, &path, &modules));
        for to in named.filter_map(|path| file_of(path, &modules, &handed)) {
            let own = |door: &str, file: &str| file.strip_prefix(door).is_some_and(|rest| rest.starts_with("::"));
            if to != *from && !own(&to, from) && !own(from, &to) {
                arrows.insert((from.clone(), to));
            }
        }
    }
    arrows
}

/// The arrows that lie on circles, or between them.
pub fn circles(mut arrows: BTreeSet<Arrow>) -> BTreeSet<Arrow> {
    loop {
        let (from, to): (BTreeSet<String>, BTreeSet<String>) = arrows.iter().cloned().unzip();
        let before = arrows.len();
        arrows.retain(|(a, b)| to.contains(a) && from.contains(b));
        if arrows.len() == before {
            return arrows;
        }
    }
}

/// `src/compute/launch/mod.rs`: `compute::launch`
fn module(path: &str) -> String {
    path.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod").replace('/', "::")
}

/// Every path of the code that begins with `crate`, `super` or `self`, and those of its `use`s, lists taken apart.
pub fn paths(code: &str) -> Vec<String> {
    let mut paths: Vec<String> = uses(code).flat_map(|(_, tree)| expand(tree)).collect();
    for start in ["crate::", "super::", "self::"] {
        for (at, _) in code.match_indices(start) {
            let is_name = |c: char| c.is_alphanumeric() || c == '_';
            if !code[..at].ends_with(|c| is_name(c) || c == ':') {
                let end = code[at..].find(|c| !is_name(c) && c != ':').map_or(code.len(), |n| at + n);
                // A list is a `use`'s, which was taken apart.
                if !code[end..].starts_with('{') {
                    paths.push(code[at..end].trim_end_matches(':').to_owned());
                }
            }
        }
    }
    paths
}

/// What each `use` says, and whether it hands it on.
fn uses(code: &str) -> impl Iterator<Item = (bool, &str)> {
    code.match_indices("use ").filter_map(|(at, _)| {
        let before = code[..at].rsplit('\n').next().unwrap().trim();
        let public = before.starts_with("pub");
        let tree = code[at + "use ".len()..].split_once(';')?.0;
        (before.is_empty() || public).then_some((public, tree))
    })
}

/// `a::{b, c::{d, e}}`: `a::b`, `a::c::d`, `a::c::e`
fn expand(tree: &str) -> Vec<String> {
    let Some((before, list)) = tree.split_once('{') else {
        return vec![tree.split(" as ").next().unwrap().trim().to_owned()];
    };
    let list = list.trim_end().strip_suffix('}').unwrap_or(list);
    let (mut depth, mut start, mut items) = (0, 0, Vec::new());
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                items.push(&list[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    items.push(&list[start..]);
    let named = items.into_iter().filter(|item| !item.trim().is_empty());
    named.flat_map(expand).map(|path| format!("{}{}", before.trim(), path.trim_end_matches("::self"))).collect()
}

/// A path from the crate's root, seen from a module. Of others than this crate nothing is left.
fn absolute(module: &str, path: &str, modules: &BTreeMap<String, &str>) -> Vec<String> {
    let mut names: Vec<&str> = path.split("::").collect();
    let mut whole: Vec<String> = module.split("::").map(str::to_owned).collect();
    match names[0] {
        "crate" => whole.clear(),
        "self" | "super" => {}
        child if modules.contains_key(&format!("{module}::{child}")) => names.insert(0, "self"),
        _ => return Vec::new(),
    }
    for name in names {
        match name {
            "crate" | "self" => {}
            "super" => drop(whole.pop()),
            name => whole.push(name.to_owned()),
        }
    }
    whole
}

/// The module whose file says what is at this path.
fn file_of(
    mut path: Vec<String>,
    modules: &BTreeMap<String, &str>,
    handed: &BTreeMap<(String, String), Vec<String>>,
) -> Option<String> {
    loop {
        let known = (1..=path.len()).rev().find(|n| modules.contains_key(&path[..*n].join("::")))?;
        let module = path[..known].join("::");
        match path.get(known).and_then(|name| handed.get(&(module.clone(), name.clone()))) {
            Some(whole) => path = whole.iter().chain(&path[known + 1..]).cloned().collect(),
            None => return Some(module),
        }
    }
}

#[test]
fn paths_are_read() {
    let code =
        "use crate::{clock, wire::{a, b}};\npub use super::c as d;\nlet x = crate::id::new();\nuse nix_crate::no;";
    let mut read = paths(code);
    read.retain(|path| !path.starts_with("nix"));
    read.sort();
    assert_eq!(read, ["crate::clock", "crate::id::new", "crate::wire::a", "crate::wire::b", "super::c", "super::c"]);
}

#[test]
fn circles_are_found_behind_doors() {
    let source = |path: &str, code: &str| Source { path: path.into(), lines: 1, code: code.into() };
    let sources = [
        source("src/a/mod.rs", "mod one;\npub use one::One;"),
        source("src/a/one.rs", "use crate::b;"),
        source("src/b.rs", "use crate::a::One;"),
        source("src/c.rs", "use crate::b;"),
    ];
    let arrow = |from: &str, to: &str| (from.to_owned(), to.to_owned());
    let all = arrows(&sources);
    assert_eq!(all, [arrow("a::one", "b"), arrow("b", "a::one"), arrow("c", "b")].into());
    assert_eq!(circles(all), [arrow("a::one", "b"), arrow("b", "a::one")].into());
}
