//! Why a cluster cannot be read, said so that somebody knows what to do; and no secret in it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed test panics"
)]

use std::fs;
use std::path::{Path, PathBuf};

use apiserver::FakeApi;
use cluster::{ApiError, ConnectError, Scope, Target, connect, list};
use miette::Diagnostic;
use tempfile::TempDir;

const SECRET: &str = "s3cr3t-t0ken";

fn written(folder: &TempDir, text: &str) -> PathBuf {
    let path = folder.path().join("config");
    fs::write(&path, text).unwrap();
    path
}

/// A kubeconfig with one context, `production`.
fn kubeconfig(server: &str, user: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: production\n\
         clusters: [{{name: c, cluster: {{server: \"{server}\"}}}}]\n\
         contexts: [{{name: production, context: {{cluster: c, user: u, namespace: shop}}}}]\n\
         users: [{{name: u, user: {user}}}]\n"
    )
}

fn target(path: &Path, context: Option<&str>) -> Target {
    Target { kubeconfig: Some(path.to_owned()), context: context.map(str::to_owned) }
}

/// Why `server` cannot be listed by `user`.
async fn refused(server: &str, user: &str) -> ApiError {
    let folder = TempDir::new().unwrap();
    let path = written(&folder, &kubeconfig(server, user));
    let connection = match connect(&target(&path, None)).await {
        Err(ConnectError::Api(error)) => return error,
        connection => connection.unwrap_or_else(|error| panic!("{error}")),
    };
    assert_eq!(connection.namespace, "shop");
    list(&connection, &Scope::default(), &|_| {}).await.unwrap_err()
}

/// Everything that a person or a log could see of an error.
fn shown(error: impl Diagnostic + Send + Sync + 'static) -> String {
    let plain = format!("{error} {error:?}");
    format!("{plain} {:?}", miette::Report::new(error))
}

#[tokio::test]
async fn a_misspelt_context_is_told_the_nearest_one() {
    let folder = TempDir::new().unwrap();
    let path = written(&folder, &kubeconfig("http://127.0.0.1:1", "{}"));
    let error = connect(&target(&path, Some("prodution"))).await.err().unwrap();
    assert!(matches!(error, ConnectError::UnknownContext { .. }), "{error}");
    assert_eq!(error.help().unwrap().to_string(), "did you mean production?");
    let error = connect(&target(&path, Some("xyz"))).await.err().unwrap();
    assert_eq!(error.help().unwrap().to_string(), "it has production");
    assert!(connect(&target(&path, Some("production"))).await.is_ok());
}

#[tokio::test]
async fn a_kubeconfig_that_is_not_there_or_none_is_named_and_never_shown() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("nowhere");
    let error = connect(&target(&path, None)).await.err().unwrap();
    assert!(error.to_string().ends_with("nowhere"), "{error}");
    let path = written(&folder, &format!("users:\n- token: {SECRET}\n  }}"));
    let error = connect(&target(&path, None)).await.err().unwrap();
    assert!(matches!(error, ConnectError::Malformed), "{error}");
    assert!(!shown(error).contains(SECRET));
}

#[tokio::test]
async fn a_server_that_is_away_is_unreachable() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = refused(&format!("http://{free}"), "{}").await;
    assert!(matches!(error, ApiError::Unreachable { .. }), "{error:?}");
}

#[tokio::test]
async fn credentials_that_are_expired_are_said_to_be_and_not_shown() {
    let (api, _) = FakeApi::start().await;
    api.forget_users();
    let error = refused(api.url(), &format!("{{token: {SECRET}}}")).await;
    assert!(matches!(error, ApiError::Unauthorized { .. }), "{error:?}");
    assert!(!shown(error).contains(SECRET));
}

#[tokio::test]
async fn what_a_credential_plugin_prints_is_never_shown() {
    let (api, _) = FakeApi::start().await;
    let command = format!("echo {SECRET}; exit 7");
    let user = format!(
        "{{exec: {{apiVersion: client.authentication.k8s.io/v1, command: sh, \
         args: [\"-c\", \"{command}\"], interactiveMode: Never}}}}"
    );
    let error = refused(api.url(), &user).await;
    assert!(matches!(error, ApiError::Credentials { .. }), "{error:?}");
    let shown = shown(error);
    assert!(shown.contains("exit status: 7") && !shown.contains(SECRET), "{shown}");
}

#[tokio::test]
async fn a_server_without_a_trusted_certificate_is_a_matter_of_tls() {
    // It speaks plain HTTP, so no certificate of it can be trusted.
    let (api, _) = FakeApi::start().await;
    let error = refused(&api.url().replace("http:", "https:"), "{}").await;
    assert!(matches!(error, ApiError::Tls { .. }), "{error:?}");
}
