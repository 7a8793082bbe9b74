//! Instance types of our catalogue by what they have.

use crate::compute::types;
use crate::ec2::page::Page;
use crate::ec2::registry::Action;
use crate::ec2::requirements::Requirements;
use crate::ec2::{Cx, Error};
use crate::wire::query::{self, Params};
use serde::Serialize;

pub struct GetInstanceTypesFromInstanceRequirements {
    architectures: Vec<String>,
    requirements: Requirements,
    page: Page,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    instance_type_set: Vec<Item>,
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    instance_type: &'static str,
}

impl Action for GetInstanceTypesFromInstanceRequirements {
    const NAME: &'static str = "GetInstanceTypesFromInstanceRequirements";
    /// Every type has both kinds of virtualization.
    const IGNORED: &'static [&'static str] = &["Context", "VirtualizationType"];
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let missing = |name: &str| query::Error::Missing(name.into());
        let requirements = p.nested("InstanceRequirements").ok_or_else(|| missing("InstanceRequirements"))?;
        let architectures: Vec<String> = p.list("ArchitectureType").into_iter().map(str::to_owned).collect();
        if architectures.is_empty() {
            return Err(missing("ArchitectureType").into());
        }
        let page = Page::within(p, None, 1..=1000)?;
        Ok(GetInstanceTypesFromInstanceRequirements {
            architectures,
            requirements: Requirements::read(&requirements)?,
            page,
        })
    }

    async fn run(self, _: &Cx) -> Result<Output, Error> {
        let fits = |t: &&types::InstanceType| {
            self.requirements.take(t) && t.family.architectures.iter().any(|a| self.architectures.contains(a))
        };
        let all = types::all().iter().filter(fits).map(|t| Item { instance_type: &t.name }).collect();
        let (instance_type_set, next_token) = self.page.cut(all, |item| item.instance_type.to_owned());
        Ok(Output { instance_type_set, next_token })
    }
}

#[cfg(test)]
mod tests {
    use crate::ec2::tests::Bench;

    #[tokio::test]
    async fn types_are_those_that_have_what_is_asked_for() {
        let bench = Bench::new();
        let ask = "Action=GetInstanceTypesFromInstanceRequirements&ArchitectureType.1=x86_64&VirtualizationType.1=hvm";
        let of = "InstanceRequirements";
        let two = format!("{of}.VCpuCount.Min=2&{of}.VCpuCount.Max=2&{of}.MemoryMiB.Min=8192&{of}.MemoryMiB.Max=8192");
        let found = bench.call(&format!("{ask}&{two}")).await;
        assert!(found.all("instanceType").contains(&"m5.large"), "{}", found.xml);
        assert!(!found.all("instanceType").contains(&"t3.large"), "burstable ones are left out");
        for (more, expected) in [
            ("BurstablePerformance=required&InstanceRequirements.AllowedInstanceType.1=t3.*", vec!["t3.large"]),
            ("AllowedInstanceType.1=m5*&InstanceRequirements.CpuManufacturer.1=amd", vec![]),
            ("AcceleratorCount.Min=1", vec![]),
            ("BareMetal=required", vec![]),
        ] {
            let found = bench.call(&format!("{ask}&{two}&{of}.{more}")).await;
            assert_eq!(found.all("instanceType"), expected, "{more}: {}", found.xml);
        }
        assert_eq!(bench.call(&format!("{ask}&{of}.VCpuCount.Min=1")).await.code(), "MissingParameter");
        assert_eq!(bench.call(&format!("{ask}&{two}&{of}.Colour=red")).await.code(), "UnknownParameter");
    }
}
