//! Checksums of S3 bodies: the ten algorithms, beside the MD5 that makes the ETag.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use crc_fast::CrcAlgorithm;
use md5_lanes::Md5;
use sha2::Digest as _;
use std::hash::Hasher as _;
use twox_hash::{XxHash3_64, XxHash3_128, XxHash64};

/// An algorithm that clients may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    Crc32,
    Crc32c,
    Crc64Nvme,
    Sha1,
    Sha256,
    Sha512,
    Md5,
    /// XXH64, seed 0.
    XxHash64,
    /// XXH3 of 64 bits.
    XxHash3,
    /// XXH3 of 128 bits.
    XxHash128,
}

/// What S3 keeps when the client names no algorithm.
pub const DEFAULT: Algorithm = Algorithm::Crc64Nvme;

/// Every algorithm, in the order of S3's documentation.
pub const ALL: [Algorithm; 10] = [
    Algorithm::Crc32,
    Algorithm::Crc32c,
    Algorithm::Crc64Nvme,
    Algorithm::Sha1,
    Algorithm::Sha256,
    Algorithm::Sha512,
    Algorithm::Md5,
    Algorithm::XxHash64,
    Algorithm::XxHash3,
    Algorithm::XxHash128,
];

/// What the checksum of a multipart object covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The object's bytes.
    FullObject,
    /// The checksums of its parts, with `-N` behind.
    Composite,
}

impl Kind {
    /// As `x-amz-checksum-type` says it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::FullObject => "FULL_OBJECT",
            Kind::Composite => "COMPOSITE",
        }
    }

    /// The kind of this name.
    pub fn parse(name: &str) -> Option<Kind> {
        [Kind::FullObject, Kind::Composite].into_iter().find(|k| k.name() == name)
    }
}

impl Algorithm {
    /// As `x-amz-checksum-algorithm` says it.
    pub fn name(self) -> &'static str {
        match self {
            Algorithm::Crc32 => "CRC32",
            Algorithm::Crc32c => "CRC32C",
            Algorithm::Crc64Nvme => "CRC64NVME",
            Algorithm::Sha1 => "SHA1",
            Algorithm::Sha256 => "SHA256",
            Algorithm::Sha512 => "SHA512",
            Algorithm::Md5 => "MD5",
            Algorithm::XxHash64 => "XXHASH64",
            Algorithm::XxHash3 => "XXHASH3",
            Algorithm::XxHash128 => "XXHASH128",
        }
    }

    /// The algorithm of this name, in any case of letters.
    pub fn parse(name: &str) -> Option<Algorithm> {
        ALL.into_iter().find(|a| a.name().eq_ignore_ascii_case(name))
    }

    /// The header and trailer that carries its value.
    pub fn header(self) -> &'static str {
        match self {
            Algorithm::Crc32 => "x-amz-checksum-crc32",
            Algorithm::Crc32c => "x-amz-checksum-crc32c",
            Algorithm::Crc64Nvme => "x-amz-checksum-crc64nvme",
            Algorithm::Sha1 => "x-amz-checksum-sha1",
            Algorithm::Sha256 => "x-amz-checksum-sha256",
            Algorithm::Sha512 => "x-amz-checksum-sha512",
            Algorithm::Md5 => "x-amz-checksum-md5",
            Algorithm::XxHash64 => "x-amz-checksum-xxhash64",
            Algorithm::XxHash3 => "x-amz-checksum-xxhash3",
            Algorithm::XxHash128 => "x-amz-checksum-xxhash128",
        }
    }

    /// The XML element that carries its value.
    pub fn element(self) -> &'static str {
        match self {
            Algorithm::Crc32 => "ChecksumCRC32",
            Algorithm::Crc32c => "ChecksumCRC32C",
            Algorithm::Crc64Nvme => "ChecksumCRC64NVME",
            Algorithm::Sha1 => "ChecksumSHA1",
            Algorithm::Sha256 => "ChecksumSHA256",
            Algorithm::Sha512 => "ChecksumSHA512",
            Algorithm::Md5 => "ChecksumMD5",
            Algorithm::XxHash64 => "ChecksumXXHASH64",
            Algorithm::XxHash3 => "ChecksumXXHASH3",
            Algorithm::XxHash128 => "ChecksumXXHASH128",
        }
    }

    /// Bytes of a value.
    pub fn size(self) -> usize {
        match self {
            Algorithm::Crc32 | Algorithm::Crc32c => 4,
            Algorithm::Crc64Nvme | Algorithm::XxHash64 | Algorithm::XxHash3 => 8,
            Algorithm::Md5 | Algorithm::XxHash128 => 16,
            Algorithm::Sha1 => 20,
            Algorithm::Sha256 => 32,
            Algorithm::Sha512 => 64,
        }
    }

    fn crc(self) -> Option<CrcAlgorithm> {
        match self {
            Algorithm::Crc32 => Some(CrcAlgorithm::Crc32IsoHdlc),
            Algorithm::Crc32c => Some(CrcAlgorithm::Crc32Iscsi),
            Algorithm::Crc64Nvme => Some(CrcAlgorithm::Crc64Nvme),
            Algorithm::Sha1
            | Algorithm::Sha256
            | Algorithm::Sha512
            | Algorithm::Md5
            | Algorithm::XxHash64
            | Algorithm::XxHash3
            | Algorithm::XxHash128 => None,
        }
    }

    /// The kind that a multipart upload gets when the client names none.
    pub fn default_kind(self) -> Kind {
        match self {
            Algorithm::Crc64Nvme => Kind::FullObject,
            Algorithm::Crc32
            | Algorithm::Crc32c
            | Algorithm::Sha1
            | Algorithm::Sha256
            | Algorithm::Sha512
            | Algorithm::Md5
            | Algorithm::XxHash64
            | Algorithm::XxHash3
            | Algorithm::XxHash128 => Kind::Composite,
        }
    }

    /// Whether S3 knows this pair.
    pub fn allows(self, kind: Kind) -> bool {
        match kind {
            Kind::FullObject => self.crc().is_some(),
            Kind::Composite => self != Algorithm::Crc64Nvme,
        }
    }
}

/// A checksum's value with its algorithm; the bytes are raw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    pub algorithm: Algorithm,
    pub bytes: Vec<u8>,
}

impl Value {
    /// Read the base64 text of headers; `None` when it is not a value of this algorithm.
    pub fn parse(algorithm: Algorithm, text: &str) -> Option<Value> {
        let bytes = BASE64_STANDARD.decode(text).ok()?;
        (bytes.len() == algorithm.size()).then_some(Value { algorithm, bytes })
    }

    /// The base64 text of headers.
    pub fn text(&self) -> String {
        BASE64_STANDARD.encode(&self.bytes)
    }
}

/// Computes one algorithm over a stream of pieces.
pub struct Hasher(State);

enum State {
    Crc(Algorithm, crc_fast::Digest),
    Sha1(sha1::Sha1),
    Sha256(sha2::Sha256),
    Sha512(sha2::Sha512),
    Md5(md5::Md5),
    XxHash64(XxHash64),
    XxHash3(Box<XxHash3_64>),
    XxHash128(Box<XxHash3_128>),
}

impl Hasher {
    pub fn new(algorithm: Algorithm) -> Hasher {
        let crc = |crc| State::Crc(algorithm, crc_fast::Digest::new(crc));
        Hasher(match algorithm {
            Algorithm::Crc32 => crc(CrcAlgorithm::Crc32IsoHdlc),
            Algorithm::Crc32c => crc(CrcAlgorithm::Crc32Iscsi),
            Algorithm::Crc64Nvme => crc(CrcAlgorithm::Crc64Nvme),
            Algorithm::Sha1 => State::Sha1(Default::default()),
            Algorithm::Sha256 => State::Sha256(Default::default()),
            Algorithm::Sha512 => State::Sha512(Default::default()),
            Algorithm::Md5 => State::Md5(Default::default()),
            Algorithm::XxHash64 => State::XxHash64(XxHash64::with_seed(0)),
            Algorithm::XxHash3 => State::XxHash3(Box::new(XxHash3_64::new())),
            Algorithm::XxHash128 => State::XxHash128(Box::new(XxHash3_128::new())),
        })
    }

    pub fn update(&mut self, data: &[u8]) {
        match &mut self.0 {
            State::Crc(_, d) => d.update(data),
            State::Sha1(d) => d.update(data),
            State::Sha256(d) => d.update(data),
            State::Sha512(d) => d.update(data),
            State::Md5(d) => d.update(data),
            State::XxHash64(d) => d.write(data),
            State::XxHash3(d) => d.write(data),
            State::XxHash128(d) => d.write(data),
        }
    }

    pub fn finish(self) -> Value {
        let (algorithm, bytes) = match self.0 {
            State::Crc(algorithm, d) => (algorithm, crc_bytes(algorithm, d.finalize())),
            State::Sha1(d) => (Algorithm::Sha1, d.finalize().to_vec()),
            State::Sha256(d) => (Algorithm::Sha256, d.finalize().to_vec()),
            State::Sha512(d) => (Algorithm::Sha512, d.finalize().to_vec()),
            State::Md5(d) => (Algorithm::Md5, d.finalize().to_vec()),
            State::XxHash64(d) => (Algorithm::XxHash64, d.finish().to_be_bytes().to_vec()),
            State::XxHash3(d) => (Algorithm::XxHash3, d.finish().to_be_bytes().to_vec()),
            State::XxHash128(d) => (Algorithm::XxHash128, d.finish_128().to_be_bytes().to_vec()),
        };
        Value { algorithm, bytes }
    }
}

fn crc_bytes(algorithm: Algorithm, crc: u64) -> Vec<u8> {
    crc.to_be_bytes()[8 - algorithm.size()..].to_vec()
}

fn crc_number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |n, b| n << 8 | u64::from(*b))
}

/// The checksum of a multipart object from its parts' (value, size), as text: `-N` behind a composite one.
pub fn of_parts(algorithm: Algorithm, kind: Kind, parts: &[(Value, u64)]) -> String {
    match (kind, algorithm.crc()) {
        (Kind::FullObject, Some(crc)) => {
            let whole = parts.iter().fold(None, |sum, (value, size)| {
                let part = crc_number(&value.bytes);
                Some(match sum {
                    None => part,
                    Some(before) => crc_fast::checksum_combine(crc, before, part, *size),
                })
            });
            Value { algorithm, bytes: crc_bytes(algorithm, whole.unwrap_or_default()) }.text()
        }
        (Kind::Composite, _) | (Kind::FullObject, None) => {
            let mut hasher = Hasher::new(algorithm);
            parts.iter().for_each(|(value, _)| hasher.update(&value.bytes));
            format!("{}-{}", hasher.finish().text(), parts.len())
        }
    }
}

/// Computes several algorithms over one body.
pub struct Checksums(Vec<Hasher>);

impl Checksums {
    /// Compute these; one that is named twice is computed once.
    pub fn new(wanted: &[Algorithm]) -> Checksums {
        let mut once: Vec<Algorithm> = Vec::new();
        wanted.iter().for_each(|a| {
            if !once.contains(a) {
                once.push(*a);
            }
        });
        Checksums(once.into_iter().map(Hasher::new).collect())
    }

    pub fn update(&mut self, pieces: &[Bytes]) {
        pieces.iter().for_each(|piece| self.0.iter_mut().for_each(|h| h.update(piece)));
    }

    pub fn finish(self) -> Vec<Value> {
        self.0.into_iter().map(Hasher::finish).collect()
    }
}

/// Computes all that one body needs: MD5 always, others as wanted.
pub struct Digests {
    pub md5: Md5,
    pub others: Checksums,
}

/// What [`Digests`] computed.
#[derive(Debug, Clone)]
pub struct Computed {
    pub md5: [u8; 16],
    pub others: Vec<Value>,
}

impl Digests {
    /// Besides MD5 compute these.
    pub fn new(wanted: &[Algorithm]) -> Digests {
        Digests { md5: Md5::default(), others: Checksums::new(wanted) }
    }

    pub fn update(&mut self, pieces: &[Bytes]) {
        pieces.iter().for_each(|piece| self.md5.update(piece));
        self.others.update(pieces);
    }

    pub fn finish(self) -> Computed {
        Computed { md5: self.md5.finish(), others: self.others.finish() }
    }
}

impl Computed {
    /// The value of this algorithm, if it was wanted.
    pub fn get(&self, algorithm: Algorithm) -> Option<&Value> {
        self.others.iter().find(|v| v.algorithm == algorithm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(algorithm: Algorithm, data: &[u8]) -> Value {
        let mut h = Hasher::new(algorithm);
        h.update(data);
        h.finish()
    }

    #[test]
    fn check_values_of_the_algorithms() {
        let known = [
            (Algorithm::Crc32, "cbf43926"),
            (Algorithm::Crc32c, "e3069283"),
            (Algorithm::Crc64Nvme, "ae8b14860a799888"),
            (Algorithm::Sha1, "f7c3bc1d808e04732adf679965ccc34ca7ae3441"),
            (Algorithm::Sha256, "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225"),
            (Algorithm::Md5, "25f9e794323b453885f5181f1b624d0b"),
            (Algorithm::XxHash64, "8cb841db40e6ae83"),
            (Algorithm::XxHash3, "72dcb18b67a17dff"),
            (Algorithm::XxHash128, "33119477ede5dcd5e9716427681d5860"),
            (
                Algorithm::Sha512,
                "d9e6762dd1c8eaf6d61b3c6192fc408d4d6d5f1176d0c29169bc24e71c3f274ad27fcd5811b313d681f7e55ec02d73d499c95455b6b5bb503acf574fba8ffe85",
            ),
        ];
        for (algorithm, hex) in known {
            assert_eq!(hex::encode(of(algorithm, b"123456789").bytes), hex, "{algorithm:?}");
        }
    }

    #[test]
    fn a_full_object_checksum_of_parts_is_that_of_the_whole() {
        for algorithm in [Algorithm::Crc32, Algorithm::Crc32c, Algorithm::Crc64Nvme] {
            let parts: Vec<_> =
                [&b"12345"[..], b"", b"6789"].iter().map(|p| (of(algorithm, p), p.len() as u64)).collect();
            assert_eq!(of_parts(algorithm, Kind::FullObject, &parts), of(algorithm, b"123456789").text());
        }
    }

    #[test]
    fn a_composite_checksum_says_how_many_parts() {
        let parts = [(of(Algorithm::Sha256, b"a"), 1), (of(Algorithm::Sha256, b"b"), 1)];
        let text = of_parts(Algorithm::Sha256, Kind::Composite, &parts);
        let joined = [&parts[0].0.bytes[..], &parts[1].0.bytes].concat();
        assert_eq!(text, format!("{}-2", of(Algorithm::Sha256, &joined).text()));
    }

    #[test]
    fn a_value_of_the_wrong_length_is_none() {
        assert!(Value::parse(Algorithm::Crc32, "AAAAAA==").is_some());
        assert!(Value::parse(Algorithm::Crc32, "AAAA").is_none());
        assert!(Value::parse(Algorithm::Crc32, "not base64").is_none());
    }
}
