//! One action a file, named as AWS names it. Each file has its line twice here: as a module and in [`ALL`].

pub mod describe_regions;
pub mod get_caller_identity;

use super::registry::{Entry, entry};

/// Every action that works.
pub static ALL: &[Entry] =
    &[entry::<describe_regions::DescribeRegions>(), entry::<get_caller_identity::GetCallerIdentity>()];
