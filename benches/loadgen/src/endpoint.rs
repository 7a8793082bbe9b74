//! A server under load: signed requests over kept connections.

use crate::Err;
use crate::body::ReqBody;
use hmac::{Hmac, Mac};
use http_body_util::BodyExt;
use hyper::client::conn::http1::SendRequest;
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use sha2::{Digest, Sha256};
use std::cell::RefCell;
use std::rc::Rc;
use time::macros::format_description;

/// SHA-256 of nothing.
pub const EMPTY_SHA: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

pub struct Ep {
    pub name: String,
    pub host: String,
    pub ak: String,
    pub sk: String,
    pub region: String,
    pub key_cache: RefCell<(String, [u8; 32])>,
}

pub fn hm(k: &[u8], d: &[u8]) -> [u8; 32] {
    let mut m = Hmac::<Sha256>::new_from_slice(k).unwrap();
    m.update(d);
    m.finalize().into_bytes().into()
}
pub fn enc(s: &str, slash: bool) -> String {
    let mut o = String::with_capacity(s.len());
    for b in s.bytes() {
        match b {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => o.push(b as char),
            b'/' if slash => o.push('/'),
            _ => o.push_str(&format!("%{b:02X}")),
        }
    }
    o
}

impl Ep {
    pub fn parse(s: &str) -> Result<Ep, Err> {
        let (name, rest) = s.split_once('=').ok_or("endpoint needs NAME=URL")?;
        let mut p = rest.split(';');
        let url = p.next().unwrap();
        let host = url.strip_prefix("http://").ok_or("http:// only")?.trim_end_matches('/').to_string();
        let ak = p.next().unwrap_or("").to_string();
        let sk = p.next().unwrap_or("").to_string();
        let region = p.next().unwrap_or("us-east-1").to_string();
        Ok(Ep { name: name.into(), host, ak, sk, region, key_cache: RefCell::new((String::new(), [0; 32])) })
    }
    pub fn build(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, String)],
        payload_sha: &str,
        body: ReqBody,
        service: &str,
        ctype: Option<&str>,
    ) -> Request<ReqBody> {
        let mut q: Vec<(String, String)> = query.iter().map(|(k, v)| (enc(k, false), enc(v, false))).collect();
        q.sort();
        let qs = q.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join("&");
        let epath = enc(path, true);
        let uri = if qs.is_empty() { epath.clone() } else { format!("{epath}?{qs}") };
        let mut rb = Request::builder().method(method.clone()).uri(uri).header("host", &self.host);
        if let Some(c) = ctype {
            rb = rb.header("content-type", c);
        }
        if !self.ak.is_empty() {
            let now = time::OffsetDateTime::now_utc();
            let amz = now.format(format_description!("[year][month][day]T[hour][minute][second]Z")).unwrap();
            let date = &amz[..8];
            let scope = format!("{date}/{}/{service}/aws4_request", self.region);
            let canon = format!(
                "{method}\n{epath}\n{qs}\nhost:{}\nx-amz-content-sha256:{payload_sha}\nx-amz-date:{amz}\n\nhost;x-amz-content-sha256;x-amz-date\n{payload_sha}",
                self.host
            );
            let sts = format!("AWS4-HMAC-SHA256\n{amz}\n{scope}\n{}", hex::encode(Sha256::digest(canon.as_bytes())));
            let mut kc = self.key_cache.borrow_mut();
            if kc.0 != scope {
                let k = hm(format!("AWS4{}", self.sk).as_bytes(), date.as_bytes());
                let k = hm(&k, self.region.as_bytes());
                let k = hm(&k, service.as_bytes());
                *kc = (scope.clone(), hm(&k, b"aws4_request"));
            }
            let sig = hex::encode(hm(&kc.1, sts.as_bytes()));
            rb = rb.header("x-amz-date", &amz).header("x-amz-content-sha256", payload_sha)
                .header("authorization", format!("AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature={sig}", self.ak));
        }
        rb.body(body).unwrap()
    }
}

pub struct Conn {
    pub ep: Rc<Ep>,
    pub s: Option<SendRequest<ReqBody>>,
}
pub struct Resp {
    pub status: StatusCode,
    pub bytes: u64,
    pub body: Option<Vec<u8>>,
    pub etag: Option<String>,
}
impl Conn {
    pub async fn send(&mut self, req: Request<ReqBody>, keep: bool) -> Result<Resp, Err> {
        if self.s.as_ref().map_or(true, |s| s.is_closed()) {
            self.s = None;
        }
        if self.s.is_none() {
            let st = tokio::net::TcpStream::connect(&self.ep.host).await?;
            st.set_nodelay(true)?;
            let (s, c) = hyper::client::conn::http1::Builder::new().handshake(TokioIo::new(st)).await?;
            tokio::task::spawn_local(async move {
                let _ = c.await;
            });
            self.s = Some(s);
        }
        let s = self.s.as_mut().unwrap();
        s.ready().await?;
        let r = s.send_request(req).await?;
        let status = r.status();
        let etag = r.headers().get("etag").and_then(|v| v.to_str().ok()).map(|s| s.to_string());
        let mut b = r.into_body();
        let mut n = 0u64;
        let keep = keep || !status.is_success();
        let mut buf = keep.then(Vec::new);
        while let Some(f) = b.frame().await {
            if let Ok(d) = f?.into_data() {
                n += d.len() as u64;
                if let Some(v) = buf.as_mut() {
                    v.extend_from_slice(&d);
                }
            }
        }
        Ok(Resp { status, bytes: n, body: buf, etag })
    }
}
