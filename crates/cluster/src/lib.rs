//! What an API server says, kept as documents.
//!
//! Every kind that a verdict depends on is listed and watched as raw JSON, so that `manifest` reads
//! it as it reads a file, and nothing that a typed structure does not know is lost on the way.
//!
//! **Invariant:** nothing is taken for gone before a list is complete.
//! **Invariant:** an object that cannot be read is that object's problem, never the watch's.
//! **Absent:** any meaning. What a document says is `manifest`'s, and what follows is `policy`'s.

mod api_error;
mod bounds;
mod connect;
mod kind;
mod list;
mod news;
mod page;
mod served;
mod slim;
mod store;
mod switch;
mod unread;
mod watch;

pub use api_error::ApiError;
pub use bounds::bounds;
pub use connect::{ConnectError, Connection, Target, connect};
pub use kind::{KINDS, Kind};
pub use list::{Listed, Scope, Step, list};
pub use news::{Key, News, Object};
pub use served::is_served;
pub use slim::slim;
pub use store::{Store, document};
pub use switch::{
    Author, CONFIG_MAP, DISABLED_MAX, Disabled, DisabledError, Incident, NAMESPACE, Switch,
    SwitchNews, SwitchProblem, Whom, author, follow_switch, read_switch, record, write_disabled,
    write_enabled,
};
pub use unread::{Place, Unread, unread_words};
pub use watch::{Heard, Keep, watch, watch_kinds};
