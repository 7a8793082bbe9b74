//! Add a version to a launch template: new parameters, over those of another version if one is named.

use super::create_launch_template::description;
use crate::compute::templates::{self, Name, Version};
use crate::db::Conn;
use crate::ec2::idempotency::Token;
use crate::ec2::registry::Action;
use crate::ec2::templates::{VersionItem, data, kept, named, version};
use crate::ec2::{Cx, Error};
use crate::wire::query::{Params, Tree};
use serde::Serialize;

pub struct CreateLaunchTemplateVersion {
    template: Name,
    source: Option<Version>,
    description: Option<String>,
    data: Tree,
    token: Token,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    launch_template_version: VersionItem,
}

impl Action for CreateLaunchTemplateVersion {
    const NAME: &'static str = "CreateLaunchTemplateVersion";
    /// Images are named by their ids only.
    const IGNORED: &'static [&'static str] = &["ResolveAlias"];
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let source = p.opt("SourceVersion").filter(|text| !text.is_empty());
        Ok(CreateLaunchTemplateVersion {
            template: named(p)?,
            source: source.map(|text| version(p, "SourceVersion", text)).transpose()?,
            description: description(p)?,
            data: data(p)?,
            token: Token::read(p, Self::NAME)?,
        })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let mut template = templates::need(c, account, region, &self.template)?;
            let made = match self.token.made(c, account, region)?.and_then(|n| Version::parse(&n)) {
                Some(made) => templates::version(c, &template, made)?,
                None => {
                    let data = match self.source {
                        Some(source) => self.data.over(kept(&templates::version(c, &template, source)?)?),
                        None => self.data,
                    };
                    let made = templates::add_version(c, &mut template, self.description, data.to_json())?;
                    self.token.keep(c, account, region, &made.number.to_string())?;
                    made
                }
            };
            Ok(Output { launch_template_version: VersionItem::new(&template, made)? })
        };
        cx.change(job).await
    }
}
