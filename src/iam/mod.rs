//! Accounts and access keys: who may call.
//!
//! Accounts come from the configuration; without any, the first start makes one and keeps it in the database. Keys
//! are held in memory too, since every request needs one.

pub mod profiles;

use crate::db::{self, Db};
use crate::{clock, config};
use std::collections::HashMap;
use std::sync::{Arc, RwLock};

/// A secret access key: shows itself as `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Secret(text.into())
    }

    /// The secret itself, for signing.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// Who a request comes from, once its signature holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// 12 digits.
    pub account: String,
    /// The account's display name.
    pub name: String,
    /// S3's canonical user id, 64 hex digits.
    pub canonical_id: String,
    pub email: String,
    pub access_key_id: String,
}

/// An access key that may sign.
#[derive(Debug, Clone)]
pub struct Credential {
    pub secret: Secret,
    pub identity: Arc<Identity>,
}

/// Looks access keys up: all that `auth` needs to know of this room.
pub trait Keys: Send + Sync {
    fn credential(&self, access_key_id: &str) -> Option<Credential>;
}

/// The room's handle.
pub struct Iam {
    keys: RwLock<HashMap<String, Credential>>,
}

/// The key that the first start made for its operator.
#[derive(Debug)]
pub struct FirstKey {
    pub account: String,
    pub access_key_id: String,
    pub secret: Secret,
    /// Made by this very start.
    pub is_new: bool,
}

impl FirstKey {
    fn of(key: &db::iam::KeyRow, is_new: bool) -> FirstKey {
        FirstKey {
            account: key.account.id.clone(),
            access_key_id: key.access_key_id.clone(),
            secret: Secret::new(key.secret_access_key.clone()),
            is_new,
        }
    }
}

impl Iam {
    /// Bring the declared accounts into the database, take back keys that are declared no more, make an account when there
    /// is no key at all, and load every key. The second value is the key that a first start made, this one or an earlier one.
    pub fn open(db: &Db, declared: &[config::Account]) -> Result<(Iam, Option<FirstKey>), db::Error> {
        let declared = declared.to_vec();
        let first = db.write_blocking(move |c| {
            let now = clock::now_ms();
            db::iam::forget_declared_keys(c)?;
            for a in &declared {
                let row = db::iam::AccountRow {
                    id: a.id.clone(),
                    name: if a.name.is_empty() { a.id.clone() } else { a.name.clone() },
                    canonical_id: a.canonical_id.clone().unwrap_or_else(|| canonical_id(&a.id)),
                    email: a.email.clone(),
                };
                db::iam::upsert_account(c, &row, now)?;
                for k in &a.keys {
                    let key = db::iam::KeyRow {
                        access_key_id: k.access_key_id.clone(),
                        secret_access_key: k.secret_access_key.clone(),
                        declared: true,
                        account: row.clone(),
                    };
                    db::iam::upsert_key(c, &key, now)?;
                }
            }
            let keys = db::iam::keys(c)?;
            if let Some(own) = keys.iter().find(|k| !k.declared) {
                return Ok(Some(FirstKey::of(own, false)));
            }
            if !keys.is_empty() {
                return Ok::<_, db::Error>(None);
            }
            let key = first_key();
            db::iam::upsert_account(c, &key.account, now)?;
            db::iam::upsert_key(c, &key, now)?;
            Ok(Some(FirstKey::of(&key, true)))
        })?;
        let iam = Iam { keys: RwLock::default() };
        iam.reload(db)?;
        Ok((iam, first))
    }

    /// An identity of this account, whichever of its keys: for its names.
    pub fn of_account(&self, account: &str) -> Option<Arc<Identity>> {
        self.find(|identity| identity.account == account)
    }

    /// The account that `which` picks: by its canonical user id, say.
    pub fn find(&self, which: impl Fn(&Identity) -> bool) -> Option<Arc<Identity>> {
        let keys = self.keys.read().expect("no panic while held");
        keys.values().map(|c| &c.identity).find(|i| which(i)).cloned()
    }

    fn reload(&self, db: &Db) -> Result<(), db::Error> {
        let keys = db.read(db::iam::keys)?;
        *self.keys.write().expect("no panic while held") = keys
            .into_iter()
            .map(|k| {
                let identity = Identity {
                    account: k.account.id,
                    name: k.account.name,
                    canonical_id: k.account.canonical_id,
                    email: k.account.email,
                    access_key_id: k.access_key_id.clone(),
                };
                let credential = Credential { secret: Secret(k.secret_access_key), identity: Arc::new(identity) };
                (k.access_key_id, credential)
            })
            .collect();
        Ok(())
    }
}

impl Keys for Iam {
    fn credential(&self, access_key_id: &str) -> Option<Credential> {
        self.keys.read().expect("no panic while held").get(access_key_id).cloned()
    }
}

/// S3's canonical user id of an account that was given none: 64 hex digits that depend on the account alone.
pub fn canonical_id(account: &str) -> String {
    use sha2::{Digest, Sha256};
    hex::encode(Sha256::digest(format!("novella canonical user {account}")))
}

/// A new account with its first key, in AWS's own forms: 12 digits, `AKIA` and 16 of `A-Z2-7`, 40 of base64's alphabet.
fn first_key() -> db::iam::KeyRow {
    use rand::Rng;
    let mut rng = rand::thread_rng();
    let mut pick = |alphabet: &[u8], n: usize| -> String {
        (0..n).map(|_| alphabet[rng.gen_range(0..alphabet.len())] as char).collect()
    };
    let account = format!("{}{}", pick(b"123456789", 1), pick(b"0123456789", 11));
    let access_key_id = format!("AKIA{}", pick(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16));
    let secret = pick(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", 40);
    db::iam::KeyRow {
        access_key_id,
        secret_access_key: secret,
        declared: false,
        account: db::iam::AccountRow {
            canonical_id: canonical_id(&account),
            id: account,
            name: "default".into(),
            email: String::new(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_start_makes_one_account_and_the_second_keeps_it() {
        let dir = tempfile::tempdir().unwrap();
        let db = Db::open(&dir.path().join("db")).unwrap();
        let (iam, first) = Iam::open(&db, &[]).unwrap();
        let first = first.unwrap();
        assert_eq!(iam.credential(&first.access_key_id).unwrap().identity.account, first.account);
        let (again, second) = Iam::open(&db, &[]).unwrap();
        let second = second.unwrap();
        assert_eq!((second.access_key_id.as_str(), second.is_new), (first.access_key_id.as_str(), false));
        assert!(again.credential(&first.access_key_id).is_some());
        assert!(again.credential("AKIAUNKNOWN").is_none());
        assert!(!format!("{first:?}").contains(first.secret.expose()));
    }

    #[test]
    fn a_key_that_is_declared_no_more_signs_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let db = Db::open(&dir.path().join("db")).unwrap();
        let declared = |keys: &[&str]| {
            let keys =
                keys.iter().map(|k| config::AccessKey { access_key_id: (*k).into(), secret_access_key: "s".into() });
            [config::Account {
                id: "123456789012".into(),
                name: String::new(),
                canonical_id: None,
                email: String::new(),
                keys: keys.collect(),
            }]
        };
        let (_, first) = Iam::open(&db, &declared(&["OLD", "STAYS"])).unwrap();
        assert!(first.is_none());
        let (iam, _) = Iam::open(&db, &declared(&["STAYS", "NEW"])).unwrap();
        assert!(iam.credential("OLD").is_none());
        assert!(iam.credential("STAYS").is_some() && iam.credential("NEW").is_some());
    }
}
