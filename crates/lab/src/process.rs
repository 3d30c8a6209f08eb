//! The lab's end of a helper process: start it, ask it, end it.
//!
//! A helper ends when its input does; dropping a [`Helper`] closes that, so no helper outlives its
//! lab, however the lab ends.

use std::io;
use std::path::PathBuf;
use std::process::Stdio;

use futures::future::try_join;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::LabError;
use crate::message::{Answer, Ask, Duty, Said};

/// Which executable is a helper, and how it is told so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HelperProgram {
    /// The executable.
    pub path: PathBuf,
    /// What comes before everything else.
    pub arguments: Vec<String>,
}

impl HelperProgram {
    /// The hidden subcommand of `ringfence` that runs [`crate::helper::main`].
    pub const SUBCOMMAND: &'static str = "pod-helper";

    /// This executable itself, which must answer to [`Self::SUBCOMMAND`].
    ///
    /// # Errors
    /// Where the system does not tell which executable this is.
    pub fn own() -> Result<Self, LabError> {
        let path = std::env::current_exe().map_err(LabError::Runtime)?;
        Ok(Self { path, arguments: vec![Self::SUBCOMMAND.to_owned()] })
    }
}

/// A helper process that is ready.
#[derive(Debug)]
pub(crate) struct Helper {
    who: String,
    process: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Helper {
    /// Starts a helper and waits until it listens everywhere.
    ///
    /// # Errors
    /// Where it cannot start or cannot take its place.
    pub(crate) async fn start(
        program: &HelperProgram,
        who: String,
        duty: &Duty,
    ) -> Result<Self, LabError> {
        std::fs::create_dir_all(&duty.cgroup)
            .map_err(crate::error::state("make the cgroup", &duty.cgroup))?;
        let mut helper = spawn(program, &who)
            .map_err(|source| LabError::HelperLost { who: who.clone(), source })?;
        helper.write(duty).await.map_err(|error| helper.lost(error))?;
        match helper.hear().await? {
            Said::Ready => Ok(helper),
            Said::Failed { step, message } => Err(LabError::Helper { who, step, message }),
            Said::Answer(_) => Err(helper.lost(io::ErrorKind::InvalidData.into())),
        }
    }

    /// Asks everything at once and waits for every answer, in any order.
    ///
    /// # Errors
    /// Where the process has ended.
    pub(crate) async fn ask(
        &mut self,
        asks: &[Ask],
        mut heard: impl FnMut(),
    ) -> Result<Vec<Answer>, LabError> {
        let Self { who, input, output, .. } = self;
        let write = async {
            for ask in asks {
                write_line(input, ask).await?;
            }
            Ok(())
        };
        let read = async {
            let mut answers = Vec::with_capacity(asks.len());
            while answers.len() < asks.len() {
                if let Said::Answer(answer) = read_line(output).await? {
                    answers.push(answer);
                    heard();
                }
            }
            Ok(answers)
        };
        match try_join(write, read).await {
            Ok(((), answers)) => Ok(answers),
            Err(source) => Err(LabError::HelperLost { who: who.clone(), source }),
        }
    }

    /// Ends the process and waits for it.
    pub(crate) async fn end(self) {
        let Self { mut process, input, .. } = self;
        drop(input);
        // A process that is gone already is what was wanted.
        drop(process.kill().await);
    }

    async fn write(&mut self, duty: &Duty) -> io::Result<()> {
        write_line(&mut self.input, duty).await
    }

    async fn hear(&mut self) -> Result<Said, LabError> {
        read_line(&mut self.output).await.map_err(|error| self.lost(error))
    }

    fn lost(&self, source: io::Error) -> LabError {
        LabError::HelperLost { who: self.who.clone(), source }
    }
}

fn spawn(program: &HelperProgram, who: &str) -> io::Result<Helper> {
    let mut process = Command::new(&program.path)
        .args(&program.arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        // A Ctrl-C is for the lab, which then ends its helpers.
        .process_group(0)
        .spawn()?;
    let input = process.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?;
    let output = process.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
    Ok(Helper { who: who.to_owned(), process, input, output: BufReader::new(output).lines() })
}

async fn write_line(input: &mut ChildStdin, message: &impl serde::Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    input.write_all(&line).await
}

async fn read_line(output: &mut Lines<BufReader<ChildStdout>>) -> io::Result<Said> {
    match output.next_line().await? {
        Some(line) => Ok(serde_json::from_str(&line)?),
        None => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}
