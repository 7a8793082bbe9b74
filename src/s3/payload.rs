//! A request's body: taken apart, counted, digested and compared with what its headers and trailers say.

use super::cx::Cx;
use super::error::{Error, Result, invalid_request};
use super::incoming::Incoming;
use super::request::header_text;
use crate::auth::Payload;
use crate::objects::checksum::{ALL, Algorithm, DEFAULT, Digests, Value};
use crate::objects::encryption::Seal;
use crate::objects::ingest::{Expect, Staged};
use crate::objects::{self, MAX_PUT};
use crate::wire::aws_chunked::{ChunkedDecoder, Trailers};
use base64::Engine;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, header};
use std::collections::VecDeque;

/// What the headers say of the body.
#[derive(Debug, Default)]
struct Declared {
    expect: Expect,
    /// The checksum that the client chose, in a header or a trailer.
    algorithm: Option<Algorithm>,
    in_trailer: bool,
}

impl Declared {
    fn of(headers: &HeaderMap) -> Result<Declared> {
        let mut declared = Declared::default();
        if let Some(text) = header_text(headers, "content-md5") {
            let bytes = base64::prelude::BASE64_STANDARD.decode(text.trim()).ok();
            let md5 = bytes.and_then(|b| <[u8; 16]>::try_from(b).ok()).ok_or(Error::InvalidDigest(text))?;
            declared.expect.md5 = Some(md5);
        }
        for algorithm in ALL {
            let Some(text) = header_text(headers, algorithm.header()) else { continue };
            if declared.algorithm.is_some() {
                return Err(invalid_request(
                    "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
                ));
            }
            let value = Value::parse(algorithm, text.trim())
                .ok_or_else(|| invalid_request(format!("Value for {} header is invalid.", algorithm.header())))?;
            declared.algorithm = Some(algorithm);
            declared.expect.checksums.push(value);
        }
        if let Some(trailer) = header_text(headers, "x-amz-trailer")
            && declared.algorithm.is_none()
        {
            let named = trailer.split(',').map(str::trim).find(|n| n.starts_with("x-amz-checksum-"));
            declared.algorithm = match named {
                Some(name) => {
                    Some(ALL.into_iter().find(|a| a.header().eq_ignore_ascii_case(name)).ok_or_else(|| {
                        invalid_request("The value specified in the x-amz-trailer header is not supported")
                    })?)
                }
                None => None,
            };
            declared.in_trailer = declared.algorithm.is_some();
        }
        declared.check_sdk(headers)?;
        Ok(declared)
    }

    /// SDKs say beforehand which checksum they send.
    fn check_sdk(&self, headers: &HeaderMap) -> Result<()> {
        let Some(name) = header_text(headers, "x-amz-sdk-checksum-algorithm") else { return Ok(()) };
        let announced = Algorithm::parse(name.trim());
        match (announced, self.algorithm) {
            (Some(announced), Some(sent)) if announced == sent => Ok(()),
            (Some(_), None) => Err(invalid_request(
                "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were \
                 found.",
            )),
            (None, _) | (Some(_), Some(_)) => {
                Err(invalid_request("Value for x-amz-sdk-checksum-algorithm header is invalid."))
            }
        }
    }

    /// The trailers have come: they may carry the checksum.
    fn trailers(&mut self, trailers: &Trailers) -> Result<()> {
        let Some(algorithm) = self.algorithm.filter(|_| self.in_trailer) else { return Ok(()) };
        let text = trailers.get(algorithm.header()).ok_or(Error::MalformedTrailer)?;
        let value = Value::parse(algorithm, text)
            .ok_or_else(|| invalid_request(format!("Value for {} trailing header is invalid.", algorithm.header())))?;
        self.expect.checksums.push(value);
        Ok(())
    }
}

/// A received body with the checksum algorithm that is to be kept.
pub struct Received {
    pub staged: Staged,
    pub algorithm: Algorithm,
}

/// The pieces of a request's body, out of their framing.
struct Pieces<'c> {
    incoming: &'c mut Incoming,
    decoder: Option<ChunkedDecoder>,
    ready: VecDeque<Bytes>,
}

impl Pieces<'_> {
    async fn next(&mut self) -> Result<Option<Bytes>> {
        loop {
            if let Some(piece) = self.ready.pop_front() {
                return Ok(Some(piece));
            }
            let Some(piece) = self.incoming.piece().await? else { return Ok(None) };
            match &mut self.decoder {
                None => return Ok(Some(piece)),
                Some(decoder) => {
                    let mut data = Vec::new();
                    decoder.feed(piece, &mut data).map_err(crate::auth::Error::from)?;
                    self.ready.extend(data);
                }
            }
        }
    }

    fn finish(self) -> Result<Trailers> {
        match self.decoder {
            Some(decoder) => Ok(decoder.finish().map_err(crate::auth::Error::from)?),
            None => Ok(Trailers::default()),
        }
    }
}

impl Cx<'_> {
    /// How long the body is said to be, out of its framing.
    fn declared_length(&self) -> Result<Option<u64>> {
        let headers = &self.parts.headers;
        let length = match self.payload {
            Payload::Chunked(_) => header_text(headers, "x-amz-decoded-content-length"),
            Payload::Unsigned | Payload::Sha256(_) => header_text(headers, "content-length"),
        };
        match length.map(|text| text.trim().parse::<u64>()) {
            Some(Ok(n)) if n > MAX_PUT => Err(objects::Error::EntityTooLarge { limit: MAX_PUT, proposed: n }.into()),
            Some(Ok(n)) => Ok(Some(n)),
            Some(Err(_)) => Err(Error::MissingContentLength),
            None if headers.contains_key(header::TRANSFER_ENCODING) => Ok(None),
            None => Err(Error::MissingContentLength),
        }
    }

    /// The headers' and the signature's word on the body, and its pieces.
    fn open_body(&mut self) -> Result<(Declared, Pieces<'_>)> {
        let mut declared = Declared::of(&self.parts.headers)?;
        let decoder = match std::mem::replace(&mut self.payload, Payload::Unsigned) {
            Payload::Unsigned => None,
            Payload::Sha256(sha) => {
                declared.expect.sha256 = Some(sha);
                None
            }
            Payload::Chunked(decoder) => Some(decoder),
        };
        Ok((declared, Pieces { incoming: self.incoming, decoder, ready: VecDeque::new() }))
    }

    /// Receive the body as an object's or a part's bytes: durable and verified. `algorithm` is what is to be kept
    /// when the client chose none, and besides what it chose when `also`.
    pub async fn receive(&mut self, algorithm: Option<Algorithm>, seal: Seal) -> Result<Received> {
        let length = self.declared_length()?;
        let store = self.s3.store.clone();
        let (mut declared, mut pieces) = self.open_body()?;
        declared.expect.length = length;
        let kept = declared.algorithm.or(algorithm).unwrap_or(DEFAULT);
        let mut wanted = vec![kept];
        wanted.extend(algorithm);
        wanted.extend(declared.expect.sha256.map(|_| Algorithm::Sha256));
        let mut ingest = store.ingest(&wanted, seal);
        while let Some(piece) = pieces.next().await? {
            ingest.push(piece).await?;
        }
        declared.trailers(&pieces.finish()?)?;
        if length.is_some_and(|length| length != ingest.size()) {
            return Err(objects::Error::IncompleteBody.into());
        }
        let staged = ingest.finish().await?;
        declared.expect.verify(staged.size, &staged.computed)?;
        Ok(Received { staged, algorithm: kept })
    }

    /// Receive the body as a document of at most `limit` bytes, verified.
    pub async fn document(&mut self, limit: usize) -> Result<Bytes> {
        let (mut declared, mut pieces) = self.open_body()?;
        let mut all = BytesMut::new();
        while let Some(piece) = pieces.next().await? {
            if all.len() + piece.len() > limit {
                return Err(Error::BodyTooLarge { limit });
            }
            all.extend_from_slice(&piece);
        }
        declared.trailers(&pieces.finish()?)?;
        let all = all.freeze();
        let mut wanted: Vec<Algorithm> = declared.algorithm.into_iter().collect();
        wanted.extend(declared.expect.sha256.map(|_| Algorithm::Sha256));
        let mut digests = Digests::new(&wanted);
        digests.update(std::slice::from_ref(&all));
        declared.expect.verify(all.len() as u64, &digests.finish())?;
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared(pairs: &[(&'static str, &'static str)]) -> Result<Declared> {
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            map.insert(*name, http::HeaderValue::from_static(value));
        }
        Declared::of(&map)
    }

    #[test]
    fn a_checksum_comes_in_a_header_or_a_trailer() {
        let d = declared(&[("x-amz-checksum-crc32", "AAAAAA==")]).unwrap();
        assert_eq!((d.algorithm, d.in_trailer), (Some(Algorithm::Crc32), false));
        let mut d = declared(&[("x-amz-trailer", "x-amz-checksum-crc32c")]).unwrap();
        assert_eq!((d.algorithm, d.in_trailer), (Some(Algorithm::Crc32c), true));
        assert!(
            matches!(d.trailers(&Trailers::default()), Err(Error::MalformedTrailer)),
            "an announced trailer must come"
        );
        d.trailers(&Trailers(vec![("x-amz-checksum-crc32c".into(), "AAAAAA==".into())])).unwrap();
        assert_eq!(d.expect.checksums.len(), 1);
    }

    #[test]
    fn what_an_sdk_announces_must_be_what_it_sends() {
        let crc32 = ("x-amz-checksum-crc32", "AAAAAA==");
        let sdk = |name| ("x-amz-sdk-checksum-algorithm", name);
        assert!(declared(&[sdk("CRC32"), crc32]).is_ok() && declared(&[sdk("crc32"), crc32]).is_ok());
        assert!(declared(&[sdk("CRC32"), ("x-amz-trailer", "x-amz-checksum-crc32")]).is_ok());
        assert!(declared(&[sdk("CRC32C"), crc32]).is_err() && declared(&[sdk("CRC32")]).is_err());
        assert!(declared(&[sdk("MD4"), crc32]).is_err() && declared(&[sdk("MD4")]).is_err());
    }

    #[test]
    fn digests_that_are_none_are_refused() {
        assert!(matches!(declared(&[("content-md5", "abc")]), Err(Error::InvalidDigest(_))));
        assert!(declared(&[("x-amz-checksum-crc32", "AAAA")]).is_err());
        assert!(declared(&[("x-amz-checksum-crc32", "AAAAAA=="), ("x-amz-checksum-crc32c", "AAAAAA==")]).is_err());
        assert!(declared(&[("x-amz-trailer", "x-amz-checksum-md4")]).is_err());
    }
}
