//! The source as the rules look at it.

use std::path::{Path, PathBuf};

/// One file.
pub struct Source {
    /// From the project's folder: `src/db/mod.rs`.
    pub path: String,
    pub lines: usize,
    /// Without comments, and without the tests at the foot.
    pub code: String,
}

/// Every file that is no test.
pub fn sources() -> Vec<Source> {
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
pub fn room(path: &str) -> &str {
    path.trim_start_matches("src/").split(['/', '.']).next().unwrap()
}
