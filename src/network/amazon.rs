//! What is AWS's own in every region: the names of services, and its prefix lists.

use super::Cidr;
use crate::id::Kind;

/// `com.amazonaws.us-east-1.s3`
pub fn service_name(region: &str, service: &str) -> String {
    format!("com.amazonaws.{region}.{service}")
}

/// A list of AWS's own.
#[derive(Debug, Clone)]
pub struct AmazonList {
    pub id: String,
    pub name: String,
    pub cidrs: Vec<String>,
}

/// A number for a name of AWS's, the same in every run: FNV-1a.
pub(super) fn hash(name: &str) -> u32 {
    name.bytes().fold(0x811c_9dc5, |h, b| (h ^ u32::from(b)).wrapping_mul(0x0100_0193))
}

/// S3's list in a region; S3 is reached at `addresses`.
pub fn prefix_list(region: &str, addresses: &[Cidr]) -> AmazonList {
    let name = service_name(region, "s3");
    let cidrs = addresses.iter().map(Cidr::to_string).collect();
    AmazonList { id: format!("{}-{:08x}", Kind::PrefixList.prefix(), hash(&name)), name, cidrs }
}
