//! Kinds of which there is none here, ever: what describes them answers an empty list, which is the truth, and knows no id.

use super::Error;
use super::filter::{Filtered, Filters};
use super::page::Page;
use crate::wire::query::Params;

/// A kind.
pub struct Absent {
    /// The ids' parameter.
    pub ids: &'static str,
    /// The text before the dash of an id.
    pub prefix: &'static str,
    /// AWS's word for one of it.
    pub what: &'static str,
    /// AWS's codes for ids that are none, and that name nothing.
    pub malformed: &'static str,
    pub missing: &'static str,
}

/// What connects a transit gateway to something.
pub const TRANSIT_GATEWAY_ATTACHMENT: Absent = Absent {
    ids: "TransitGatewayAttachmentIds",
    prefix: "tgw-attach",
    what: "transitGatewayAttachment",
    malformed: "InvalidTransitGatewayAttachmentID.Malformed",
    missing: "InvalidTransitGatewayAttachmentID.NotFound",
};

impl Absent {
    /// Read what a Describe action takes; an id is an error.
    pub fn read<T: Filtered>(&self, p: &Params<'_>) -> Result<(), Error> {
        Filters::<T>::read(p)?;
        Page::read(p, None)?;
        let Some(id) = p.list(self.ids).into_iter().next() else { return Ok(()) };
        let digits = id.strip_prefix(self.prefix).and_then(|rest| rest.strip_prefix('-')).unwrap_or_default();
        let formed = matches!(digits.len(), 8 | 17) && digits.bytes().all(|b| b.is_ascii_hexdigit());
        Err(match formed {
            true => {
                Error::Absent { code: self.missing, sentence: format!("The {} ID '{id}' does not exist", self.what) }
            }
            false => Error::Absent { code: self.malformed, sentence: format!("Invalid id: \"{id}\"") },
        })
    }
}
