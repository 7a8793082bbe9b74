//! What an image's owner changes of it: who may use it, until when, and whether at all.

use super::settings::{self, PublicAccess};
use super::{Details, Error, Image, Images, Protection, State, on_volumes};
use crate::volumes::sharing::{self, Refusal};
use crate::{clock, db};
use std::sync::Arc;

/// How long an image stays protected after a protection with a cool-down was switched off: AWS's 24 hours.
const COOLDOWN_MS: i64 = 24 * 3_600_000;
/// How far ahead an image may be given a date: AWS's ten years.
const LONGEST_DEPRECATION_MS: i64 = 10 * 366 * 24 * 3_600_000;
const MINUTE_MS: i64 = 60_000;

/// A change of who may launch an image, beside its owner.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sharing {
    /// Everybody, or not any more.
    pub public: Option<bool>,
    /// Accounts that may from now on, and those that may not any more.
    pub add: Vec<String>,
    pub remove: Vec<String>,
    /// The ARN of the owner's own key for volumes: what is encrypted with it is nobody else's.
    pub own_key: String,
}

impl Images {
    /// Take the image `id` of `account` away: it can be neither seen nor launched any more. Running instances stay.
    pub async fn deregister(self: &Arc<Self>, account: &str, id: &str) -> Result<(), Error> {
        self.change_own(account, id, move |c, i| {
            match i.details.protection {
                Protection::On { .. } => return Err(Error::Protected(i.id.clone())),
                Protection::Until(end) if end > clock::now_ms() => return Err(Error::Protected(i.id.clone())),
                Protection::Until(_) | Protection::Off => {}
            }
            Ok(db::images::set_deregistered(c, &i.id).map(|_| ())?)
        })
        .await
    }

    /// Change who else may launch the image. Only its owner, `account`, may say so; `region` is the caller's.
    pub async fn share(self: &Arc<Self>, account: &str, region: &str, id: &str, sharing: Sharing) -> Result<(), Error> {
        let region = region.to_owned();
        self.change_own(account, id, move |c, i| {
            let shares = sharing.public == Some(true) || !sharing.add.is_empty();
            if shares && i.state == State::Disabled {
                return Err(Error::NotReady(i.id.clone(), i.state.as_str()));
            }
            let region = i.region.as_deref().unwrap_or(&region);
            if sharing.public == Some(true)
                && !i.is_public
                && settings::public_access(c, &i.account, region)? == PublicAccess::BlockNewSharing
            {
                return Err(Error::PublicAccessBlocked);
            }
            check_encryption(c, i, &sharing)?;
            if let Some(public) = sharing.public {
                db::images::set_public(c, &i.id, public)?;
            }
            let (add, remove) = (sharing.add.iter().map(|a| (a, true)), sharing.remove.iter().map(|r| (r, false)));
            Ok(add.chain(remove).try_for_each(|(who, may)| db::images::permit(c, &i.id, who, may))?)
        })
        .await
    }

    /// Give the image another description. Only its owner, `account`, may.
    pub async fn describe_as(self: &Arc<Self>, account: &str, id: &str, text: String) -> Result<(), Error> {
        self.change_own(account, id, move |c, i| Ok(db::images::set_description(c, &i.id, &text)?)).await
    }

    /// Put the image out of use, for its owner too, or back into it. A disabled image is shared with nobody.
    pub async fn disable(self: &Arc<Self>, account: &str, id: &str, disabled: bool) -> Result<(), Error> {
        self.change_own(account, id, move |c, i| {
            if !db::images::set_disabled(c, &i.id, disabled)? {
                return Err(Error::NotReady(i.id.clone(), i.state.as_str()));
            }
            if disabled { Ok(db::images::keep_private(c, &i.id)?) } else { Ok(()) }
        })
        .await
    }

    /// Say when the image is out of date (milliseconds since the epoch, taken to the minute); `None`: never.
    pub async fn deprecate(self: &Arc<Self>, account: &str, id: &str, at: Option<i64>) -> Result<(), Error> {
        let at = at.map(|at| (at + MINUTE_MS / 2).div_euclid(MINUTE_MS) * MINUTE_MS);
        self.change_details(account, id, move |details| {
            let now = clock::now_ms();
            if let Some(at) = at {
                let wrong = if at < now.div_euclid(MINUTE_MS) * MINUTE_MS {
                    Some("in the past")
                } else if at > now + LONGEST_DEPRECATION_MS {
                    Some("more than 10 years from now")
                } else {
                    None
                };
                if let Some(wrong) = wrong {
                    return Err(Error::InvalidParameter(format!("The specified deprecation time is {wrong}.")));
                }
            }
            details.deprecated_at = at;
            Ok(())
        })
        .await
    }

    /// Protect the image from deregistration, or not any more. Gives the protection as it is now.
    pub async fn protect(
        self: &Arc<Self>,
        account: &str,
        id: &str,
        protect: Option<Cooldown>,
    ) -> Result<Protection, Error> {
        self.change_details(account, id, move |details| {
            details.protection = match (protect, details.protection) {
                (Some(Cooldown(cooldown)), _) => Protection::On { cooldown },
                (None, Protection::On { cooldown: true }) => Protection::Until(clock::now_ms() + COOLDOWN_MS),
                (None, Protection::Until(end)) => Protection::Until(end),
                (None, Protection::On { cooldown: false } | Protection::Off) => Protection::Off,
            };
            Ok(())
        })
        .await?;
        Ok(self.get(id)?.map(|i| i.details.protection).unwrap_or_default())
    }

    /// Instances of the image shall have session tokens required at the metadata service. There is no way back, as on AWS.
    pub async fn require_tokens(self: &Arc<Self>, account: &str, id: &str) -> Result<(), Error> {
        self.change_details(account, id, |details| {
            details.imds_v2 = true;
            Ok(())
        })
        .await
    }

    /// The account `account` does not want the image that was shared with it any more.
    pub async fn decline(self: &Arc<Self>, account: &str, id: &str) -> Result<(), Error> {
        let account = account.to_owned();
        self.change(id, move |c, i| {
            if !i.launch_permissions.contains(&account) {
                let seen = i.is_public || i.account == account;
                return Err(if seen { Error::NotShared(i.id.clone()) } else { Error::NotFound(i.id.clone()) });
            }
            Ok(db::images::permit(c, &i.id, &account, false)?)
        })
        .await
    }

    /// [`Images::change`], for the image's owner only.
    async fn change_own<F>(self: &Arc<Self>, account: &str, id: &str, change: F) -> Result<(), Error>
    where
        F: FnOnce(&db::Conn, &Image) -> Result<(), Error> + Send + 'static,
    {
        let account = account.to_owned();
        self.change(id, move |c, i| {
            if i.account != account {
                return Err(Error::NotOwner(i.id.clone()));
            }
            change(c, i)
        })
        .await
    }

    async fn change_details<F>(self: &Arc<Self>, account: &str, id: &str, change: F) -> Result<(), Error>
    where
        F: FnOnce(&mut Details) -> Result<(), Error> + Send + 'static,
    {
        self.change_own(account, id, move |c, i| {
            let mut details = i.details.clone();
            change(&mut details)?;
            Ok(db::images::set_details(c, &i.id, &details)?)
        })
        .await
    }
}

/// An error if one of the image's snapshots is encrypted so that it cannot be shared.
fn check_encryption(c: &db::Conn, image: &Image, wanted: &Sharing) -> Result<(), Error> {
    for id in on_volumes::snapshots_of(image) {
        let Some(snapshot) = db::snapshots::get(c, &id)? else { continue };
        let public = wanted.public == Some(true);
        match sharing::refusal(&snapshot, public, !wanted.add.is_empty(), &wanted.own_key) {
            Some(Refusal::Public) => return Err(Error::EncryptedPublic),
            Some(Refusal::OwnKey) => return Err(Error::EncryptedByOwnKey),
            None => {}
        }
    }
    Ok(())
}

/// An image may be deregistered only a day after its protection was switched off.
#[derive(Debug, Clone, Copy)]
pub struct Cooldown(pub bool);
