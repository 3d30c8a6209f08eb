//! One call of the runtime: what it wants, and what it is told in the end.
//!
//! A call is read whole before anybody is asked, so that a wrong one changes nothing. Which failures
//! of the agent are failures of the call is decided here too.

use serde_json::value::RawValue;

use crate::agent::{Answer, Attachment, AttachmentKey, Denied, Request};
use crate::arguments::PodArguments;
use crate::config::{NetworkConfig, version_of};
use crate::refusal::Refusal;
use crate::result::{PreviousResult, missing};
use crate::version::Version;

/// The longest name that an interface can have.
const INTERFACE_OCTETS_MAX: usize = 15;

/// What the runtime wants.
#[derive(Debug)]
pub enum Call {
    /// Which versions are spoken; nobody needs to be asked.
    Version {
        /// The version to answer in.
        asked_in: String,
    },
    /// Everything else.
    Agent(Box<Question>),
}

/// What the agent must be asked.
#[derive(Debug)]
pub struct Question {
    /// How.
    pub config: NetworkConfig,
    /// What.
    pub request: Request,
}

/// What is printed, and whether the call succeeded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// For standard output; empty where the specification wants nothing.
    pub output: String,
    /// Of the process.
    pub is_success: bool,
}

impl Call {
    /// Reads the environment, which gives a variable's value by its name, and what came on standard
    /// input.
    ///
    /// # Errors
    /// Where either is not what the specification says. Nobody was asked anything then.
    pub fn read(
        environment: &impl Fn(&str) -> Option<String>,
        input: &[u8],
    ) -> Result<Self, Refusal> {
        let command = required(environment, "CNI_COMMAND")?;
        if command == "VERSION" {
            return Ok(Self::Version { asked_in: spoken(input) });
        }
        let words = Words { environment, config: NetworkConfig::read(input)? };
        match command.as_str() {
            "ADD" => words.add(),
            "DEL" => words.del(),
            "CHECK" => words.check(),
            "STATUS" => words.status(),
            "GC" => words.gc(),
            _ => Err(Refusal::Invalid {
                name: "CNI_COMMAND",
                value: command,
                wanted: "one of ADD, DEL, CHECK, STATUS, GC and VERSION",
            }),
        }
    }
}

impl Question {
    /// What the runtime is told, by what the agent answered.
    ///
    /// # Errors
    /// Where the call failed.
    pub fn finish(&self, answer: Result<Answer, Refusal>) -> Result<String, Refusal> {
        match (&self.request, answer) {
            (Request::Add(_), Ok(Answer::Attached(_))) => Ok(self.config.handed_on()),
            (Request::Del(_), answer) if is_gone(&answer) => Ok(String::new()),
            (Request::Status, Err(Refusal::NoAgent { socket, .. })) => {
                let why = format!("the agent does not listen at {socket}");
                Err(Refusal::NotReady { why, pods_affected: false })
            }
            (
                Request::Del(_) | Request::Check(_) | Request::Status | Request::Gc(_),
                Ok(Answer::Done),
            ) => Ok(String::new()),
            (_, Ok(Answer::Denied(denied))) => Err(Refusal::Agent(denied)),
            (_, Ok(Answer::NotReady { why, pods_affected })) => {
                Err(Refusal::NotReady { why, pods_affected })
            }
            (_, Ok(Answer::Attached(_) | Answer::Done)) => Err(Refusal::AnotherAnswer),
            (_, Err(refusal)) => Err(refusal),
        }
    }
}

/// Whether nothing is left of a pod that goes, or will be: a runtime cannot take a pod away before
/// DEL succeeds, and the agent finds what is left when it is back.
fn is_gone(answer: &Result<Answer, Refusal>) -> bool {
    matches!(
        answer,
        Ok(Answer::Denied(Denied::Unknown { .. }))
            | Err(Refusal::NoAgent { .. } | Refusal::TimedOut { .. } | Refusal::Broken(_))
    )
}

impl Outcome {
    /// Of a call that came to its end, or did not. `input` says in which version an error is told.
    #[must_use]
    pub fn of(finished: Result<String, Refusal>, input: &[u8]) -> Self {
        match finished {
            Ok(output) => Self { output, is_success: true },
            Err(refusal) => Self { output: refusal.to_json(&spoken(input)), is_success: false },
        }
    }
}

/// The version to answer in, also where the input names none that is spoken.
fn spoken(input: &[u8]) -> String {
    version_of(input).unwrap_or_else(|| Version::V1_1_0.to_string())
}

impl NetworkConfig {
    /// What the plugins before said, unchanged.
    fn handed_on(&self) -> String {
        self.previous.as_deref().map_or_else(String::new, |previous| previous.get().to_owned())
    }
}

/// The environment and the configuration of a call that needs the agent.
struct Words<'a, E> {
    environment: &'a E,
    config: NetworkConfig,
}

impl<E: Fn(&str) -> Option<String>> Words<'_, E> {
    fn add(self) -> Result<Call, Refusal> {
        let attachment = self.attachment()?;
        Ok(self.asking(Request::Add(attachment)))
    }

    fn check(self) -> Result<Call, Refusal> {
        if !self.config.version.has_check() {
            return Err(self.not_in_version("CHECK", Version::V0_4_0));
        }
        let attachment = self.attachment()?;
        Ok(self.asking(Request::Check(attachment)))
    }

    fn del(self) -> Result<Call, Refusal> {
        let key = self.key()?;
        Ok(self.asking(Request::Del(key)))
    }

    fn status(self) -> Result<Call, Refusal> {
        if !self.config.version.has_status() {
            return Err(self.not_in_version("STATUS", Version::V1_1_0));
        }
        Ok(self.asking(Request::Status))
    }

    /// Without the list nothing would be valid, which nobody can mean.
    fn gc(mut self) -> Result<Call, Refusal> {
        if !self.config.version.has_status() {
            return Err(self.not_in_version("GC", Version::V1_1_0));
        }
        let valid = self
            .config
            .valid
            .take()
            .ok_or_else(|| Refusal::Decode(missing("cni.dev/valid-attachments")))?;
        Ok(self.asking(Request::Gc(valid)))
    }

    fn asking(self, request: Request) -> Call {
        Call::Agent(Box::new(Question { config: self.config, request }))
    }

    fn not_in_version(&self, command: &'static str, since: Version) -> Refusal {
        Refusal::NotInVersion { command, since, version: self.config.version }
    }

    fn attachment(&self) -> Result<Attachment, Refusal> {
        let key = self.key()?;
        let netns = required(self.environment, "CNI_NETNS")?;
        let pod = PodArguments::parse(&required(self.environment, "CNI_ARGS")?)?;
        let previous: &RawValue = self.config.previous.as_deref().ok_or(Refusal::NotChained)?;
        let addresses = PreviousResult::read(previous.get())?.addresses(&key.interface)?;
        Ok(Attachment { key, netns, pod, addresses })
    }

    fn key(&self) -> Result<AttachmentKey, Refusal> {
        let container = required(self.environment, "CNI_CONTAINERID")?;
        if !is_container(&container) {
            let wanted = "letters, digits, dots, dashes and underscores, beginning with one of the \
                          first two";
            return Err(Refusal::Invalid { name: "CNI_CONTAINERID", value: container, wanted });
        }
        let interface = required(self.environment, "CNI_IFNAME")?;
        if !is_interface(&interface) {
            let wanted = "the name of an interface";
            return Err(Refusal::Invalid { name: "CNI_IFNAME", value: interface, wanted });
        }
        Ok(AttachmentKey { container, interface })
    }
}

/// An empty value is as good as none.
fn required(
    environment: &impl Fn(&str) -> Option<String>,
    name: &'static str,
) -> Result<String, Refusal> {
    let value = environment(name).filter(|value| !value.is_empty());
    value.ok_or(Refusal::Missing { name })
}

/// Source: section 2, "Parameters", of the specification.
fn is_container(name: &str) -> bool {
    let is_inner = |char: char| char.is_ascii_alphanumeric() || matches!(char, '.' | '-' | '_');
    name.starts_with(|first: char| first.is_ascii_alphanumeric()) && name.chars().all(is_inner)
}

/// What the kernel accepts as a name (`dev_valid_name`).
fn is_interface(name: &str) -> bool {
    let is_inner = |char: char| !char.is_whitespace() && !matches!(char, '/' | ':' | '\0');
    name.len() <= INTERFACE_OCTETS_MAX && !matches!(name, "." | "..") && name.chars().all(is_inner)
}
