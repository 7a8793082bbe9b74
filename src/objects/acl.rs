//! Access control lists: grants of permissions to accounts and groups. [`super::access`] asks them; nothing is decided here.

use crate::iam;

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller<'a> {
    /// No signature at all.
    Anonymous,
    /// An account, by its 12 digits.
    Account(&'a str),
}

impl<'a> From<Option<&'a iam::Identity>> for Caller<'a> {
    fn from(identity: Option<&'a iam::Identity>) -> Self {
        identity.map_or(Caller::Anonymous, |i| Caller::Account(&i.account))
    }
}

impl Caller<'_> {
    /// Whether this account asks.
    pub fn is(self, account: &str) -> bool {
        self == Caller::Account(account)
    }
}

/// What a grant permits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    Read,
    Write,
    ReadAcp,
    WriteAcp,
    FullControl,
}

const PERMISSIONS: [(Permission, &str); 5] = [
    (Permission::Read, "READ"),
    (Permission::Write, "WRITE"),
    (Permission::ReadAcp, "READ_ACP"),
    (Permission::WriteAcp, "WRITE_ACP"),
    (Permission::FullControl, "FULL_CONTROL"),
];

impl Permission {
    /// As documents say it.
    pub fn name(self) -> &'static str {
        PERMISSIONS.iter().find(|(p, _)| *p == self).expect("every permission has a name").1
    }

    /// The permission of this name.
    pub fn parse(name: &str) -> Option<Permission> {
        PERMISSIONS.iter().find(|(_, n)| *n == name).map(|(p, _)| *p)
    }
}

/// The predefined groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    AllUsers,
    AuthenticatedUsers,
    LogDelivery,
}

const GROUPS: [(Group, &str, &str); 3] = [
    (Group::AllUsers, "AllUsers", "http://acs.amazonaws.com/groups/global/AllUsers"),
    (Group::AuthenticatedUsers, "AuthenticatedUsers", "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"),
    (Group::LogDelivery, "LogDelivery", "http://acs.amazonaws.com/groups/s3/LogDelivery"),
];

impl Group {
    fn name(self) -> &'static str {
        GROUPS.iter().find(|(g, _, _)| *g == self).expect("every group has a name").1
    }

    /// As ACL documents name it.
    pub fn uri(self) -> &'static str {
        GROUPS.iter().find(|(g, _, _)| *g == self).expect("every group has a URI").2
    }

    /// The group of this URI.
    pub fn parse(uri: &str) -> Option<Group> {
        GROUPS.iter().find(|(_, _, u)| *u == uri).map(|(g, _, _)| *g)
    }

    /// Everybody, or everybody with any account: what "public" means.
    pub fn is_public(self) -> bool {
        match self {
            Group::AllUsers | Group::AuthenticatedUsers => true,
            Group::LogDelivery => false,
        }
    }
}

/// Whom a grant is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grantee {
    /// By its 12 digits.
    Account(String),
    Group(Group),
    /// EC2 itself, which AWS lets read bundles that have the ACL `aws-exec-read`.
    Ec2,
}

/// One line of an ACL.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Grant {
    pub grantee: Grantee,
    pub permission: Permission,
}

/// The most grants of an ACL.
pub const MAX_GRANTS: usize = 100;

/// A whole ACL. Its owner is the bucket's or the object's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Acl {
    pub grants: Vec<Grant>,
}

impl Acl {
    /// Full control for this account and nothing else.
    pub fn private(owner: &str) -> Acl {
        Acl::canned(Canned::Private, owner, owner)
    }

    /// What a canned ACL stands for, on what `owner` owns in a bucket of `bucket_owner`.
    pub fn canned(canned: Canned, owner: &str, bucket_owner: &str) -> Acl {
        let grant = |grantee: Grantee, permission| Grant { grantee, permission };
        let group = |group, permission| Grant { grantee: Grantee::Group(group), permission };
        let to_bucket_owner = |permission| {
            let other = owner != bucket_owner;
            other.then(|| grant(Grantee::Account(bucket_owner.to_owned()), permission)).into_iter().collect()
        };
        let mut grants: Vec<Grant> = match canned {
            Canned::Private => vec![],
            Canned::PublicRead => vec![group(Group::AllUsers, Permission::Read)],
            Canned::PublicReadWrite => {
                vec![group(Group::AllUsers, Permission::Read), group(Group::AllUsers, Permission::Write)]
            }
            Canned::AuthenticatedRead => vec![group(Group::AuthenticatedUsers, Permission::Read)],
            Canned::AwsExecRead => vec![grant(Grantee::Ec2, Permission::Read)],
            Canned::BucketOwnerRead => to_bucket_owner(Permission::Read),
            Canned::BucketOwnerFullControl => to_bucket_owner(Permission::FullControl),
            Canned::LogDeliveryWrite => {
                vec![group(Group::LogDelivery, Permission::Write), group(Group::LogDelivery, Permission::ReadAcp)]
            }
        };
        grants.push(grant(Grantee::Account(owner.to_owned()), Permission::FullControl));
        Acl { grants }
    }

    /// Whether a grant gives `caller` this permission. With `ignore_public`, grants to everybody do not count.
    pub fn allows(&self, caller: Caller<'_>, permission: Permission, ignore_public: bool) -> bool {
        self.grants.iter().any(|grant| {
            (grant.permission == permission || grant.permission == Permission::FullControl)
                && match &grant.grantee {
                    Grantee::Account(account) => caller.is(account),
                    Grantee::Group(Group::AllUsers) => !ignore_public,
                    Grantee::Group(Group::AuthenticatedUsers) => !ignore_public && caller != Caller::Anonymous,
                    Grantee::Group(Group::LogDelivery) | Grantee::Ec2 => false,
                }
        })
    }

    /// Whether a grant gives this very group this permission.
    pub fn grants_group(&self, group: Group, permission: Permission) -> bool {
        let fits = |grant: &Grant| grant.permission == permission || grant.permission == Permission::FullControl;
        self.grants.iter().any(|grant| grant.grantee == Grantee::Group(group) && fits(grant))
    }

    /// Whether it grants anything to everybody.
    pub fn is_public(&self) -> bool {
        self.grants.iter().any(|g| matches!(g.grantee, Grantee::Group(group) if group.is_public()))
    }

    /// Whether it grants anything to anybody but this account.
    pub fn grants_others(&self, owner: &str) -> bool {
        self.grants.iter().any(|g| g.grantee != Grantee::Account(owner.to_owned()))
    }

    /// As the database keeps it: `PERMISSION:grantee`, by spaces.
    pub fn to_text(&self) -> String {
        let words = self.grants.iter().map(|grant| {
            let grantee = match &grant.grantee {
                Grantee::Account(account) => account,
                Grantee::Group(group) => group.name(),
                Grantee::Ec2 => "Ec2",
            };
            format!("{}:{grantee}", grant.permission.name())
        });
        words.collect::<Vec<_>>().join(" ")
    }

    /// From the database; `None` for what is no ACL.
    pub fn from_text(text: &str) -> Option<Acl> {
        let grant = |word: &str| {
            let (permission, grantee) = word.split_once(':')?;
            let group = GROUPS.iter().find(|(_, name, _)| *name == grantee).map(|(g, _, _)| Grantee::Group(*g));
            let grantee = group.unwrap_or_else(|| match grantee {
                "Ec2" => Grantee::Ec2,
                account => Grantee::Account(account.to_owned()),
            });
            Some(Grant { grantee, permission: Permission::parse(permission)? })
        };
        Some(Acl { grants: text.split_ascii_whitespace().map(grant).collect::<Option<_>>()? })
    }
}

/// The ACLs that have a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Canned {
    #[default]
    Private,
    PublicRead,
    PublicReadWrite,
    AuthenticatedRead,
    AwsExecRead,
    BucketOwnerRead,
    BucketOwnerFullControl,
    LogDeliveryWrite,
}

const NAMES: [(Canned, &str); 8] = [
    (Canned::Private, "private"),
    (Canned::PublicRead, "public-read"),
    (Canned::PublicReadWrite, "public-read-write"),
    (Canned::AuthenticatedRead, "authenticated-read"),
    (Canned::AwsExecRead, "aws-exec-read"),
    (Canned::BucketOwnerRead, "bucket-owner-read"),
    (Canned::BucketOwnerFullControl, "bucket-owner-full-control"),
    (Canned::LogDeliveryWrite, "log-delivery-write"),
];

impl Canned {
    /// The ACL of this name.
    pub fn parse(name: &str) -> Option<Canned> {
        NAMES.iter().find(|(_, n)| *n == name).map(|(canned, _)| *canned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ME: Caller<'_> = Caller::Account("1");
    const YOU: Caller<'_> = Caller::Account("2");

    #[test]
    fn canned_acls_give_what_their_names_say() {
        let may = |canned, caller, permission| Acl::canned(canned, "1", "9").allows(caller, permission, false);
        for (canned, name) in NAMES {
            assert!(may(canned, ME, Permission::WriteAcp) && !may(canned, YOU, Permission::ReadAcp));
            assert_eq!(Canned::parse(name), Some(canned));
        }
        assert!(!may(Canned::Private, YOU, Permission::Read));
        assert!(!may(Canned::AwsExecRead, Caller::Anonymous, Permission::Read));
        assert!(may(Canned::PublicRead, Caller::Anonymous, Permission::Read));
        assert!(!may(Canned::PublicRead, YOU, Permission::Write));
        assert!(may(Canned::PublicReadWrite, Caller::Anonymous, Permission::Write));
        assert!(may(Canned::AuthenticatedRead, YOU, Permission::Read));
        assert!(!may(Canned::AuthenticatedRead, Caller::Anonymous, Permission::Read));
        assert!(may(Canned::BucketOwnerRead, Caller::Account("9"), Permission::Read));
        assert!(!may(Canned::BucketOwnerRead, Caller::Account("9"), Permission::ReadAcp));
        assert!(may(Canned::BucketOwnerFullControl, Caller::Account("9"), Permission::ReadAcp));
    }

    #[test]
    fn public_grants_can_be_ignored_and_are_recognised() {
        let public = Acl::canned(Canned::PublicRead, "1", "1");
        assert!(public.is_public() && public.grants_others("1"));
        assert!(!public.allows(YOU, Permission::Read, true));
        assert!(public.allows(ME, Permission::Read, true));
        assert!(!Acl::canned(Canned::LogDeliveryWrite, "1", "1").is_public());
        assert!(!Acl::private("1").grants_others("1"));
    }

    #[test]
    fn every_acl_survives_the_database() {
        for (canned, _) in NAMES {
            let acl = Acl::canned(canned, "111122223333", "9");
            assert_eq!(Acl::from_text(&acl.to_text()), Some(acl));
        }
        assert_eq!(Acl::from_text(""), Some(Acl::default()));
        assert_eq!(Acl::from_text("private"), None);
    }
}
