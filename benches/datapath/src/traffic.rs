//! TCP between two network namespaces: a stream, requests with answers, connections.
//!
//! Both ends are threads of this process with blocking sockets: the least that any application does.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;
use ringfence_kernel::NamespaceError;

use crate::net::{Net, PORT, SERVER};

/// Octets of one write or read of a stream.
const CHUNK: usize = 1 << 17;
/// Nothing waits for ever.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is counted, each for a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Traffic {
    /// Octets of one connection in one direction.
    Stream,
    /// Octets that are answered by octets in one connection.
    Requests,
    /// Connections with one octet each way.
    Connections,
}

/// Where the two ends run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// Each on a processor of its own.
    Apart,
    /// Both on one processor, where nothing is waited for but the other end.
    Together,
}

/// Traffic could not be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TrafficError {
    #[error(transparent)]
    Namespace(#[from] NamespaceError),
    #[error("the threads cannot be kept on their processors")]
    Processor(#[from] nix::Error),
    #[error("cannot {action}")]
    Socket { action: &'static str, source: io::Error },
    #[error("the server's thread is gone")]
    Thread,
}

fn failed(action: &'static str) -> impl Fn(io::Error) -> TrafficError {
    move |source| TrafficError::Socket { action, source }
}

/// The rate of a second, measured for `time`.
pub(crate) fn rate(
    net: &Net,
    traffic: Traffic,
    place: Place,
    time: Duration,
) -> Result<f64, TrafficError> {
    let [for_client, for_server] = processors(place)?;
    let server = net.server.run(move || start(traffic, for_server))??;
    let asked = net.client.run(move || ask(traffic, for_client, time))?;
    let served = server.join().map_err(|_| TrafficError::Thread)?;
    // Why the client failed may be the server's failure.
    let (served, asked) = (served?, asked?);
    Ok(match traffic {
        Traffic::Stream => served,
        Traffic::Requests | Traffic::Connections => asked,
    })
}

/// A processor for each end, of those that this process may use.
fn processors(place: Place) -> Result<[usize; 2], TrafficError> {
    let allowed = sched_getaffinity(Pid::from_raw(0))?;
    let all: Vec<usize> =
        (0..CpuSet::count()).filter(|one| allowed.is_set(*one).unwrap_or(false)).collect();
    let first = all.first().copied().unwrap_or_default();
    let second = all.get(1).copied().unwrap_or(first);
    Ok(match place {
        Place::Apart => [first, second],
        Place::Together => [first, first],
    })
}

/// Keeps the calling thread on a processor.
fn stay_on(processor: usize) -> Result<(), TrafficError> {
    let mut set = CpuSet::new();
    set.set(processor)?;
    Ok(sched_setaffinity(Pid::from_raw(0), &set)?)
}

type Served = JoinHandle<Result<f64, TrafficError>>;

/// The server is ready when this returns. Its thread is of the calling thread's namespace.
fn start(traffic: Traffic, processor: usize) -> Result<Served, TrafficError> {
    let listener = TcpListener::bind((SERVER, PORT)).map_err(failed("listen"))?;
    Ok(thread::spawn(move || {
        stay_on(processor)?;
        match traffic {
            Traffic::Stream => swallow(&listener),
            Traffic::Requests => answer(&listener),
            Traffic::Connections => answer_each(&listener),
        }
    }))
}

/// Octets a second, until the client ends.
fn swallow(listener: &TcpListener) -> Result<f64, TrafficError> {
    let mut stream = accepted(listener)?;
    let (mut octets, mut chunk, begun) = (0, vec![0; CHUNK], Instant::now());
    loop {
        match stream.read(&mut chunk).map_err(failed("read a stream"))? {
            0 => return Ok(octets as f64 / begun.elapsed().as_secs_f64()),
            count => octets += count,
        }
    }
}

fn answer(listener: &TcpListener) -> Result<f64, TrafficError> {
    let mut stream = accepted(listener)?;
    let mut count = 0.0;
    while is_answered(&mut stream).map_err(failed("answer"))? {
        count += 1.0;
    }
    Ok(count)
}

/// Ends with a connection that asks nothing. The server closes first, so it is the one that keeps
/// what is left of a closed connection, and the client never runs out of ports.
fn answer_each(listener: &TcpListener) -> Result<f64, TrafficError> {
    let mut count = 0.0;
    loop {
        let mut stream = accepted(listener)?;
        if !is_answered(&mut stream).map_err(failed("answer"))? {
            return Ok(count);
        }
        count += 1.0;
    }
}

fn accepted(listener: &TcpListener) -> Result<TcpStream, TrafficError> {
    let (stream, _) = listener.accept().map_err(failed("accept"))?;
    prepared(stream)
}

fn prepared(stream: TcpStream) -> Result<TcpStream, TrafficError> {
    let prepare = || {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))
    };
    prepare().map_err(failed("prepare a connection"))?;
    Ok(stream)
}

/// Whether there was a question.
fn is_answered(stream: &mut TcpStream) -> io::Result<bool> {
    match stream.read_exact(&mut [0]) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        read => read.and_then(|()| stream.write_all(&[0])).map(|()| true),
    }
}

/// The client's side, in the calling thread: how often a second. Its time begins when a first
/// connection exists: programs that are being detached let nothing through until they are gone, and
/// an opening that is lost is not sent again before a second is over.
fn ask(traffic: Traffic, processor: usize, time: Duration) -> Result<f64, TrafficError> {
    stay_on(processor)?;
    let mut stream = connected()?;
    let (mut count, chunk, begun) = (0.0, vec![0; CHUNK], Instant::now());
    while begun.elapsed() < time {
        match traffic {
            Traffic::Stream => stream.write_all(&chunk).map_err(failed("write a stream"))?,
            Traffic::Requests => exchange(&mut stream).map_err(failed("ask"))?,
            Traffic::Connections => {
                exchange(&mut stream).map_err(failed("ask"))?;
                stream.read(&mut [0]).map_err(failed("await the end"))?;
                stream = connected()?;
            }
        }
        count += 1.0;
    }
    Ok(count / begun.elapsed().as_secs_f64())
}

fn connected() -> Result<TcpStream, TrafficError> {
    let to = SocketAddr::from((SERVER, PORT));
    prepared(TcpStream::connect_timeout(&to, PATIENCE).map_err(failed("connect"))?)
}

fn exchange(stream: &mut TcpStream) -> io::Result<()> {
    stream.write_all(&[0])?;
    stream.read_exact(&mut [0])
}
