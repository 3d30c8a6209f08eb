//! That policies are out of force for a while: since when, until when, by whom and why.
//!
//! A while has an end that is not far, or it is not believed.

use std::time::{Duration, SystemTime};

use humantime::{format_rfc3339_seconds, parse_rfc3339};
use serde::{Deserialize, Serialize};

/// No while is longer: who needs more than a day wants the switch in `audit`.
pub const DISABLED_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// A while in which policies are out of force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disabled {
    since: SystemTime,
    until: SystemTime,
    /// Who wrote it, as far as the API server said.
    pub by: Option<String>,
    /// Why.
    pub reason: Option<String>,
}

/// Why a while is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DisabledError {
    /// It is no object with the two times.
    #[error("it is no JSON object with since and until")]
    Words,
    /// A time is none.
    #[error("{name} is no time of RFC 3339: {text:?}")]
    Time {
        /// Which.
        name: &'static str,
        /// What it says.
        text: String,
    },
    /// It ends before it begins, or lasts no second.
    #[error("it lasts no second")]
    Empty,
    /// It lasts too long.
    #[error("it lasts longer than {}", humantime::format_duration(DISABLED_MAX))]
    TooLong,
}

#[derive(Serialize, Deserialize)]
struct Written {
    since: String,
    until: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl Disabled {
    /// From `since` on, so long. Times are whole seconds.
    ///
    /// # Errors
    /// Where it lasts no second, or longer than [`DISABLED_MAX`].
    pub fn new(since: SystemTime, long: Duration) -> Result<Self, DisabledError> {
        let since = whole_second(since);
        let until = since.checked_add(Duration::from_secs(long.as_secs()));
        let until = until.ok_or(DisabledError::TooLong)?;
        Self::between(since, until)
    }

    fn between(since: SystemTime, until: SystemTime) -> Result<Self, DisabledError> {
        match until.duration_since(since) {
            Ok(long) if long > DISABLED_MAX => Err(DisabledError::TooLong),
            Ok(long) if long >= Duration::from_secs(1) => {
                Ok(Self { since, until, by: None, reason: None })
            }
            Ok(_) | Err(_) => Err(DisabledError::Empty),
        }
    }

    /// As it is written.
    ///
    /// # Errors
    /// Where it cannot be read, or is not to be believed.
    pub fn of_text(text: &str) -> Result<Self, DisabledError> {
        let written: Written = serde_json::from_str(text).map_err(|_| DisabledError::Words)?;
        let Written { since, until, by, reason } = written;
        let time = |name, text: String| {
            parse_rfc3339(&text).map_err(|_| DisabledError::Time { name, text })
        };
        let disabled = Self::between(time("since", since)?, time("until", until)?)?;
        Ok(Self { by, reason, ..disabled })
    }

    /// In the words that [`Disabled::of_text`] reads.
    #[must_use]
    pub fn text(&self) -> String {
        let written = Written {
            since: rfc3339(self.since),
            until: rfc3339(self.until),
            by: self.by.clone(),
            reason: self.reason.clone(),
        };
        serde_json::json!(written).to_string()
    }

    /// When it ends.
    #[must_use]
    pub fn until(&self) -> SystemTime {
        self.until
    }

    /// The end in words.
    #[must_use]
    pub fn until_text(&self) -> String {
        rfc3339(self.until)
    }

    /// How long it lasts.
    #[must_use]
    pub fn long(&self) -> Duration {
        self.until.duration_since(self.since).unwrap_or_default()
    }
}

fn rfc3339(time: SystemTime) -> String {
    format_rfc3339_seconds(time).to_string()
}

fn whole_second(time: SystemTime) -> SystemTime {
    let since_epoch = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    SystemTime::UNIX_EPOCH + Duration::from_secs(since_epoch.as_secs())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failing test may crash")]
mod tests {
    use super::*;

    fn at(text: &str) -> SystemTime {
        parse_rfc3339(text).unwrap()
    }

    #[test]
    fn what_was_written_is_read() {
        let since = at("2026-11-22T05:00:00.75Z");
        let half_an_hour = Disabled::new(since, Duration::from_secs(1800)).unwrap();
        let whole =
            Disabled { by: Some("ann".into()), reason: Some("\"fire\"".into()), ..half_an_hour };
        assert_eq!(Disabled::of_text(&whole.text()), Ok(whole.clone()));
        assert_eq!(whole.until_text(), "2026-11-22T05:30:00Z");
        assert_eq!(whole.long(), Duration::from_secs(1800));
    }

    #[test]
    fn a_while_is_between_a_second_and_a_day() {
        let since = at("2026-11-22T05:00:00Z");
        let long = |seconds| Disabled::new(since, Duration::from_secs(seconds)).map(|it| it.long());
        let day = 24 * 60 * 60;
        assert_eq!(long(0), Err(DisabledError::Empty));
        assert_eq!(long(1), Ok(Duration::from_secs(1)));
        assert_eq!(long(day), Ok(DISABLED_MAX));
        assert_eq!(long(day + 1), Err(DisabledError::TooLong));
        assert_eq!(Disabled::new(since, Duration::MAX), Err(DisabledError::TooLong));
    }

    #[test]
    fn what_somebody_else_wrote_is_not_believed_more() {
        let text = |since: &str, until: &str| {
            Disabled::of_text(&format!(r#"{{"since":"{since}","until":"{until}"}}"#))
        };
        let is_error = |error: Result<Disabled, DisabledError>| error.unwrap_err();
        let (five, six) = ("2026-11-22T05:00:00Z", "2026-11-22T06:00:00Z");
        assert!(text(five, six).is_ok());
        assert_eq!(is_error(text(six, five)), DisabledError::Empty);
        assert_eq!(is_error(text(five, "9999-11-22T06:00:00Z")), DisabledError::TooLong);
        let is_time = |error| matches!(error, DisabledError::Time { name: "until", .. });
        assert!(is_time(is_error(text(five, "tomorrow"))));
        assert_eq!(is_error(Disabled::of_text(r#"{"until":"2026"}"#)), DisabledError::Words);
    }
}
