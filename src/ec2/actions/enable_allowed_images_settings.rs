//! Have the account see and launch only those of other accounts' images that it allows; or, in audit mode, be told which those are.

use crate::ec2::allowed_images::set_state;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::images::allowed::State;
use crate::wire::query::Params;
use serde::Serialize;

pub struct EnableAllowedImagesSettings(State);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub(super) allowed_images_settings_state: &'static str,
}

impl Action for EnableAllowedImagesSettings {
    const NAME: &'static str = "EnableAllowedImagesSettings";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let text = p.req("AllowedImagesSettingsState")?;
        let state = [State::Enabled, State::AuditMode].into_iter().find(|state| state.text() == text);
        let wrong = || p.invalid("AllowedImagesSettingsState", text, "Expecting enabled or audit-mode.");
        Ok(EnableAllowedImagesSettings(state.ok_or_else(wrong)?))
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        Ok(Output { allowed_images_settings_state: set_state(cx, self.0).await? })
    }
}

#[cfg(test)]
mod tests {
    use crate::ec2::tests::Bench;

    #[tokio::test]
    async fn what_is_not_allowed_is_neither_seen_nor_launched() {
        let bench = Bench::new();
        bench.image("ami-12345678").await;
        let share = "Action=ModifyImageAttribute&ImageId=ami-12345678&LaunchPermission.Add.1.Group=all";
        assert_eq!(bench.call(share).await.status, 200);
        let describe = "Action=DescribeImages&Owner.1=123456789012";
        let run = "Action=RunInstances&ImageId=ami-12345678&InstanceType=t3.micro&MinCount=1&MaxCount=1";
        let state = |state: &str| format!("Action=EnableAllowedImagesSettings&AllowedImagesSettingsState={state}");
        let replace = "Action=ReplaceImageCriteriaInAllowedImagesSettings";
        let by = |provider: &str| format!("{replace}&ImageCriterion.1.ImageProvider.1={provider}");
        assert_eq!(bench.call_other(describe).await.get("imageAllowed"), None);
        assert_eq!(bench.call_other(&by("none")).await.get("return"), Some("true"));
        assert_eq!(bench.call_other(describe).await.all("imageId").len(), 1, "nothing is asked yet");

        let audit = bench.call_other(&state("audit-mode")).await;
        assert_eq!(audit.get("allowedImagesSettingsState"), Some("audit-mode"), "{}", audit.xml);
        let seen = bench.call_other(describe).await;
        assert_eq!(seen.get("imageAllowed"), Some("false"), "{}", seen.xml);
        assert_eq!(bench.call_other(run).await.status, 200);

        bench.call_other(&state("enabled")).await;
        assert!(bench.call_other(describe).await.all("imageId").is_empty());
        let named = "Action=DescribeImages&ImageId.1=ami-12345678";
        assert_eq!(bench.call_other(named).await.code(), "InvalidAMIID.NotFound");
        assert_eq!(bench.call_other(run).await.code(), "InvalidAMIID.NotFound");
        let mine = bench.call(describe).await;
        assert_eq!((mine.all("imageId").len(), mine.get("imageAllowed")), (1, None), "each account says its own");

        let used = bench.call_other("Action=DescribeInstanceImageMetadata").await;
        assert_eq!(
            (used.get("imageId"), used.get("imageAllowed")),
            (Some("ami-12345678"), Some("false")),
            "{}",
            used.xml
        );

        let two = format!(
            "{}&ImageCriterion.2.ImageName.1=sm*&ImageCriterion.2.ImageProvider.1=123456789012\
             &ImageCriterion.2.CreationDateCondition.MaximumDaysSinceCreated=1",
            by("none")
        );
        bench.call_other(&two).await;
        assert_eq!(bench.call_other(describe).await.get("imageAllowed"), Some("true"));
        assert_eq!(bench.call_other(run).await.status, 200);
        let settings = bench.call_other("Action=GetAllowedImagesSettings").await;
        assert_eq!((settings.get("state"), settings.get("maximumDaysSinceCreated")), (Some("enabled"), Some("1")));
        assert_eq!(settings.all("imageNameSet").len(), 1, "{}", settings.xml);

        let off = bench.call_other("Action=DisableAllowedImagesSettings").await;
        assert_eq!(off.get("allowedImagesSettingsState"), Some("disabled"));
        let kept = bench.call_other("Action=GetAllowedImagesSettings").await;
        assert_eq!(kept.all("imageProviderSet").len(), 2, "the criteria stay: {}", kept.xml);
        for (form, code) in [
            (by("me"), "InvalidParameterValue"),
            (
                format!("{replace}&ImageCriterion.1.ScanResultCondition.MaximumSeverityLabel=low"),
                "UnsupportedOperation",
            ),
            (state("disabled"), "InvalidParameterValue"),
        ] {
            assert_eq!(bench.call(&form).await.code(), code, "{form}");
        }
    }
}
