//! What requests say of devices: `BlockDeviceMapping.N` of launches and of images.

use super::Wish;
use serde::{Deserialize, Serialize};

/// What a request says of one device.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DiskWish {
    /// `/dev/sdf`
    pub device: String,
    pub mapped: Mapped,
    /// The name of an ephemeral disk: `ephemeral0`.
    #[serde(default)]
    pub virtual_name: Option<String>,
}

/// What is to be at a device.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Mapped {
    /// Nothing, whatever else says so.
    Nothing,
    /// A disk of the host's, which there is none of: a guest has its root disk and volumes.
    Ephemeral,
    /// A volume. At the root device of an image with a file, that disk's size.
    Volume(VolumeWish),
}

/// A volume of a mapping.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct VolumeWish {
    pub wish: Wish,
    pub snapshot: Option<String>,
    pub encrypted: Option<bool>,
    /// The ARN of the key that the request names.
    pub kms_key: Option<String>,
    /// It is to outlive the instance; `None`: as the image says, else it is not.
    pub keep: Option<bool>,
}
