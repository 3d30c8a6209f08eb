//! Whether policies count in the cluster at all (ruling N40), before anything is tried.
//!
//! In audit the test's own namespaces enforce; where policies are disabled nothing could be shown.

use std::time::SystemTime;

use cluster::{ApiError, Connection};
use model::Enforcement;

use crate::ConnectivityError;

const FORBIDDEN: u16 = 403;

/// What the cluster's switch says. Who may not read it is told by what comes out.
pub(crate) async fn enforcement(connection: &Connection) -> Result<Enforcement, ConnectivityError> {
    let switch = match cluster::read_switch(connection, cluster::NAMESPACE).await {
        Ok(switch) => switch.unwrap_or_default(),
        Err(ApiError::Refused { code: FORBIDDEN, .. }) => return Ok(Enforcement::default()),
        Err(error) => return Err(error.into()),
    };
    let now = SystemTime::now();
    let lasting = switch.disabled.iter().find(|(_, disabled)| disabled.until() > now);
    if let Some((whom, disabled)) = lasting {
        let until = disabled.until_text();
        return Err(ConnectivityError::Disabled { whom: whom.to_string(), until });
    }
    Ok(switch.enforcement.unwrap_or_default())
}
