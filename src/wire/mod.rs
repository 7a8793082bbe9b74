//! Pure codecs: bytes in, values out, no I/O.

pub mod ec2_xml;
pub mod query;
