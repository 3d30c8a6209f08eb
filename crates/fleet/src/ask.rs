//! One question to one agent, over HTTP, whatever the way there is.
//!
//! A connection for each question: an agent is asked seldom, and a forwarded port carries one connection.

use std::time::Duration;

use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use k8s_openapi::api::core::v1::Pod;
use kube::api::Api;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::error::Cause;
use crate::{Agent, FleetError, Way};

/// Where agents listen on their nodes' loopback.
const PORT: u16 = 9470;
/// A whole answer takes no longer than this.
const ANSWER_MAX: Duration = Duration::from_secs(20);
/// No answer of an agent is larger; a record of flows is bounded by the agent.
const TEXT_MAX: usize = 256 << 20;

impl Agent {
    /// An answer that has a beginning, and may have no end.
    pub(crate) async fn open(&self, path: &str) -> Result<Response<Incoming>, FleetError> {
        let asked = match &self.way {
            Way::Address(address) => {
                let stream = TcpStream::connect(address).await;
                send(stream.map_err(|error| self.unreachable(error))?, path).await
            }
            Way::Pod { client, namespace, name } => {
                let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
                let forwarded = pods.portforward(name, &[PORT]).await;
                let mut forwarded = forwarded.map_err(|error| self.unreachable(error))?;
                let stream = forwarded.take_stream(PORT);
                let stream = stream.ok_or_else(|| self.unreachable("no stream was forwarded"))?;
                send(stream, path).await
            }
        };
        let response = asked.map_err(|error| self.unreachable(error))?;
        match response.status().is_success() {
            true => Ok(response),
            false => {
                let code = response.status().as_u16();
                let message = self.whole(response).await?;
                Err(FleetError::Refused { node: self.node.clone(), code, message })
            }
        }
    }

    /// A whole answer as text.
    ///
    /// # Errors
    /// Where the agent cannot be reached, refuses, or does not come to an end.
    pub async fn text(&self, path: &str) -> Result<String, FleetError> {
        let asked = async { self.whole(self.open(path).await?).await };
        match timeout(ANSWER_MAX, asked).await {
            Ok(text) => text,
            Err(_) => Err(self.silent()),
        }
    }

    /// A whole answer, read.
    pub(crate) async fn json<T: DeserializeOwned>(&self, path: &str) -> Result<T, FleetError> {
        let text = self.text(path).await?;
        serde_json::from_str(&text)
            .map_err(|source| FleetError::Unreadable { node: self.node.clone(), source })
    }

    async fn whole(&self, response: Response<Incoming>) -> Result<String, FleetError> {
        let body = http_body_util::Limited::new(response.into_body(), TEXT_MAX);
        let octets = body.collect().await.map_err(|error| self.unreachable(error))?.to_bytes();
        Ok(String::from_utf8_lossy(&octets).trim_end().to_owned())
    }

    pub(crate) fn unreachable(&self, source: impl Into<Cause>) -> FleetError {
        FleetError::Unreachable { node: self.node.clone(), source: source.into() }
    }

    fn silent(&self) -> FleetError {
        FleetError::Silent { node: self.node.clone(), seconds: ANSWER_MAX.as_secs() }
    }
}

/// Asks over a stream, which lives for as long as the answer does.
async fn send<S>(stream: S, path: &str) -> Result<Response<Incoming>, hyper::Error>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    // Whoever reads the answer hears of a connection that ends early.
    tokio::spawn(async move { drop(connection.await) });
    let request = Request::builder().uri(path).header("host", "localhost");
    // A path of ours is always one of HTTP.
    let request = request.body(Empty::<Bytes>::new()).unwrap_or_default();
    sender.send_request(request).await
}

/// A path with a query.
pub(crate) fn query(path: &str, words: &[(&str, String)]) -> String {
    let pairs = words.iter().map(|(word, value)| format!("{word}={}", encoded(value)));
    let pairs: Vec<String> = pairs.collect();
    if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
}

/// Everything but what RFC 3986 calls unreserved.
fn encoded(value: &str) -> String {
    let mut text = String::new();
    for octet in value.bytes() {
        match octet {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                text.push(char::from(octet));
            }
            other => text.push_str(&format!("%{other:02X}")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_holds_what_was_asked_whatever_is_in_it() {
        assert_eq!(query("/flows", &[]), "/flows");
        let words = [("pod", "shop/web".to_owned()), ("rule", "a b&c=d".to_owned())];
        assert_eq!(query("/flows", &words), "/flows?pod=shop%2Fweb&rule=a%20b%26c%3Dd");
    }
}
