//! Groups of names that answers refer to, each once.
//!
//! Many connections are between the same few groups, and a group may be nearly everybody.

use std::collections::HashMap;

use roaring::RoaringBitmap;
use serde::{Serialize, Serializer};

use crate::intern::{BitmapId, Bitmaps};
use crate::name::{Name, Names, Present};

/// Groups of at most this many names are always listed.
const LISTED_MAX: u64 = 100;

/// Some names.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    pub(crate) numbers: RoaringBitmap,
    /// Who is in it, or who is not.
    pub names: Members,
}

/// The names of a group, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Members {
    /// These.
    Names(Vec<Name>),
    /// Everybody of the answer but these.
    AllExcept(Vec<Name>),
}

impl Serialize for Group {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.names.serialize(serializer)
    }
}

impl Group {
    /// How many names are in it.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.numbers.len()
    }

    /// Whether nobody is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }
}

/// Groups in the order in which they are first met.
pub(crate) struct Groups<'a> {
    names: &'a Names,
    everybody: RoaringBitmap,
    groups: Vec<Group>,
    bitmaps: Bitmaps,
    known: HashMap<BitmapId, usize>,
}

impl<'a> Groups<'a> {
    /// `everybody` are the members that the answer is about.
    pub(crate) fn new(names: &'a Names, everybody: &RoaringBitmap) -> Self {
        let everybody = names.fold(everybody, &names.present(everybody)).names;
        let (groups, bitmaps, known) = (Vec::new(), Bitmaps::default(), HashMap::new());
        Self { names, everybody, groups, bitmaps, known }
    }

    /// The position of the group of `members`, and whether some name of it stands for others too.
    pub(crate) fn group(&mut self, members: &RoaringBitmap, present: &Present) -> (usize, bool) {
        let folded = self.names.fold(members, present);
        let key = self.bitmaps.id(folded.names.clone());
        let at = match self.known.get(&key) {
            Some(at) => *at,
            None => {
                let group = Group { names: self.members(&folded.names), numbers: folded.names };
                self.groups.push(group);
                self.known.insert(key, self.groups.len() - 1);
                self.groups.len() - 1
            }
        };
        (at, folded.is_partial)
    }

    fn members(&self, numbers: &RoaringBitmap) -> Members {
        let is_most = numbers.len() > LISTED_MAX
            && numbers.len() * 4 > self.everybody.len() * 3
            && numbers.is_subset(&self.everybody);
        match is_most {
            true => Members::AllExcept(self.names.numbered(&(&self.everybody - numbers))),
            false => Members::Names(self.names.numbered(numbers)),
        }
    }

    /// Everybody that the answer is about, and its groups.
    pub(crate) fn finish(self) -> (Vec<Name>, Vec<Group>) {
        let everybody = self.names.numbered(&self.everybody);
        (everybody, self.groups)
    }
}
