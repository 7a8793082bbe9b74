//! An image as one object of a bucket, and back: its file is the object's bytes, all else its metadata.

use super::super::source::Metadata;
use super::super::{Declared, Details, Error, Image, ImageType, Images, Mapping, Origin};
use super::{Object, unusable};
use crate::db::tags::{Resource, Tag};
use crate::db::{self, Conn};
use serde::{Deserialize, Serialize};

/// The key of the metadata that says all of an image.
const NAME: &str = "novella-image";

/// What is kept of an image beside its bytes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Stored {
    name: Option<String>,
    description: String,
    architecture: String,
    platform: Option<String>,
    kernel_id: Option<String>,
    ramdisk_id: Option<String>,
    root_device_name: String,
    mappings: Vec<Mapping>,
    imds_v2: bool,
    #[serde(default)]
    declared: Declared,
    tags: Vec<(String, String)>,
    digest: String,
}

/// What the object of an image says of it. ASCII, as headers are.
pub fn stored(image: &Image, tags: Vec<Tag>) -> Metadata {
    let stored = Stored {
        name: image.name.clone(),
        description: image.description.clone(),
        architecture: image.architecture.clone(),
        platform: image.platform.clone(),
        kernel_id: image.kernel_id.clone(),
        ramdisk_id: image.ramdisk_id.clone(),
        root_device_name: image.root_device_name.clone(),
        mappings: image.mappings.clone(),
        imds_v2: image.details.imds_v2,
        declared: image.details.declared.clone(),
        tags: tags.into_iter().map(|tag| (tag.key, tag.value)).collect(),
        digest: image.file.as_ref().map(|f| f.digest.clone()).unwrap_or_default(),
    };
    let json = serde_json::to_string(&stored).expect("plain data becomes JSON");
    let mut ascii = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_ascii() {
            ascii.push(c);
        } else {
            c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| ascii += &format!("\\u{unit:04x}"));
        }
    }
    Metadata::from([(NAME.into(), ascii), ("ami-owner-account".into(), image.account.clone())])
}

/// What CreateRestoreImageTask asks for.
#[derive(Debug, Clone)]
pub struct RestoreRequest {
    pub account: String,
    pub region: String,
    pub from: Object,
    /// `None`: as the image was called.
    pub name: Option<String>,
    /// `None`: those that it had.
    pub tags: Option<Vec<Tag>>,
}

/// Put the image down as pending; `said` is what its object says of it.
pub fn restore(c: &Conn, r: RestoreRequest, said: Stored) -> Result<Image, Error> {
    let name = r.name.or(said.name);
    let image = Image {
        description: said.description,
        architecture: said.architecture,
        platform: said.platform,
        kernel_id: said.kernel_id,
        ramdisk_id: said.ramdisk_id,
        root_device_name: said.root_device_name,
        mappings: said.mappings,
        details: Details { imds_v2: said.imds_v2, declared: said.declared, ..Details::default() },
        ..super::super::fresh(ImageType::Machine, &r.account, Some(&r.region), name)
    };
    let Object { bucket, key } = r.from;
    super::super::put_down(c, &image, Some(&Origin::Object { bucket, key, digest: said.digest }))?;
    let region = image.region.as_deref().unwrap_or_default();
    let on = Resource { account: &image.account, region, id: &image.id, kind: "image" };
    let kept = || said.tags.into_iter().map(|(key, value)| Tag { key, value }).collect();
    db::tags::put(c, on, &r.tags.unwrap_or_else(kept))?;
    Ok(image)
}

impl Images {
    /// What an object says of the image that it holds. Blocking, for a moment.
    pub fn stored_in(&self, account: &str, from: &Object) -> Result<Stored, Error> {
        let metadata = self.source.metadata(account, &from.bucket, &from.key).map_err(unusable)?;
        metadata.get(NAME).and_then(|json| serde_json::from_str(json).ok()).ok_or_else(|| {
            Error::Object(format!("the object {} in the bucket {} holds no stored image", from.key, from.bucket))
        })
    }
}
