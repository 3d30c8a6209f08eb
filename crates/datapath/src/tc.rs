//! Filters of the qdisc clsact, in the calling thread's network namespace.
//!
//! Everything is a request of netlink: there is no object whose end would detach anything. A filter
//! is known by its place, its priority and its handle; putting one where one is replaces it at once.

use std::{
    convert::Infallible,
    io,
    os::fd::{AsRawFd, BorrowedFd},
};

use netlink_packet_core::{
    NLM_F_ACK, NLM_F_CREATE, NLM_F_DUMP, NLM_F_ECHO, NLM_F_EXCL, NLM_F_REPLACE,
    NetlinkDeserializable, NetlinkHeader, NlasIterator, parse_string, parse_u32,
};
use netlink_packet_route::{
    RouteNetlinkMessage as Request,
    tc::{
        TcAttribute, TcBpfFlags, TcFilterBpf, TcFilterBpfOption, TcHandle, TcHeader, TcMessage,
        TcOption,
    },
};
use netlink_sys::protocols::NETLINK_ROUTE;
use thiserror::Error;

use crate::{Direction, netlink::Conversation};

/// Nobody runs before the first priority.
pub(crate) const PRIORITY: u16 = 1;
/// Ours: the second takes over while the first changes its place.
pub(crate) const HANDLES: [u32; 2] = [0x5246_0001, 0x5246_0002];
const CLSACT: &str = "clsact";
/// `ETH_P_ALL` as the kernel wants it there.
const ALL_PROTOCOLS: u16 = 3_u16.to_be();
const TC_HEADER_SIZE: usize = 20;

/// Filters could not be read or changed.
#[derive(Debug, Error)]
pub enum FilterError {
    /// The kernel could not be asked.
    #[error("cannot ask the kernel about filters")]
    Ask(#[source] io::Error),
    /// Another queueing discipline stands where clsact must.
    #[error("the interface has the qdisc `{kind}` where clsact must be; remove it")]
    Qdisc {
        /// What its maker called it.
        kind: String,
    },
    /// The queueing discipline could not be made.
    #[error("cannot make the qdisc clsact (CONFIG_NET_SCH_INGRESS)")]
    Make(#[source] io::Error),
    /// Somebody else has the first priority for something else, or there are no BPF filters.
    #[error("cannot put a BPF filter at priority {PRIORITY} (CONFIG_NET_CLS_BPF)")]
    Put(#[source] io::Error),
    /// A filter could not be removed.
    #[error("cannot remove the filter")]
    Remove(#[source] io::Error),
    /// The filters could not be listed.
    #[error("cannot list the filters")]
    List(#[source] io::Error),
}

/// A filter of a hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Filter {
    /// Lower runs earlier.
    pub(crate) priority: u16,
    /// Its name among those of its priority.
    pub(crate) handle: u32,
    /// Its classifier.
    pub(crate) kind: String,
    /// What its maker called it.
    pub(crate) name: String,
    /// The program's id, if it decides by itself what becomes of the packet.
    pub(crate) program: Option<u32>,
}

impl Filter {
    /// Whether it is at a place of ours, whatever runs there.
    pub(crate) fn is_at_ours(&self) -> bool {
        self.priority == PRIORITY
            && self.kind == TcFilterBpf::KIND
            && HANDLES.contains(&self.handle)
    }
}

/// One side of an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) interface: u32,
    pub(crate) direction: Direction,
}

impl Place {
    fn header(self) -> TcHeader {
        let minor = match self.direction {
            Direction::Egress => TcHandle::MIN_INGRESS,
            Direction::Ingress => TcHandle::MIN_EGRESS,
        };
        let parent = TcHandle { major: TcHandle::CLSACT.major, minor };
        TcHeader { index: self.interface.cast_signed(), parent, ..TcHeader::default() }
    }

    fn at(self, handle: u32) -> TcHeader {
        let info = u32::from(PRIORITY) << 16 | u32::from(ALL_PROTOCOLS);
        TcHeader { handle: handle.into(), info, ..self.header() }
    }
}

/// The kernel's traffic control.
pub(crate) struct TrafficControl(Conversation);

impl TrafficControl {
    pub(crate) fn open() -> Result<Self, FilterError> {
        Conversation::open(NETLINK_ROUTE).map(Self).map_err(FilterError::Ask)
    }

    /// Makes the qdisc unless it is there. It is never removed: others may use it.
    pub(crate) fn ensure_qdisc(&mut self, interface: u32) -> Result<(), FilterError> {
        let header = TcHeader {
            index: interface.cast_signed(),
            handle: TcHandle { major: TcHandle::CLSACT.major, minor: 0 },
            parent: TcHandle::CLSACT,
            ..TcHeader::default()
        };
        let attributes = vec![TcAttribute::Kind(CLSACT.to_owned())];
        let request = Request::NewQueueDiscipline(TcMessage::from_parts(header, attributes));
        match self.tell(NLM_F_CREATE | NLM_F_EXCL, request) {
            Err(error) if error.raw_os_error() == Some(libc::EEXIST) => self.check_qdisc(interface),
            made => made.map_err(FilterError::Make),
        }
    }

    /// A qdisc of another kind has one side only, and would take filters of both sides for it.
    fn check_qdisc(&mut self, interface: u32) -> Result<(), FilterError> {
        match self.qdisc(interface)? {
            Some(kind) if kind == CLSACT => Ok(()),
            Some(kind) => Err(FilterError::Qdisc { kind }),
            None => Err(FilterError::Make(io::Error::from_raw_os_error(libc::EEXIST))),
        }
    }

    /// What stands where clsact does, if anything.
    fn qdisc(&mut self, interface: u32) -> Result<Option<String>, FilterError> {
        match self.ask_for_qdisc(interface) {
            Err(error) if matches!(error.raw_os_error(), Some(libc::ENODEV | libc::ENOENT)) => {
                Ok(None)
            }
            found => found.map_err(FilterError::List),
        }
    }

    fn ask_for_qdisc(&mut self, interface: u32) -> io::Result<Option<String>> {
        let index = interface.cast_signed();
        let header = TcHeader { index, parent: TcHandle::CLSACT, ..TcHeader::default() };
        let request = Request::GetQueueDiscipline(TcMessage::from_parts(header, Vec::new()));
        // Before 6.6 only who wants to hear everything is answered.
        self.0.say(NLM_F_ACK | NLM_F_ECHO, request, None)?;
        let mut kind = None;
        while let Some(found) = self.0.next::<Answer>()? {
            kind = found.and_then(|answer| read(&answer.0)).map(|filter| filter.kind).or(kind);
        }
        Ok(kind)
    }

    /// Whether the interface is there at all.
    pub(crate) fn is_there(&mut self, interface: u32) -> Result<bool, FilterError> {
        match self.ask_for_qdisc(interface) {
            Err(error) if error.raw_os_error() == Some(libc::ENODEV) => Ok(false),
            Err(error) if error.raw_os_error() != Some(libc::ENOENT) => {
                Err(FilterError::List(error))
            }
            Ok(_) | Err(_) => Ok(true),
        }
    }

    /// Puts the program at this handle. What is there is replaced, and no packet finds neither.
    pub(crate) fn put(
        &mut self,
        place: Place,
        handle: u32,
        program: BorrowedFd<'_>,
        name: &str,
    ) -> Result<(), FilterError> {
        let options = [
            TcFilterBpfOption::ProgFd(program.as_raw_fd().cast_unsigned()),
            TcFilterBpfOption::ProgName(name.to_owned()),
            TcFilterBpfOption::Flags(TcBpfFlags::DirectAction),
        ];
        let attributes = vec![
            TcAttribute::Kind(TcFilterBpf::KIND.to_owned()),
            TcAttribute::Options(options.map(TcOption::Bpf).into()),
        ];
        let message = TcMessage::from_parts(place.at(handle), attributes);
        self.tell(NLM_F_CREATE | NLM_F_REPLACE, Request::NewTrafficFilter(message))
            .map_err(FilterError::Put)
    }

    /// Removes the filter at this handle, which must be there.
    pub(crate) fn remove(&mut self, place: Place, handle: u32) -> Result<(), FilterError> {
        let attributes = vec![TcAttribute::Kind(TcFilterBpf::KIND.to_owned())];
        let message = TcMessage::from_parts(place.at(handle), attributes);
        self.tell(0, Request::DelTrafficFilter(message)).map_err(FilterError::Remove)
    }

    /// All filters of one side in the order in which they run; none where there is no clsact.
    pub(crate) fn list(&mut self, place: Place) -> Result<Vec<Filter>, FilterError> {
        if self.qdisc(place.interface)?.as_deref() != Some(CLSACT) {
            return Ok(Vec::new());
        }
        let message = TcMessage::from_parts(place.header(), Vec::new());
        self.0
            .say(NLM_F_DUMP, Request::GetTrafficFilter(message), None)
            .map_err(FilterError::Ask)?;
        let mut filters = Vec::new();
        while let Some(found) = self.0.next::<Answer>().map_err(FilterError::List)? {
            filters.extend(found.and_then(|answer| read(&answer.0)));
        }
        // A priority itself is listed too, without a handle.
        filters.retain(|filter| filter.handle != 0);
        Ok(filters)
    }

    fn tell(&mut self, flags: u16, request: Request) -> io::Result<()> {
        self.0.say(flags | NLM_F_ACK, request, None)?;
        while self.0.next::<Answer>()?.is_some() {}
        Ok(())
    }
}

/// An answer as it came. The library reads the options of some classifiers and would refuse a list
/// for one that it misunderstands; here it is enough to know who is there.
struct Answer(Vec<u8>);

impl NetlinkDeserializable for Answer {
    type Error = Infallible;

    fn deserialize(_: &NetlinkHeader, payload: &[u8]) -> Result<Self, Infallible> {
        Ok(Self(payload.to_vec()))
    }
}

/// Reads a filter, or a qdisc, which has a kind as well.
fn read(answer: &[u8]) -> Option<Filter> {
    let header = TcHeader::parse(answer).ok()?;
    let mut filter = Filter {
        priority: (header.info >> 16) as u16,
        handle: header.handle.into(),
        kind: String::new(),
        name: String::new(),
        program: None,
    };
    for attribute in NlasIterator::new(answer.get(TC_HEADER_SIZE..)?) {
        let attribute = attribute.ok()?;
        match attribute.kind() {
            kinds::KIND => filter.kind = parse_string(attribute.value()).ok()?,
            kinds::OPTIONS if filter.kind == TcFilterBpf::KIND => {
                read_program(attribute.value(), &mut filter)?;
            }
            _ => {}
        }
    }
    Some(filter)
}

fn read_program(options: &[u8], filter: &mut Filter) -> Option<()> {
    let mut decides = false;
    for option in NlasIterator::new(options) {
        let option = option.ok()?;
        match option.kind() {
            kinds::BPF_NAME => filter.name = parse_string(option.value()).ok()?,
            kinds::BPF_ID => filter.program = Some(parse_u32(option.value()).ok()?),
            kinds::BPF_FLAGS => {
                let flags = TcBpfFlags::from_bits_retain(parse_u32(option.value()).ok()?);
                decides = flags.contains(TcBpfFlags::DirectAction);
            }
            _ => {}
        }
    }
    filter.program = filter.program.filter(|_| decides);
    Some(())
}

/// Attributes of answers, as in `linux/rtnetlink.h` and `linux/pkt_cls.h`.
mod kinds {
    pub(super) const KIND: u16 = 1;
    pub(super) const OPTIONS: u16 = 2;
    pub(super) const BPF_NAME: u16 = 7;
    pub(super) const BPF_FLAGS: u16 = 8;
    pub(super) const BPF_ID: u16 = 11;
}
