//! What can go wrong with buckets and objects. `Display` is the message that S3 gives.

use super::checksum::Algorithm;
use super::condition;
use crate::db;
use std::io;

/// See the variants; the S3 room has the table of codes and statuses.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("The specified bucket does not exist")]
    NoSuchBucket(String),
    #[error("The specified key does not exist.")]
    NoSuchKey(String),
    #[error("The specified version does not exist.")]
    NoSuchVersion { key: String, version_id: String },
    /// The newest version is a delete marker: for who asks for the key there is none.
    #[error("The specified key does not exist.")]
    Deleted { key: String, version_id: String },
    /// The version that was asked for is a delete marker.
    #[error("The specified method is not allowed against this resource.")]
    IsDeleteMarker { version_id: String, modified_at: i64 },
    #[error("{0}")]
    InvalidTag(String),
    #[error("{0}")]
    InvalidBucketState(&'static str),
    #[error("Bucket is missing Object Lock Configuration")]
    NoObjectLock,
    #[error("Access Denied because object protected by object lock.")]
    Locked,
    #[error(
        "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed."
    )]
    NoSuchUpload(String),
    #[error("The specified bucket is not valid.")]
    InvalidBucketName(String),
    #[error(
        "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again."
    )]
    BucketAlreadyExists(String),
    #[error("Your previous request to create the named bucket succeeded and you already own it.")]
    BucketAlreadyOwnedByYou(String),
    #[error("The bucket you tried to delete is not empty")]
    BucketNotEmpty(String),
    #[error("Access Denied")]
    AccessDenied,
    #[error("Your key is too long")]
    KeyTooLong { size: usize },
    #[error("The Content-MD5 you specified did not match what we received.")]
    BadDigest { expected: String, computed: String },
    #[error("The {0} you specified did not match the calculated checksum.", .algorithm.name())]
    ChecksumMismatch { algorithm: Algorithm },
    #[error("The provided 'x-amz-content-sha256' header does not match what was computed.")]
    ContentSha256Mismatch { expected: String, computed: String },
    #[error("You did not provide the number of bytes specified by the Content-Length HTTP header")]
    IncompleteBody,
    #[error("Your proposed upload exceeds the maximum allowed size")]
    EntityTooLarge { limit: u64, proposed: u64 },
    #[error("Your proposed upload is smaller than the minimum allowed size")]
    EntityTooSmall { part: u32, etag: String, size: u64 },
    #[error(
        "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag."
    )]
    InvalidPart { upload: String, part: u32, etag: String },
    #[error("The list of parts was not in ascending order. Parts must be ordered by part number.")]
    InvalidPartOrder { upload: String },
    #[error("{message}")]
    InvalidArgument { name: &'static str, value: String, message: String },
    #[error("{0}")]
    InvalidRequest(String),
    #[error("{message}")]
    LogTarget { target: String, message: &'static str },
    #[error("Cross S3 location logging not allowed. ")]
    LogsCrossRegions,
    #[error("The requested range is not satisfiable")]
    InvalidRange { range: String, size: u64 },
    #[error("The requested partnumber is not satisfiable")]
    InvalidPartNumber { asked: u32, have: u64 },
    #[error("At least one of the pre-conditions you specified did not hold")]
    PreconditionFailed { header: &'static str },
    #[error("Not Modified")]
    NotModified { etag: String, modified_at: i64 },
    /// The object is sealed with a key of the customer's, which must come with the request.
    #[error(
        "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object."
    )]
    CustomerKeyNeeded,
    /// A key came for an object that needs none.
    #[error("The encryption parameters are not applicable to this object.")]
    NotCustomerEncrypted,
    /// A wrong key, or one that this bucket does not take.
    #[error("{0}")]
    Refused(&'static str),
    #[error("{0}")]
    NoKmsKey(String),
    /// Sealed bodies are there, but not the key that opens them.
    #[error("the master key {0} that sealed these objects is missing or is another one; put it back from a backup")]
    MasterKeyLost(std::path::PathBuf),
    #[error("{0}")]
    MasterKey(#[from] crate::seal::master::Error),
    #[error("We encountered an internal error. Please try again.")]
    Db(#[from] db::Error),
    #[error("We encountered an internal error. Please try again.")]
    Io(#[from] io::Error),
}

impl From<condition::WriteFailed> for Error {
    fn from(failed: condition::WriteFailed) -> Error {
        match failed {
            condition::WriteFailed::NoSuchKey => Error::NoSuchKey(String::new()),
            condition::WriteFailed::Precondition(header) => Error::PreconditionFailed { header },
        }
    }
}

pub type Result<T, E = Error> = std::result::Result<T, E>;
