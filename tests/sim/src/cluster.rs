//! The truth: what people and controllers do to a cluster.
//!
//! Every change is one object's, and is told to whoever watches.

use std::net::IpAddr;

use crate::chance::Chance;
use crate::draw;
use crate::state::{Life, News, State};

/// The cluster as it is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cluster {
    pub(crate) state: State,
    lives: u64,
}

impl Cluster {
    /// A cluster with namespaces and a few of everything.
    pub(crate) fn new(chance: &mut Chance) -> Self {
        let mut cluster = Self::default();
        for name in draw::NAMESPACES {
            cluster.change(News::Namespace(name.to_owned(), draw::namespace_labels(chance)));
        }
        for _ in 0..12 {
            cluster.happen(chance);
        }
        cluster
    }

    /// Something changes; the news of it, which is none where there was nothing to change.
    pub(crate) fn happen(&mut self, chance: &mut Chance) -> Option<News> {
        let news = match chance.below(16) {
            0..=4 => self.pod_comes_or_goes(chance),
            5 | 6 => self.pod_is_relabelled(chance),
            7 => {
                let name = draw::name(chance, &draw::NAMESPACES);
                Some(News::Namespace(name, draw::namespace_labels(chance)))
            }
            8..=13 => {
                let at = chance.below(draw::POLICIES);
                Some(News::Policy(at, draw::policy(chance, at)))
            }
            _ => Some(self.service_comes_or_goes(chance)),
        }?;
        self.change(news.clone());
        Some(news)
    }

    fn change(&mut self, news: News) {
        self.state.learn(news);
    }

    fn pod_comes_or_goes(&mut self, chance: &mut Chance) -> Option<News> {
        let key = draw::pod_key(chance);
        if self.state.pods.contains_key(&key) {
            return Some(News::Pod(key, None));
        }
        let taken: Vec<IpAddr> =
            self.state.pods.values().flat_map(|life| life.pod.addresses.clone()).collect();
        let addresses = draw::addresses(chance, &taken);
        if addresses.is_empty() {
            return None;
        }
        self.lives += 1;
        let life = Life { uid: self.lives, pod: draw::pod(chance, &key, addresses) };
        Some(News::Pod(key, Some(Box::new(life))))
    }

    fn pod_is_relabelled(&self, chance: &mut Chance) -> Option<News> {
        let keys: Vec<_> = self.state.pods.keys().collect();
        let key = (*chance.pick(&keys)?).clone();
        let mut life = self.state.pods.get(&key)?.clone();
        life.pod.labels = draw::pod_labels(chance);
        Some(News::Pod(key, Some(Box::new(life))))
    }

    fn service_comes_or_goes(&self, chance: &mut Chance) -> News {
        let key = ("x".to_owned(), draw::name(chance, &["web", "names"]));
        let is_there = self.state.services.contains_key(&key);
        match is_there && chance.one_in(2) {
            true => News::Service(key, None),
            false => {
                let service = Box::new(draw::service(chance, &key));
                News::Service(key, Some(service))
            }
        }
    }
}
