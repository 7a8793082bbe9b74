//! What can go wrong with images, in EC2's terms.

use crate::{db, volumes};
use std::io;

/// A failure of an operation on images. [`Error::code`] is EC2's code, Display its message.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("The image id '[{0}]' does not exist")]
    NotFound(String),
    #[error("The image id '[{0}]' is no longer available")]
    Unavailable(String),
    #[error("Not authorized for image: {0}")]
    NotOwner(String),
    #[error("The image '{0}' is not available: it is {1}")]
    NotReady(String, &'static str),
    #[error("The image '{0}' is protected from deregistration. Disable its deregistration protection and try again.")]
    Protected(String),
    #[error("The image '{0}' is not shared with this account by its account ID")]
    NotShared(String),
    #[error(
        "You can’t publicly share this image because block public access for AMIs is enabled for this account. To publicly share the image, you must call the DisableImageBlockPublicAccess API."
    )]
    PublicAccessBlocked,
    #[error("Encrypted snapshots can’t be shared publicly. Specify another snapshot.")]
    EncryptedPublic,
    #[error("Snapshots encrypted with the AWS Managed CMK can’t be shared. Specify another snapshot.")]
    EncryptedByOwnKey,
    #[error("AMI name {name} is already in use by AMI {id}")]
    NameInUse { name: String, id: String },
    #[error(
        "AMI names must be between 3 and 128 characters long, and may contain letters, numbers, spaces, and ( ) [ ] . / - ' @ _"
    )]
    NameMalformed,
    #[error("Image id {0} is in use already")]
    IdInUse(String),
    #[error("Invalid id: \"{0}\"")]
    IdMalformed(String),
    /// The manifest cannot be had or cannot be used; the text says why.
    #[error("{0}")]
    InvalidManifest(String),
    #[error("{0}")]
    InvalidParameter(String),
    /// An object that a request names and that cannot be used.
    #[error("{0}")]
    Object(String),
    /// `InvalidBlockDeviceMapping`
    #[error("{0}")]
    BlockDevice(String),
    #[error("You do not have permission to access the storage of this ami")]
    NoStorage,
    #[error("The image '{0}' has a file, and files of images are not encrypted.")]
    NotEncrypted(String),
    #[error(transparent)]
    Volumes(volumes::Error),
    /// A file that was to be imported cannot be used.
    #[error("{0}")]
    Format(String),
    #[error("{0}: {1}")]
    Io(String, #[source] io::Error),
    #[error(transparent)]
    Db(#[from] db::Error),
}

/// Of images, a volume's size is said in a block device mapping.
impl From<volumes::Error> for Error {
    fn from(e: volumes::Error) -> Error {
        match e {
            volumes::Error::Db(e) => Error::Db(e),
            e @ volumes::Error::TooSmall { .. } => Error::BlockDevice(e.to_string()),
            e => Error::Volumes(e),
        }
    }
}

impl Error {
    /// EC2's error code.
    pub fn code(&self) -> &'static str {
        match self {
            Error::NotFound(_) => "InvalidAMIID.NotFound",
            Error::Unavailable(_) => "InvalidAMIID.Unavailable",
            Error::NotOwner(_) => "AuthFailure",
            Error::NotReady(..) => "IncorrectState",
            Error::Protected(_) | Error::PublicAccessBlocked => "OperationNotPermitted",
            Error::NotShared(_) => "InvalidParameterValue",
            Error::NameInUse { .. } => "InvalidAMIName.Duplicate",
            Error::NameMalformed => "InvalidAMIName.Malformed",
            Error::Object(_) | Error::EncryptedByOwnKey => "InvalidParameter",
            Error::BlockDevice(_) => "InvalidBlockDeviceMapping",
            Error::NoStorage => "InvalidRequest",
            Error::NotEncrypted(_) | Error::EncryptedPublic => "UnsupportedOperation",
            Error::IdInUse(_) => "InvalidParameterValue",
            Error::IdMalformed(_) => "InvalidAMIID.Malformed",
            Error::InvalidManifest(_) => "InvalidManifest",
            Error::InvalidParameter(_) | Error::Format(_) => "InvalidParameterValue",
            // The protocol knows their codes.
            Error::Volumes(_) | Error::Io(..) | Error::Db(_) => "InternalError",
        }
    }

    /// The HTTP status that goes with the code.
    pub fn status(&self) -> u16 {
        match self {
            Error::Io(..) | Error::Db(_) => 500,
            Error::NotOwner(_) => 403,
            Error::NotFound(_)
            | Error::Unavailable(_)
            | Error::NotReady(..)
            | Error::Protected(_)
            | Error::PublicAccessBlocked
            | Error::EncryptedPublic
            | Error::EncryptedByOwnKey
            | Error::NotShared(_)
            | Error::NameInUse { .. }
            | Error::NameMalformed
            | Error::IdInUse(_)
            | Error::Object(_)
            | Error::BlockDevice(_)
            | Error::NoStorage
            | Error::NotEncrypted(_)
            | Error::Volumes(_)
            | Error::IdMalformed(_)
            | Error::InvalidManifest(_)
            | Error::InvalidParameter(_)
            | Error::Format(_) => 400,
        }
    }
}
