//! AWS's own examples, and its SigV4 test suite.

use super::{EMPTY, OneSecret, decode, example, parts, rules};
use crate::auth::sign::payload_hash;
use crate::auth::{BodyView, Error, Payload, Rules, Service, Verified, verify};
use crate::wire::aws_chunked;
use http::{HeaderValue, request};
use std::path::Path;
use time::macros::datetime;

/// A request of AWS's documentation: signed by the example key on 24 May 2013.
fn documented(method: &str, uri: &str, headers: &[(&str, &str)], authorization: &str) -> Result<Verified, Error> {
    let mut all = headers.to_vec();
    all.push(("authorization", authorization));
    let at = datetime!(2013-05-24 00:00:00 UTC);
    Ok(verify(&parts(method, uri, &all), BodyView::Streaming, &rules(Service::S3), &example(), at)?.expect("signed"))
}

#[test]
fn s3s_documented_v4_examples_verify() {
    let scope = "Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request";
    let host = ("host", "examplebucket.s3.amazonaws.com");
    let date = ("x-amz-date", "20130524T000000Z");
    let empty = ("x-amz-content-sha256", EMPTY);
    documented(
        "GET",
        "/test.txt",
        &[host, ("range", "bytes=0-9"), empty, date],
        &format!(
            "AWS4-HMAC-SHA256 {scope},SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,\
             Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
        ),
    )
    .unwrap();
    // Signed with a Date header, x-amz-date absent from the signed ones but present.
    let put = documented(
        "PUT",
        "/test$file.text",
        &[
            host,
            ("date", "Fri, 24 May 2013 00:00:00 GMT"),
            date,
            ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
            ("x-amz-content-sha256", "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"),
        ],
        &format!(
            "AWS4-HMAC-SHA256 {scope},SignedHeaders=date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class,\
             Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"
        ),
    )
    .unwrap();
    let Payload::Sha256(claimed) = put.payload else { panic!("{:?}", put.payload) };
    assert_eq!(hex::encode(claimed), payload_hash(b"Welcome to Amazon S3."));
    for (uri, signature) in [
        ("/?lifecycle", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        ("/?max-keys=2&prefix=J", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
    ] {
        let value = format!(
            "AWS4-HMAC-SHA256 {scope}, SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature={signature}"
        );
        let verified = documented("GET", uri, &[host, date, empty], &value).unwrap();
        assert_eq!((verified.region.as_deref(), verified.service.as_deref()), (Some("us-east-1"), Some("s3")));
    }
}

#[test]
fn s3s_documented_presigned_url_works_for_a_day() {
    let uri = "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256\
               &X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request\
               &X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host\
               &X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
    let request = parts("GET", uri, &[("host", "examplebucket.s3.amazonaws.com")]);
    let at = |now| verify(&request, BodyView::Streaming, &rules(Service::S3), &example(), now);
    let verified = at(datetime!(2013-05-24 23:59:59 UTC)).unwrap().unwrap();
    assert!(verified.presigned && matches!(verified.payload, Payload::Unsigned));
    let late = at(datetime!(2013-05-25 00:00:00 UTC)).unwrap_err();
    assert_eq!(late.wire(Service::S3).message, "Request has expired");
    assert_eq!(
        late.fields(),
        [
            ("X-Amz-Expires", "86400".to_string()),
            ("Expires", "2013-05-25T00:00:00Z".to_string()),
            ("ServerTime", "2013-05-25T00:00:00Z".to_string()),
        ]
    );
    let early = at(datetime!(2013-05-23 23:40:00 UTC)).unwrap_err();
    assert_eq!(early.wire(Service::S3).message, "Request is not yet valid");
}

fn documented_chunks(signatures: [&str; 3], rest: &str) -> Vec<u8> {
    let data = vec![b'a'; 65536];
    let [first, second, last] = signatures;
    [
        format!("10000;chunk-signature={first}\r\n").as_bytes(),
        &data,
        format!("\r\n400;chunk-signature={second}\r\n").as_bytes(),
        &data[..1024],
        format!("\r\n0;chunk-signature={last}\r\n{rest}\r\n").as_bytes(),
    ]
    .concat()
}

#[test]
fn s3s_documented_signed_chunks_verify() {
    let scope = "Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request";
    let request = || {
        documented(
            "PUT",
            "/examplebucket/chunkObject.txt",
            &[
                ("host", "s3.amazonaws.com"),
                ("x-amz-date", "20130524T000000Z"),
                ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
                ("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
                ("content-encoding", "aws-chunked"),
                ("x-amz-decoded-content-length", "66560"),
                ("content-length", "66824"),
            ],
            &format!(
                "AWS4-HMAC-SHA256 {scope},SignedHeaders=content-encoding;content-length;host;x-amz-content-sha256;\
                 x-amz-date;x-amz-decoded-content-length;x-amz-storage-class,\
                 Signature=4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
            ),
        )
        .unwrap()
        .payload
    };
    let signatures = [
        "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
        "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
        "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
    ];
    let body = documented_chunks(signatures, "");
    assert_eq!(body.len(), 66824);
    for step in [1, 1000, 65536, body.len()] {
        assert_eq!(decode(request(), &body, step).unwrap().0, vec![b'a'; 66560]);
    }
    for at in [25, 100, 65700, 66000, body.len() - 10] {
        let mut changed = body.clone();
        changed[at] ^= 1;
        assert_eq!(decode(request(), &changed, 4096), Err(aws_chunked::Error::Signature), "byte {at}");
    }
    let with_trailer = documented_chunks(signatures, "x-amz-checksum-crc32c:sOO8/Q==\r\n");
    assert!(decode(request(), &with_trailer, 4096).is_err());
}

#[test]
fn s3s_documented_signed_trailers_verify() {
    let scope = "Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request";
    let request = || {
        documented(
            "PUT",
            "/examplebucket/chunkObject.txt",
            &[
                ("host", "s3.amazonaws.com"),
                ("x-amz-date", "20130524T000000Z"),
                ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
                ("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"),
                ("content-encoding", "aws-chunked"),
                ("x-amz-decoded-content-length", "66560"),
                ("x-amz-trailer", "x-amz-checksum-crc32c"),
            ],
            &format!(
                "AWS4-HMAC-SHA256 {scope},SignedHeaders=content-encoding;host;x-amz-content-sha256;x-amz-date;\
                 x-amz-decoded-content-length;x-amz-storage-class;x-amz-trailer,\
                 Signature=106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"
            ),
        )
        .unwrap()
        .payload
    };
    let body = |trailers: &str| {
        documented_chunks(
            [
                "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
                "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
                "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
            ],
            trailers,
        )
    };
    let sum = "x-amz-checksum-crc32c:sOO8/Q==";
    let signature = "x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435";
    // As documented; with the odd line ends of some clients; with an empty line before the trailers.
    for trailers in [
        format!("{sum}\r\n{signature}\r\n"),
        format!("{sum}\n\r\n{signature}\r\n"),
        format!("\r\n{sum}\r\n{signature}\r\n"),
    ] {
        let (data, read) = decode(request(), &body(&trailers), 777).unwrap();
        assert_eq!((data.len(), read.get("x-amz-checksum-crc32c")), (66560, Some("sOO8/Q==")));
    }
    let forged = format!("x-amz-checksum-crc32c:sOO8/R==\r\n{signature}\r\n");
    assert_eq!(decode(request(), &body(&forged), 777), Err(aws_chunked::Error::Signature));
    for unsigned in [String::new(), format!("{sum}\r\n")] {
        assert_eq!(decode(request(), &body(&unsigned), 777), Err(aws_chunked::Error::Truncated));
    }
}

#[test]
fn the_documented_v2_examples_verify() {
    let at = datetime!(2007-03-27 19:36:42 UTC);
    let virtual_host = Rules { service: Service::S3, virtual_bucket: Some("awsexamplebucket1".into()) };
    let request = parts(
        "GET",
        "/photos/puppy.jpg",
        &[
            ("host", "awsexamplebucket1.us-west-1.s3.amazonaws.com"),
            ("date", "Tue, 27 Mar 2007 19:36:42 +0000"),
            ("authorization", "AWS AKIAIOSFODNN7EXAMPLE:qgk2+6Sv9/oM7G3qLEjTH1a1l1g="),
        ],
    );
    let verified = verify(&request, BodyView::Streaming, &virtual_host, &example(), at).unwrap().unwrap();
    assert_eq!((verified.region, verified.service, verified.presigned), (None, None, false));
    let path_style = verify(&request, BodyView::Streaming, &rules(Service::S3), &example(), at);
    assert!(matches!(path_style, Err(Error::Mismatch(_))), "the bucket of the host is signed");

    let query = "/?Action=DescribeJobFlows&Version=2009-03-31&AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&SignatureVersion=2\
                 &SignatureMethod=HmacSHA256&Timestamp=2011-10-03T15%3A19%3A30\
                 &Signature=i91nKc4PWAt0JJIdXwz9HxZCJDdiy6cf%2FMj6vPxyYIs%3D";
    let at = datetime!(2011-10-03 15:19:30 UTC);
    // The port, too, is left out of what is signed here.
    for host in ["elasticmapreduce.amazonaws.com", "elasticmapreduce.amazonaws.com:8773"] {
        let request = parts("GET", query, &[("host", host)]);
        verify(&request, BodyView::Whole(b""), &rules(Service::Ec2), &example(), at).unwrap().unwrap();
    }
}

/// An upload by AWS's Rust SDK, where the recording lies beside the project.
#[test]
fn an_sdks_signed_upload_with_trailers_verifies() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../shared/recorded/smithy-rs/aws/sdk/integration-tests/s3/tests/data/aws_chunked/chunk-signing.json");
    let Ok(text) = std::fs::read(&file) else {
        eprintln!("SKIPPED: no {}", file.display());
        return;
    };
    let recorded: serde_json::Value = serde_json::from_slice(&text).unwrap();
    let events: Vec<_> = recorded["events"].as_array().unwrap().iter().map(|e| &e["action"]).collect();
    let sent = &events[0]["Request"]["request"];
    let mut headers = vec![("host", "test-bucket.s3.us-east-1.amazonaws.com")];
    headers.extend(sent["headers"].as_object().unwrap().iter().map(|(n, v)| (n.as_str(), v[0].as_str().unwrap())));
    let request = parts(sent["method"].as_str().unwrap(), sent["uri"].as_str().unwrap(), &headers);
    let body: String = events.iter().filter_map(|e| e["Data"]["data"]["Utf8"].as_str()).collect();

    let keys = OneSecret(&["ANOTREAL"], "notrealrnrELgWzOk3IfjzDKtFBhDby");
    let at = datetime!(2009-02-13 23:31:30 UTC);
    let verified = verify(&request, BodyView::Streaming, &rules(Service::S3), &keys, at).unwrap().unwrap();
    let (data, trailers) = decode(verified.payload, body.as_bytes(), 1000).unwrap();
    assert_eq!((data.len(), trailers.get("x-amz-checksum-crc32")), (10240, Some("X9RA0w==")));
}

/// AWS's SigV4 test suite, where it lies beside the project.
#[test]
fn awss_v4_test_suite_verifies() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/recorded/botocore-protocol-tests/aws4_testsuite");
    if !root.is_dir() {
        eprintln!("SKIPPED: no {}", root.display());
        return;
    }
    let mut folders = vec![root];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "sreq") {
                let text = std::fs::read_to_string(&path).unwrap();
                let Some((mut request, body)) = suite_request(&text) else { continue };
                // One of the signed requests carries another signature than the suite's own answer.
                let answer = std::fs::read_to_string(path.with_extension("authz")).unwrap();
                request.headers.insert("authorization", HeaderValue::from_str(answer.trim()).unwrap());
                let at = datetime!(2015-08-30 12:36:00 UTC);
                let secret = OneSecret(&["AKIDEXAMPLE"], "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
                let verified = verify(&request, BodyView::Whole(body.as_bytes()), &rules(Service::Ec2), &secret, at);
                verified.unwrap_or_else(|e| panic!("{}: {e:#?}", path.display())).unwrap();
                seen += 1;
            }
        }
    }
    assert!(seen > 25, "{seen}");
}

/// A request of the suite, its folded headers in the form that HTTP has today. `None` for the one whose path holds a
/// space: no request line can.
fn suite_request(text: &str) -> Option<(request::Parts, &str)> {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let head = head.replace("\n ", " ");
    let mut lines = head.lines();
    let (method, rest) = lines.next()?.split_once(' ')?;
    let uri = rest.strip_suffix(" HTTP/1.1")?;
    let headers: Vec<(&str, &str)> = lines.map(|line| line.split_once(':').unwrap()).collect();
    (!uri.contains(' ')).then(|| (parts(method, uri, &headers), body))
}
