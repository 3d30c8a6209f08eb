//! The watch of the switch: one object, told anew whenever it changes.
//!
//! That there is none, or that it may not be read, is news too: who waits for it must not wait for ever.

use futures::StreamExt;
use kube::Client;
use kube::api::DynamicObject;
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, Event, watcher};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::read::{api, data};
use super::{CONFIG_MAP, Switch};

/// What is known of the switch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SwitchNews {
    /// Nobody answered yet.
    #[default]
    Nothing,
    /// It says this.
    Said(Switch),
    /// There is none.
    Absent,
    /// It may not be read, in the server's words.
    Refused(String),
}

/// Begins to follow the switch in `namespace`. It ends with the set.
#[must_use]
pub fn follow_switch(
    client: &Client,
    namespace: &str,
) -> (JoinSet<()>, watch::Receiver<SwitchNews>) {
    let (tell, heard) = watch::channel(SwitchNews::Nothing);
    let (client, namespace) = (client.clone(), namespace.to_owned());
    let mut follows = JoinSet::new();
    follows.spawn(async move { follow(&client, &namespace, &tell).await });
    (follows, heard)
}

async fn follow(client: &Client, namespace: &str, tell: &watch::Sender<SwitchNews>) {
    let only = watcher::Config::default().fields(&format!("metadata.name={CONFIG_MAP}"));
    let events = watcher(api(client, namespace), only).default_backoff();
    let mut events = Box::pin(events);
    let mut listed = SwitchNews::Absent;
    while let Some(event) = events.next().await {
        let news = match event {
            Ok(Event::Init) => {
                listed = SwitchNews::Absent;
                continue;
            }
            Ok(Event::InitApply(object)) => {
                listed = said(&object);
                continue;
            }
            Ok(Event::InitDone) => std::mem::replace(&mut listed, SwitchNews::Absent),
            Ok(Event::Apply(object)) => said(&object),
            Ok(Event::Delete(_)) => SwitchNews::Absent,
            Err(error) => match refused(&error) {
                Some(message) => SwitchNews::Refused(message),
                None => {
                    tracing::warn!(%error, "the watch of the switch was lost and begins anew");
                    continue;
                }
            },
        };
        tell.send_if_modified(|known| {
            let is_new = *known != news;
            *known = news;
            is_new
        });
    }
}

fn said(object: &DynamicObject) -> SwitchNews {
    SwitchNews::Said(Switch::of(&data(object)))
}

/// A server that answers so will answer so again; one that is away, or busy, will not.
fn refused(error: &watcher::Error) -> Option<String> {
    let status = match error {
        watcher::Error::InitialListFailed(kube::Error::Api(status))
        | watcher::Error::WatchStartFailed(kube::Error::Api(status))
        | watcher::Error::WatchError(status) => status,
        watcher::Error::InitialListFailed(_)
        | watcher::Error::WatchStartFailed(_)
        | watcher::Error::WatchFailed(_)
        | watcher::Error::NoResourceVersion => return None,
    };
    [401, 403, 404].contains(&status.code).then(|| status.message.clone())
}
