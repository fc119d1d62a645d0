//! The only place that draws random bytes.

use thiserror::Error;

/// Somewhere to draw random bytes from.
pub trait Entropy: Send + Sync {
    /// Fills `bytes` with what nobody can foretell.
    ///
    /// # Errors
    ///
    /// If there is none to be had. Whatever needed it must then not happen.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoEntropy>;

    /// `N` random bytes.
    ///
    /// # Errors
    ///
    /// As [`fill`](Self::fill).
    fn bytes<const N: usize>(&self) -> Result<[u8; N], NoEntropy>
    where
        Self: Sized,
    {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }
}

/// The kernel's generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct Kernel;

impl Entropy for Kernel {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoEntropy> {
        getrandom::fill(bytes).map_err(|error| NoEntropy(error.to_string()))
    }
}

/// The kernel gave no random bytes.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("the kernel gives no random bytes: {0}")]
pub struct NoEntropy(String);

/// Bytes that a test can foretell: each fill is of one value, one more than the last.
#[cfg(test)]
#[derive(Debug, Default)]
pub(crate) struct Counting(std::sync::atomic::AtomicU8);

#[cfg(test)]
impl Entropy for Counting {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoEntropy> {
        bytes.fill(self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_draws_from_the_kernel_differ() {
        let first: [u8; 16] = Kernel.bytes().unwrap();
        let second: [u8; 16] = Kernel.bytes().unwrap();
        assert_ne!(first, second);
    }
}
