//! Form uploads: the signature is over a policy document that travels as a field of the form.

use super::error::{Error, Mismatch, Place, Version};
use super::signing_key::{self, Scope};
use super::v4::ALGORITHM;
use super::{known_key, v2};
use crate::iam;
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// Check the signature of a form's policy. `field` gives the value of a field by its name in lower case; `policy` is the
/// policy as sent, in base64. Whether the policy holds is the caller's business.
pub fn post_policy<'f>(
    policy: &str,
    field: impl Fn(&str) -> Option<&'f str>,
    keys: &dyn iam::Keys,
) -> Result<Arc<iam::Identity>, Error> {
    let missing = |name: &str| {
        let why = format!(
            "Bucket POST must contain a field named '{name}'.  If it is specified, please check the order of the fields."
        );
        Error::Malformed { place: Place::Form, why: why.into() }
    };
    let (key, provided, version) = match field("x-amz-algorithm") {
        Some(ALGORITHM) => {
            let credential = field("x-amz-credential").ok_or_else(|| missing("X-Amz-Credential"))?;
            (credential, field("x-amz-signature").ok_or_else(|| missing("X-Amz-Signature"))?, Version::V4)
        }
        Some(other) => return Err(Error::Unsupported(other.into())),
        None => {
            let key = field("awsaccesskeyid").ok_or_else(|| missing("AWSAccessKeyId"))?;
            (key, field("signature").ok_or_else(|| missing("Signature"))?, Version::V2)
        }
    };
    let (key, scope) = match version {
        Version::V2 => (key, None),
        Version::V4 => match key.rsplitn(5, '/').collect::<Vec<_>>()[..] {
            ["aws4_request", service, region, date, key] => (key, Some(Scope { date, region, service })),
            _ => {
                let why =
                    "the Credential is mal-formed; expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".";
                return Err(Error::Malformed { place: Place::Form, why: why.into() });
            }
        },
    };
    let credential = known_key(keys, key)?;
    let expected = match scope {
        None => v2::sha1(credential.secret.expose().as_bytes(), policy),
        Some(scope) => {
            let key = signing_key::signing_key(&credential.secret, scope);
            signing_key::sign(&key, policy.as_bytes())
        }
    };
    if expected.as_bytes().ct_eq(provided.as_bytes()).into() {
        return Ok(credential.identity);
    }
    Err(Error::Mismatch(Box::new(Mismatch {
        version,
        access_key_id: key.into(),
        provided: provided.into(),
        string_to_sign: policy.into(),
        canonical_request: None,
    })))
}
