//! Say how new instances of a burstable family use processor credits where their launch does not say it. It is kept: credits never
//! run out here.

use super::get_default_credit_specification::{Output, family};
use crate::compute::defaults;
use crate::db::Conn;
use crate::ec2::launch::one_of;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::wire::query::Params;

pub struct ModifyDefaultCreditSpecification {
    family: &'static str,
    credits: String,
}

impl Action for ModifyDefaultCreditSpecification {
    const NAME: &'static str = "ModifyDefaultCreditSpecification";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let credits = p.req("CpuCredits")?.to_owned();
        one_of(p, "CpuCredits", "unlimited", "standard")?;
        Ok(ModifyDefaultCreditSpecification { family: family(p)?, credits })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            defaults::set_credits(c, account, region, self.family, &self.credits)?;
            Ok(Output::new(self.family, self.credits))
        };
        cx.change(job).await
    }
}

#[cfg(test)]
mod tests {
    use crate::ec2::tests::Bench;

    #[tokio::test]
    async fn new_instances_take_their_familys_default() {
        let bench = Bench::new();
        bench.image("ami-12345678").await;
        let get = |family: &str| format!("Action=GetDefaultCreditSpecification&InstanceFamily={family}");
        assert_eq!(bench.call(&get("t2")).await.get("cpuCredits"), Some("standard"));
        assert_eq!(bench.call(&get("t3")).await.get("cpuCredits"), Some("unlimited"));
        assert_eq!(bench.call(&get("m5")).await.code(), "InvalidParameterValue");
        let run = "Action=RunInstances&ImageId=ami-12345678&InstanceType=t3.micro&MinCount=1&MaxCount=1";
        let before = bench.call(run).await;
        let modify = "Action=ModifyDefaultCreditSpecification&InstanceFamily=t3&CpuCredits";
        let changed = bench.call(&format!("{modify}=standard")).await;
        assert_eq!((changed.get("instanceFamily"), changed.get("cpuCredits")), (Some("t3"), Some("standard")));
        let after = bench.call(run).await;
        let asked = bench.call(&format!("{run}&CreditSpecification.CpuCredits=unlimited")).await;
        for (launched, credits) in [(before, "unlimited"), (after, "standard"), (asked, "unlimited")] {
            let id = launched.get("instanceId").unwrap();
            let seen = bench.call(&format!("Action=DescribeInstanceCreditSpecifications&InstanceId.1={id}")).await;
            assert_eq!(seen.get("cpuCredits"), Some(credits), "{}", seen.xml);
        }
        assert_eq!(bench.call(&format!("{modify}=some")).await.code(), "InvalidParameterValue");
        assert_eq!(bench.call_other(&get("t3")).await.get("cpuCredits"), Some("unlimited"));
    }
}
