//! The little of a client that the server needs: POST to one URL, over a connection that is kept.

use ::http::uri::Uri;
use ::http::{StatusCode, header};
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use std::io;
use tokio::net::TcpStream;

/// What is read of an answer's body.
const ANSWER: usize = 64 * 1024;

/// Posts to one `http://` URL.
pub struct Poster {
    url: Uri,
    kept: Option<SendRequest<Full<Bytes>>>,
}

impl Poster {
    pub fn new(url: Uri) -> Poster {
        Poster { url, kept: None }
    }

    /// Post a body; the answer's status. A kept connection that turns out to be closed is replaced once.
    pub async fn post(&mut self, content_type: &'static str, body: Bytes) -> io::Result<StatusCode> {
        if let Some(kept) = self.kept.take().filter(|kept| !kept.is_closed())
            && let Ok(status) = self.send(kept, content_type, body.clone()).await
        {
            return Ok(status);
        }
        let fresh = self.connect().await?;
        self.send(fresh, content_type, body).await
    }

    /// Keep the connection no longer.
    pub fn hang_up(&mut self) {
        self.kept = None;
    }

    async fn connect(&self) -> io::Result<SendRequest<Full<Bytes>>> {
        let host = self.url.host().unwrap_or_default().trim_matches(['[', ']']);
        let stream = TcpStream::connect((host, self.url.port_u16().unwrap_or(80))).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
        tokio::spawn(async move {
            if let Err(e) = connection.await {
                tracing::debug!(error = %e, "a connection to a webhook");
            }
        });
        Ok(sender)
    }

    async fn send(
        &mut self,
        mut to: SendRequest<Full<Bytes>>,
        content_type: &'static str,
        body: Bytes,
    ) -> io::Result<StatusCode> {
        to.ready().await.map_err(io::Error::other)?;
        let path = self.url.path_and_query().map_or("/", |p| p.as_str());
        let request = ::http::Request::post(path)
            .header(header::HOST, self.url.authority().map_or("", |a| a.as_str()))
            .header(header::USER_AGENT, concat!("novella/", env!("CARGO_PKG_VERSION")))
            .header(header::CONTENT_TYPE, content_type)
            .body(Full::new(body))
            .map_err(io::Error::other)?;
        let response = to.send_request(request).await.map_err(io::Error::other)?;
        let status = response.status();
        // What is left unread would be in the way of the next request.
        if Limited::new(response.into_body(), ANSWER).collect().await.is_ok() {
            self.kept = Some(to);
        }
        Ok(status)
    }
}
