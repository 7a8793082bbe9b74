//! `InstanceRequirements`: instance types by what they have, out of our catalogue.
//!
//! There are no accelerators and no bare metal here: who asks for them finds nothing. What the catalogue does not know (network
//! bandwidth, encryption in transit, price protection) makes no difference.

use super::Error;
use super::filter::matches;
use crate::compute::types::{self, InstanceType};
use crate::wire::query::{Params, Tree};

/// A lower and an upper bound.
#[derive(Debug, Clone, Copy, Default)]
struct Range {
    min: Option<f64>,
    max: Option<f64>,
}

impl Range {
    fn read(p: &Params<'_>, name: &str) -> Result<Range, Error> {
        let Some(range) = p.nested(name) else { return Ok(Range::default()) };
        let bound = |bound: &str| match range.opt(bound).filter(|text| !text.is_empty()) {
            None => Ok(None),
            Some(text) => text.parse().map(Some).map_err(|_| range.invalid(bound, text, "Expecting a number.")),
        };
        Ok(Range { min: bound("Min")?, max: bound("Max")? })
    }

    fn has(&self, n: f64) -> bool {
        self.min.is_none_or(|min| n >= min) && self.max.is_none_or(|max| n <= max)
    }
}

/// Whether types with a property are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Want {
    Included,
    Required,
    Excluded,
}

impl Want {
    fn read(p: &Params<'_>, name: &str, default: Want) -> Result<Want, Error> {
        match p.opt(name).filter(|text| !text.is_empty()) {
            None => Ok(default),
            Some("included") => Ok(Want::Included),
            Some("required") => Ok(Want::Required),
            Some("excluded") => Ok(Want::Excluded),
            Some(other) => Err(p.invalid(name, other, "Expecting included, required or excluded.").into()),
        }
    }

    fn takes(self, has: bool) -> bool {
        match self {
            Want::Included => true,
            Want::Required => has,
            Want::Excluded => !has,
        }
    }
}

/// What the types are to have.
pub struct Requirements {
    vcpus: Range,
    memory_mib: Range,
    memory_gib_per_vcpu: Range,
    interfaces: Range,
    storage_gb: Range,
    ebs_mbps: Range,
    manufacturers: Vec<String>,
    generations: Vec<String>,
    allowed: Vec<String>,
    excluded: Vec<String>,
    storage_types: Vec<String>,
    burstable: Want,
    storage: Want,
    /// Something that no type of ours has.
    impossible: bool,
}

impl Requirements {
    /// Read the members of `InstanceRequirements`.
    pub fn read(p: &Params<'_>) -> Result<Requirements, Error> {
        for name in ["VCpuCount", "MemoryMiB"] {
            if p.nested(name).is_none_or(|range| range.opt("Min").is_none()) {
                return Err(Error::MissingEither(format!(
                    "The request must contain the parameter {}.Min",
                    p.name(name)
                )));
            }
        }
        let list = |name| p.list(name).into_iter().map(str::to_owned).collect::<Vec<_>>();
        let accelerators = Range::read(p, "AcceleratorCount")?.min.is_some_and(|min| min > 0.0)
            || !list("AcceleratorName").is_empty()
            || !list("AcceleratorType").is_empty()
            || !list("AcceleratorManufacturer").is_empty();
        Range::read(p, "AcceleratorTotalMemoryMiB")?;
        Range::read(p, "NetworkBandwidthGbps")?;
        let hibernates = p.opt_bool("RequireHibernateSupport")?.unwrap_or(false);
        let bare_metal = Want::read(p, "BareMetal", Want::Excluded)? == Want::Required;
        // What depends on prices, which are all nothing, and on what a guest would not notice.
        for name in [
            "MaxSpotPriceAsPercentageOfOptimalOnDemandPrice",
            "OnDemandMaxPricePercentageOverLowestPrice",
            "RequireEncryptionInTransit",
            "SpotMaxPricePercentageOverLowestPrice",
        ] {
            p.opt(name);
        }
        p.nested("BaselinePerformanceFactors").map(|factors| factors.tree());
        Ok(Requirements {
            vcpus: Range::read(p, "VCpuCount")?,
            memory_mib: Range::read(p, "MemoryMiB")?,
            memory_gib_per_vcpu: Range::read(p, "MemoryGiBPerVCpu")?,
            interfaces: Range::read(p, "NetworkInterfaceCount")?,
            storage_gb: Range::read(p, "TotalLocalStorageGB")?,
            ebs_mbps: Range::read(p, "BaselineEbsBandwidthMbps")?,
            manufacturers: list("CpuManufacturer"),
            generations: list("InstanceGeneration"),
            allowed: list("AllowedInstanceType"),
            excluded: list("ExcludedInstanceType"),
            storage_types: list("LocalStorageType"),
            burstable: Want::read(p, "BurstablePerformance", Want::Excluded)?,
            storage: Want::read(p, "LocalStorage", Want::Included)?,
            impossible: accelerators || hibernates || bare_metal,
        })
    }

    /// [`Requirements::read`] of parameters that were kept.
    pub fn of_tree(tree: &Tree) -> Result<Requirements, Error> {
        let form = tree.to_form();
        let requirements = Requirements::read(&form.params())?;
        form.finish()?;
        Ok(requirements)
    }

    /// Whether a type has it all.
    pub fn take(&self, t: &InstanceType) -> bool {
        let generation = if t.family.current { "current" } else { "previous" };
        let any = |patterns: &[String]| patterns.iter().any(|pattern| matches(pattern, &t.name));
        let disk = t.disk_gib as f64;
        !self.impossible
            && self.vcpus.has(t.vcpus.into())
            && self.memory_mib.has(t.memory_mib as f64)
            && self.memory_gib_per_vcpu.has(t.memory_mib as f64 / 1024.0 / f64::from(t.vcpus))
            && self.interfaces.has(t.interfaces.into())
            && (self.storage_gb.min.is_none() && self.storage_gb.max.is_none() || self.storage_gb.has(disk))
            && self.ebs_mbps.has(t.ebs.map_or(0.0, |ebs| ebs.baseline_mbps.into()))
            && (self.manufacturers.is_empty() || self.manufacturers.iter().any(|m| m == "intel"))
            && (self.generations.is_empty() || self.generations.iter().any(|g| g == generation))
            && (self.allowed.is_empty() || any(&self.allowed))
            && !any(&self.excluded)
            && (self.storage_types.is_empty() || t.disk_gib == 0 || self.storage_types.iter().any(|s| s == "hdd"))
            && self.burstable.takes(t.family.burstable)
            && self.storage.takes(t.disk_gib > 0)
    }

    /// The names of the types that have it all, the smallest first.
    pub fn types(&self) -> Vec<Option<&'static str>> {
        let mut all: Vec<&InstanceType> = types::all().iter().filter(|t| self.take(t)).collect();
        all.sort_by_key(|t| (t.vcpus, t.memory_mib));
        all.into_iter().map(|t| Some(t.name.as_str())).collect()
    }
}
