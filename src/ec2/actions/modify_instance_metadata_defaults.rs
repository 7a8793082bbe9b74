//! Say how new instances of the account in the region use the metadata service where their launch does not say it. It comes before
//! what an image says.

use crate::compute::{MetadataEdit, defaults};
use crate::db::Conn;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error};
use crate::wire::query::{self, Params};

/// Each: not named, `Some(None)` no preference, or a value.
pub struct ModifyInstanceMetadataDefaults {
    tokens: Option<Option<bool>>,
    hop_limit: Option<Option<u32>>,
    endpoint: Option<Option<bool>>,
    tags: Option<Option<bool>>,
}

/// What takes a default away again.
const NO_PREFERENCE: &str = "no-preference";

impl Action for ModifyInstanceMetadataDefaults {
    const NAME: &'static str = "ModifyInstanceMetadataDefaults";
    /// A launch may always say otherwise.
    const IGNORED: &'static [&'static str] = &["HttpTokensEnforced"];
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let word = |name: &str, yes: &str, no: &str| match p.opt(name).filter(|text| !text.is_empty()) {
            None => Ok(None),
            Some(NO_PREFERENCE) => Ok(Some(None)),
            Some(text) if text == yes => Ok(Some(Some(true))),
            Some(text) if text == no => Ok(Some(Some(false))),
            Some(other) => Err(p.invalid(name, other, format!("Expecting {yes}, {no} or {NO_PREFERENCE}."))),
        };
        let hop_limit = match p.opt("HttpPutResponseHopLimit").filter(|text| !text.is_empty()) {
            None => None,
            Some("-1") => Some(None),
            Some(_) => Some(p.opt_int("HttpPutResponseHopLimit", 1..=64)?.map(|n| n as u32)),
        };
        let edit = ModifyInstanceMetadataDefaults {
            tokens: word("HttpTokens", "required", "optional")?,
            hop_limit,
            endpoint: word("HttpEndpoint", "enabled", "disabled")?,
            tags: word("InstanceMetadataTags", "enabled", "disabled")?,
        };
        if edit.tokens.is_none() && edit.hop_limit.is_none() && edit.endpoint.is_none() && edit.tags.is_none() {
            return Err(query::Error::Missing("HttpTokens".into()).into());
        }
        Ok(edit)
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let now = defaults::metadata(c, account, region)?;
            let after = MetadataEdit {
                tokens_required: self.tokens.unwrap_or(now.tokens_required),
                hop_limit: self.hop_limit.unwrap_or(now.hop_limit),
                enabled: self.endpoint.unwrap_or(now.enabled),
                tags: self.tags.unwrap_or(now.tags),
            };
            defaults::set_metadata(c, account, region, &after)?;
            Ok(Done::YES)
        };
        cx.change(job).await
    }
}

#[cfg(test)]
mod tests {
    use crate::ec2::tests::Bench;

    #[tokio::test]
    async fn launches_take_what_the_account_says_and_what_they_say_first() {
        let bench = Bench::new();
        bench.image("ami-12345678").await;
        let run = "Action=RunInstances&ImageId=ami-12345678&InstanceType=t3.micro&MinCount=1&MaxCount=1";
        let modify = "Action=ModifyInstanceMetadataDefaults";
        let set = bench
            .call(&format!("{modify}&HttpTokens=required&HttpPutResponseHopLimit=3&InstanceMetadataTags=enabled"))
            .await;
        assert_eq!(set.get("return"), Some("true"), "{}", set.xml);
        let plain = bench.call(run).await;
        assert_eq!((plain.get("httpTokens"), plain.get("httpPutResponseHopLimit")), (Some("required"), Some("3")));
        let own = bench.call(&format!("{run}&MetadataOptions.HttpTokens=optional")).await;
        assert_eq!((own.get("httpTokens"), own.get("instanceMetadataTags")), (Some("optional"), Some("enabled")));
        bench.call(&format!("{modify}&HttpTokens=no-preference&HttpPutResponseHopLimit=-1")).await;
        let seen = bench.call("Action=GetInstanceMetadataDefaults").await;
        assert_eq!((seen.get("httpTokens"), seen.get("instanceMetadataTags")), (None, Some("enabled")), "{}", seen.xml);
        assert_eq!(bench.call_other("Action=GetInstanceMetadataDefaults").await.get("instanceMetadataTags"), None);
        assert_eq!(bench.call(modify).await.code(), "MissingParameter");
        assert_eq!(bench.call(&format!("{modify}&HttpTokens=maybe")).await.code(), "InvalidParameterValue");
    }
}
