//! Instance profiles, which the operator declares: there is no service that makes them.
//!
//! A profile is a name that instances carry and show. What credentials it would give a guest, nobody gives yet.

use crate::config;
use sha2::{Digest, Sha256};

/// A profile as an account sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// `arn:aws:iam::123456789012:instance-profile/web`
    pub arn: String,
    /// `AIPA…`
    pub id: String,
}

/// How a request names a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Name {
    Arn(String),
    Name(String),
}

/// The profile of that name that an account may give its instances.
pub fn find(declared: &[config::InstanceProfile], account: &str, wanted: &Name) -> Option<Profile> {
    let mine = declared.iter().filter(|p| p.account.as_deref().is_none_or(|only| only == account));
    mine.map(|p| (p, profile(p, account))).find_map(|(declared, profile)| {
        let is_it = match wanted {
            Name::Arn(arn) => profile.arn == *arn,
            Name::Name(name) => declared.name == *name,
        };
        is_it.then_some(profile)
    })
}

fn profile(declared: &config::InstanceProfile, account: &str) -> Profile {
    let path = declared.path.trim_matches('/');
    let path = if path.is_empty() { String::new() } else { format!("{path}/") };
    let arn = format!("arn:aws:iam::{account}:instance-profile/{path}{}", declared.name);
    Profile { id: id(&arn), arn }
}

/// An id in AWS's form: `AIPA` and 17 of `A-Z2-7`. It depends on the ARN alone.
fn id(arn: &str) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let digest = Sha256::digest(format!("novella instance profile {arn}"));
    let text: String = digest.iter().take(17).map(|b| ALPHABET[usize::from(*b) % ALPHABET.len()] as char).collect();
    format!("AIPA{text}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_found_by_name_and_by_arn_where_it_may_be_used() {
        let declared = |name: &str, account: Option<&str>| config::InstanceProfile {
            name: name.into(),
            path: "/apps/".into(),
            account: account.map(String::from),
        };
        let all = [declared("web", None), declared("ci", Some("111111111111"))];
        let web = find(&all, "222222222222", &Name::Name("web".into())).unwrap();
        assert_eq!(web.arn, "arn:aws:iam::222222222222:instance-profile/apps/web");
        assert_eq!((web.id.len(), &web.id[..4]), (21, "AIPA"));
        assert_eq!(find(&all, "222222222222", &Name::Arn(web.arn.clone())), Some(web.clone()));
        assert_eq!(find(&all, "111111111111", &Name::Arn(web.arn)), None);
        assert!(find(&all, "111111111111", &Name::Name("ci".into())).is_some());
        assert!(find(&all, "222222222222", &Name::Name("ci".into())).is_none());
    }
}
