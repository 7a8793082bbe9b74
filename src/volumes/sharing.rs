//! Who may make volumes of a snapshot beside its owner, and what an account says of that for all its snapshots in a region.

use super::Error;
use crate::db::snapshots::{self as rows, SnapshotRow};
use crate::db::{self, Conn, account_settings};
use std::collections::HashMap;

/// Who is to be able to make volumes of a snapshot, and who no more.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sharing {
    pub add: Vec<String>,
    pub remove: Vec<String>,
    /// Everybody, or nobody but those it is shared with.
    pub public: Option<bool>,
    /// The ARN of the account's own key: what is encrypted with it is nobody else's.
    pub own_key: String,
}

/// Why an encrypted snapshot cannot be shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// With everybody.
    Public,
    /// With anybody: the key is the account's own.
    OwnKey,
}

/// Whether encryption forbids to share a snapshot with everybody, or with some.
pub fn refusal(snapshot: &SnapshotRow, public: bool, some: bool, own_key: &str) -> Option<Refusal> {
    match snapshot.encrypted {
        true if public => Some(Refusal::Public),
        true if some && snapshot.kms_key.as_deref().is_none_or(|key| key == own_key) => Some(Refusal::OwnKey),
        true | false => None,
    }
}

/// Share a snapshot, or stop sharing it.
pub fn share(c: &Conn, snapshot: &SnapshotRow, sharing: &Sharing) -> Result<(), Error> {
    let public = sharing.public == Some(true);
    match refusal(snapshot, public, !sharing.add.is_empty(), &sharing.own_key) {
        Some(Refusal::Public) => return Err(Error::EncryptedPublic),
        Some(Refusal::OwnKey) => return Err(Error::EncryptedByOwnKey),
        None => {}
    }
    if public && public_access(c, &snapshot.account, &snapshot.region)? != PublicAccess::Unblocked {
        return Err(Error::PublicAccessBlocked);
    }
    for (accounts, may) in [(&sharing.add, true), (&sharing.remove, false)] {
        accounts.iter().try_for_each(|account| rows::permit(c, &snapshot.id, account, may))?;
    }
    if let Some(public) = sharing.public {
        rows::publish(c, &snapshot.id, public)?;
    }
    Ok(())
}

/// Whether an account's snapshots in a region may be everybody's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PublicAccess {
    Unblocked,
    /// None becomes public any more; those that are stay so.
    BlockNewSharing,
    /// Those that are public are so for nobody, until this is said no more.
    BlockAllSharing,
}

const PUBLIC_ACCESS: &str = "snapshot-block-public-access";

impl PublicAccess {
    /// AWS's word.
    pub fn text(self) -> &'static str {
        match self {
            PublicAccess::Unblocked => "unblocked",
            PublicAccess::BlockNewSharing => "block-new-sharing",
            PublicAccess::BlockAllSharing => "block-all-sharing",
        }
    }

    /// What AWS's word means.
    pub fn parse(text: &str) -> Option<PublicAccess> {
        let all = [PublicAccess::Unblocked, PublicAccess::BlockNewSharing, PublicAccess::BlockAllSharing];
        all.into_iter().find(|access| access.text() == text)
    }
}

/// What the account said last; at first nothing is blocked.
pub fn public_access(c: &Conn, account: &str, region: &str) -> Result<PublicAccess, db::Error> {
    let said = account_settings::get(c, account, region, PUBLIC_ACCESS)?;
    Ok(said.as_deref().and_then(PublicAccess::parse).unwrap_or(PublicAccess::Unblocked))
}

/// Say it.
pub fn set_public_access(c: &Conn, account: &str, region: &str, access: PublicAccess) -> Result<(), db::Error> {
    account_settings::set(c, account, region, PUBLIC_ACCESS, access.text())
}

/// Those of some snapshots of a region that an account may make volumes of.
pub(super) fn usable_by(c: &Conn, account: &str, mut all: Vec<SnapshotRow>) -> Result<Vec<SnapshotRow>, db::Error> {
    let mut known: HashMap<String, bool> = HashMap::new();
    for s in all.iter().filter(|s| s.is_public && s.account != account) {
        if !known.contains_key(&s.account) {
            let open = public_access(c, &s.account, &s.region)? != PublicAccess::BlockAllSharing;
            known.insert(s.account.clone(), open);
        }
    }
    let shared = |s: &SnapshotRow| s.account == account || s.shared_with.iter().any(|a| a == account);
    all.retain(|s| shared(s) || s.is_public && known.get(&s.account).copied().unwrap_or(false));
    Ok(all)
}
