//! `MaxResults` and `NextToken`.
//!
//! A token names the last item that was given, so pages stay true while things come and go. To clients it is opaque.

use super::Error;
use crate::wire::query::Params;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::ops::RangeInclusive;

/// Which part of a list a request wants.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Page {
    limit: Option<usize>,
    after: Option<String>,
}

/// Marks our tokens.
const MARK: &str = "after:";

impl Page {
    /// Read both parameters. `ids` is AWS's name of the list of ids, if the request gave any: the two exclude
    /// each other.
    pub fn read(p: &Params<'_>, ids: Option<&str>) -> Result<Page, Error> {
        Page::within(p, ids, 5..=1000)
    }

    /// [`Page::read`] for actions whose pages have other sizes.
    pub fn within(p: &Params<'_>, ids: Option<&str>, sizes: RangeInclusive<i64>) -> Result<Page, Error> {
        let limit = p.opt_int("MaxResults", sizes)?;
        if let (Some(_), Some(ids)) = (limit, ids) {
            return Err(Error::ParameterCombination(format!(
                "The parameter {ids} cannot be used with the parameter maxResults"
            )));
        }
        let after = p.opt("NextToken").filter(|token| !token.is_empty()).map(decode).transpose()?;
        Ok(Page { limit: limit.map(|n| n as usize), after })
    }

    /// The page of `items`, in the order of their keys (unique texts), and the token of the next page if there is one.
    pub fn cut<T>(self, mut items: Vec<T>, key: impl Fn(&T) -> String) -> (Vec<T>, Option<String>) {
        items.sort_by_cached_key(|item| key(item));
        self.cut_sorted(items, key)
    }

    /// [`Page::cut`] of items that are in the order of their keys already.
    pub fn cut_sorted<T>(self, mut items: Vec<T>, key: impl Fn(&T) -> String) -> (Vec<T>, Option<String>) {
        if let Some(after) = &self.after {
            items.drain(..items.partition_point(|item| key(item) <= *after));
        }
        let more = self.limit.is_some_and(|limit| items.len() > limit);
        items.truncate(self.limit.unwrap_or(usize::MAX));
        let token = items.last().filter(|_| more).map(|last| URL_SAFE_NO_PAD.encode(format!("{MARK}{}", key(last))));
        (items, token)
    }
}

fn decode(token: &str) -> Result<String, Error> {
    let text = URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    text.and_then(|text| text.strip_prefix(MARK).map(str::to_owned)).ok_or(Error::NextToken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::query::Form;

    fn page(form: &str, ids: Option<&str>) -> Result<Page, Error> {
        Page::read(&Form::parse(&[form.as_bytes()]).unwrap().params(), ids)
    }

    #[test]
    fn pages_cover_the_list_once() {
        let all: Vec<String> = (0..12).map(|n| format!("{n:02}")).rev().collect();
        let mut seen = Vec::new();
        let mut form = "MaxResults=5".to_owned();
        loop {
            let (items, token) = page(&form, None).unwrap().cut(all.clone(), String::clone);
            seen.extend(items);
            match token {
                Some(token) => form = format!("MaxResults=5&NextToken={token}"),
                None => break,
            }
        }
        assert_eq!(seen, (0..12).map(|n| format!("{n:02}")).collect::<Vec<_>>());
    }

    #[test]
    fn an_exact_page_is_the_last_one() {
        let (items, token) = page("MaxResults=5", None).unwrap().cut(vec![1, 2, 3, 4, 5], i32::to_string);
        assert_eq!((items.len(), token), (5, None));
    }

    #[test]
    fn limits_ids_and_tokens_are_checked() {
        assert_eq!(page("MaxResults=4", None).unwrap_err().wire().0, "InvalidParameterValue");
        assert_eq!(page("MaxResults=5", Some("instancesSet")).unwrap_err().wire().0, "InvalidParameterCombination");
        assert_eq!(page("NextToken=bogus", None).unwrap_err().wire().0, "InvalidNextToken");
        assert_eq!(page("", Some("instancesSet")).unwrap(), Page::default());
    }
}
