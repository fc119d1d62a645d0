//! Values that are written as one string or one whole number.

use std::fmt;

use serde::de::{Error, Visitor};

/// A value that is written as one string or one whole number.
pub(super) trait Written: Sized {
    /// What to write, to one who wrote something else.
    const EXPECTED: &str;

    /// The value that is written as `text`.
    fn from_text(_text: &str) -> Option<Self> {
        None
    }

    /// As [`from_text`](Self::from_text), or why it is none.
    fn understand(text: &str) -> Result<Self, String> {
        Self::from_text(text).ok_or_else(|| misplaced::<Self>(&format!("{text:?}")))
    }

    /// The value that is written as `number`.
    fn from_number(_number: i64) -> Option<Self> {
        None
    }
}

/// Reads a [`Written`] value.
pub(super) struct Reader<T>(pub(super) std::marker::PhantomData<T>);

impl<T: Written> Visitor<'_> for Reader<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        T::understand(text).map_err(E::custom)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
        T::from_number(number).ok_or_else(|| E::custom(misplaced::<T>(&number.to_string())))
    }
}

fn misplaced<T: Written>(found: &str) -> String {
    format!("{found} cannot be used here; write {}", T::EXPECTED)
}

macro_rules! read_as_written {
    ($($type:ty),* $(,)?) => {$(
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let reader = $crate::config::written::Reader(std::marker::PhantomData);
                deserializer.deserialize_any(reader)
            }
        }
    )*};
}

pub(super) use read_as_written;
