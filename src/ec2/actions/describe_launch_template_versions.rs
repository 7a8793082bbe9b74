//! The versions of a launch template, newest first; or the `$Latest` or `$Default` ones of all the caller's templates.

use crate::compute::templates::{self, Name, Version};
use crate::ec2::filter::{Filtered, Filters, Values, flag};
use crate::ec2::page::Page;
use crate::ec2::registry::Action;
use crate::ec2::templates::{VersionItem, opt_named, version};
use crate::ec2::{Cx, Error};
use crate::wire::query::{Params, Tree};
use serde::Serialize;
use std::borrow::Cow;

pub struct DescribeLaunchTemplateVersions {
    template: Option<Name>,
    versions: Vec<Version>,
    least: i64,
    most: i64,
    filters: Filters<VersionItem>,
    page: Page,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    launch_template_version_set: Vec<VersionItem>,
    next_token: Option<String>,
}

/// The value of a parameter of the version, however deep.
fn of<'a>(v: &'a VersionItem, path: &[&str]) -> Vec<Cow<'a, str>> {
    let found = path.iter().try_fold(&v.launch_template_data.0, |tree, name| tree.member(name));
    match found {
        Some(Tree::Value(text)) => vec![text.into()],
        Some(Tree::List(_) | Tree::Members(_)) | None => vec![],
    }
}

impl Filtered for VersionItem {
    const FILTERS: &'static [(&'static str, Values<Self>)] = &[
        ("create-time", |v| vec![v.create_time.to_string().into()]),
        ("ebs-optimized", |v| of(v, &["EbsOptimized"])),
        ("host-resource-group-arn", |v| of(v, &["Placement", "HostResourceGroupArn"])),
        ("http-endpoint", |v| of(v, &["MetadataOptions", "HttpEndpoint"])),
        ("http-protocol-ipv4", |v| of(v, &["MetadataOptions", "HttpEndpoint"])),
        ("http-tokens", |v| of(v, &["MetadataOptions", "HttpTokens"])),
        ("iam-instance-profile", |v| of(v, &["IamInstanceProfile", "Arn"])),
        ("image-id", |v| of(v, &["ImageId"])),
        ("instance-type", |v| of(v, &["InstanceType"])),
        ("is-default-version", |v| flag(v.default_version)),
        ("kernel-id", |v| of(v, &["KernelId"])),
        ("license-configuration-arn", |_| vec![]),
        ("network-card-index", |_| vec![]),
        ("ram-disk-id", |v| of(v, &["RamDiskId"])),
    ];
}

impl Action for DescribeLaunchTemplateVersions {
    const NAME: &'static str = "DescribeLaunchTemplateVersions";
    /// Images are named by their ids only, and no service manages templates here.
    const IGNORED: &'static [&'static str] = &["IncludeManagedResources", "ResolveAlias"];
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let template = opt_named(p)?;
        let texts = p.list("LaunchTemplateVersion");
        let versions = texts.iter().map(|text| version(p, "LaunchTemplateVersion", text));
        let versions = versions.collect::<Result<Vec<_>, _>>()?;
        let whole = versions.is_empty() || versions.iter().any(|v| matches!(v, Version::Number(_)));
        if template.is_none() && whole {
            return Err(Error::MissingEither(
                "A launch template ID or a launch template name must be specified, unless $Latest or $Default is asked for"
                    .into(),
            ));
        }
        Ok(DescribeLaunchTemplateVersions {
            template,
            versions,
            least: p.opt_int("MinVersion", 1..=i64::MAX)?.unwrap_or(1),
            most: p.opt_int("MaxVersion", 1..=i64::MAX)?.unwrap_or(i64::MAX),
            filters: Filters::read(p)?,
            page: Page::within(p, None, 1..=200)?,
        })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let items = cx
            .look(|c, account, region| {
                let of = match &self.template {
                    Some(name) => vec![templates::need(c, account, region, name)?],
                    None => templates::all(c, account, region)?,
                };
                let mut items = Vec::new();
                for template in of {
                    let mut rows = templates::versions(c, &template)?;
                    if !self.versions.is_empty() {
                        let wanted = self.versions.iter().map(|which| templates::version(c, &template, *which));
                        let wanted = wanted.map(|v| v.map(|v| v.number)).collect::<Result<Vec<_>, _>>()?;
                        rows.retain(|v| wanted.contains(&v.number));
                    }
                    rows.retain(|v| (self.least..=self.most).contains(&v.number));
                    for row in rows {
                        items.push(VersionItem::new(&template, row)?);
                    }
                }
                Ok(items)
            })
            .await?;
        let items = items.into_iter().filter(|item| self.filters.accept(item)).collect();
        // Newest first: pages are in the order of their keys.
        let key = |v: &VersionItem| format!("{} {:020}", v.launch_template_id, i64::MAX - v.version_number);
        let (launch_template_version_set, next_token) = self.page.cut(items, key);
        Ok(Output { launch_template_version_set, next_token })
    }
}
