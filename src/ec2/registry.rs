//! What an action is, and the list of all of them: dispatch, `docs/coverage.md` and the tests read the same slice.

use super::actions;
use super::{Cx, Error};
use crate::wire::ec2_xml;
use crate::wire::query::Params;
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
    pub read: fn(&Params<'_>) -> Result<Ready, Error>,
}

/// The registry's line for an action.
pub const fn entry<A: Action>() -> Entry {
    Entry { name: A::NAME, service: A::SERVICE, ignored: A::IGNORED, read: read::<A> }
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

/// The action of that name.
pub fn find(name: &str) -> Option<&'static Entry> {
    actions::ALL.iter().find(|entry| entry.name == name)
}
