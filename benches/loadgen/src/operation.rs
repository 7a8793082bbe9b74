//! The operations, one call each; what comes back is compared with what was asked for.

use crate::body::{GenBody, ReqBody};
use crate::endpoint::{Conn, EMPTY_SHA, Ep, Resp};
use crate::{Args, Err, LISTED, Payload, join_all};
use bytes::Bytes;
use hyper::Method;
use sha2::{Digest, Sha256};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

pub struct Run<'a> {
    pub a: &'a Args,
    pub tail: Bytes,
    pub size: usize,
    pub part: usize,
    pub seq: Cell<u64>,
}

pub fn between<'x>(s: &'x str, a: &str, b: &str) -> Option<&'x str> {
    let i = s.find(a)? + a.len();
    let j = s[i..].find(b)? + i;
    Some(&s[i..j])
}
pub fn ok(r: Resp, what: &str) -> Result<Resp, Err> {
    if r.status.is_success() {
        Ok(r)
    } else {
        Err(format!(
            "{what}: HTTP {} {}",
            r.status,
            String::from_utf8_lossy(r.body.as_deref().unwrap_or(b"")).chars().take(300).collect::<String>()
        )
        .into())
    }
}

impl<'a> Run<'a> {
    pub fn generated(&self) -> (ReqBody, String, u64) {
        self.gen_sized(self.size)
    }
    pub fn gen_sized(&self, size: usize) -> (ReqBody, String, u64) {
        let seq = self.seq.get();
        self.seq.set(seq + 1);
        let sha = if self.a.payload == Payload::Unsigned {
            "UNSIGNED-PAYLOAD".to_string()
        } else {
            let mut h = Sha256::new();
            let mut g = GenBody::new(&self.tail, size, seq);
            while let Some(c) = g.next_chunk() {
                h.update(&c);
            }
            hex::encode(h.finalize())
        };
        (ReqBody::Gen(GenBody::new(&self.tail, size, seq)), sha, size as u64)
    }
    pub fn key(&self, i: usize) -> String {
        if self.a.dirs > 0 {
            format!("{}d{:05}/o{:07}", self.a.prefix, i % self.a.dirs, i)
        } else {
            format!("{}o{:07}", self.a.prefix, i)
        }
    }
    /// The i-th key to be written: directory by directory, as an index likes it best.
    pub fn fill_key(&self, i: usize) -> String {
        match self.a.keys.checked_div(self.a.dirs) {
            Some(each) if each * self.a.dirs == self.a.keys => self.key(i % each * self.a.dirs + i / each),
            Some(_) | None => self.key(i),
        }
    }
    pub async fn put(&self, c: &mut Conn, key: &str) -> Result<u64, Err> {
        let (b, sha, n) = self.generated();
        let ep = c.ep.clone();
        let r = c
            .send(ep.build(Method::PUT, &format!("/{}/{}", self.a.bucket, key), &[], &sha, b, "s3", None), false)
            .await?;
        ok(r, "put")?;
        Ok(n)
    }
    pub async fn simple(&self, c: &mut Conn, m: Method, key: &str) -> Result<u64, Err> {
        let ep = c.ep.clone();
        let r = c
            .send(
                ep.build(
                    m.clone(),
                    &format!("/{}/{}", self.a.bucket, key),
                    &[],
                    EMPTY_SHA,
                    ReqBody::Full(None),
                    "s3",
                    None,
                ),
                false,
            )
            .await?;
        let r = ok(r, m.as_str())?;
        if m == Method::GET && r.bytes != self.size as u64 {
            return Err(format!("get: {} bytes, wanted {}", r.bytes, self.size).into());
        }
        Ok(r.bytes)
    }
    pub async fn mpu(&self, ep: &Rc<Ep>, key: &str) -> Result<u64, Err> {
        let path = format!("/{}/{}", self.a.bucket, key);
        let mut c = Conn { ep: ep.clone(), s: None };
        let r = ok(
            c.send(
                ep.build(
                    Method::POST,
                    &path,
                    &[("uploads", String::new())],
                    EMPTY_SHA,
                    ReqBody::Full(None),
                    "s3",
                    None,
                ),
                true,
            )
            .await?,
            "create-mpu",
        )?;
        let body = String::from_utf8_lossy(r.body.as_ref().unwrap()).to_string();
        let id = between(&body, "<UploadId>", "</UploadId>").ok_or("no UploadId")?.to_string();
        let parts = self.size.div_ceil(self.part);
        let next = Rc::new(Cell::new(0usize));
        let etags: Rc<RefCell<Vec<String>>> = Rc::new(RefCell::new(vec![String::new(); parts]));
        let mut futs = Vec::new();
        for _ in 0..self.a.part_concurrency {
            let (next, etags, id, path) = (next.clone(), etags.clone(), id.clone(), path.clone());
            let ep = ep.clone();
            futs.push(async move {
                let mut c = Conn { ep: ep.clone(), s: None };
                loop {
                    let i = next.get();
                    if i >= parts {
                        return Ok::<(), Err>(());
                    }
                    next.set(i + 1);
                    let n = self.part.min(self.size - i * self.part);
                    let (b, sha, _) = self.gen_sized(n);
                    let r = ok(
                        c.send(
                            ep.build(
                                Method::PUT,
                                &path,
                                &[("partNumber", (i + 1).to_string()), ("uploadId", id.clone())],
                                &sha,
                                b,
                                "s3",
                                None,
                            ),
                            false,
                        )
                        .await?,
                        "part",
                    )?;
                    etags.borrow_mut()[i] = r.etag.ok_or("no etag")?;
                }
            });
        }
        for r in join_all(futs).await {
            r?;
        }
        let mut x = String::from("<CompleteMultipartUpload>");
        for (i, e) in etags.borrow().iter().enumerate() {
            x.push_str(&format!(
                "<Part><PartNumber>{}</PartNumber><ETag>{}</ETag></Part>",
                i + 1,
                e.replace('"', "&quot;")
            ));
        }
        x.push_str("</CompleteMultipartUpload>");
        let sha = hex::encode(Sha256::digest(x.as_bytes()));
        let r = ok(
            c.send(
                ep.build(
                    Method::POST,
                    &path,
                    &[("uploadId", id)],
                    &sha,
                    ReqBody::Full(Some(x.into())),
                    "s3",
                    Some("application/xml"),
                ),
                true,
            )
            .await?,
            "complete",
        )?;
        let body = String::from_utf8_lossy(r.body.as_ref().unwrap()).to_string();
        if body.contains("<Error>") {
            return Err(format!("complete: {body}").into());
        }
        Ok(self.size as u64)
    }
    pub async fn list(&self, c: &mut Conn, token: &RefCell<Option<String>>) -> Result<u64, Err> {
        let ep = c.ep.clone();
        let mut q = vec![("list-type", "2".to_string()), ("max-keys", self.a.page.to_string())];
        if !self.a.prefix.is_empty() {
            q.push(("prefix", self.a.prefix.clone()));
        }
        if !self.a.delimiter.is_empty() {
            q.push(("delimiter", self.a.delimiter.clone()));
        }
        if let Some(t) = token.borrow_mut().take() {
            q.push(("continuation-token", t));
        }
        let r = ok(
            c.send(
                ep.build(Method::GET, &format!("/{}", self.a.bucket), &q, EMPTY_SHA, ReqBody::Full(None), "s3", None),
                true,
            )
            .await?,
            "list",
        )?;
        let b = String::from_utf8_lossy(r.body.as_ref().unwrap()).to_string();
        let keys = b.matches("<Key>").count() + b.matches("<CommonPrefixes>").count();
        if keys == 0 {
            return Err("list: no keys".into());
        }
        LISTED.with(|l| l.set(l.get() + keys as u64));
        if self.a.full {
            if let Some(t) = between(&b, "<NextContinuationToken>", "</NextContinuationToken>") {
                *token.borrow_mut() = Some(t.replace("&amp;", "&").replace("&quot;", "\""));
            }
        }
        Ok(r.bytes)
    }
}
