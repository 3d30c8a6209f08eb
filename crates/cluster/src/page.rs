//! One list, page by page, each object made small before the next page is asked for.
//!
//! A list that the API server forgets while it is read is begun anew, so that what comes out was
//! true at one moment.

use kube::Client;
use kube::api::{DynamicObject, ListParams, Request};
use kube::core::Resource;
use serde_json::Value;

use crate::kind::Kind;
use crate::news::{Key, Object};
use crate::slim::slim;

/// Objects on a page, as kubectl asks for them.
const PAGE: u32 = 500;
/// Lists that are begun page by page before one is asked for whole, which cannot be forgotten.
const PAGED_MAX: u32 = 3;
/// The code of a list that is forgotten.
const GONE: u16 = 410;

/// The objects of a kind, in one namespace or everywhere. `tell` hears how many came.
pub(crate) async fn objects(
    client: &Client,
    kind: &Kind,
    namespace: Option<&str>,
    tell: &(dyn Fn(usize) + Sync),
) -> Result<Vec<Object>, kube::Error> {
    for _ in 0..PAGED_MAX {
        match pages(client, kind, namespace, Some(PAGE), tell).await {
            Err(kube::Error::Api(status)) if status.code == GONE => {}
            done => return done,
        }
    }
    pages(client, kind, namespace, None, tell).await
}

async fn pages(
    client: &Client,
    kind: &Kind,
    namespace: Option<&str>,
    limit: Option<u32>,
    tell: &(dyn Fn(usize) + Sync),
) -> Result<Vec<Object>, kube::Error> {
    let request = Request::new(DynamicObject::url_path(&kind.resource(), namespace));
    let mut objects = Vec::new();
    let mut params = ListParams { limit, ..ListParams::default() };
    loop {
        let asked = request.list(&params).map_err(kube::Error::BuildRequest)?;
        let mut page: Value = client.request(asked).await?;
        let next = page.pointer("/metadata/continue").and_then(Value::as_str).unwrap_or_default();
        params.continue_token = (!next.is_empty()).then(|| next.to_owned());
        let items = page.get_mut("items").map(Value::take);
        let items = items.as_ref().and_then(Value::as_array).into_iter().flatten();
        let before = objects.len();
        objects.extend(items.map(|item| object(kind, item)));
        tell(objects.len().saturating_sub(before));
        if params.continue_token.is_none() {
            return Ok(objects);
        }
    }
}

/// One object by its name.
pub(crate) async fn one(client: &Client, kind: &Kind, name: &str) -> Result<Object, kube::Error> {
    let request = Request::new(DynamicObject::url_path(&kind.resource(), None));
    let asked = request.get(name, &Default::default()).map_err(kube::Error::BuildRequest)?;
    let item: Value = client.request(asked).await?;
    Ok(object(kind, &item))
}

fn object(kind: &Kind, item: &Value) -> Object {
    let word = |name: &str| {
        let word = item.get("metadata").and_then(|metadata| metadata.get(name));
        word.and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let key = Key { namespace: word("namespace"), name: word("name") };
    let slim = slim(kind, item);
    // People are shown lines of policies; of all else there are too many for them.
    let text = if kind.is_policy() { format!("{slim:#}") } else { slim.to_string() };
    let version = api::parse_version(&word("resourceVersion")).unwrap_or_default();
    Object { key, uid: word("uid"), version, text: text.into() }
}
