//! Who may do what with a bucket or an object: canned ACLs.

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

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// List the bucket, or read the object.
    Read,
    /// Put and delete objects of the bucket.
    Write,
    /// All that only the owner may: configuration, ACLs, deletion.
    Own,
}

/// The ACLs that have a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Canned {
    #[default]
    Private,
    PublicRead,
    PublicReadWrite,
    AuthenticatedRead,
    /// EC2 may read the object: images are registered by the account that owns them, which may anyway.
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

/// Whom a grant of a canned ACL is for, besides the owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    AllUsers,
    AuthenticatedUsers,
}

impl Group {
    /// As ACL documents name it.
    pub fn uri(self) -> &'static str {
        match self {
            Group::AllUsers => "http://acs.amazonaws.com/groups/global/AllUsers",
            Group::AuthenticatedUsers => "http://acs.amazonaws.com/groups/global/AuthenticatedUsers",
        }
    }
}

impl Canned {
    /// As `x-amz-acl` says it.
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(canned, _)| *canned == self).expect("every ACL has a name").1
    }

    /// The ACL of this name.
    pub fn parse(name: &str) -> Option<Canned> {
        NAMES.iter().find(|(_, n)| *n == name).map(|(canned, _)| *canned)
    }

    /// What it gives to whom, besides full control to the owner.
    pub fn grants(self) -> &'static [(Group, Need)] {
        match self {
            Canned::PublicRead => &[(Group::AllUsers, Need::Read)],
            Canned::PublicReadWrite => &[(Group::AllUsers, Need::Read), (Group::AllUsers, Need::Write)],
            Canned::AuthenticatedRead => &[(Group::AuthenticatedUsers, Need::Read)],
            Canned::Private
            | Canned::AwsExecRead
            | Canned::BucketOwnerRead
            | Canned::BucketOwnerFullControl
            | Canned::LogDeliveryWrite => &[],
        }
    }

    /// Whether `caller` may do this with what `owners` own under this ACL.
    pub fn allows(self, owners: &[&str], caller: Caller<'_>, need: Need) -> bool {
        if let Caller::Account(account) = caller
            && owners.contains(&account)
        {
            return true;
        }
        self.grants().iter().any(|(group, granted)| {
            *granted == need
                && match group {
                    Group::AllUsers => true,
                    Group::AuthenticatedUsers => caller != Caller::Anonymous,
                }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_owner_may_everything_and_others_what_the_acl_says() {
        let (me, you, nobody) = (Caller::Account("1"), Caller::Account("2"), Caller::Anonymous);
        for (acl, _) in NAMES {
            assert!(acl.allows(&["1"], me, Need::Own));
            assert!(!acl.allows(&["1"], you, Need::Own));
            assert_eq!(Canned::parse(acl.name()), Some(acl));
        }
        assert!(!Canned::Private.allows(&["1"], you, Need::Read));
        assert!(!Canned::AwsExecRead.allows(&["1"], nobody, Need::Read));
        assert!(Canned::PublicRead.allows(&["1"], nobody, Need::Read));
        assert!(!Canned::PublicRead.allows(&["1"], you, Need::Write));
        assert!(Canned::PublicReadWrite.allows(&["1"], nobody, Need::Write));
        assert!(Canned::AuthenticatedRead.allows(&["1"], you, Need::Read));
        assert!(!Canned::AuthenticatedRead.allows(&["1"], nobody, Need::Read));
    }
}
