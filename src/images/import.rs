//! A disk file of the operator's becomes an image.
//!
//! Works beside a running server as well as without one: the file is complete in its folder before the row is
//! committed, and both happen under the folder's lock.

use super::format::{self, Disk, Format};
use super::{Error, File, Image, ImageType, Images, State, manifest, unbundle};
use crate::db;
use crate::id;
use std::path::Path;

/// What the operator says of a file.
#[derive(Debug, Clone)]
pub struct ImportRequest {
    /// A free id to use; the image's type goes by its prefix.
    pub id: Option<String>,
    /// When there is no `id`.
    pub image_type: ImageType,
    /// The owner.
    pub account: String,
    /// `None`: in every region.
    pub region: Option<String>,
    pub name: Option<String>,
    pub description: String,
    pub architecture: String,
    pub platform: Option<String>,
    pub kernel_id: Option<String>,
    pub ramdisk_id: Option<String>,
    pub is_public: bool,
}

impl Images {
    /// Copy `path` in as an available image. Blocking.
    pub fn import_file(&self, path: &Path, request: ImportRequest) -> Result<Image, Error> {
        let at = |e| Error::Io(path.display().to_string(), e);
        let (image_type, id) = match request.id {
            None => (request.image_type, super::new_id(request.image_type)),
            Some(id) => (type_of(&id)?, id),
        };
        let architecture =
            manifest::architecture(&request.architecture).map_err(|e| Error::InvalidParameter(e.to_string()))?;
        let mut source = std::fs::File::open(path).map_err(at)?;
        let size = source.metadata().map_err(at)?.len();
        if size == 0 {
            return Err(Error::Format(format!("{} is empty", path.display())));
        }
        let staged = self.folder.stage().map_err(at)?;
        let written =
            unbundle::write_sparsely(&mut source, size, staged.file()).map_err(|e| Error::Format(e.to_string()))?;
        let disk = match image_type {
            ImageType::Machine => format::inspect(staged.path()).map_err(|e| Error::Format(e.to_string()))?,
            ImageType::Kernel | ImageType::Ramdisk => Disk { format: Format::Raw, virtual_size: size },
        };
        let file_name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let image = Image {
            id,
            description: request.description,
            location: file_name,
            architecture,
            platform: request.platform,
            kernel_id: request.kernel_id,
            ramdisk_id: request.ramdisk_id,
            state: State::Available,
            is_public: request.is_public,
            imported: true,
            file: Some(File {
                format: disk.format.as_str().into(),
                size: written.size,
                virtual_size: disk.virtual_size,
                digest: written.digest,
            }),
            ..super::fresh(image_type, &request.account, request.region.as_deref(), request.name)
        };
        let _held = self.folder.hold().map_err(at)?;
        self.check_free(&image)?;
        self.folder.publish(staged, &image.id).map_err(at)?;
        let row = image.clone();
        self.db.write_blocking(move |c| {
            // Only a deregistered image can be there still.
            db::images::delete(c, &row.id)?;
            db::images::insert(c, &row, None).map_err(Error::from)
        })?;
        self.folder.write_info(&image).map_err(at)?;
        Ok(image)
    }

    /// Remove an image whoever owns it, with its row. Blocking.
    pub fn remove(&self, id: &str) -> Result<(), Error> {
        let gone = id.to_owned();
        self.db.write_blocking(move |c| match db::images::get(c, &gone)? {
            None => Err(Error::NotFound(gone)),
            Some(_) => db::images::delete(c, &gone).map_err(Error::from),
        })?;
        self.remove_folder(id)
    }

    /// Neither the id, nor its number under another prefix, nor the name may be taken.
    fn check_free(&self, image: &Image) -> Result<(), Error> {
        self.db.read(|c| {
            if let Some(holder) = db::images::holder_of_number(c, &image.id)? {
                return Err(Error::IdInUse(holder));
            }
            match &image.name {
                None => Ok(()),
                Some(name) => match db::images::named(c, &image.account, image.region.as_deref(), name)? {
                    Some(id) => Err(Error::NameInUse { name: name.clone(), id }),
                    None => Ok(()),
                },
            }
        })
    }
}

fn type_of(id: &str) -> Result<ImageType, Error> {
    [
        (id::Kind::Image, ImageType::Machine),
        (id::Kind::KernelImage, ImageType::Kernel),
        (id::Kind::RamdiskImage, ImageType::Ramdisk),
    ]
    .into_iter()
    .find(|(kind, _)| kind.accepts(id))
    .map(|(_, image_type)| image_type)
    .ok_or_else(|| Error::IdMalformed(id.to_owned()))
}
