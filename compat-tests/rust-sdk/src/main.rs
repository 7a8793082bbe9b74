//! What users of the AWS SDK for Rust do with S3, against the server that the environment names. Prints one line for each
//! thing that works; panics at the first that does not.

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    BucketVersioningStatus, ChecksumAlgorithm, ChecksumMode, ChecksumType, CompletedMultipartUpload, CompletedPart, Delete,
    ObjectIdentifier, VersioningConfiguration,
};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const PART: usize = 5 << 20;
const ODD_KEYS: [&str; 9] =
    ["plain", "a b+c%20d", "ünï/ç☃", "a//b", "/lead", "trail/", "../up", "q?x=1&y#z", "quotes'\"<&>"];

fn client(secret: Option<&str>) -> Client {
    let var = |name: &str| std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set"));
    let secret = secret.map_or_else(|| var("AWS_SECRET_ACCESS_KEY"), str::to_owned);
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(var("AWS_ENDPOINT_URL"))
        .credentials_provider(Credentials::new(var("AWS_ACCESS_KEY_ID"), secret, None, None, "environment"))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .force_path_style(true);
    Client::from_conf(config.build())
}

async fn bytes(stream: ByteStream) -> Vec<u8> {
    stream.collect().await.expect("a whole body with the checksum that was promised").to_vec()
}

/// One request by a presigned URL, with nothing of the SDK: status and body.
async fn plain(method: &str, url: &str, body: &[u8]) -> (u16, Vec<u8>) {
    let rest = url.strip_prefix("http://").expect("plain HTTP");
    let (host, path) = rest.split_at(rest.find('/').expect("a path"));
    let mut socket = tokio::net::TcpStream::connect(host).await.unwrap();
    let head = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    socket.write_all(&[head.as_bytes(), body].concat()).await.unwrap();
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).await.unwrap();
    let end = answer.windows(4).position(|w| w == b"\r\n\r\n").expect("a head") + 4;
    let status = std::str::from_utf8(&answer[9..12]).unwrap().parse().unwrap();
    (status, answer[end..].to_vec())
}

async fn objects(s3: &Client, bucket: &str) {
    for key in ODD_KEYS {
        let body = ByteStream::from(key.as_bytes().to_vec());
        s3.put_object().bucket(bucket).key(key).body(body).metadata("kind", "odd").send().await.unwrap();
        let got = s3.get_object().bucket(bucket).key(key).checksum_mode(ChecksumMode::Enabled).send().await.unwrap();
        assert_eq!(got.metadata().unwrap()["kind"], "odd");
        assert!(got.checksum_crc32().is_some(), "the SDK sends CRC32 by default");
        assert_eq!(bytes(got.body).await, key.as_bytes(), "{key}");
        let source = format!("{bucket}/{}", key.bytes().map(|b| format!("%{b:02X}")).collect::<String>());
        s3.copy_object().bucket(bucket).key("copy").copy_source(source).send().await.unwrap();
        assert_eq!(bytes(s3.get_object().bucket(bucket).key("copy").send().await.unwrap().body).await, key.as_bytes());
    }
    s3.delete_object().bucket(bucket).key("copy").send().await.unwrap();
    let mut pages = s3.list_objects_v2().bucket(bucket).into_paginator().page_size(2).send();
    let mut listed = Vec::new();
    while let Some(page) = pages.next().await {
        listed.extend(page.unwrap().contents().iter().map(|o| o.key().unwrap().to_owned()));
    }
    let mut wanted = ODD_KEYS.map(String::from).to_vec();
    wanted.sort();
    assert_eq!(listed, wanted);
    let all = wanted.iter().map(|key| ObjectIdentifier::builder().key(key).build().unwrap());
    let delete = Delete::builder().set_objects(Some(all.collect())).build().unwrap();
    let done = s3.delete_objects().bucket(bucket).delete(delete).send().await.unwrap();
    assert_eq!((done.deleted().len(), done.errors().len()), (ODD_KEYS.len(), 0));
    println!("objects with odd keys: put, get, copy, list, delete");
}

async fn checksums(s3: &Client, bucket: &str) {
    use ChecksumAlgorithm::{Crc32, Crc32C, Crc64Nvme, Sha1, Sha256};
    for algorithm in [Crc32, Crc32C, Crc64Nvme, Sha1, Sha256] {
        let body = ByteStream::from(b"checked".repeat(30_000));
        s3.put_object().bucket(bucket).key("sum").checksum_algorithm(algorithm.clone()).body(body).send().await.unwrap();
        let head = s3.head_object().bucket(bucket).key("sum").checksum_mode(ChecksumMode::Enabled).send().await.unwrap();
        assert_eq!(head.checksum_type(), Some(&ChecksumType::FullObject));
        let got = s3.get_object().bucket(bucket).key("sum").checksum_mode(ChecksumMode::Enabled).send().await.unwrap();
        assert_eq!(bytes(got.body).await.len(), 210_000, "{algorithm}");
    }
    let wrong = s3.put_object().bucket(bucket).key("wrong").checksum_crc32("AAAAAA==").body(ByteStream::from_static(b"x"));
    assert_eq!(wrong.send().await.unwrap_err().into_service_error().code(), Some("BadDigest"));
    println!("checksums: CRC32, CRC32C, CRC64NVME, SHA1, SHA256, and a wrong one");
}

async fn file_and_parts(s3: &Client, bucket: &str) {
    let file = std::env::temp_dir().join(format!("novella-rust-sdk-{}", std::process::id()));
    let content: Vec<u8> = (0..2 * PART + 77).map(|n| (n * 31 % 251) as u8).collect();
    std::fs::write(&file, &content).unwrap();
    let stream = ByteStream::from_path(&file).await.unwrap();
    s3.put_object().bucket(bucket).key("file").body(stream).send().await.unwrap();
    std::fs::remove_file(&file).unwrap();
    assert_eq!(bytes(s3.get_object().bucket(bucket).key("file").send().await.unwrap().body).await, content);
    let upload = s3.create_multipart_upload().bucket(bucket).key("parts").checksum_algorithm(ChecksumAlgorithm::Crc32);
    let upload = upload.send().await.unwrap();
    let id = upload.upload_id().unwrap();
    let mut parts = CompletedMultipartUpload::builder();
    for (n, chunk) in (1..).zip(content.chunks(PART)) {
        let part = s3.upload_part().bucket(bucket).key("parts").upload_id(id).part_number(n);
        let part = part.checksum_algorithm(ChecksumAlgorithm::Crc32).body(ByteStream::from(chunk.to_vec()));
        let part = part.send().await.unwrap();
        let done = CompletedPart::builder().part_number(n).set_e_tag(part.e_tag).set_checksum_crc32(part.checksum_crc32);
        parts = parts.parts(done.build());
    }
    let done = s3.complete_multipart_upload().bucket(bucket).key("parts").upload_id(id).multipart_upload(parts.build());
    assert!(done.send().await.unwrap().e_tag().unwrap().ends_with("-3\""));
    let got = s3.get_object().bucket(bucket).key("parts").checksum_mode(ChecksumMode::Enabled).send().await.unwrap();
    assert_eq!(bytes(got.body).await, content);
    let range = s3.get_object().bucket(bucket).key("parts").range(format!("bytes={}-{}", PART - 2, PART + 1)).send().await;
    assert_eq!(bytes(range.unwrap().body).await, content[PART - 2..PART + 2]);
    println!("a file and an upload in parts");
}

async fn conditions(s3: &Client, bucket: &str) {
    let put = || s3.put_object().bucket(bucket).key("once").body(ByteStream::from_static(b"x"));
    let etag = put().if_none_match("*").send().await.unwrap().e_tag.unwrap();
    let again = put().if_none_match("*").send().await.unwrap_err();
    assert_eq!(again.raw_response().unwrap().status().as_u16(), 412);
    assert_eq!(again.into_service_error().code(), Some("PreconditionFailed"));
    put().if_match(&etag).send().await.unwrap();
    let same = s3.get_object().bucket(bucket).key("once").if_none_match(&etag).send().await.unwrap_err();
    assert_eq!(same.raw_response().unwrap().status().as_u16(), 304);
    println!("conditional puts and gets");
}

async fn presigned(s3: &Client, bucket: &str) {
    let soon = || PresigningConfig::expires_in(Duration::from_secs(60)).unwrap();
    let put = s3.put_object().bucket(bucket).key("signed é+").presigned(soon()).await.unwrap();
    assert_eq!(plain("PUT", put.uri(), b"by url").await.0, 200);
    let get = s3.get_object().bucket(bucket).key("signed é+").presigned(soon()).await.unwrap();
    assert_eq!(plain("GET", get.uri(), b"").await, (200, b"by url".to_vec()));
    assert_eq!(plain("GET", get.uri().split('?').next().unwrap(), b"").await.0, 403);
    println!("presigned URLs");
}

async fn versions(s3: &Client, bucket: &str) {
    let on = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
    s3.put_bucket_versioning().bucket(bucket).versioning_configuration(on).send().await.unwrap();
    let mut ids = Vec::new();
    for body in ["one", "two"] {
        let put = s3.put_object().bucket(bucket).key("v").body(ByteStream::from(body.as_bytes().to_vec())).send().await;
        ids.push(put.unwrap().version_id.unwrap());
    }
    let old = s3.get_object().bucket(bucket).key("v").version_id(&ids[0]).send().await.unwrap();
    assert_eq!(bytes(old.body).await, b"one");
    let marker = s3.delete_object().bucket(bucket).key("v").send().await.unwrap();
    assert_eq!(marker.delete_marker(), Some(true));
    let gone = s3.get_object().bucket(bucket).key("v").send().await.unwrap_err().into_service_error();
    assert!(gone.is_no_such_key());
    let listed = s3.list_object_versions().bucket(bucket).prefix("v").send().await.unwrap();
    assert_eq!((listed.versions().len(), listed.delete_markers().len()), (2, 1));
    println!("versions and delete markers");
}

async fn errors(s3: &Client, bucket: &str) {
    let absent = s3.get_object().bucket("no-such-bucket-here").key("k").send().await.unwrap_err().into_service_error();
    assert_eq!((absent.code(), absent.message()), (Some("NoSuchBucket"), Some("The specified bucket does not exist")));
    assert!(s3.head_object().bucket(bucket).key("absent").send().await.unwrap_err().into_service_error().is_not_found());
    assert!(s3.head_bucket().bucket("no-such-bucket-here").send().await.unwrap_err().into_service_error().is_not_found());
    let full = s3.delete_bucket().bucket(bucket).send().await.unwrap_err().into_service_error();
    assert_eq!(full.code(), Some("BucketNotEmpty"));
    let denied = client(Some("wrong")).list_buckets().send().await.unwrap_err().into_service_error();
    assert_eq!(denied.code(), Some("SignatureDoesNotMatch"));
    println!("errors: no bucket, no key, a bucket that is not empty, a wrong secret");
}

async fn remove(s3: &Client, bucket: &str) {
    let listed = s3.list_object_versions().bucket(bucket).send().await.unwrap();
    let versions = listed.versions().iter().map(|v| (v.key(), v.version_id()));
    for (key, id) in versions.chain(listed.delete_markers().iter().map(|m| (m.key(), m.version_id()))) {
        s3.delete_object().bucket(bucket).set_key(key.map(Into::into)).set_version_id(id.map(Into::into)).send().await.unwrap();
    }
    s3.delete_bucket().bucket(bucket).send().await.unwrap();
}

#[tokio::main]
async fn main() {
    let s3 = client(None);
    let bucket = format!("rust-sdk-{}", std::process::id());
    s3.create_bucket().bucket(&bucket).send().await.unwrap();
    objects(&s3, &bucket).await;
    checksums(&s3, &bucket).await;
    file_and_parts(&s3, &bucket).await;
    conditions(&s3, &bucket).await;
    presigned(&s3, &bucket).await;
    versions(&s3, &bucket).await;
    errors(&s3, &bucket).await;
    remove(&s3, &bucket).await;
    println!("everything");
}
