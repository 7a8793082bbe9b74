//! KMS keys, all local: those that the operator declares, and for each account and region its own `aws/s3`.
//!
//! A key's bits are a function of the master key and of the key's id, so there is nothing more to keep: a key that is
//! declared no longer opens nothing, and opens everything again when it is declared again.

use crate::objects::error::{Error, Result};
use crate::seal::Key;

/// A key that the operator declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    /// A UUID as AWS gives them, or any other name.
    pub id: String,
    /// With or without `alias/`.
    pub alias: Option<String>,
    /// Account id; `None`: every account may use it, and takes it for its own.
    pub account: Option<String>,
}

/// The alias of the key that each account has.
const MANAGED: &str = "alias/aws/s3";

/// All keys.
pub(super) struct Keys {
    root: Key,
    declared: Vec<Declared>,
}

/// A key that was looked up.
pub(super) struct Found {
    /// How answers call it.
    pub shown: String,
    pub key: Key,
}

/// A name taken apart: what it says of region and account, and the id or `alias/…`.
struct Name<'n> {
    place: Option<(&'n str, &'n str)>,
    id: &'n str,
}

impl<'n> Name<'n> {
    fn parse(text: &'n str) -> Option<Name<'n>> {
        let Some(rest) = text.strip_prefix("arn:") else { return Some(Name { place: None, id: text }) };
        let mut fields = rest.splitn(5, ':');
        let (_partition, service) = (fields.next()?, fields.next()?);
        let (region, account, resource) = (fields.next()?, fields.next()?, fields.next()?);
        let id = if resource.starts_with("alias/") { resource } else { resource.strip_prefix("key/")? };
        (service == "kms").then_some(Name { place: Some((region, account)), id })
    }
}

impl Declared {
    fn is(&self, id: &str) -> bool {
        let alias = self.alias.as_deref().map(|a| a.strip_prefix("alias/").unwrap_or(a));
        self.id == id || (alias.is_some() && id.strip_prefix("alias/") == alias)
    }
}

impl Keys {
    pub fn new(root: Key, declared: Vec<Declared>) -> Keys {
        Keys { root, declared }
    }

    /// The key that a request names by id, ARN, alias or the alias's ARN; without a name the account's own.
    pub fn find(&self, name: Option<&str>, region: &str, account: &str) -> Result<Found> {
        let text = name.unwrap_or(MANAGED);
        let Some(Name { place, id }) = Name::parse(text) else {
            return Err(Error::NoKmsKey(format!("Invalid arn {text}")));
        };
        let (of_region, of_account) = place.unwrap_or((region, account));
        if of_region != region {
            return Err(Error::NoKmsKey(format!("Invalid arn {of_region}")));
        }
        let managed = self.managed(of_region, of_account);
        if (id == MANAGED || id == managed) && of_account == account {
            return Ok(Found { shown: arn(region, account, &managed), key: self.key(&managed) });
        }
        let mine = |key: &&Declared| key.is(id) && key.account.as_deref().is_none_or(|a| a == of_account);
        match self.declared.iter().find(mine) {
            Some(key) if is_uuid(&key.id) => {
                Ok(Found { shown: arn(of_region, of_account, &key.id), key: self.key(&key.id) })
            }
            // AWS has no such ids, so this is no ARN of AWS's either.
            Some(key) => Ok(Found { shown: key.id.clone(), key: self.key(&key.id) }),
            None if is_uuid(id) => {
                Err(Error::NoKmsKey(format!("Key '{}' does not exist", arn(of_region, of_account, id))))
            }
            None if id.starts_with("alias/") => {
                let alias = format!("arn:aws:kms:{of_region}:{of_account}:{id}");
                Err(Error::NoKmsKey(format!("Alias {alias} is not found.")))
            }
            None => Err(Error::NoKmsKey(format!("Invalid keyId '{id}'"))),
        }
    }

    /// The key that an object was sealed under, by the name that was shown.
    pub fn reopen(&self, shown: &str) -> Result<Key> {
        let name = Name::parse(shown);
        let known = name.as_ref().is_some_and(|name| {
            self.declared.iter().any(|key| key.id == name.id)
                || name.place.is_some_and(|(region, account)| self.managed(region, account) == name.id)
        });
        match name {
            Some(name) if known => Ok(self.key(name.id)),
            Some(_) | None => Err(Error::NoKmsKey(format!("Key '{shown}' does not exist"))),
        }
    }

    fn key(&self, id: &str) -> Key {
        self.root.derive("key", id.as_bytes())
    }

    /// The id of an account's own key.
    fn managed(&self, region: &str, account: &str) -> String {
        let name = self.root.derive("id of aws/s3", format!("{region}:{account}").as_bytes()).fingerprint();
        let more = self.root.derive("id of aws/s3, continued", format!("{region}:{account}").as_bytes()).fingerprint();
        format!("{}-{}-4{}-a{}-{}", &name[..8], &name[8..12], &name[13..16], &more[1..4], &more[4..])
    }
}

fn arn(region: &str, account: &str, id: &str) -> String {
    format!("arn:aws:kms:{region}:{account}:key/{id}")
}

fn is_uuid(id: &str) -> bool {
    id.len() == 36
        && id.bytes().enumerate().all(|(n, b)| match n {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const UUID: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

    fn keys() -> Keys {
        let of = |id: &str, alias: Option<&str>, account: Option<&str>| Declared {
            id: id.into(),
            alias: alias.map(Into::into),
            account: account.map(Into::into),
        };
        let declared = vec![of(UUID, Some("alias/mine"), Some("1")), of("backup", Some("spare"), None)];
        Keys::new(Key::random(), declared)
    }

    fn shown(keys: &Keys, name: Option<&str>, account: &str) -> String {
        match keys.find(name, "us-east-1", account) {
            Ok(found) => {
                assert_eq!(keys.reopen(&found.shown).unwrap(), found.key);
                found.shown
            }
            Err(e) => format!("! {e}"),
        }
    }

    #[test]
    fn a_key_has_four_names_and_one_answer() {
        let (keys, arn) = (keys(), format!("arn:aws:kms:us-east-1:1:key/{UUID}"));
        for name in [UUID, &arn, "alias/mine", "arn:aws:kms:us-east-1:1:alias/mine"] {
            assert_eq!(shown(&keys, Some(name), "1"), arn, "{name}");
        }
        for name in ["backup", "alias/spare"] {
            assert_eq!(shown(&keys, Some(name), "2"), "backup");
        }
    }

    #[test]
    fn keys_of_others_and_of_nobody_are_not_found() {
        let keys = keys();
        assert_eq!(shown(&keys, Some(UUID), "2"), format!("! Key 'arn:aws:kms:us-east-1:2:key/{UUID}' does not exist"));
        assert_eq!(shown(&keys, Some("fake"), "1"), "! Invalid keyId 'fake'");
        assert_eq!(shown(&keys, Some("arn:aws:kms:us-west-2:1:key/x"), "1"), "! Invalid arn us-west-2");
        assert!(shown(&keys, Some("arn:aws:sns:x"), "1").starts_with("! Invalid arn"));
        assert!(shown(&keys, Some("alias/none"), "1").starts_with("! Alias"));
        assert!(keys.reopen("fake").is_err());
    }

    #[test]
    fn every_account_has_a_key_of_its_own() {
        let keys = keys();
        let (one, two) = (shown(&keys, None, "1"), shown(&keys, None, "2"));
        assert_ne!(one, two);
        assert_eq!(one, shown(&keys, Some("alias/aws/s3"), "1"));
        assert_eq!(one, shown(&keys, Some(&one), "1"));
        assert!(is_uuid(one.rsplit('/').next().unwrap()), "{one}");
        assert!(shown(&keys, Some(&one), "2").starts_with('!'), "and of no other");
    }
}
