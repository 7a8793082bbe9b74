//! A bundle in a bucket becomes an image: the manifest is checked at once, the rest is work for the loop.

use super::{Details, Error, Image, Images, Origin, manifest, source};
use crate::volumes::DiskWish;
use std::io::Read;

/// What `RegisterImage` asks for. What is `None` is taken from the manifest, or has AWS's default.
#[derive(Debug, Clone, Default)]
pub struct RegisterRequest {
    /// The owner.
    pub account: String,
    pub region: String,
    /// `bucket/[prefix/]name.manifest.xml`; of an image of snapshots nothing.
    pub location: String,
    pub name: Option<String>,
    pub description: Option<String>,
    pub architecture: Option<String>,
    pub kernel_id: Option<String>,
    pub ramdisk_id: Option<String>,
    pub root_device_name: Option<String>,
    /// What it says of devices. Ephemeral disks, if it says any, are there instead of the manifest's.
    pub disks: Vec<DiskWish>,
    pub details: Details,
}

impl Images {
    /// Fetch and check the manifest, and put the image down as pending; the rest is done by [`Images::run`].
    pub async fn register(&self, request: RegisterRequest) -> Result<Image, Error> {
        if let Some(name) = &request.name {
            super::check_name(name)?;
        }
        let source = self.source.clone();
        let (account, location) = (request.account.clone(), request.location.clone());
        let text = tokio::task::spawn_blocking(move || fetch_manifest(&*source, &account, &location))
            .await
            .map_err(|e| Error::Io("fetching the manifest".into(), std::io::Error::other(e)))??;
        let parsed = manifest::Manifest::parse(&text)
            .map_err(|e| Error::InvalidManifest(format!("The manifest {} cannot be used: {e}", request.location)))?;
        let architecture = match &request.architecture {
            None => parsed.architecture,
            Some(name) => manifest::architecture(name).map_err(|e| Error::InvalidParameter(e.to_string()))?,
        };
        let image = Image {
            description: request.description.unwrap_or_default(),
            location: request.location,
            architecture,
            kernel_id: request.kernel_id.or(parsed.kernel_id),
            ramdisk_id: request.ramdisk_id.or(parsed.ramdisk_id),
            root_device_name: request.root_device_name.unwrap_or_else(|| super::DEFAULT_ROOT_DEVICE.into()),
            mappings: parsed.mappings,
            details: request.details,
            ..super::fresh(parsed.image_type, &request.account, Some(&request.region), request.name)
        };
        let (origin, disks) = (Origin::Bundle(text), request.disks);
        let put = self.db.write(move |c| {
            let region = image.region.as_deref().unwrap_or_default();
            let (mappings, volumes) = super::mapping::mapped(c, &image.account, region, &disks)?;
            if volumes.iter().any(|v| v.device == image.root_device_name) {
                let device = &image.root_device_name;
                return Err(Error::BlockDevice(format!("The root disk of a bundle, at '{device}', is no volume.")));
            }
            let mappings = if mappings.is_empty() { image.mappings.clone() } else { mappings };
            let image = Image { mappings, volumes, ..image };
            super::put_down(c, &image, Some(&origin))?;
            Ok(image)
        });
        let image = put.await?;
        self.wake();
        Ok(image)
    }
}

fn fetch_manifest(source: &dyn source::Source, account: &str, location: &str) -> Result<String, Error> {
    let Some(place) = source::Location::parse(location) else {
        return Err(Error::InvalidManifest(format!(
            "The image location {location:?} is not of the form bucket/manifest.xml"
        )));
    };
    let (length, reader) = source.open(account, &place.bucket, &place.key).map_err(|e| match e {
        source::Error::Io(what, e) => Error::Io(what, e),
        e @ (source::Error::NoSuchBucket(_)
        | source::Error::NoSuchKey(..)
        | source::Error::AccessDenied(..)
        | source::Error::CustomerKey(..)) => {
            Error::InvalidManifest(format!("The manifest {location} cannot be read: {e}"))
        }
    })?;
    if length > manifest::MAX_BYTES {
        return Err(Error::InvalidManifest(format!("The manifest {location} is too long to be one ({length} bytes)")));
    }
    let mut bytes = Vec::new();
    reader
        .take(manifest::MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|e| Error::Io("reading the manifest".into(), e))?;
    String::from_utf8(bytes).map_err(|_| Error::InvalidManifest(format!("The manifest {location} is not text")))
}
