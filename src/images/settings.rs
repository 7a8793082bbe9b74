//! What an account says of all its images in a region.

use super::Error;
use crate::db::{self, Conn};

/// Whether images may be made public.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PublicAccess {
    Unblocked,
    /// No image becomes public any more; those that are stay so.
    BlockNewSharing,
}

const PUBLIC_ACCESS: &str = "block-public-access";

impl PublicAccess {
    /// AWS's word.
    pub fn as_str(self) -> &'static str {
        match self {
            PublicAccess::Unblocked => "unblocked",
            PublicAccess::BlockNewSharing => "block-new-sharing",
        }
    }
}

/// What the account said last; at first nothing is blocked.
pub fn public_access(c: &Conn, account: &str, region: &str) -> Result<PublicAccess, Error> {
    let blocked = PublicAccess::BlockNewSharing;
    let said = db::images::setting(c, account, region, PUBLIC_ACCESS)?;
    Ok(if said.as_deref() == Some(blocked.as_str()) { blocked } else { PublicAccess::Unblocked })
}

/// Say it.
pub fn set_public_access(c: &Conn, account: &str, region: &str, access: PublicAccess) -> Result<(), Error> {
    Ok(db::images::set_setting(c, account, region, PUBLIC_ACCESS, access.as_str())?)
}
