//! What an action is, and the list of all of them: dispatch, `docs/coverage.md` and the tests read the same slice.

use super::{COMMON, Cx, Error};
use crate::wire::ec2_xml;
use crate::wire::query::{Form, Params};
use serde::Serialize;
use std::future::Future;
use std::pin::Pin;

/// Which of the two Query services an action belongs to; they differ in the form of answers and errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    Ec2,
    Sts,
}

/// One AWS action: its parameters as a value, and how to do it.
pub trait Action: Sized + Send + 'static {
    /// AWS's name.
    const NAME: &'static str;
    const SERVICE: Service = Service::Ec2;
    /// Parameters that are accepted and have no effect here. Everything else that `read` does not read is an error.
    const IGNORED: &'static [&'static str] = &[];
    /// Parameters that AWS knows and that cannot be done here: `UnsupportedOperation`.
    const REFUSED: &'static [&'static str] = &[];
    type Output: Serialize + Send;

    /// Take the parameters from the form. Checks what the form alone can tell.
    fn read(p: &Params<'_>) -> Result<Self, Error>;

    /// Do it.
    fn run(self, cx: &Cx) -> impl Future<Output = Result<Self::Output, Error>> + Send;
}

/// An action that has read its parameters; gives the answer's XML.
pub type Ready = Box<dyn for<'a> FnOnce(&'a Cx) -> Answer<'a> + Send>;
type Answer<'a> = Pin<Box<dyn Future<Output = Result<String, Error>> + Send + 'a>>;

/// An action as the dispatcher sees it.
pub struct Entry {
    pub name: &'static str,
    pub service: Service,
    pub ignored: &'static [&'static str],
    pub refused: &'static [&'static str],
    pub read: fn(&Params<'_>) -> Result<Ready, Error>,
}

impl Entry {
    /// What comes before reading: parameters without effect are counted as read, those that ask for what cannot be done are errors.
    pub fn check(&self, form: &Form) -> Result<(), Error> {
        if let Some(name) = self.refused.iter().find(|name| form.asks(name)) {
            return Err(Error::Unsupported((*name).to_owned()));
        }
        COMMON.iter().chain(self.ignored).chain(self.refused).for_each(|name| form.ignore(name));
        Ok(())
    }
}

/// Read a form that nobody sent as the action's parameters: all of it, or an error.
pub fn read_form<A: Action, T>(form: &Form, read: fn(&Params<'_>) -> Result<T, Error>) -> Result<T, Error> {
    entry::<A>().check(form)?;
    form.ignore("DryRun");
    let value = read(&form.params())?;
    form.finish()?;
    Ok(value)
}

/// The registry's line for an action.
pub const fn entry<A: Action>() -> Entry {
    Entry { name: A::NAME, service: A::SERVICE, ignored: A::IGNORED, refused: A::REFUSED, read: read::<A> }
}

fn read<A: Action>(p: &Params<'_>) -> Result<Ready, Error> {
    let action = A::read(p)?;
    Ok(Box::new(move |cx| {
        Box::pin(async move {
            let output = action.run(cx).await?;
            let xml = match A::SERVICE {
                Service::Ec2 => ec2_xml::response(A::NAME, &cx.version, &cx.request_id, &output),
                Service::Sts => ec2_xml::sts_response(A::NAME, &cx.request_id, &output),
            };
            xml.map_err(|e| Error::Internal(e.to_string()))
        })
    }))
}

/// The names of EC2's actions at AWS.
const AT_AWS: &str = include_str!("aws_actions.txt");

/// Why an action is not done that the registry does not have: it exists at AWS only, or nowhere.
pub fn unserved(name: String) -> Error {
    if AT_AWS.lines().any(|known| known == name) { Error::Unserved(name) } else { Error::InvalidAction(name) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ec2::actions;
    use std::fmt::Write;

    fn source(name: &str) -> String {
        let mut file = String::new();
        let mut last = 'A';
        for c in name.chars() {
            // A run of capitals is one word.
            if c.is_ascii_uppercase() && !last.is_ascii_uppercase() {
                file.push('_');
            }
            last = c;
            file.push(c.to_ascii_lowercase());
        }
        format!("src/ec2/actions/{file}.rs")
    }

    /// What the file's module comment says, in one line.
    fn about(path: &std::path::Path) -> String {
        let text = std::fs::read_to_string(path).unwrap();
        let lines = text.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim);
        lines.collect::<Vec<_>>().join(" ").trim().to_owned()
    }

    #[test]
    fn every_file_of_an_action_has_its_entry() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let files = std::fs::read_dir(root.join("src/ec2/actions")).unwrap();
        let mut files: Vec<String> =
            files.map(|f| format!("src/ec2/actions/{}", f.unwrap().file_name().into_string().unwrap())).collect();
        files.retain(|path| !path.ends_with("/mod.rs"));
        let mut entries: Vec<String> = actions::ALL.iter().map(|entry| source(entry.name)).collect();
        files.sort();
        entries.sort();
        assert_eq!(files, entries);
    }

    #[test]
    fn every_action_here_is_one_at_aws() {
        let here = actions::ALL.iter().filter(|e| e.service == Service::Ec2).map(|e| e.name);
        let strange: Vec<&str> = here.filter(|name| !AT_AWS.lines().any(|known| known == *name)).collect();
        assert!(strange.is_empty() && AT_AWS.lines().is_sorted(), "{strange:?}");
        for (name, code) in [("CreateVpnGateway", "UnsupportedOperation"), ("CreateVpnGateways", "InvalidAction")] {
            assert_eq!(unserved(name.into()).wire().0, code);
        }
    }

    /// `docs/coverage.md` says what the registry says. `UPDATE_FIXTURES=1` writes it.
    #[test]
    fn the_coverage_page_is_the_registrys() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut page = String::from(
            "# What works\n\nWritten from the registry by a test (`UPDATE_FIXTURES=1 cargo test coverage`). Any other of \
             [AWS's actions](../src/ec2/aws_actions.txt)\nanswers `UnsupportedOperation`: those of VPNs, transit gateways, \
             Direct Connect, Outposts, carrier and local gateways, IPAM,\nEC2-Classic and so on. A name that is \
             none of AWS's answers `InvalidAction`, any other parameter of the actions here\n`UnknownParameter`. *Without \
             effect*: accepted, and nothing comes of it. *Refused*: `UnsupportedOperation`.\n",
        );
        for (title, service) in [("EC2", Service::Ec2), ("STS", Service::Sts)] {
            let entries: Vec<_> = actions::ALL.iter().filter(|e| e.service == service).collect();
            let _ = write!(page, "\n## {title}: {} actions\n\n", entries.len());
            page.push_str("| action | what it does | without effect | refused |\n|---|---|---|---|\n");
            for entry in entries {
                let path = source(entry.name);
                let about = about(&root.join(&path)).replace('|', "\\|");
                let names = |list: &[&str]| list.join(", ");
                let (ignored, refused) = (names(entry.ignored), names(entry.refused));
                let _ = writeln!(page, "| [{}](../{path}) | {about} | {ignored} | {refused} |", entry.name);
            }
        }
        let file = root.join("docs/coverage.md");
        if std::env::var_os("UPDATE_FIXTURES").is_some() {
            std::fs::write(&file, &page).unwrap();
        }
        let kept = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(kept == page, "docs/coverage.md is not what the registry says: UPDATE_FIXTURES=1 cargo test coverage");
    }
}
