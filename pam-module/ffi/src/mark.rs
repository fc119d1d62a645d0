//! What the module notes down in a login's handle, from one of its hooks to a later one.

use std::any::Any;
use std::cell::Cell;

use pam::module::PamHandle;

use crate::NotKept;

/// What is kept under [`key`], and nothing else ever is.
type Kept = Cell<Option<Box<dyn Any>>>;

/// Keeps `mark` in the handle until it is taken, or another put in its place; with the handle it
/// goes.
///
/// # Errors
///
/// [`NotKept`] if libpam does not take it; then none is there.
pub fn put_mark<T: Any>(handle: &mut PamHandle, mark: T) -> Result<(), NotKept> {
    drop(take_mark::<T>(handle));
    let kept: Box<Kept> = Box::new(Cell::new(Some(Box::new(mark))));
    handle.set_data(&key(), kept).map_err(|result| NotKept {
        result: result as i32,
    })
}

/// Takes out what was put there, so that it is seen once.
pub fn take_mark<T: Any>(handle: &mut PamHandle) -> Option<T> {
    // SAFETY: what is kept under this key is a `Kept`: `key` is known in this copy of this library
    // alone, only `put_mark` uses it to keep something, and what libpam hands out it keeps for as
    // long as the handle is borrowed.
    let kept: &Kept = unsafe { handle.get_data(&key()) }.ok()?;
    kept.take()?.downcast().ok().map(|mark| *mark)
}

/// A name that no other library has, nor another build of this one that is loaded beside it: what
/// that keeps may look otherwise. The library stays loaded (`-z nodelete`), so nothing else can
/// come to lie at this address either.
fn key() -> String {
    static HERE: u8 = 0;
    format!("pam_countersign {:p}", &raw const HERE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_the_same_each_time_and_a_name_that_c_can_hold() {
        assert_eq!(key(), key());
        assert!(key().starts_with("pam_countersign 0x"), "{}", key());
        assert!(!key().contains('\0'));
    }
}
