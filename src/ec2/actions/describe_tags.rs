//! All tags of the caller's region, one by one.

use crate::db::{self, tags::TagRow};
use crate::ec2::filter::{self, Filtered, Filters, Values};
use crate::ec2::page::Page;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeTags {
    filters: Filters<Item>,
    /// `tag:KEY` filters, which other actions know as a property of a resource: here each looks at one tag.
    by_key: Vec<(String, Vec<String>)>,
    page: Page,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    tag_set: Vec<Item>,
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    resource_id: String,
    resource_type: String,
    key: String,
    value: String,
}

impl Filtered for Item {
    const FILTERS: &'static [(&'static str, Values<Self>)] = &[
        ("key", |t| vec![t.key.as_str().into()]),
        ("resource-id", |t| vec![t.resource_id.as_str().into()]),
        ("resource-type", |t| vec![t.resource_type.as_str().into()]),
        ("value", |t| vec![t.value.as_str().into()]),
    ];
}

impl Action for DescribeTags {
    const NAME: &'static str = "DescribeTags";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let (by_tag, others): (Vec<_>, Vec<_>) =
            p.structs("Filter").into_iter().partition(|f| f.opt("Name").is_some_and(|n| n.starts_with("tag:")));
        let by_key = by_tag.iter().map(|f| {
            let key = f.opt("Name").unwrap_or_default().trim_start_matches("tag:").to_owned();
            (key, f.list("Value").into_iter().map(str::to_owned).collect())
        });
        Ok(DescribeTags { filters: Filters::of(&others)?, by_key: by_key.collect(), page: Page::read(p, None)? })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let (account, region) = (&cx.caller.account, &cx.region);
        let rows: Vec<TagRow> = cx.cloud.db.read(|c| match self.filters.only("resource-id") {
            Some(ids) => db::tags::of_these(c, account, region, ids),
            None => db::tags::all(c, account, region),
        })?;
        let items: Vec<Item> = rows
            .into_iter()
            .map(|t| Item { resource_id: t.resource_id, resource_type: t.resource_type, key: t.key, value: t.value })
            .filter(|item| {
                let matches = |patterns: &[String]| patterns.iter().any(|p| filter::matches(p, &item.value));
                self.filters.accept(item) && self.by_key.iter().all(|(key, values)| item.key == *key && matches(values))
            })
            .collect();
        let (tag_set, next_token) = self.page.cut(items, |t| format!("{} {}", t.resource_id, t.key));
        Ok(Output { tag_set, next_token })
    }
}

#[cfg(test)]
mod tests {
    use crate::ec2::tests::Bench;

    #[tokio::test]
    async fn tags_come_and_go() {
        let bench = Bench::new();
        let key = bench.call("Action=CreateKeyPair&KeyType=ed25519&KeyName=k").await;
        let id = key.get("keyPairId").unwrap();
        let on = format!("ResourceId.1={id}");
        let put =
            bench.call(&format!("Action=CreateTags&{on}&Tag.1.Key=a&Tag.1.Value=1&Tag.2.Key=b&Tag.2.Value=2")).await;
        assert_eq!(put.get("return"), Some("true"), "{}", put.xml);

        let seen = bench.call("Action=DescribeTags&Filter.1.Name=tag:a&Filter.1.Value.1=1").await;
        assert_eq!(
            (seen.all("key"), seen.get("resourceType"), seen.get("resourceId")),
            (vec!["a"], Some("key-pair"), Some(id))
        );
        bench.call(&format!("Action=DeleteTags&{on}&Tag.1.Key=a&Tag.1.Value=other")).await;
        assert_eq!(bench.call("Action=DescribeTags").await.all("key"), ["a", "b"]);
        bench.call(&format!("Action=DeleteTags&{on}&Tag.1.Key=a")).await;
        assert_eq!(bench.call("Action=DescribeTags").await.all("key"), ["b"]);
        bench.call(&format!("Action=DeleteTags&{on}")).await;
        assert!(bench.call("Action=DescribeTags").await.all("key").is_empty());
    }

    #[tokio::test]
    async fn a_resource_takes_fifty_tags_and_all_or_none_are_put() {
        let bench = Bench::new();
        let key = bench.call("Action=CreateKeyPair&KeyType=ed25519&KeyName=k").await;
        let id = key.get("keyPairId").unwrap();
        let many: String = (1..=50).map(|n| format!("&Tag.{n}.Key=k{n}")).collect();
        assert_eq!(bench.call(&format!("Action=CreateTags&ResourceId.1={id}{many}")).await.status, 200);
        let more = bench.call(&format!("Action=CreateTags&ResourceId.1={id}&Tag.1.Key=more")).await;
        assert_eq!(more.code(), "TagLimitExceeded");
        assert_eq!(bench.call("Action=DescribeTags&MaxResults=1000").await.all("key").len(), 50);
        let page = bench.call("Action=DescribeTags&MaxResults=5").await;
        assert_eq!((page.all("key").len(), page.get("nextToken").is_some()), (5, true));
    }

    #[tokio::test]
    async fn what_is_not_there_cannot_be_tagged() {
        let bench = Bench::new();
        for (id, code) in [
            ("i-12345678", "InvalidInstanceID.NotFound"),
            ("ami-12345678", "InvalidAMIID.NotFound"),
            ("key-12345678", "InvalidKeyPair.NotFound"),
            ("subnet-12345678", "InvalidSubnetID.NotFound"),
            ("nonsense", "InvalidID"),
        ] {
            let answer = bench.call(&format!("Action=CreateTags&ResourceId.1={id}&Tag.1.Key=a")).await;
            assert_eq!(answer.code(), code);
        }
        assert_eq!(bench.call("Action=CreateTags&Tag.1.Key=a").await.code(), "MissingParameter");
        assert_eq!(bench.call("Action=CreateTags&ResourceId.1=i-12345678").await.code(), "MissingParameter");
    }
}
