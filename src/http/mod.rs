//! The one listener: connections, limits, request ids, spans and the graceful drain. It decides which service a
//! request is for (`route`) and hands it over; it knows nothing of what services do.

pub mod body;

pub use body::Body;

/// A request as services see it.
pub type Request = ::http::Request<Body>;
/// A service's answer.
pub type Response = ::http::Response<Body>;

/// What the listener knows of a request beside its bytes; services get it with the request.
#[derive(Debug, Clone)]
pub struct Meta {
    /// The request's id as every answer shows it: a UUID.
    pub request_id: String,
    /// The client's address.
    pub remote: std::net::SocketAddr,
}
