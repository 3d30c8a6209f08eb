//! The watches, one for each kind: they list, follow, and begin anew when they are lost.

use std::time::Duration;

use futures::{Stream, StreamExt};
use kube::Client;
use kube::api::{Api, DynamicObject};
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, Event, watcher};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::kind::{KINDS, Kind};
use crate::news::{Key, News, Object};
use crate::served::is_served;
use crate::slim::slim;

/// How often a kind that the cluster lacks is asked for again.
const ABSENT_INTERVAL: Duration = Duration::from_secs(5);

/// What of an object is kept.
pub type Keep = fn(&Kind, &Value) -> Value;

/// News of the kind at this place of the kinds that are watched, see [`KINDS`].
pub type Heard = (usize, News);

/// Begins to watch all kinds that a verdict depends on. The watches end with the set, or when nobody listens.
#[must_use]
pub fn watch(client: &Client, news: &mpsc::Sender<Heard>) -> JoinSet<()> {
    watch_kinds(client, &KINDS, slim, news)
}

/// Begins to watch these kinds, and keeps of each object what is asked for.
#[must_use]
pub fn watch_kinds(
    client: &Client,
    kinds: &'static [Kind],
    keep: Keep,
    news: &mpsc::Sender<Heard>,
) -> JoinSet<()> {
    let mut watches = JoinSet::new();
    for (at, kind) in kinds.iter().enumerate() {
        let watch = Watch { at, kind, keep, client: client.clone(), news: news.clone() };
        watches.spawn(watch.run());
    }
    watches
}

struct Watch {
    at: usize,
    kind: &'static Kind,
    keep: Keep,
    client: Client,
    news: mpsc::Sender<Heard>,
}

impl Watch {
    async fn run(self) {
        let mut events = Box::pin(self.events());
        while let Some(event) = events.next().await {
            let told = match event {
                Ok(event) => self.tell(self.of_event(event)).await,
                Err(error) if self.is_absent(&error).await => self.wait_for_kind().await,
                Err(error) => {
                    tracing::warn!(kind = self.kind.kind, %error, "the watch was lost and begins anew");
                    Ok(())
                }
            };
            if told.is_err() {
                return;
            }
        }
    }

    fn events(&self) -> impl Stream<Item = watcher::Result<Event<DynamicObject>>> + Send + use<> {
        let resource = self.kind.resource();
        let api = Api::all_with(self.client.clone(), &resource);
        watcher(api, watcher::Config::default()).default_backoff()
    }

    async fn tell(&self, news: News) -> Result<(), mpsc::error::SendError<Heard>> {
        self.news.send((self.at, news)).await
    }

    fn of_event(&self, event: Event<DynamicObject>) -> News {
        match event {
            Event::Init => News::Listing,
            Event::InitApply(object) => News::Listed(self.object(&object)),
            Event::InitDone => News::Complete,
            Event::Apply(object) => News::Put(self.object(&object)),
            Event::Delete(object) => News::Gone(key(&object)),
        }
    }

    fn object(&self, object: &DynamicObject) -> Object {
        let value = serde_json::to_value(object).unwrap_or_default();
        let text = (self.keep)(self.kind, &value).to_string();
        let uid = object.metadata.uid.clone().unwrap_or_default();
        let version = object.metadata.resource_version.as_deref().and_then(api::parse_version);
        Object { key: key(object), uid, version: version.unwrap_or_default(), text: text.into() }
    }

    /// Not found says little by itself: a proxy or an aggregated server may say it too. The list of
    /// what is served must lack the kind as well.
    async fn is_absent(&self, error: &watcher::Error) -> bool {
        self.kind.is_optional
            && is_not_found(error)
            && is_served(&self.client, self.kind).await == Some(false)
    }

    async fn wait_for_kind(&self) -> Result<(), mpsc::error::SendError<Heard>> {
        self.tell(News::NoSuchKind).await?;
        while is_served(&self.client, self.kind).await != Some(true) {
            tokio::select! {
                () = tokio::time::sleep(ABSENT_INTERVAL) => {}
                () = self.news.closed() => return Ok(()),
            }
        }
        Ok(())
    }
}

fn key(object: &DynamicObject) -> Key {
    let namespace = object.metadata.namespace.clone().unwrap_or_default();
    Key { namespace, name: object.metadata.name.clone().unwrap_or_default() }
}

fn is_not_found(error: &watcher::Error) -> bool {
    match error {
        watcher::Error::InitialListFailed(kube::Error::Api(status))
        | watcher::Error::WatchStartFailed(kube::Error::Api(status))
        | watcher::Error::WatchError(status) => status.code == 404,
        watcher::Error::InitialListFailed(_)
        | watcher::Error::WatchStartFailed(_)
        | watcher::Error::WatchFailed(_)
        | watcher::Error::NoResourceVersion => false,
    }
}
