//! CompleteMultipartUpload: the list of parts becomes the object's body, in one transaction.

use super::{MAX_PARTS, MIN_PART, Upload, get};
use crate::db::objects::uploads::{self, PartRow};
use crate::db::objects::{Place, bytes as db_bytes};
use crate::db::{self, Conn};
use crate::objects::checksum::{self, Algorithm, Kind};
use crate::objects::condition::Conditions;
use crate::objects::encryption::CustomerKey;
use crate::objects::error::{Error, Result};
use crate::objects::info::Checksum;
use crate::objects::notification::Cause;
use crate::objects::object::{self, Body, NewObject, Written};
use crate::objects::version;
use crate::objects::versioning::Versioning;
use crate::objects::{Store, bucket};
use md5::Digest;

/// A part as CompleteMultipartUpload names it.
#[derive(Debug, Clone)]
pub struct Chosen {
    pub number: u32,
    /// Quoted or not.
    pub etag: String,
    pub checksum: Option<checksum::Value>,
}

/// What CompleteMultipartUpload asks for.
#[derive(Debug, Clone)]
pub struct Completion {
    pub bucket: String,
    pub key: String,
    pub upload: String,
    pub parts: Vec<Chosen>,
    pub conditions: Conditions,
    /// The checksum that the object should come to, as header text.
    pub expected: Option<(Algorithm, String)>,
    /// The bytes that the object should have.
    pub size: Option<u64>,
    pub customer: Option<CustomerKey>,
    /// The request, if the bucket tells of changes.
    pub cause: Option<Box<Cause>>,
}

impl Store {
    /// CompleteMultipartUpload. Repeating one that succeeded gives the same answer.
    pub async fn complete_upload(&self, completion: Completion) -> Result<Written> {
        self.check_completion_key(&completion)?;
        let written = self.write(move |c| complete(c, completion)).await?;
        self.committed(None, written.garbage);
        Ok(written)
    }

    /// A customer's key is needed where the client chose a checksum, and must be the upload's wherever it comes.
    fn check_completion_key(&self, completion: &Completion) -> Result<()> {
        match self.upload(&completion.bucket, &completion.key, &completion.upload) {
            Ok(upload) if upload.asked || completion.customer.is_some() => {
                self.check_upload_key(&upload, completion.customer.as_ref())
            }
            // Whether it was completed before, the transaction tells.
            Ok(_) | Err(Error::NoSuchUpload(_)) => Ok(()),
            Err(e) => Err(e),
        }
    }
}

/// The transaction of a completion.
fn complete(c: &Conn, completion: Completion) -> Result<Written> {
    let id = completion.upload.clone();
    let upload = match get(c, &completion.bucket, &completion.key, &id) {
        Ok(upload) => upload,
        Err(Error::NoSuchUpload(id)) => return completed_before(c, &completion, id),
        Err(e) => return Err(e),
    };
    let rows = uploads::parts(c, &id, 0, MAX_PARTS as usize)?;
    let chosen = choose(&upload, &rows, &completion.parts)?;

    let mut etags = md5::Md5::default();
    let mut sums = Vec::with_capacity(chosen.len());
    let mut size = 0;
    for row in &chosen {
        let damaged = || Error::Db(db::Error::Damaged(format!("part {} of upload {id}", row.number)));
        etags.update(hex::decode(&row.etag).map_err(|_| damaged())?);
        let sum = checksum::Value::parse(upload.algorithm, &row.checksum).ok_or_else(damaged)?;
        sums.push((sum, row.size as u64));
        uploads::set_start(c, &id, row.number, size as i64)?;
        size += row.size as u64;
    }
    let text = checksum::of_parts(upload.algorithm, upload.kind, &sums);
    if let Some((algorithm, expected)) = &completion.expected
        && *algorithm == upload.algorithm
        && *expected != text
        && expected.split('-').next() != text.split('-').next()
    {
        return Err(Error::ChecksumMismatch { algorithm: *algorithm });
    }
    if upload.kind == Kind::Composite
        && let Some(part) = completion.parts.iter().find(|part| part.checksum.is_none())
    {
        return Err(Error::InvalidRequest(format!(
            "The upload was created using a {} checksum. The complete request must include the checksum for each part. It was \
             missing for part {} in the request.",
            upload.algorithm.name().to_lowercase(),
            part.number,
        )));
    }
    if let Some(expected) = completion.size
        && expected != size
    {
        return Err(Error::InvalidRequest(format!(
            "The provided 'x-amz-mp-object-size' header value {expected} does not match what was computed: {size}"
        )));
    }
    let mut garbage = false;
    let mut kept = chosen.iter().map(|row| row.number).peekable();
    for row in &rows {
        if kept.peek() == Some(&row.number) {
            kept.next();
        } else if let Some(place) = uploads::delete_part(c, &id, row.number)? {
            garbage |= db_bytes::release(c, &place)?;
        }
    }
    let new = NewObject {
        bucket: upload.bucket,
        key: upload.key,
        owner: upload.owner,
        acl: upload.acl,
        storage_class: upload.storage_class,
        headers: upload.headers,
        tags: upload.tags,
        lock: upload.lock,
        checksum: upload.algorithm,
        conditions: completion.conditions,
        cause: completion.cause,
    };
    let body = Body {
        place: Place::Parts(id.clone()),
        size,
        etag: format!("{}-{}", hex::encode(etags.finalize()), chosen.len()),
        part_count: chosen.len() as u32,
        checksum: Some(Checksum { algorithm: upload.algorithm, kind: upload.kind, text }),
        encryption: upload.encryption,
    };
    uploads::delete(c, &id)?;
    let mut written = object::commit(c, &new, body)?;
    written.garbage |= garbage;
    Ok(written)
}

/// The upload is not there: perhaps because this completion succeeded before.
fn completed_before(c: &Conn, completion: &Completion, id: String) -> Result<Written> {
    match version::find(c, &completion.bucket, &completion.key, None) {
        Ok(object) if object.place == Place::Parts(id.clone()) && object.part_count > 0 => Ok(Written {
            etag: object.etag,
            version_id: (bucket::get(c, &completion.bucket)?.versioning == Versioning::Enabled)
                .then_some(object.version_id),
            modified_at: object.modified_at,
            size: object.size,
            checksum: object.checksum,
            tags: object.tags,
            encryption: object.encryption,
            garbage: false,
        }),
        Ok(_) | Err(Error::NoSuchKey(_) | Error::Deleted { .. }) => Err(Error::NoSuchUpload(id)),
        Err(e) => Err(e),
    }
}

/// Check the list of parts against what was uploaded; returns the rows in the list's order.
fn choose<'r>(upload: &Upload, rows: &'r [PartRow], list: &[Chosen]) -> Result<Vec<&'r PartRow>> {
    let ascending = list.windows(2).all(|pair| pair[0].number < pair[1].number);
    if !ascending {
        return Err(Error::InvalidPartOrder { upload: upload.id.clone() });
    }
    let mut chosen = Vec::with_capacity(list.len());
    for (n, part) in list.iter().enumerate() {
        let etag = part.etag.trim_matches('"');
        let invalid = || Error::InvalidPart { upload: upload.id.clone(), part: part.number, etag: etag.to_owned() };
        let at = rows.binary_search_by_key(&i64::from(part.number), |r| r.number).map_err(|_| invalid())?;
        let row = &rows[at];
        if row.etag != etag {
            return Err(invalid());
        }
        match &part.checksum {
            Some(value) if value.algorithm == upload.algorithm && value.text() != row.checksum => return Err(invalid()),
            Some(_) | None => {}
        }
        if n + 1 < list.len() && (row.size as u64) < MIN_PART {
            return Err(Error::EntityTooSmall { part: part.number, etag: row.etag.clone(), size: row.size as u64 });
        }
        chosen.push(row);
    }
    Ok(chosen)
}
