//! Why a request failed, and how S3 says so: [`Error::wire`] is the one table of codes and statuses.

use crate::objects;
use crate::{auth, wire::s3_xml};
use http::StatusCode;
use std::borrow::Cow;

/// Everything that an operation may fail with.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Objects(#[from] objects::Error),
    #[error(transparent)]
    Auth(#[from] auth::Error),
    #[error("The XML you provided was not well-formed or did not validate against our published schema")]
    MalformedXml,
    #[error("Couldn't parse the specified URI.")]
    InvalidUri(String),
    #[error("You must provide the Content-Length HTTP header.")]
    MissingContentLength,
    #[error("The Content-MD5 you specified was invalid.")]
    InvalidDigest(String),
    #[error("Missing required header for this request: {0}")]
    MissingHeader(&'static str),
    #[error("Your metadata headers exceed the maximum allowed metadata size")]
    MetadataTooLarge { size: usize, most: usize },
    #[error("The specified method is not allowed against this resource.")]
    MethodNotAllowed { method: String, resource: &'static str },
    #[error("A header or query you provided implies functionality that is not implemented")]
    NotImplemented(String),
    #[error("{message}")]
    NoConfiguration { code: &'static str, message: &'static str },
    #[error("Bucket POST must be of the enclosure-type multipart/form-data")]
    NotAForm,
    #[error("The body of your POST request is not well-formed multipart/form-data.")]
    MalformedForm,
    #[error("Your POST request fields preceding the upload file were too large.")]
    FormTooLarge,
    #[error("POST requires exactly one file upload per request.")]
    NoFile,
    #[error(transparent)]
    PostPolicy(#[from] auth::PolicyError),
    #[error("Your proposed upload is smaller than the minimum allowed size")]
    TooSmall { least: u64, size: u64 },
    #[error("{0}")]
    BadRequest(String),
    #[error("{message}")]
    CorsForbidden { method: String, message: &'static str },
    #[error("The bucket does not allow ACLs")]
    AclNotSupported,
    #[error("Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting")]
    AclWithOwnership,
    #[error("The XML you provided was not well-formed or did not validate against our published schema")]
    MalformedAcl,
    #[error("{0}")]
    MalformedPolicy(String),
    #[error("The e-mail address you provided does not match any account on record.")]
    UnresolvableGrant(String),
    #[error("This request does not support content")]
    UnexpectedContent,
    #[error("Your request was missing a required header")]
    MissingSecurityHeader,
    #[error("The specified location-constraint is not valid")]
    InvalidLocation(String),
    #[error("The Encryption request you specified is not valid. Supported value: AES256.")]
    InvalidEncryptionAlgorithm(String),
    #[error("The storage class you specified is not valid")]
    InvalidStorageClass(String),
    #[error("You are attempting to create a new configuration but have already reached the 1,000-configuration limit.")]
    TooManyConfigurations,
    #[error("Restore is not allowed for the object's current storage class")]
    NotArchived(String),
    #[error("The website redirect location must have a prefix of 'http://' or 'https://' or '/'.")]
    InvalidRedirect,
    #[error("{0}")]
    InvalidRetentionPeriod(&'static str),
    #[error("The request contained trailing data that was not well-formed or did not conform to our published schema.")]
    MalformedTrailer,
    #[error("The Versioning element must be specified")]
    IllegalVersioning,
    #[error("The request body is larger than {limit} bytes")]
    BodyTooLarge { limit: usize },
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

impl From<s3_xml::Malformed> for Error {
    fn from(_: s3_xml::Malformed) -> Error {
        Error::MalformedXml
    }
}

/// An error as it goes to the client.
pub struct Wire {
    pub code: &'static str,
    pub status: StatusCode,
    pub message: Cow<'static, str>,
    /// More elements of the document.
    pub fields: Vec<(&'static str, String)>,
}

/// A bad argument, as S3 says it.
pub fn invalid_argument(name: &'static str, value: impl Into<String>, message: impl Into<String>) -> Error {
    Error::Objects(objects::Error::InvalidArgument { name, value: value.into(), message: message.into() })
}

/// A request that makes no sense.
pub fn invalid_request(message: impl Into<String>) -> Error {
    Error::Objects(objects::Error::InvalidRequest(message.into()))
}

/// An object without the lock that was asked for.
pub const NO_OBJECT_LOCK: Error = Error::NoConfiguration {
    code: "NoSuchObjectLockConfiguration",
    message: "The specified object does not have a ObjectLock configuration",
};

const BAD: StatusCode = StatusCode::BAD_REQUEST;
const MISSING: StatusCode = StatusCode::NOT_FOUND;
const CONFLICT: StatusCode = StatusCode::CONFLICT;
const INTERNAL: StatusCode = StatusCode::INTERNAL_SERVER_ERROR;

impl Error {
    /// Code, status and further elements. The message is `Display`'s, but for signatures, whose `Display` is for our log.
    pub fn wire(&self) -> Wire {
        let (code, status, fields): (&'static str, StatusCode, Vec<(&'static str, String)>) = match self {
            Error::Objects(e) => objects_wire(e),
            Error::Auth(e) => {
                let wire = e.wire(auth::Service::S3);
                return Wire { code: wire.code, status: wire.status, message: wire.message, fields: e.fields() };
            }
            Error::MalformedXml => ("MalformedXML", BAD, vec![]),
            Error::InvalidUri(uri) => ("InvalidURI", BAD, vec![("URI", uri.clone())]),
            Error::MissingContentLength => ("MissingContentLength", StatusCode::LENGTH_REQUIRED, vec![]),
            Error::InvalidDigest(value) => ("InvalidDigest", BAD, vec![("Content-MD5", value.clone())]),
            Error::MissingHeader(_) => ("InvalidRequest", BAD, vec![]),
            Error::MetadataTooLarge { size, most } => {
                ("MetadataTooLarge", BAD, vec![("Size", size.to_string()), ("MaxSizeAllowed", most.to_string())])
            }
            Error::MethodNotAllowed { method, resource } => (
                "MethodNotAllowed",
                StatusCode::METHOD_NOT_ALLOWED,
                vec![("Method", method.clone()), ("ResourceType", (*resource).into())],
            ),
            Error::NotImplemented(what) => {
                ("NotImplemented", StatusCode::NOT_IMPLEMENTED, vec![("Header", what.clone())])
            }
            Error::NoConfiguration { code, .. } => (code, MISSING, vec![]),
            Error::NotAForm => ("PreconditionFailed", StatusCode::PRECONDITION_FAILED, vec![]),
            Error::MalformedForm => ("MalformedPOSTRequest", BAD, vec![]),
            Error::FormTooLarge => ("MaxPostPreDataLengthExceeded", BAD, vec![]),
            Error::NoFile => ("IncorrectNumberOfFilesInPostRequest", BAD, vec![]),
            Error::PostPolicy(auth::PolicyError::Invalid(_)) => ("InvalidPolicyDocument", BAD, vec![]),
            Error::PostPolicy(auth::PolicyError::Against(_)) => ("AccessDenied", StatusCode::FORBIDDEN, vec![]),
            Error::TooSmall { least, size } => {
                ("EntityTooSmall", BAD, vec![("ProposedSize", size.to_string()), ("MinSizeAllowed", least.to_string())])
            }
            Error::BadRequest(_) => ("BadRequest", BAD, vec![]),
            Error::CorsForbidden { method, .. } => (
                "AccessForbidden",
                StatusCode::FORBIDDEN,
                vec![("Method", method.clone()), ("ResourceType", "BUCKET".into())],
            ),
            Error::AclNotSupported => ("AccessControlListNotSupported", BAD, vec![]),
            Error::AclWithOwnership => ("InvalidBucketAclWithObjectOwnership", BAD, vec![]),
            Error::MalformedAcl => ("MalformedACLError", BAD, vec![]),
            Error::MalformedPolicy(_) => ("MalformedPolicy", BAD, vec![]),
            Error::UnresolvableGrant(email) => {
                ("UnresolvableGrantByEmailAddress", BAD, vec![("EmailAddress", email.clone())])
            }
            Error::UnexpectedContent => ("UnexpectedContent", BAD, vec![]),
            Error::MissingSecurityHeader => {
                ("MissingSecurityHeader", BAD, vec![("MissingHeaderName", "x-amz-acl".into())])
            }
            Error::InvalidLocation(given) => {
                ("InvalidLocationConstraint", BAD, vec![("LocationConstraint", given.clone())])
            }
            Error::InvalidEncryptionAlgorithm(value) => (
                "InvalidEncryptionAlgorithmError",
                BAD,
                vec![("ArgumentName", "x-amz-server-side-encryption".into()), ("ArgumentValue", value.clone())],
            ),
            Error::InvalidStorageClass(class) => {
                ("InvalidStorageClass", BAD, vec![("StorageClassRequested", class.clone())])
            }
            Error::TooManyConfigurations => ("TooManyConfigurations", BAD, vec![]),
            Error::NotArchived(class) => {
                ("InvalidObjectState", StatusCode::FORBIDDEN, vec![("StorageClass", class.clone())])
            }
            Error::InvalidRedirect => ("InvalidRedirectLocation", BAD, vec![]),
            Error::InvalidRetentionPeriod(_) => ("InvalidRetentionPeriod", BAD, vec![]),
            Error::MalformedTrailer => ("MalformedTrailerError", BAD, vec![]),
            Error::IllegalVersioning => ("IllegalVersioningConfigurationException", BAD, vec![]),
            Error::BodyTooLarge { limit } => {
                ("MaxMessageLengthExceeded", BAD, vec![("MaxMessageLengthBytes", limit.to_string())])
            }
        };
        Wire { code, status, message: Cow::Owned(self.to_string()), fields }
    }
}

/// The code and status of an error of `objects`.
pub fn code_of(e: &objects::Error) -> (&'static str, StatusCode) {
    let (code, status, _) = objects_wire(e);
    (code, status)
}

fn objects_wire(e: &objects::Error) -> (&'static str, StatusCode, Vec<(&'static str, String)>) {
    use objects::Error as E;
    let bucket = |name: &String| vec![("BucketName", name.clone())];
    match e {
        E::NoSuchBucket(name) => ("NoSuchBucket", MISSING, bucket(name)),
        E::NoSuchKey(key) => ("NoSuchKey", MISSING, vec![("Key", key.clone())]),
        E::NoSuchVersion { key, version_id } => {
            ("NoSuchVersion", MISSING, vec![("Key", key.clone()), ("VersionId", version_id.clone())])
        }
        E::Deleted { key, .. } => ("NoSuchKey", MISSING, vec![("Key", key.clone())]),
        E::IsDeleteMarker { .. } => {
            ("MethodNotAllowed", StatusCode::METHOD_NOT_ALLOWED, vec![("ResourceType", "DeleteMarker".into())])
        }
        E::InvalidTag(_) => ("InvalidTag", BAD, vec![]),
        E::InvalidBucketState(_) => ("InvalidBucketState", CONFLICT, vec![]),
        E::NoObjectLock => ("InvalidRequest", BAD, vec![]),
        E::Locked => ("AccessDenied", StatusCode::FORBIDDEN, vec![]),
        E::NoSuchUpload(id) => ("NoSuchUpload", MISSING, vec![("UploadId", id.clone())]),
        E::InvalidBucketName(name) => ("InvalidBucketName", BAD, bucket(name)),
        E::BucketAlreadyExists(name) => ("BucketAlreadyExists", CONFLICT, bucket(name)),
        E::BucketAlreadyOwnedByYou(name) => ("BucketAlreadyOwnedByYou", CONFLICT, bucket(name)),
        E::BucketNotEmpty(name) => ("BucketNotEmpty", CONFLICT, bucket(name)),
        E::AccessDenied => ("AccessDenied", StatusCode::FORBIDDEN, vec![]),
        E::KeyTooLong { size } => {
            ("KeyTooLongError", BAD, vec![("Size", size.to_string()), ("MaxSizeAllowed", objects::MAX_KEY.to_string())])
        }
        E::BadDigest { expected, computed } => {
            ("BadDigest", BAD, vec![("ExpectedDigest", expected.clone()), ("CalculatedDigest", computed.clone())])
        }
        E::ChecksumMismatch { .. } => ("BadDigest", BAD, vec![]),
        E::ContentSha256Mismatch { expected, computed } => (
            "XAmzContentSHA256Mismatch",
            BAD,
            vec![("ClientComputedContentSHA256", expected.clone()), ("S3ComputedContentSHA256", computed.clone())],
        ),
        E::IncompleteBody => ("IncompleteBody", BAD, vec![]),
        E::EntityTooLarge { limit, proposed } => {
            ("EntityTooLarge", BAD, vec![("ProposedSize", proposed.to_string()), ("MaxSizeAllowed", limit.to_string())])
        }
        E::EntityTooSmall { part, etag, size } => (
            "EntityTooSmall",
            BAD,
            vec![
                ("ProposedSize", size.to_string()),
                ("MinSizeAllowed", objects::multipart::MIN_PART.to_string()),
                ("PartNumber", part.to_string()),
                ("ETag", etag.clone()),
            ],
        ),
        E::InvalidPart { upload, part, etag } => (
            "InvalidPart",
            BAD,
            vec![("UploadId", upload.clone()), ("PartNumber", part.to_string()), ("ETag", etag.clone())],
        ),
        E::InvalidPartOrder { upload } => ("InvalidPartOrder", BAD, vec![("UploadId", upload.clone())]),
        E::InvalidArgument { name, value, .. } => {
            ("InvalidArgument", BAD, vec![("ArgumentName", (*name).into()), ("ArgumentValue", value.clone())])
        }
        E::InvalidRequest(_) => ("InvalidRequest", BAD, vec![]),
        E::LogTarget { target, .. } => ("InvalidTargetBucketForLogging", BAD, vec![("TargetBucket", target.clone())]),
        E::LogsCrossRegions => ("CrossLocationLoggingProhibitted", StatusCode::FORBIDDEN, vec![]),
        E::InvalidRange { range, size } => (
            "InvalidRange",
            StatusCode::RANGE_NOT_SATISFIABLE,
            vec![("RangeRequested", range.clone()), ("ActualObjectSize", size.to_string())],
        ),
        E::InvalidPartNumber { asked, have } => (
            "InvalidPartNumber",
            StatusCode::RANGE_NOT_SATISFIABLE,
            vec![("PartNumberRequested", asked.to_string()), ("ActualPartCount", have.to_string())],
        ),
        E::PreconditionFailed { header } => {
            ("PreconditionFailed", StatusCode::PRECONDITION_FAILED, vec![("Condition", (*header).into())])
        }
        E::NotModified { .. } => ("NotModified", StatusCode::NOT_MODIFIED, vec![]),
        E::CustomerKeyNeeded | E::NotCustomerEncrypted => ("InvalidRequest", BAD, vec![]),
        E::Refused(_) => ("AccessDenied", StatusCode::FORBIDDEN, vec![]),
        E::NoKmsKey(_) => ("KMS.NotFoundException", BAD, vec![]),
        E::MasterKeyLost(_) | E::MasterKey(_) | E::Db(_) | E::Io(_) => ("InternalError", INTERNAL, vec![]),
    }
}
