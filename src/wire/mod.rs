//! Pure codecs: bytes in, values out, no I/O.

pub mod aws_chunked;
pub mod ec2_xml;
pub mod percent;
pub mod query;
pub mod query_tree;
pub mod s3_xml;
pub mod timestamp;
