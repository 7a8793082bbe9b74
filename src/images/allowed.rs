//! Which other accounts' images an account lets itself see and launch in a region. Its own it always may.

use super::{Error, Image};
use crate::db::{self, Conn};
use crate::objects::policy::wildcard;
use serde::{Deserialize, Serialize};

/// What is done with the criteria.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    #[default]
    Disabled,
    /// They are told of each image, and keep nobody from anything.
    AuditMode,
    Enabled,
}

impl State {
    /// AWS's word.
    pub fn text(self) -> &'static str {
        match self {
            State::Disabled => "disabled",
            State::AuditMode => "audit-mode",
            State::Enabled => "enabled",
        }
    }
}

/// What an image must be like to meet a criterion: all that it says. What is empty says nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Criterion {
    /// Accounts, `amazon` and other aliases, or [`NOBODY`].
    pub providers: Vec<String>,
    /// Patterns with `*` and `?`.
    pub names: Vec<String>,
    /// No image here has any.
    pub product_codes: Vec<String>,
    /// How many days ago it may have become out of date.
    pub days_deprecated: Option<i64>,
    /// How many days old it may be.
    pub days_old: Option<i64>,
}

/// As the only provider: no other account's image.
pub const NOBODY: &str = "none";

const DAY_MS: i64 = 24 * 3_600_000;

/// What the account says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allowed {
    pub state: State,
    /// An image has to meet one of them, if there are any.
    pub criteria: Vec<Criterion>,
}

impl Allowed {
    /// Whether an image meets the criteria of `account`, whatever is done with them. `now` is in milliseconds since the epoch.
    pub fn meets(&self, image: &Image, account: &str, now: i64) -> bool {
        let own = image.account == account;
        own || self.criteria.is_empty() || self.criteria.iter().any(|criterion| criterion.is_met(image, now))
    }

    /// Whether the account may see the image and launch it.
    pub fn lets(&self, image: &Image, account: &str, now: i64) -> bool {
        self.state != State::Enabled || self.meets(image, account, now)
    }
}

impl Criterion {
    fn is_met(&self, image: &Image, now: i64) -> bool {
        let amazons = image.is_the_operators();
        let by = |provider: &String| *provider == image.account || amazons && provider == "amazon";
        let named = |pattern: &String| image.name.as_ref().is_some_and(|name| wildcard::matches(pattern, name));
        let within = |days: Option<i64>, since: i64| days.is_none_or(|days| now - since <= days.saturating_mul(DAY_MS));
        (self.providers.is_empty() || self.providers.iter().any(by))
            && (self.names.is_empty() || self.names.iter().any(named))
            && self.product_codes.is_empty()
            && image.details.deprecated_at.is_none_or(|at| within(self.days_deprecated, at))
            && within(self.days_old, image.created_at)
    }
}

const ALLOWED: &str = "allowed-images";

/// What the account said last; at first everything is allowed.
pub fn allowed(c: &Conn, account: &str, region: &str) -> Result<Allowed, db::Error> {
    let Some(json) = db::images::setting(c, account, region, ALLOWED)? else { return Ok(Allowed::default()) };
    serde_json::from_str(&json).map_err(|e| db::Error::Damaged(format!("{ALLOWED} of {account}: {e}")))
}

/// Say it.
pub fn set_allowed(c: &Conn, account: &str, region: &str, allowed: &Allowed) -> Result<(), Error> {
    let json = serde_json::to_string(allowed).expect("plain data becomes JSON");
    Ok(db::images::set_setting(c, account, region, ALLOWED, &json)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::images::{ImageType, fresh};

    #[test]
    fn an_image_meets_one_criterion_with_all_that_it_says() {
        let mut image = fresh(ImageType::Machine, "1", None, Some("debian-12".into()));
        image.created_at = 0;
        let meets = |criterion: Criterion, image: &Image, now: i64| {
            let allowed = Allowed { state: State::Enabled, criteria: vec![criterion] };
            allowed.lets(image, "2", now)
        };
        let of = |providers: &[&str], names: &[&str]| Criterion {
            providers: providers.iter().map(|p| (*p).to_owned()).collect(),
            names: names.iter().map(|n| (*n).to_owned()).collect(),
            ..Criterion::default()
        };
        assert!(Allowed { state: State::Enabled, criteria: vec![] }.lets(&image, "2", 0), "nothing is said");
        for (criterion, met) in [
            (of(&["1"], &[]), true),
            (of(&["3", "1"], &["deb*"]), true),
            (of(&["1"], &["ubuntu*", "debian-1?"]), true),
            (of(&["1"], &["ubuntu*"]), false),
            (of(&[NOBODY], &[]), false),
            (of(&["amazon"], &[]), false),
            (Criterion { product_codes: vec!["x".into()], ..of(&["1"], &[]) }, false),
            (Criterion { days_old: Some(10), ..Criterion::default() }, true),
            (Criterion { days_old: Some(9), ..Criterion::default() }, false),
            (Criterion { days_deprecated: Some(0), ..Criterion::default() }, true),
        ] {
            assert_eq!(meets(criterion.clone(), &image, 10 * DAY_MS), met, "{criterion:?}");
        }
        assert!(Allowed { state: State::Enabled, criteria: vec![of(&[NOBODY], &[])] }.lets(&image, "1", 0), "its own");
        image.details.deprecated_at = Some(0);
        let late = Criterion { days_deprecated: Some(9), ..Criterion::default() };
        assert!(!meets(late.clone(), &image, 10 * DAY_MS) && meets(late, &image, 9 * DAY_MS));
        (image.imported, image.is_public) = (true, true);
        assert!(meets(of(&["amazon"], &[]), &image, 0));
    }
}
