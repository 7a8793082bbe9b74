//! Who may do what: the one place that decides.
//!
//! ```text
//! policy says Deny ────────────────────────────► no
//! policy says Allow (and may be heard here) ───► yes
//! the owner asks ──────────────────────────────► yes
//! a grant of the ACL that governs the action ──► yes
//! else ────────────────────────────────────────► no
//! ```
//!
//! An object belongs to who wrote it unless the bucket's ownership rule says otherwise; the bucket's policy allows nothing
//! on objects of others, as at AWS, but may deny it. The public access block takes away what policy or ACL give the public.

use super::acl::{Acl, Caller, Group, Permission};
use super::bucket::{Bucket, Ownership};
use super::error::{Error, Result};
use super::info::ObjectInfo;
use super::policy::{Lookup, Policy, Question, Verdict};

/// What is asked for.
pub struct Ask<'q> {
    pub caller: Caller<'q>,
    /// The caller's canonical user id, if it is known.
    pub canonical_id: Option<&'q str>,
    /// As policies name it: `s3:GetObject`.
    pub action: &'q str,
    /// Empty: the bucket itself.
    pub key: &'q str,
    pub conditions: Lookup<'q>,
}

/// The ACL whose grants may allow an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Governed {
    Bucket(Permission),
    Object(Permission),
    /// Only owners and policies.
    Nowhere,
}

fn governed(action: &str) -> Governed {
    match action {
        "s3:ListBucket" | "s3:ListBucketVersions" | "s3:ListBucketMultipartUploads" => {
            Governed::Bucket(Permission::Read)
        }
        "s3:PutObject" | "s3:DeleteObject" | "s3:AbortMultipartUpload" | "s3:ListMultipartUploadParts" => {
            Governed::Bucket(Permission::Write)
        }
        "s3:GetBucketAcl" => Governed::Bucket(Permission::ReadAcp),
        "s3:PutBucketAcl" => Governed::Bucket(Permission::WriteAcp),
        "s3:GetObject"
        | "s3:GetObjectVersion"
        | "s3:GetObjectAttributes"
        | "s3:GetObjectVersionAttributes"
        | "s3:GetObjectTorrent" => Governed::Object(Permission::Read),
        "s3:GetObjectAcl" | "s3:GetObjectVersionAcl" => Governed::Object(Permission::ReadAcp),
        "s3:PutObjectAcl" | "s3:PutObjectVersionAcl" => Governed::Object(Permission::WriteAcp),
        _ => Governed::Nowhere,
    }
}

/// Actions on a policy, from which an account cannot shut itself out of its own bucket.
const POLICY_ACTIONS: [&str; 3] = ["s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy"];

/// Why something may be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ground {
    /// The bucket's policy says so.
    Policy,
    /// The bucket's owner asks.
    Owner,
    /// An ACL says so, or who wrote an object into another's bucket asks: without ACLs it would not be allowed.
    Acl,
}

/// Why this may be done with the bucket, or with `object` of it; else [`Error::AccessDenied`].
pub fn decide(bucket: &Bucket, object: Option<&ObjectInfo>, ask: &Ask<'_>) -> Result<Ground> {
    let whose = object.map(|info| (owner_of(bucket, &info.owner), &info.acl));
    allowed(bucket, whose, ask).ok_or(Error::AccessDenied)
}

/// Who owns what this account wrote into the bucket.
pub fn owner_of<'a>(bucket: &'a Bucket, writer: &'a str) -> &'a str {
    match bucket.ownership {
        Some(Ownership::BucketOwnerEnforced) => &bucket.owner,
        Some(Ownership::BucketOwnerPreferred | Ownership::ObjectWriter) | None => writer,
    }
}

/// The service that delivers access logs, as policies name it.
const LOG_DELIVERY: &str = "logging.s3.amazonaws.com";

/// Whether records of the requests to `source`, a bucket of the account of these names (its digits, its canonical user id),
/// may be put under this key of the bucket: its policy lets the service that delivers them, for the key or for the prefix
/// that all keys of the logs have, or its ACL lets the log delivery group.
pub fn takes_logs(bucket: &Bucket, prefix: &str, key: &str, source: &str, account: [&str; 2]) -> bool {
    let conditions = |name: &str| match name {
        "aws:sourcearn" => vec![format!("arn:aws:s3:::{source}")],
        "aws:sourceaccount" => account.map(String::from).to_vec(),
        "aws:principalisawsservice" => vec!["true".to_owned()],
        "aws:securetransport" => vec!["true".to_owned()],
        _ => vec![],
    };
    let judge = |key: &str| {
        let question = Question {
            account: None,
            service: Some(LOG_DELIVERY),
            canonical_id: None,
            action: "s3:PutObject",
            resource: &format!("{}/{key}", bucket.name),
            conditions: &conditions,
        };
        bucket.policy.as_ref().map_or(Verdict::Silent, |policy| policy.judge(&question))
    };
    match (judge(key), judge(prefix)) {
        (Verdict::Deny, _) => false,
        (Verdict::Allow, _) | (Verdict::Silent, Verdict::Allow) => true,
        (Verdict::Silent, Verdict::Silent | Verdict::Deny) => {
            let grants = |permission| bucket.acl.grants_group(Group::LogDelivery, permission);
            bucket.ownership != Some(Ownership::BucketOwnerEnforced)
                && grants(Permission::Write)
                && grants(Permission::ReadAcp)
        }
    }
}

/// What a policy says of the bucket `name`.
fn judged(policy: &Policy, name: &str, ask: &Ask<'_>) -> Verdict {
    let resource = match ask.key {
        "" => name.to_owned(),
        key => format!("{name}/{key}"),
    };
    policy.judge(&Question {
        account: match ask.caller {
            Caller::Anonymous => None,
            Caller::Account(account) => Some(account),
        },
        service: None,
        canonical_id: ask.canonical_id,
        action: ask.action,
        resource: &resource,
        conditions: ask.conditions,
    })
}

/// Whether the bucket's policy says no, whatever else says yes.
pub fn denied(bucket: &Bucket, ask: &Ask<'_>) -> bool {
    bucket.policy.as_ref().is_some_and(|policy| judged(policy, &bucket.name, ask) == Verdict::Deny)
}

fn allowed(bucket: &Bucket, object: Option<(&str, &Acl)>, ask: &Ask<'_>) -> Option<Ground> {
    let of_bucket_owner = ask.caller.is(&bucket.owner);
    let block = bucket.access_block.unwrap_or_default();
    if let Some(policy) = &bucket.policy {
        let restricted = block.restrict_public_buckets && !of_bucket_owner && policy.is_public();
        let speaks = object.is_none_or(|(owner, _)| owner == bucket.owner) && !restricted;
        match judged(policy, &bucket.name, ask) {
            Verdict::Deny if of_bucket_owner && POLICY_ACTIONS.contains(&ask.action) => {}
            Verdict::Deny => return None,
            Verdict::Allow if speaks => return Some(Ground::Policy),
            Verdict::Allow | Verdict::Silent => {}
        }
    }
    let grants = |acl: &Acl, permission| {
        bucket.ownership != Some(Ownership::BucketOwnerEnforced)
            && acl.allows(ask.caller, permission, block.ignore_public_acls)
    };
    let (owns, granted) = match (governed(ask.action), object) {
        (Governed::Object(permission), Some((owner, acl))) => {
            let writer = ask.caller.is(owner);
            (writer && of_bucket_owner, writer || grants(acl, permission))
        }
        (Governed::Bucket(permission), _) => (of_bucket_owner, grants(&bucket.acl, permission)),
        (Governed::Nowhere, Some((owner, _))) => (of_bucket_owner, ask.caller.is(owner)),
        (Governed::Object(_) | Governed::Nowhere, None) => (of_bucket_owner, false),
    };
    if owns { Some(Ground::Owner) } else { granted.then_some(Ground::Acl) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objects::acl::Canned;
    use crate::objects::bucket::AccessBlock;

    const OWNER: Caller<'_> = Caller::Account("1");
    const WRITER: Caller<'_> = Caller::Account("2");
    const OTHER: Caller<'_> = Caller::Account("3");

    fn bucket() -> Bucket {
        Bucket {
            name: "b".into(),
            owner: "1".into(),
            region: "us-east-1".into(),
            acl: Acl::private("1"),
            ownership: None,
            access_block: None,
            policy: None,
            created_at: 0,
            versioning: Default::default(),
            lock: None,
            lifecycle: String::new(),
            notification: String::new(),
        }
    }

    fn with_policy(effect: &str, action: &str) -> Bucket {
        let text = format!(
            r#"{{"Statement":{{"Effect":"{effect}","Principal":"*","Action":"{action}","Resource":["arn:aws:s3:::b","arn:aws:s3:::b/*"]}}}}"#
        );
        Bucket { policy: Some(Policy::parse("b", &text).unwrap().into()), ..bucket() }
    }

    fn may(bucket: &Bucket, object: Option<(&str, Canned)>, caller: Caller<'_>, action: &str) -> bool {
        let acl = object.map(|(owner, canned)| (owner, Acl::canned(canned, owner, &bucket.owner)));
        let object = acl.as_ref().map(|(owner, acl)| (owner_of(bucket, owner), acl));
        let key = if object.is_some() || action == "s3:PutObject" { "k" } else { "" };
        allowed(bucket, object, &Ask { caller, canonical_id: None, action, key, conditions: &|_| vec![] }).is_some()
    }

    #[test]
    fn it_is_known_what_needed_an_acl() {
        let why = |bucket: &Bucket, object, caller, action| {
            allowed(bucket, object, &Ask { caller, canonical_id: None, action, key: "", conditions: &|_| vec![] })
        };
        let open = Bucket { acl: Acl::canned(Canned::PublicRead, "1", "1"), ..bucket() };
        assert_eq!(why(&open, None, OWNER, "s3:ListBucket"), Some(Ground::Owner));
        assert_eq!(why(&open, None, OTHER, "s3:ListBucket"), Some(Ground::Acl));
        assert_eq!(why(&with_policy("Allow", "s3:*"), None, OTHER, "s3:ListBucket"), Some(Ground::Policy));
        let theirs = Acl::canned(Canned::Private, "2", "1");
        assert_eq!(why(&open, Some(("2", &theirs)), WRITER, "s3:GetObject"), Some(Ground::Acl));
    }

    #[test]
    fn owners_may_and_others_need_a_grant() {
        let b = bucket();
        assert!(may(&b, None, OWNER, "s3:PutBucketWebsite") && !may(&b, None, OTHER, "s3:PutBucketWebsite"));
        assert!(may(&b, None, OWNER, "s3:ListBucket") && !may(&b, None, Caller::Anonymous, "s3:ListBucket"));
        let open = Bucket { acl: Acl::canned(Canned::PublicReadWrite, "1", "1"), ..bucket() };
        assert!(may(&open, None, Caller::Anonymous, "s3:PutObject"));
        assert!(may(&open, Some(("1", Canned::Private)), OTHER, "s3:DeleteObject"));
        assert!(!may(&open, Some(("1", Canned::Private)), OTHER, "s3:GetObject"));
        assert!(may(&b, Some(("1", Canned::PublicRead)), Caller::Anonymous, "s3:GetObject"));
        assert!(!may(&b, Some(("1", Canned::AuthenticatedRead)), Caller::Anonymous, "s3:GetObject"));
    }

    #[test]
    fn an_object_is_its_writers_unless_ownership_is_enforced() {
        let theirs = Some(("2", Canned::Private));
        assert!(may(&bucket(), theirs, WRITER, "s3:GetObject"));
        assert!(!may(&bucket(), theirs, OWNER, "s3:GetObject"), "the bucket's owner does not read it");
        assert!(may(&bucket(), theirs, OWNER, "s3:DeleteObject"), "but may delete it");
        assert!(may(&bucket(), Some(("2", Canned::BucketOwnerRead)), OWNER, "s3:GetObject"));
        let enforced = Bucket { ownership: Some(Ownership::BucketOwnerEnforced), ..bucket() };
        assert!(may(&enforced, theirs, OWNER, "s3:GetObject") && !may(&enforced, theirs, WRITER, "s3:GetObject"));
        assert!(!may(&enforced, Some(("1", Canned::PublicRead)), OTHER, "s3:GetObject"), "ACLs are off");
    }

    #[test]
    fn a_policy_allows_on_the_owners_objects_and_denies_on_all() {
        let allow = with_policy("Allow", "s3:*");
        assert!(may(&allow, Some(("1", Canned::Private)), Caller::Anonymous, "s3:GetObject"));
        assert!(!may(&allow, Some(("2", Canned::Private)), OTHER, "s3:GetObject"));
        assert!(may(&allow, None, OTHER, "s3:GetBucketWebsite"));
        let deny = with_policy("Deny", "s3:*");
        assert!(!may(&deny, Some(("1", Canned::PublicRead)), OWNER, "s3:GetObject"));
        assert!(!may(&deny, None, OWNER, "s3:ListBucket"));
        assert!(may(&deny, None, OWNER, "s3:DeleteBucketPolicy"), "nobody is shut out of their own policy");
    }

    #[test]
    fn the_public_access_block_takes_away_what_the_public_has() {
        let block = |ignore_public_acls, restrict_public_buckets| {
            Some(AccessBlock { ignore_public_acls, restrict_public_buckets, ..AccessBlock::default() })
        };
        let mut b = Bucket { acl: Acl::canned(Canned::PublicRead, "1", "1"), ..bucket() };
        b.access_block = block(true, false);
        assert!(!may(&b, None, OTHER, "s3:ListBucket") && may(&b, None, OWNER, "s3:ListBucket"));
        assert!(!may(&b, Some(("1", Canned::PublicRead)), OTHER, "s3:GetObject"));
        let mut b = with_policy("Allow", "s3:GetObject");
        b.access_block = block(false, true);
        assert!(!may(&b, Some(("1", Canned::Private)), OTHER, "s3:GetObject"));
        assert!(may(&b, Some(("1", Canned::Private)), OWNER, "s3:GetObject"));
    }
}
