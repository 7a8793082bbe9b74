//! The one listener: connections, limits, request ids, spans and the graceful drain. It decides which service a
//! request is for ([`route`]) and hands it over; it knows nothing of what services do.

pub mod body;
pub mod client;
pub mod route;

pub use body::Body;

use crate::id;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

/// A request as services see it.
pub type Request = ::http::Request<Body>;
/// A service's answer.
pub type Response = ::http::Response<Body>;

/// How long a client may take over a request's head.
const HEAD_PATIENCE: Duration = Duration::from_secs(60);
/// How long requests under way may take to end once the server is asked to stop.
const DRAIN: Duration = Duration::from_secs(20);

/// What the listener knows of a request beside its bytes; services get it with the request.
#[derive(Debug, Clone)]
pub struct Meta {
    /// The request's id as every answer shows it: a UUID.
    pub request_id: String,
    /// The client's address.
    pub remote: std::net::SocketAddr,
}

/// Answers requests: the services behind the listener.
pub trait Handler: Send + Sync + 'static {
    fn handle(&self, target: route::Target, request: Request, meta: Meta) -> impl Future<Output = Response> + Send;
}

/// Serve `listener` until `stop` resolves, then let requests under way end, for a while.
pub async fn serve(listener: TcpListener, handler: Arc<impl Handler>, stop: impl Future<Output = ()>) {
    let mut server = hyper::server::conn::http1::Builder::new();
    // No `pipeline_flush`: with it hyper gathers an answer's body without a bound when its client is slow.
    // Who has said all (`printf … | nc`) still gets the answer: `half_close`.
    server.timer(TokioTimer::new()).header_read_timeout(HEAD_PATIENCE).half_close(true);
    let connections = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let (stream, remote) = tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(e) => {
                    // Out of file descriptors, say: others may end.
                    tracing::warn!(error = %e, "accepting a connection");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
        };
        if let Err(e) = stream.set_nodelay(true) {
            tracing::debug!(error = %e, "TCP_NODELAY");
        }
        let handler = handler.clone();
        let service = service_fn(move |request: ::http::Request<hyper::body::Incoming>| {
            let handler = handler.clone();
            async move { Ok::<_, Infallible>(answer(&*handler, request, remote).await) }
        });
        let connection = connections.watch(server.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            if let Err(e) = connection.await {
                tracing::debug!(error = %e, %remote, "connection");
            }
        });
    }
    drop(listener);
    tracing::info!("draining");
    if tokio::time::timeout(DRAIN, connections.shutdown()).await.is_err() {
        tracing::warn!("some requests did not end in time");
    }
}

async fn answer(
    handler: &impl Handler,
    request: ::http::Request<hyper::body::Incoming>,
    remote: std::net::SocketAddr,
) -> Response {
    use tracing::Instrument;
    let request = request.map(Body::incoming);
    let target = route::target(request.method(), request.uri(), request.headers());
    let meta = Meta { request_id: id::uuid(), remote };
    let span = tracing::info_span!(
        "request",
        id = meta.request_id,
        service = ?target,
        method = %request.method(),
        path = request.uri().path(),
    );
    async {
        let response = handler.handle(target, request, meta).await;
        tracing::debug!(status = response.status().as_u16(), "answered");
        response
    }
    .instrument(span)
    .await
}
