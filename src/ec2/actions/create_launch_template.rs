//! Make a launch template with its first version. Its parameters are looked at when it is launched.

use crate::compute::templates;
use crate::db::tags::{Resource, Tag};
use crate::db::{self, Conn};
use crate::ec2::idempotency::Token;
use crate::ec2::registry::Action;
use crate::ec2::templates::{TemplateItem, data};
use crate::ec2::{Cx, Error, tagging};
use crate::wire::query::{Params, Tree};
use serde::Serialize;

pub struct CreateLaunchTemplate {
    name: String,
    description: Option<String>,
    data: Tree,
    token: Token,
    tags: Vec<Tag>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub(super) launch_template: TemplateItem,
}

/// A version's description, of at most 255 characters.
pub(super) fn description(p: &Params<'_>) -> Result<Option<String>, Error> {
    let text = p.opt("VersionDescription").filter(|text| !text.is_empty());
    match text.filter(|text| text.chars().count() > 255) {
        Some(long) => Err(p.invalid("VersionDescription", long, "Expecting at most 255 characters.").into()),
        None => Ok(text.map(str::to_owned)),
    }
}

impl Action for CreateLaunchTemplate {
    const NAME: &'static str = "CreateLaunchTemplate";
    const IGNORED: &'static [&'static str] = &["Operator"];
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let specifications = tagging::specifications(p, &["launch-template"])?;
        let name = p.req("LaunchTemplateName")?;
        let allowed = |c: char| c.is_ascii_alphanumeric() || "().-/_".contains(c);
        if !(3..=128).contains(&name.len()) || !name.chars().all(allowed) {
            return Err(Error::TemplateName);
        }
        Ok(CreateLaunchTemplate {
            name: name.to_owned(),
            description: description(p)?,
            data: data(p)?,
            token: Token::read(p, Self::NAME)?,
            tags: tagging::of(&specifications, "launch-template"),
        })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            if let Some(made) = self.token.made(c, account, region)? {
                let template = templates::need(c, account, region, &templates::Name::Id(made))?;
                let tags = db::tags::of(c, account, &template.id)?;
                return Ok(Output { launch_template: TemplateItem::new(template, tags) });
            }
            let data = self.data.to_json();
            let made = templates::create(c, account, region, &self.name, self.description, data)?;
            db::tags::put(c, Resource { account, region, id: &made.id, kind: "launch-template" }, &self.tags)?;
            self.token.keep(c, account, region, &made.id)?;
            Ok(Output { launch_template: TemplateItem::new(made, self.tags) })
        };
        cx.change(job).await
    }
}

#[cfg(test)]
mod tests {
    use crate::ec2::tests::Bench;

    const DATA: &str = "LaunchTemplateData.ImageId=ami-12345678&LaunchTemplateData.InstanceType=t3.micro\
                        &LaunchTemplateData.TagSpecification.1.ResourceType=instance\
                        &LaunchTemplateData.TagSpecification.1.Tag.1.Key=from\
                        &LaunchTemplateData.TagSpecification.1.Tag.1.Value=template\
                        &LaunchTemplateData.TagSpecification.1.Tag.2.Key=both\
                        &LaunchTemplateData.TagSpecification.1.Tag.2.Value=template\
                        &LaunchTemplateData.MetadataOptions.HttpTokens=required";

    async fn made(bench: &Bench) -> String {
        let made = bench.call(&format!("Action=CreateLaunchTemplate&LaunchTemplateName=web&{DATA}")).await;
        assert_eq!(made.get("latestVersionNumber"), Some("1"), "{}", made.xml);
        made.get("launchTemplateId").unwrap().to_owned()
    }

    #[tokio::test]
    async fn a_launch_takes_from_its_template_what_it_does_not_say() {
        let bench = Bench::new();
        bench.image("ami-12345678").await;
        let id = made(&bench).await;
        let run = "Action=RunInstances&MinCount=1&MaxCount=1";
        let by_id = format!("{run}&LaunchTemplate.LaunchTemplateId={id}");
        let tag = "TagSpecification.1.ResourceType=instance&TagSpecification.1.Tag.1.Key=both\
                   &TagSpecification.1.Tag.1.Value=request";
        let one = bench.call(&format!("{by_id}&MetadataOptions.HttpPutResponseHopLimit=3&{tag}")).await;
        assert_eq!(
            (one.get("imageId"), one.get("instanceType")),
            (Some("ami-12345678"), Some("t3.micro")),
            "{}",
            one.xml
        );
        assert_eq!((one.get("httpTokens"), one.get("httpPutResponseHopLimit")), (Some("required"), Some("3")));
        let tags: Vec<_> = one.all("key").into_iter().zip(one.all("value")).collect();
        let expected = [
            ("aws:ec2launchtemplate:id", id.as_str()),
            ("aws:ec2launchtemplate:version", "1"),
            ("both", "request"),
            ("from", "template"),
        ];
        assert_eq!(tags, expected);

        let more = format!("SourceVersion=1&LaunchTemplateId={id}&LaunchTemplateData.InstanceType=t3.small");
        let second = bench.call(&format!("Action=CreateLaunchTemplateVersion&{more}")).await;
        assert_eq!((second.get("versionNumber"), second.get("imageId")), (Some("2"), Some("ami-12345678")));
        for (version, instance_type) in [("$Default", "t3.micro"), ("$Latest", "t3.small"), ("2", "t3.small")] {
            let form = format!("{run}&LaunchTemplate.LaunchTemplateName=web&LaunchTemplate.Version={version}");
            let one = bench.call(&form).await;
            assert_eq!(one.get("instanceType"), Some(instance_type), "{version}: {}", one.xml);
        }
        let wins = bench.call(&format!("{by_id}&InstanceType=t3.nano&LaunchTemplate.Version=1")).await;
        assert_eq!(wins.get("instanceType"), Some("t3.nano"));
        for (form, code) in [
            (format!("{by_id}&LaunchTemplate.Version=9"), "InvalidLaunchTemplateId.VersionNotFound"),
            (format!("{by_id}&LaunchTemplate.Version=x"), "InvalidParameterValue"),
            (format!("{by_id}&LaunchTemplate.LaunchTemplateName=web"), "InvalidParameterCombination"),
            (format!("{by_id}&Colour=red"), "UnknownParameter"),
            (format!("{run}&LaunchTemplate.LaunchTemplateId=lt-12345678"), "InvalidLaunchTemplateId.NotFound"),
            (format!("{run}&LaunchTemplate.LaunchTemplateName=none"), "InvalidLaunchTemplateName.NotFoundException"),
        ] {
            assert_eq!(bench.call(&form).await.code(), code, "{form}");
        }
        let foreign = bench.call_other(&by_id).await;
        assert_eq!(foreign.code(), "InvalidLaunchTemplateId.NotFound");
    }

    #[tokio::test]
    async fn versions_are_listed_and_deleted() {
        let bench = Bench::new();
        let id = made(&bench).await;
        let named = format!("LaunchTemplateId={id}");
        for n in ["2", "3"] {
            let form = format!(
                "Action=CreateLaunchTemplateVersion&{named}&LaunchTemplateData.KeyName=k{n}&VersionDescription=v{n}"
            );
            assert_eq!(bench.call(&form).await.get("versionNumber"), Some(n));
        }
        let modified = bench.call(&format!("Action=ModifyLaunchTemplate&{named}&SetDefaultVersion=2")).await;
        assert_eq!(modified.get("defaultVersionNumber"), Some("2"), "{}", modified.xml);
        let describe = format!("Action=DescribeLaunchTemplateVersions&{named}");
        assert_eq!(bench.call(&describe).await.all("versionNumber"), ["3", "2", "1"]);
        let two =
            bench.call(&format!("{describe}&LaunchTemplateVersion.1=$Default&LaunchTemplateVersion.2=$Latest")).await;
        assert_eq!((two.all("versionNumber"), two.all("defaultVersion")), (vec!["3", "2"], vec!["false", "true"]));
        assert_eq!(bench.call(&format!("{describe}&MinVersion=2&MaxVersion=2")).await.all("keyName"), ["k2"]);
        let filter = "Filter.1.Name=instance-type&Filter.1.Value.1=t3.*";
        assert_eq!(bench.call(&format!("{describe}&{filter}")).await.all("versionNumber"), ["1"]);
        let page = bench.call(&format!("{describe}&MaxResults=2")).await;
        let rest = bench.call(&format!("{describe}&MaxResults=2&NextToken={}", page.get("nextToken").unwrap())).await;
        assert_eq!((page.all("versionNumber"), rest.all("versionNumber")), (vec!["3", "2"], vec!["1"]));
        let delete = format!("Action=DeleteLaunchTemplateVersions&{named}");
        let gone = bench
            .call(&format!("{delete}&LaunchTemplateVersion.1=3&LaunchTemplateVersion.2=2&LaunchTemplateVersion.3=9"))
            .await;
        assert_eq!(gone.all("versionNumber"), ["3", "2", "9"], "{}", gone.xml);
        assert_eq!(gone.all("code"), ["unexpectedError", "launchTemplateVersionDoesNotExist"]);
        let again =
            bench.call(&format!("Action=CreateLaunchTemplateVersion&{named}&LaunchTemplateData.KeyName=k")).await;
        assert_eq!(again.get("versionNumber"), Some("4"), "numbers are not given twice");
        assert_eq!(bench.call("Action=DescribeLaunchTemplates").await.get("latestVersionNumber"), Some("4"));
        let taken = bench.call(&format!("Action=CreateLaunchTemplate&LaunchTemplateName=web&{DATA}")).await;
        assert_eq!(taken.code(), "InvalidLaunchTemplateName.AlreadyExistsException");
        let gone = bench.call(&format!("Action=DeleteLaunchTemplate&{named}")).await;
        assert_eq!(gone.get("launchTemplateName"), Some("web"));
        let gone = bench.call("Action=DescribeLaunchTemplates&LaunchTemplateName.1=web").await;
        assert_eq!(gone.code(), "InvalidLaunchTemplateName.NotFoundException");
    }

    #[tokio::test]
    async fn bad_templates_are_refused_and_a_token_makes_one() {
        let bench = Bench::new();
        for (form, code) in [
            ("LaunchTemplateName=a&LaunchTemplateData.KeyName=k", "InvalidLaunchTemplateName.MalformedException"),
            ("LaunchTemplateName=abc", "MissingParameter"),
            ("LaunchTemplateName=abc&LaunchTemplateData.Colour=red", "UnknownParameter"),
            ("LaunchTemplateName=abc&LaunchTemplateData.KeyName=k&DryRun=true", "DryRunOperation"),
        ] {
            assert_eq!(bench.call(&format!("Action=CreateLaunchTemplate&{form}")).await.code(), code, "{form}");
        }
        let form = "Action=CreateLaunchTemplate&LaunchTemplateName=abc&LaunchTemplateData.KeyName=k&ClientToken=t";
        let (first, again) = (bench.call(form).await, bench.call(form).await);
        assert_eq!(first.get("launchTemplateId"), again.get("launchTemplateId"), "{}", again.xml);
    }

    #[tokio::test]
    async fn an_instance_tells_the_template_that_would_make_it() {
        let bench = Bench::new();
        bench.image("ami-12345678").await;
        let run = "Action=RunInstances&ImageId=ami-12345678&InstanceType=t3.micro&MinCount=1&MaxCount=1&UserData=aGk=";
        let run = bench.call(run).await;
        let data =
            bench.call(&format!("Action=GetLaunchTemplateData&InstanceId={}", run.get("instanceId").unwrap())).await;
        for (name, value) in [("imageId", "ami-12345678"), ("instanceType", "t3.micro"), ("userData", "aGk=")] {
            assert_eq!(data.get(name), Some(value), "{}", data.xml);
        }
        assert_eq!(data.all("groupSet").len(), 1);
    }
}
