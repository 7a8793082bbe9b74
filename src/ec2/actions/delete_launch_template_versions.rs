//! Delete versions of a launch template, but not its default one. The answer tells what became of each.

use crate::compute::templates::{self, Name, Version};
use crate::db::{Conn, launch_templates};
use crate::ec2::registry::Action;
use crate::ec2::templates::named;
use crate::ec2::{Cx, Error};
use crate::wire::query::{self, Params};
use serde::Serialize;

pub struct DeleteLaunchTemplateVersions {
    template: Name,
    numbers: Vec<i64>,
}

/// Most versions of one call.
const MOST: usize = 200;

#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    successfully_deleted_launch_template_version_set: Vec<Item>,
    unsuccessfully_deleted_launch_template_version_set: Vec<Item>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    launch_template_id: String,
    launch_template_name: String,
    version_number: i64,
    response_error: Option<Why>,
}

#[derive(Serialize)]
struct Why {
    code: &'static str,
    message: String,
}

impl Action for DeleteLaunchTemplateVersions {
    const NAME: &'static str = "DeleteLaunchTemplateVersions";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let mut numbers = Vec::new();
        for text in p.list("LaunchTemplateVersion") {
            match Version::parse(text) {
                Some(Version::Number(n)) => numbers.push(n),
                Some(Version::Default | Version::Latest) | None => {
                    return Err(p.invalid("LaunchTemplateVersion", text, "Expecting a version's number.").into());
                }
            }
        }
        if numbers.is_empty() {
            return Err(query::Error::Missing("launchTemplateVersion".into()).into());
        }
        if numbers.len() > MOST {
            return Err(Error::ParameterValue(format!("At most {MOST} versions can be deleted in one call")));
        }
        Ok(DeleteLaunchTemplateVersions { template: named(p)?, numbers })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let template = templates::need(c, account, region, &self.template)?;
            let there = templates::versions(c, &template)?;
            let mut answer = Output::default();
            for number in self.numbers {
                let why = if number == template.default_version {
                    let message = format!("Cannot delete the default version {number} of the launch template.");
                    Some(Why { code: "unexpectedError", message })
                } else if !there.iter().any(|v| v.number == number) {
                    let message = format!("The launch template version {number} does not exist.");
                    Some(Why { code: "launchTemplateVersionDoesNotExist", message })
                } else {
                    launch_templates::delete_version(c, &template.id, number)?;
                    None
                };
                let list = match why {
                    None => &mut answer.successfully_deleted_launch_template_version_set,
                    Some(_) => &mut answer.unsuccessfully_deleted_launch_template_version_set,
                };
                list.push(Item {
                    launch_template_id: template.id.clone(),
                    launch_template_name: template.name.clone(),
                    version_number: number,
                    response_error: why,
                });
            }
            Ok(answer)
        };
        cx.change(job).await
    }
}
