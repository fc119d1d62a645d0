//! A store of one record: compare and swap, as bytes, with a power cut whenever one is wanted.

use countersign_core::record::Record;
use minicbor::Decoder;

/// A record under a revision, kept as bytes.
pub(crate) struct Store {
    bytes: Vec<u8>,
    /// What was last saved, as it was before it became bytes.
    original: Record,
    revision: u64,
}

/// What befalls a save.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fate {
    Saved,
    /// Nothing is written.
    Fails,
    /// It is written, but whoever wrote it never hears of it.
    AnswerLost,
}

/// Why a save returned no answer.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum SaveError {
    /// Somebody else was faster.
    Conflict,
    Broken,
}

impl Store {
    pub(crate) fn new(record: Record) -> Self {
        Self {
            bytes: record.encode().unwrap().to_vec(),
            original: record,
            revision: 0,
        }
    }

    /// The record, read from its bytes, and its revision.
    pub(crate) fn load(&self) -> (Record, u64) {
        (Record::decode(&self.bytes).unwrap(), self.revision)
    }

    /// The record as whoever saved it had it.
    pub(crate) fn original(&self) -> Record {
        self.original.clone()
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) const fn revision(&self) -> u64 {
        self.revision
    }

    pub(crate) fn save(
        &mut self,
        record: Record,
        expected: u64,
        fate: Fate,
    ) -> Result<(), SaveError> {
        if expected != self.revision {
            return Err(SaveError::Conflict);
        }
        if fate == Fate::Fails {
            return Err(SaveError::Broken);
        }
        *self = Self {
            bytes: record.encode().unwrap().to_vec(),
            original: record,
            revision: self.revision + 1,
        };
        match fate {
            Fate::AnswerLost => Err(SaveError::Broken),
            Fate::Saved | Fate::Fails => Ok(()),
        }
    }
}

/// The places in a record's encoding, as indexes into arrays in arrays, that two records differ in.
pub(crate) fn differences(before: &[u8], after: &[u8]) -> Vec<Vec<usize>> {
    let mut found = Vec::new();
    compare(Some(before), Some(after), &mut Vec::new(), &mut found);
    found
}

fn compare(
    before: Option<&[u8]>,
    after: Option<&[u8]>,
    place: &mut Vec<usize>,
    found: &mut Vec<Vec<usize>>,
) {
    if before == after {
        return;
    }
    let (Some(old), Some(new)) = (before.and_then(items), after.and_then(items)) else {
        found.push(place.clone());
        return;
    };
    for index in 0..old.len().max(new.len()) {
        place.push(index);
        compare(
            old.get(index).copied(),
            new.get(index).copied(),
            place,
            found,
        );
        place.pop();
    }
}

/// The items of an array, each as bytes.
pub(crate) fn items(bytes: &[u8]) -> Option<Vec<&[u8]>> {
    let mut decoder = Decoder::new(bytes);
    let length = decoder.array().ok()??;
    (0..length)
        .map(|_| {
            let start = decoder.position();
            decoder.skip().ok()?;
            bytes.get(start..decoder.position())
        })
        .collect()
}
