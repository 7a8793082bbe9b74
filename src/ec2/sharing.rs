//! With whom a thing is shared, as requests say it: `<Permission>.Add.N` and `<Permission>.Remove.N`, or `Attribute=<permission>` with
//! `OperationType`, `UserId.N` and `UserGroup.N`, as older clients have it.

use super::{Error, attribute};
use crate::wire::query::{self, Params};

/// What is to change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sharing {
    /// Everybody, or not any more.
    pub public: Option<bool>,
    /// Accounts.
    pub add: Vec<String>,
    pub remove: Vec<String>,
}

impl Sharing {
    /// Read it. `permission` is AWS's name of the structure, `others` are attributes that the same call may name.
    pub fn read(p: &Params<'_>, permission: &str, others: &[&str]) -> Result<Option<Sharing>, Error> {
        let mut sharing = Sharing::default();
        let operation = p.opt("OperationType").filter(|text| !text.is_empty());
        // Beside the structure they only repeat it, as Packer does.
        let (users, groups) = (p.list("UserId"), p.list("UserGroup"));
        match p.opt("Attribute").filter(|text| !text.is_empty()) {
            Some(name) if name.get(1..) == permission.get(1..) => {
                let add = match operation {
                    Some("add") => Some(true),
                    Some("remove") => Some(false),
                    Some(other) => return Err(p.invalid("OperationType", other, "Expecting add or remove.").into()),
                    None => None,
                };
                if let Some(add) = add {
                    users.into_iter().try_for_each(|user| sharing.account(p, user, add))?;
                    groups.into_iter().try_for_each(|name| sharing.group(p, name, add))?;
                } else if p.nested(permission).is_none() {
                    return Err(query::Error::Missing("OperationType".into()).into());
                }
            }
            None => {}
            Some(other) if others.contains(&other) => {}
            Some(other) => return Err(attribute::unknown(other)),
        }
        if let Some(nested) = p.nested(permission) {
            for (list, add) in [("Add", true), ("Remove", false)] {
                for item in nested.structs(list) {
                    match (item.opt("UserId"), item.opt("Group")) {
                        (Some(user), None) => sharing.account(p, user, add)?,
                        (None, Some(name)) => sharing.group(p, name, add)?,
                        _ => {
                            let ways = ["OrganizationArn", "OrganizationalUnitArn"];
                            return Err(match ways.iter().find(|way| item.opt(way).is_some()) {
                                Some(way) => Error::Unsupported(format!("{permission} by {way}")),
                                None => query::Error::Missing(item.name("UserId")).into(),
                            });
                        }
                    }
                }
            }
        }
        Ok((sharing != Sharing::default()).then_some(sharing))
    }

    fn account(&mut self, p: &Params<'_>, user: &str, add: bool) -> Result<(), Error> {
        // Some clients write the account's number in groups of four.
        let user = user.replace('-', "");
        if user.len() != 12 || !user.bytes().all(|b| b.is_ascii_digit()) {
            return Err(p.invalid("UserId", &user, "Expecting the 12 digits of an account.").into());
        }
        if add {
            self.add.push(user)
        } else {
            self.remove.push(user)
        }
        Ok(())
    }

    fn group(&mut self, p: &Params<'_>, name: &str, add: bool) -> Result<(), Error> {
        if name != "all" {
            return Err(p.invalid("UserGroup", name, "Expecting all.").into());
        }
        self.public = Some(add);
        Ok(())
    }
}
