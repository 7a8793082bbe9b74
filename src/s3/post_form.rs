//! The form of a browser's upload: its fields, and its file as a body that is read piece by piece.
//!
//! Parts are told apart by their names alone: clients send file names with any of them.

use super::error::{Error, Result};
use crate::http::Body;
use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use http_body::Frame;
use http_body_util::BodyDataStream;
use multer::{Field, Multipart};
use std::io;
use std::ops::RangeInclusive;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

/// The most bytes of all fields before the file.
const MAX_FIELDS: usize = 20 * 1024;

/// The fields before the file, by their names in lower case.
#[derive(Debug, Default)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// The first value of this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// Replace a field's value.
    pub fn set(&mut self, name: &str, value: String) {
        self.0.retain(|(n, _)| n != name);
        self.0.push((name.to_owned(), value));
    }

    /// Every field.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(n, v)| (n.as_str(), v.as_str()))
    }
}

/// A form up to its file.
pub struct Form {
    pub fields: Fields,
    /// As the client calls the file, without a path.
    pub file_name: String,
    file: Field<'static>,
    rest: Multipart<'static>,
}

fn malformed(error: multer::Error) -> Error {
    tracing::debug!(error = %error, "a form cannot be read");
    Error::MalformedForm
}

impl Form {
    /// Read the fields of a form that has this `Content-Type`.
    pub async fn read(content_type: &str, body: Body) -> Result<Form> {
        let boundary = multer::parse_boundary(content_type).map_err(|_| Error::NotAForm)?;
        let mut rest = Multipart::new(BodyDataStream::new(body), boundary);
        let (mut fields, mut size) = (Fields::default(), 0);
        while let Some(mut part) = rest.next_field().await.map_err(malformed)? {
            let name = part.name().unwrap_or_default().to_ascii_lowercase();
            if name == "file" {
                let path = part.file_name().unwrap_or_default();
                let file_name = path.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
                return Ok(Form { fields, file_name, file: part, rest });
            }
            let mut value = BytesMut::new();
            while let Some(piece) = part.chunk().await.map_err(malformed)? {
                size += piece.len();
                if size > MAX_FIELDS {
                    return Err(Error::FormTooLarge);
                }
                value.extend_from_slice(&piece);
            }
            size += name.len();
            let value = String::from_utf8(value.to_vec()).map_err(|_| Error::MalformedForm)?;
            fields.0.push((name, value));
        }
        Err(Error::NoFile)
    }

    /// The file as a body that breaks off when it has not as many bytes as it may, how many it had, and what follows.
    pub fn into_file(self, sizes: RangeInclusive<u64>) -> (Body, Arc<AtomicU64>, Multipart<'static>) {
        let size = Arc::new(AtomicU64::new(0));
        (Body::new(File { part: self.file, sizes, size: size.clone() }), size, self.rest)
    }
}

struct File {
    part: Field<'static>,
    sizes: RangeInclusive<u64>,
    size: Arc<AtomicU64>,
}

impl http_body::Body for File {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let piece = ready!(Pin::new(&mut self.part).poll_next(cx)).transpose().map_err(io::Error::other)?;
        let grown = piece.as_ref().map_or(0, Bytes::len) as u64;
        let size = self.size.fetch_add(grown, Ordering::Relaxed) + grown;
        let wrong = size > *self.sizes.end() || (piece.is_none() && size < *self.sizes.start());
        if wrong {
            return Poll::Ready(Some(Err(io::Error::other("not a size that the policy allows"))));
        }
        Poll::Ready(piece.map(|piece| Ok(Frame::data(piece))))
    }
}
