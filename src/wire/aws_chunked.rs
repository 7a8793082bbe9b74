//! `aws-chunked`: S3's own framing of an upload, inside the HTTP body.
//!
//! ```text
//! 10000;chunk-signature=<64 hex>\r\n      size in hex; the signature only in the signed kinds
//! <data>\r\n
//! 0;chunk-signature=<64 hex>\r\n          the last chunk is empty
//! x-amz-checksum-crc32c:sOO8/Q==\r\n      trailers, in the kinds that have them
//! x-amz-trailer-signature:<64 hex>\r\n    closes the trailers of the signed kind
//! \r\n
//! ```
//!
//! [`ChunkedDecoder`] is a pure push decoder: bytes go in as they arrive, slices of the same buffers come out, nothing
//! but a partial line is ever kept. What a signature means is left to [`Signatures`]; data comes out before its chunk's
//! signature is known to hold, so the caller publishes nothing before [`ChunkedDecoder::finish`] has said yes.

use bytes::{Buf, Bytes};

/// The longest chunk header or trailer line, and the most bytes that all trailers may take.
const LINE_LIMIT: usize = 4096;
const TRAILERS_LIMIT: usize = 16 * 1024;
/// The trailer that signs the others.
const TRAILER_SIGNATURE: &str = "x-amz-trailer-signature";

/// Checks the chain of signatures of a signed upload.
pub trait Signatures: Send {
    /// More data of the current chunk.
    fn data(&mut self, data: &[u8]);
    /// The current chunk ended: does `signature` (as sent) hold?
    fn chunk(&mut self, signature: &[u8]) -> bool;
    /// All trailers as `name:value\n` lines: does `signature` hold?
    fn trailers(&mut self, lines: &[u8], signature: &[u8]) -> bool;
}

/// What follows the last chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// Nothing.
    Bare,
    /// Any trailers, unsigned.
    Trailers,
    /// Trailers closed by their signature.
    SignedTrailers,
}

/// The trailers of an upload in the order sent; names in lower case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trailers(pub Vec<(String, String)>);

impl Trailers {
    /// The value of the trailer `name` (in lower case).
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

/// Why a body is no good.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("aws-chunked body: {0}")]
    Malformed(&'static str),
    #[error("aws-chunked trailer: {0}")]
    BadTrailer(&'static str),
    #[error("aws-chunked body ends too early")]
    Truncated,
    #[error("aws-chunked body holds other than the {expected} bytes announced")]
    Length { expected: u64 },
    #[error("the signature of a chunk or of the trailers does not match")]
    Signature,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Header,
    Data {
        left: u64,
    },
    /// The line end that follows a chunk's data.
    DataEnd,
    Trailers,
    /// Trailers are signed for; at most an empty line may follow.
    Done,
    Failed,
}

/// Takes an `aws-chunked` body apart.
pub struct ChunkedDecoder {
    signatures: Option<Box<dyn Signatures>>,
    ending: Ending,
    /// How many bytes of data are announced, and how many have come.
    expected: Option<u64>,
    seen: u64,
    state: State,
    /// The line being gathered; without its end once it is whole.
    line: Vec<u8>,
    /// The current chunk's signature as sent.
    signature: Vec<u8>,
    trailers: Trailers,
    /// The trailers as they are signed.
    trailer_lines: Vec<u8>,
}

impl std::fmt::Debug for ChunkedDecoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChunkedDecoder")
            .field("signed", &self.signatures.is_some())
            .field("ending", &self.ending)
            .field("expected", &self.expected)
            .field("seen", &self.seen)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl ChunkedDecoder {
    fn new(signatures: Option<Box<dyn Signatures>>, ending: Ending) -> Self {
        ChunkedDecoder {
            signatures,
            ending,
            expected: None,
            seen: 0,
            state: State::Header,
            line: Vec::new(),
            signature: Vec::new(),
            trailers: Trailers::default(),
            trailer_lines: Vec::new(),
        }
    }

    /// `STREAMING-UNSIGNED-PAYLOAD-TRAILER`: no signatures, maybe trailers.
    pub fn unsigned() -> Self {
        Self::new(None, Ending::Trailers)
    }

    /// `STREAMING-AWS4-HMAC-SHA256-PAYLOAD`: signed chunks, no trailers.
    pub fn signed(signatures: impl Signatures + 'static) -> Self {
        Self::new(Some(Box::new(signatures)), Ending::Bare)
    }

    /// `STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER`: signed chunks and signed trailers.
    pub fn signed_with_trailers(signatures: impl Signatures + 'static) -> Self {
        Self::new(Some(Box::new(signatures)), Ending::SignedTrailers)
    }

    /// Hold the data to `x-amz-decoded-content-length`.
    pub fn expect_length(mut self, bytes: u64) -> Self {
        self.expected = Some(bytes);
        self
    }

    /// Take the next piece of the body; the data in it is appended to `out` without copying.
    pub fn feed(&mut self, input: Bytes, out: &mut Vec<Bytes>) -> Result<(), Error> {
        self.advance(input, out).inspect_err(|_| self.state = State::Failed)
    }

    /// The body has ended: is it whole? Every signature has been checked by then.
    pub fn finish(self) -> Result<Trailers, Error> {
        match (self.state, self.expected) {
            (State::Done, Some(expected)) if expected != self.seen => Err(Error::Length { expected }),
            (State::Done, _) => Ok(self.trailers),
            (State::Header | State::Data { .. } | State::DataEnd | State::Trailers | State::Failed, _) => {
                Err(Error::Truncated)
            }
        }
    }

    fn advance(&mut self, mut input: Bytes, out: &mut Vec<Bytes>) -> Result<(), Error> {
        while !input.is_empty() {
            match self.state {
                State::Header => {
                    if self.gather_line(&mut input)? {
                        self.header()?;
                        self.line.clear();
                    }
                }
                State::Data { left } => {
                    let n = usize::try_from(left).map_or(input.len(), |left| left.min(input.len()));
                    let data = input.split_to(n);
                    if let Some(signatures) = &mut self.signatures {
                        signatures.data(&data);
                    }
                    out.push(data);
                    let left = left - n as u64;
                    self.state = if left == 0 { State::DataEnd } else { State::Data { left } };
                }
                State::DataEnd => {
                    if self.gather_line(&mut input)? {
                        if !self.line.is_empty() {
                            return Err(Error::Malformed("a chunk is longer than its header says"));
                        }
                        self.check_chunk()?;
                        self.state = State::Header;
                    }
                }
                State::Trailers => {
                    if self.gather_line(&mut input)? {
                        self.trailer()?;
                        self.line.clear();
                    }
                }
                State::Done => {
                    if !matches!(input[0], b'\r' | b'\n') {
                        return Err(Error::Malformed("more bytes after the end"));
                    }
                    input.advance(1);
                }
                State::Failed => return Err(Error::Malformed("already refused")),
            }
        }
        Ok(())
    }

    /// Gather a line into `self.line`; true when it is whole (its end is taken off).
    fn gather_line(&mut self, input: &mut Bytes) -> Result<bool, Error> {
        let end = input.iter().position(|b| *b == b'\n');
        let piece = input.split_to(end.map_or(input.len(), |at| at + 1));
        let limit = if self.state == State::DataEnd { 2 } else { LINE_LIMIT };
        if self.line.len() + piece.len() > limit {
            return Err(Error::Malformed("a line is too long"));
        }
        self.line.extend_from_slice(&piece);
        if end.is_some() {
            self.line.pop();
            if self.line.last() == Some(&b'\r') {
                self.line.pop();
            }
        }
        Ok(end.is_some())
    }

    /// `size[;chunk-signature=…]`.
    fn header(&mut self) -> Result<(), Error> {
        let mut parts = self.line.split(|b| *b == b';').map(<[u8]>::trim_ascii);
        let size = parts.next().unwrap_or_default();
        // from_str_radix takes a sign too; a size has none.
        let size = std::str::from_utf8(size)
            .ok()
            .filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))
            .and_then(|hex| u64::from_str_radix(hex, 16).ok())
            .ok_or(Error::Malformed("a chunk's size is not a hex number"))?;
        self.signature.clear();
        if self.signatures.is_some() {
            let signature = parts
                .find_map(|part| part.strip_prefix(b"chunk-signature="))
                .ok_or(Error::Malformed("a chunk has no signature"))?;
            self.signature.extend_from_slice(signature);
        }
        self.seen = self.seen.checked_add(size).ok_or(Error::Malformed("a chunk's size is out of range"))?;
        if let Some(expected) = self.expected.filter(|expected| self.seen > *expected) {
            return Err(Error::Length { expected });
        }
        if size == 0 {
            self.check_chunk()?;
            self.state = State::Trailers;
        } else {
            self.state = State::Data { left: size };
        }
        Ok(())
    }

    fn check_chunk(&mut self) -> Result<(), Error> {
        let holds = self.signatures.as_mut().is_none_or(|signatures| signatures.chunk(&self.signature));
        if holds { Ok(()) } else { Err(Error::Signature) }
    }

    /// A line after the last chunk.
    fn trailer(&mut self) -> Result<(), Error> {
        if self.line.is_empty() {
            // Some clients put an empty line before the signed trailers, or between them and their signature.
            if self.ending != Ending::SignedTrailers {
                self.state = State::Done;
            }
            return Ok(());
        }
        if self.ending == Ending::Bare {
            return Err(Error::Malformed("trailers where none are announced"));
        }
        let line = std::str::from_utf8(&self.line).map_err(|_| Error::BadTrailer("not UTF-8"))?;
        let (name, value) = line.split_once(':').ok_or(Error::BadTrailer("a line without a colon"))?;
        let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
        if name == TRAILER_SIGNATURE {
            if let Some(signatures) = &mut self.signatures
                && !signatures.trailers(&self.trailer_lines, value.as_bytes())
            {
                return Err(Error::Signature);
            }
            if self.ending == Ending::SignedTrailers {
                self.state = State::Done;
            }
            return Ok(());
        }
        self.trailer_lines.extend_from_slice(format!("{name}:{value}\n").as_bytes());
        if self.trailer_lines.len() > TRAILERS_LIMIT {
            return Err(Error::BadTrailer("too many"));
        }
        self.trailers.0.push((name, value.to_string()));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Feed `body` in pieces that end at `cuts`.
    fn decode(mut decoder: ChunkedDecoder, body: &[u8], cuts: &[usize]) -> Result<(Vec<u8>, Trailers), Error> {
        let mut out = Vec::new();
        let mut from = 0;
        for to in cuts.iter().copied().chain([body.len()]) {
            decoder.feed(Bytes::copy_from_slice(&body[from..to]), &mut out)?;
            from = to;
        }
        Ok((out.concat(), decoder.finish()?))
    }

    fn unsigned(body: &[u8]) -> Result<(Vec<u8>, Trailers), Error> {
        decode(ChunkedDecoder::unsigned(), body, &[])
    }

    #[test]
    fn chunks_are_joined_and_trailers_kept() {
        let (data, trailers) =
            unsigned(b"5\r\nhello\r\nA;x=y\r\n, world!!!\r\n0\r\nX-Amz-Checksum-CRC32: abc=\r\n\r\n").unwrap();
        assert_eq!(data, b"hello, world!!!");
        assert_eq!(trailers.get("x-amz-checksum-crc32"), Some("abc="));
        assert_eq!(unsigned(b"0\r\n\r\n").unwrap(), (vec![], Trailers::default()));
    }

    #[test]
    fn the_data_is_held_to_the_announced_length() {
        let body = b"5\r\nhello\r\n0\r\n\r\n";
        assert!(decode(ChunkedDecoder::unsigned().expect_length(5), body, &[]).is_ok());
        for wrong in [4, 6] {
            let refused = decode(ChunkedDecoder::unsigned().expect_length(wrong), body, &[]);
            assert_eq!(refused, Err(Error::Length { expected: wrong }));
        }
    }

    #[test]
    fn broken_framing_is_refused() {
        for body in [
            &b"xyz\r\n"[..],
            b"+5\r\nhello\r\n0\r\n\r\n",
            b"\r\nhello",
            b"11111111111111111\r\n",
            b"5\r\nhello!\r\n0\r\n\r\n",
            b"5\r\nhello\r\n0\r\n\r\nmore",
            b"0\r\nno colon\r\n\r\n",
            b"ffffffffffffffff\r\n",
        ] {
            assert!(unsigned(body).is_err(), "{:?}", String::from_utf8_lossy(body));
        }
        assert_eq!(unsigned(&[b'0'; 5000]), Err(Error::Malformed("a line is too long")));
        let endless = [b"0\r\n".to_vec(), b"a:b\r\n".repeat(10_000)].concat();
        assert_eq!(unsigned(&endless), Err(Error::BadTrailer("too many")));
    }

    #[test]
    fn a_refused_body_stays_refused() {
        let mut decoder = ChunkedDecoder::unsigned();
        let mut out = Vec::new();
        assert!(decoder.feed(Bytes::from_static(b"zz\r\n"), &mut out).is_err());
        assert!(decoder.feed(Bytes::from_static(b"0\r\n\r\n"), &mut out).is_err());
        assert!(decoder.finish().is_err());
    }

    /// A well-formed body of `chunks` with one trailer.
    fn framed(chunks: &[Vec<u8>]) -> Vec<u8> {
        let mut body = Vec::new();
        for chunk in chunks.iter().filter(|c| !c.is_empty()) {
            body.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            body.extend_from_slice(chunk);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n");
        body
    }

    fn chunks() -> impl Strategy<Value = Vec<Vec<u8>>> {
        prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..6)
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same_result(chunks in chunks(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12)) {
            let body = framed(&chunks);
            let mut cuts: Vec<usize> = cuts.iter().map(|i| i.index(body.len())).collect();
            cuts.sort_unstable();
            let (data, trailers) = decode(ChunkedDecoder::unsigned(), &body, &cuts).unwrap();
            prop_assert_eq!(data, chunks.concat());
            prop_assert_eq!(trailers.0.len(), 1);
        }

        #[test]
        fn every_truncation_is_an_error(chunks in chunks()) {
            let body = framed(&chunks);
            for end in 0..body.len() {
                prop_assert!(unsigned(&body[..end]).is_err(), "cut at {} of {}", end, body.len());
            }
        }

        #[test]
        fn no_input_panics(body in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = unsigned(&body);
        }
    }
}
