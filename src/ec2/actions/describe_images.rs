//! Images that the caller may see: its own, public ones, and those shared with it.

use crate::clock;
use crate::ec2::describe::Wanted;
use crate::ec2::filter::Filters;
use crate::ec2::images::ImageItem;
use crate::ec2::page::Page;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error, describe};
use crate::id::Kind;
use crate::images::{Image, Select, State, allowed};
use crate::wire::query::{self, Params};
use serde::Serialize;

pub struct DescribeImages {
    ids: Vec<String>,
    owners: Vec<String>,
    executable_by: Vec<String>,
    deprecated: bool,
    disabled: bool,
    filters: Filters<ImageItem>,
    page: Page,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    images_set: Vec<ImageItem>,
    next_token: Option<String>,
}

/// The id of an image of any type, if it has the form of one.
pub fn image_id(text: &str) -> Result<String, Error> {
    let known = [Kind::Image, Kind::KernelImage, Kind::RamdiskImage].iter().any(|kind| kind.accepts(text));
    if known {
        Ok(text.to_owned())
    } else {
        Err(query::Error::Malformed { kind: Kind::Image, text: text.into() }.into())
    }
}

impl Action for DescribeImages {
    const NAME: &'static str = "DescribeImages";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let ids = p.list("ImageId").into_iter().map(image_id).collect::<Result<Vec<_>, _>>()?;
        let owned = |name| p.list(name).into_iter().map(str::to_owned).collect();
        Ok(DescribeImages {
            page: Page::read(p, (!ids.is_empty()).then_some("imagesSet"))?,
            ids,
            owners: owned("Owner"),
            executable_by: owned("ExecutableBy"),
            deprecated: p.opt_bool("IncludeDeprecated")?.unwrap_or(false),
            disabled: p.opt_bool("IncludeDisabled")?.unwrap_or(false),
            filters: Filters::read(p)?,
        })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let account = &cx.caller.account;
        let (wanted, mut tags) = cx.cloud.db.read(|c| {
            let wanted = Wanted::of(c, account, &cx.region, Kind::Image, &self.ids, &self.filters)?;
            let tags = wanted.tags(c, account, &cx.region, "image")?;
            Ok::<_, Error>((wanted, tags))
        })?;
        let select = Select {
            region: Some(cx.region.clone()),
            viewer: Some(account.clone()),
            ids: match wanted {
                Wanted::Ids(ids) => Some(ids),
                Wanted::All => None,
            },
            owners: Vec::new(),
        };
        let now = clock::to_ms(cx.now);
        let allowed = cx.cloud.db.read(|c| allowed::allowed(c, account, &cx.region))?;
        let mut images = cx.cloud.images.describe(&select)?;
        images.retain(|image| allowed.lets(image, account, now));
        let images = describe::pick(Kind::Image, &self.ids, images, |i| &i.id)?;
        // Out of date are only other people's images, and only for who does not name them.
        let current = |i: &Image| {
            let over = i.details.deprecated_at.is_some_and(|at| at <= now);
            !over || self.deprecated || !self.ids.is_empty() || i.account == *account
        };
        let items = images
            .into_iter()
            .filter(|i| current(i) && (self.disabled || i.state != State::Disabled))
            .filter(|i| self.owners.is_empty() || self.owners.iter().any(|owner| is_owned_by(i, owner, account)))
            .filter(|i| self.executable_by.is_empty() || self.executable_by.iter().any(|who| is_for(i, who, account)))
            .map(|image| {
                let tags = tags.remove(&image.id).unwrap_or_default();
                let meets = allowed.meets(&image, account, now);
                ImageItem::new(image, account, tags, (allowed.state != allowed::State::Disabled).then_some(meets))
            })
            .filter(|item| self.filters.accept(item))
            .collect();
        let (images_set, next_token) = self.page.cut(items, |i| i.image_id.clone());
        Ok(Output { images_set, next_token })
    }
}

/// `owner` is an account's id, `self`, `amazon` or `aws-marketplace`.
fn is_owned_by(image: &Image, owner: &str, caller: &str) -> bool {
    match owner {
        "self" => image.account == caller,
        "amazon" => image.is_the_operators(),
        account => image.account == account,
    }
}

/// `who` is an account's id, `self` or `all`: explicit permissions only, as on AWS.
fn is_for(image: &Image, who: &str, caller: &str) -> bool {
    match who {
        "all" => image.is_public,
        "self" => image.launch_permissions.iter().any(|a| a == caller),
        account => image.launch_permissions.iter().any(|a| a == account),
    }
}

#[cfg(test)]
mod tests {
    use crate::ec2::tests::Bench;

    #[tokio::test]
    async fn an_image_is_its_owners_until_it_is_deregistered() {
        let bench = Bench::new();
        bench.image("ami-12345678").await;
        for (form, there) in [
            ("ImageId.1=ami-12345678", true),
            ("Owner.1=self", true),
            ("Owner.1=amazon", false),
            ("ExecutableBy.1=self", false),
            ("Filter.1.Name=name&Filter.1.Value.1=sm*&Filter.2.Name=root-device-type&Filter.2.Value.1=ebs", false),
        ] {
            let answer = bench.call(&format!("Action=DescribeImages&{form}")).await;
            assert_eq!(answer.get("imageState"), there.then_some("available"), "{form}: {}", answer.xml);
        }
        let hidden = bench.call_other("Action=DescribeImages&ImageId.1=ami-12345678").await;
        assert_eq!(hidden.get("Message"), Some("The image id '[ami-12345678]' does not exist"));
        assert_eq!(bench.call("Action=DescribeImages&ImageId.1=ami").await.code(), "InvalidAMIID.Malformed");
        assert_eq!(bench.call_other("Action=DeregisterImage&ImageId=ami-12345678").await.status, 403);
        assert_eq!(bench.call("Action=DeregisterImage&ImageId=ami-12345678").await.get("return"), Some("true"));
        assert_eq!(bench.call("Action=DescribeImages&ImageId.1=ami-12345678").await.code(), "InvalidAMIID.NotFound");
    }

    #[tokio::test]
    async fn a_registration_needs_a_location() {
        let bench = Bench::new();
        assert_eq!(bench.call("Action=RegisterImage").await.code(), "MissingParameter");
    }
}
