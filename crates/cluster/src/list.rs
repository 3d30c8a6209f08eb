//! A cluster as it is now: every kind that a verdict depends on, listed once.
//!
//! Who may not list the whole cluster gets the namespaces that may be read, and is told of the
//! others: what could not be read is never taken for empty.

use futures::{StreamExt, TryStreamExt};
use kube::Client;
use manifest::Document;

use crate::api_error::ApiError;
use crate::connect::Connection;
use crate::kind::{KINDS, Kind};
use crate::news::Object;
use crate::page;
use crate::served::is_served;
use crate::store::document;
use crate::unread::{Place, Unread};

/// Namespaces that are asked at once, where the whole cluster may not be listed.
const AT_ONCE: usize = 8;
const FORBIDDEN: u16 = 403;
const NOT_FOUND: u16 = 404;

/// What is to be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// The namespaces to try where namespaces may not be listed.
    pub namespaces: Vec<String>,
    /// The whole cluster or nothing.
    pub is_whole: bool,
}

/// A kind that is being listed, and how many objects of it came since the last time.
pub type Step = (&'static Kind, usize);

/// What was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// The objects, each a document that is named as `kubectl` would name it.
    pub documents: Vec<Document>,
    /// What could not be read.
    pub unread: Vec<Unread>,
}

/// Lists a cluster. `tell` hears what is going on.
///
/// # Errors
/// Where the API server does not answer, or not all of the cluster that is insisted on may be read.
pub async fn list(
    connection: &Connection,
    scope: &Scope,
    tell: &(dyn Fn(Step) + Sync),
) -> Result<Listed, ApiError> {
    let Connection { client, server, .. } = connection;
    let mut lister = Lister { client, server, scope, tell, namespaces: None };
    let mut listed = Listed::default();
    for kind in &KINDS {
        let (mut objects, unread) = lister.kind(kind).await?;
        objects.sort_unstable_by(|one, other| one.key.cmp(&other.key));
        if kind.kind == "Namespace" && unread.is_empty() {
            lister.namespaces = Some(objects.iter().map(|one| one.key.name.clone()).collect());
        }
        listed.documents.extend(objects.iter().map(|object| document(kind, object)));
        listed.unread.extend(unread);
    }
    Ok(listed)
}

struct Lister<'a> {
    client: &'a Client,
    server: &'a str,
    scope: &'a Scope,
    tell: &'a (dyn Fn(Step) + Sync),
    /// All namespaces, where they may be listed.
    namespaces: Option<Vec<String>>,
}

type Found = (Vec<Object>, Vec<Unread>);

impl Lister<'_> {
    async fn kind(&self, kind: &'static Kind) -> Result<Found, ApiError> {
        let error = match self.objects(kind, None).await {
            Ok(objects) => return Ok((objects, Vec::new())),
            Err(error) => error,
        };
        let may_lack = kind.is_optional && [FORBIDDEN, NOT_FOUND].contains(&code(&error));
        if may_lack && is_served(self.client, kind).await == Some(false) {
            return Ok(Found::default());
        }
        match code(&error) {
            FORBIDDEN if self.scope.is_whole => {
                Err(ApiError::Forbidden { what: kind.plural, place: Place::Everywhere.to_string() })
            }
            FORBIDDEN if kind.is_namespaced() => self.by_namespace(kind).await,
            FORBIDDEN if kind.kind == "Namespace" => self.named_namespaces(kind).await,
            FORBIDDEN => Ok((Vec::new(), vec![Unread::everywhere(kind)])),
            _ => Err(self.failed(kind, error)),
        }
    }

    async fn objects(
        &self,
        kind: &'static Kind,
        namespace: Option<&str>,
    ) -> Result<Vec<Object>, kube::Error> {
        let tell = |came| (self.tell)((kind, came));
        page::objects(self.client, kind, namespace, &tell).await
    }

    /// Namespace by namespace; where nobody says which there are, those that were named.
    async fn by_namespace(&self, kind: &'static Kind) -> Result<Found, ApiError> {
        let names = self.namespaces.as_deref().unwrap_or(&self.scope.namespaces);
        let asked = names.iter().map(|name| async move {
            match self.objects(kind, Some(name)).await {
                Ok(objects) => Ok((objects, None)),
                Err(error) if code(&error) == FORBIDDEN => {
                    Ok((Vec::new(), Some(Unread::of(kind, name))))
                }
                Err(error) => Err(self.failed(kind, error)),
            }
        });
        let found = futures::stream::iter(asked).buffered(AT_ONCE);
        let found: Vec<(Vec<Object>, Option<Unread>)> = found.try_collect().await?;
        let (objects, unread): (Vec<_>, Vec<_>) = found.into_iter().unzip();
        let others = self.namespaces.is_none().then(|| Unread::elsewhere(kind, names));
        Ok((
            objects.into_iter().flatten().collect(),
            unread.into_iter().flatten().chain(others).collect(),
        ))
    }

    /// Who may not list namespaces may often read the own one.
    async fn named_namespaces(&self, kind: &'static Kind) -> Result<Found, ApiError> {
        let names = &self.scope.namespaces;
        let (mut objects, mut unread) = (Vec::new(), Vec::new());
        for name in names {
            match page::one(self.client, kind, name).await {
                Ok(object) => objects.push(object),
                Err(error) if code(&error) == FORBIDDEN => unread.push(Unread::of(kind, name)),
                Err(error) if code(&error) == NOT_FOUND => {}
                Err(error) => return Err(self.failed(kind, error)),
            }
        }
        unread.push(Unread::elsewhere(kind, names));
        Ok((objects, unread))
    }

    fn failed(&self, kind: &Kind, error: kube::Error) -> ApiError {
        ApiError::new(self.server, kind.plural, error)
    }
}

/// The code of HTTP, if there was an answer.
fn code(error: &kube::Error) -> u16 {
    if let kube::Error::Api(status) = error { status.code } else { 0 }
}
