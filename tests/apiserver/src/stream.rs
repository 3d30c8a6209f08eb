//! What an API server hands on to kubelets: a command in a pod, and connections to its ports.
//!
//! Real WebSockets with Kubernetes' channels; the pod behind them is a function of the test, or a
//! listener.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::Query;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use futures::{SinkExt, StreamExt};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

use crate::{FakeApi, Served, refuse};

type Acting = dyn Fn(&str, &mut Value) + Send + Sync;
type Running = dyn Fn(&str, &[String]) -> String + Send + Sync;
type Socket = WebSocketStream<TokioIo<Upgraded>>;

const OUTPUT: u8 = 1;
const STATUS: u8 = 3;
const CHUNK: usize = 16 << 10;

/// Who else acts on objects and pods.
#[derive(Clone, Debug, Default)]
pub(crate) struct Others {
    pub(crate) acts: Option<Hidden<Acting>>,
    runs: Option<Hidden<Running>>,
    /// By namespace and name.
    listens: BTreeMap<String, SocketAddr>,
    logs: BTreeMap<String, String>,
    /// What was to be written, in order.
    calls: Vec<String>,
}

impl Others {
    pub(crate) fn said_by(&self, pod: &str) -> String {
        self.logs.get(pod).cloned().unwrap_or_default()
    }

    pub(crate) fn note(&mut self, method: &Method, path: &str) {
        self.calls.push(format!("{method} {path}"));
    }
}

/// A function, which has no words.
pub(crate) struct Hidden<F: ?Sized>(pub(crate) Arc<F>);

impl<F: ?Sized> Clone for Hidden<F> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<F: ?Sized> fmt::Debug for Hidden<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a function")
    }
}

impl FakeApi {
    /// What controllers and kubelets do to an object that was written: its plural, and itself.
    pub fn others_act(&self, act: impl Fn(&str, &mut Value) + Send + Sync + 'static) {
        self.state.lock().unwrap().others.acts = Some(Hidden(Arc::new(act)));
    }

    /// What a command in a pod writes: `NAMESPACE/NAME`, and its words.
    pub fn pods_run(&self, run: impl Fn(&str, &[String]) -> String + Send + Sync + 'static) {
        self.state.lock().unwrap().others.runs = Some(Hidden(Arc::new(run)));
    }

    /// What a pod, `NAMESPACE/NAME`, has written to its log.
    pub fn pod_says(&self, pod: &str, text: &str) {
        self.state.lock().unwrap().others.logs.insert(pod.to_owned(), text.to_owned());
    }

    /// Every request to write, in order: its method and its path.
    #[must_use]
    pub fn calls(&self) -> Vec<String> {
        self.state.lock().unwrap().others.calls.clone()
    }

    /// Connections to any port of a pod, `NAMESPACE/NAME`, lead there.
    pub fn pod_listens(&self, pod: &str, at: SocketAddr) {
        self.state.lock().unwrap().others.listens.insert(pod.to_owned(), at);
    }
}

/// Answers an upgrade, and goes on in a task of its own.
pub(crate) fn stream(
    served: &Served,
    uri: &Uri,
    headers: &HeaderMap,
    upgrade: OnUpgrade,
) -> Response {
    let path: Vec<&str> = uri.path().trim_matches('/').split('/').collect();
    let [.., namespace, "pods", name, verb] = path.as_slice() else { return refuse::not_found() };
    if served.is_forbidden(&format!("pods/{verb}"), "") {
        return refuse::forbidden(&format!("pods/{verb}"));
    }
    let pod = format!("{namespace}/{name}");
    let Query(words) = Query::<Vec<(String, String)>>::try_from_uri(uri).unwrap();
    let all = |key: &str| {
        let own = words.iter().filter(|(own, _)| own == key);
        own.map(|(_, word)| word.clone()).collect::<Vec<_>>()
    };
    let socket = async {
        let upgraded = TokioIo::new(upgrade.await.unwrap());
        WebSocketStream::from_raw_socket(upgraded, Role::Server, None).await
    };
    match (*verb, served.others.runs.clone(), served.others.listens.get(&pod).copied()) {
        ("exec", Some(runs), _) => {
            let words = all("command");
            tokio::spawn(async move { run(socket.await, runs.0(&pod, &words)).await });
        }
        ("portforward", _, Some(at)) => {
            let port: u16 = all("ports").concat().parse().unwrap();
            tokio::spawn(async move { forward(socket.await, port, at).await });
        }
        _ => return refuse::not_found(),
    }
    switching(headers)
}

fn switching(headers: &HeaderMap) -> Response {
    let key = derive_accept_key(headers[header::SEC_WEBSOCKET_KEY].as_bytes());
    let asked = headers[header::SEC_WEBSOCKET_PROTOCOL].to_str().unwrap();
    let protocol = asked.split(',').next().unwrap().trim().to_owned();
    let headers = [
        (header::UPGRADE, "websocket".to_owned()),
        (header::CONNECTION, "upgrade".to_owned()),
        (header::SEC_WEBSOCKET_ACCEPT, key),
        (header::SEC_WEBSOCKET_PROTOCOL, protocol),
    ];
    (StatusCode::SWITCHING_PROTOCOLS, headers, Body::empty()).into_response()
}

fn framed(channel: u8, octets: &[u8]) -> Message {
    Message::binary([&[channel], octets].concat())
}

async fn run(mut socket: Socket, said: String) {
    for chunk in said.as_bytes().chunks(CHUNK) {
        socket.send(framed(OUTPUT, chunk)).await.unwrap();
    }
    let status = json!({ "metadata": {}, "status": "Success" }).to_string();
    socket.send(framed(STATUS, status.as_bytes())).await.unwrap();
    // Who has heard enough is gone.
    drop(socket.close(None).await);
}

async fn forward(socket: Socket, port: u16, at: SocketAddr) {
    let (mut out, mut incoming) = socket.split();
    for channel in [0, 1] {
        out.send(framed(channel, &port.to_le_bytes())).await.unwrap();
    }
    let Ok(pod) = TcpStream::connect(at).await else {
        out.send(framed(1, b"connection refused")).await.unwrap();
        return;
    };
    let (mut from_pod, mut to_pod) = pod.into_split();
    let sends = async {
        while let Some(Ok(message)) = incoming.next().await {
            if let Message::Binary(octets) = message {
                let sent = to_pod.write_all(&octets[1..]).await;
                if sent.is_err() {
                    break;
                }
            }
        }
    };
    let receives = async {
        let mut octets = vec![0; CHUNK];
        while let Ok(length @ 1..) = from_pod.read(&mut octets).await {
            if out.send(framed(0, &octets[..length])).await.is_err() {
                break;
            }
        }
        // Who has heard enough is gone.
        drop(out.close().await);
    };
    tokio::select! {
        () = sends => {}
        () = receives => {}
    }
}
