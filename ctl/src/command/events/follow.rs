//! What happens from now on.

use std::io;
use std::os::fd::AsFd;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::{Event, Reader};
use crate::context::Context;
use crate::error::Error;
use crate::output::complain;

/// How often the daemon is asked.
const EVERY: u16 = 1000; // milliseconds

/// Shows what happens, as it happens, until nobody reads it any more.
///
/// A daemon that is gone is waited for: it may have been restarted.
pub(super) fn follow(
    context: &mut Context,
    reader: &mut Reader,
    mut show: impl FnMut(&Event, &mut Context) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut gone = false;
    while !reader_left_within(PollTimeout::from(EVERY))? {
        match reader.next(context) {
            Ok(events) => {
                gone = false;
                events.iter().try_for_each(|event| show(event, context))?;
            }
            Err(error) if error.is_unreachable() => {
                if !gone {
                    complain(&format!("{error}\nIt is asked again until it answers."));
                    gone = true;
                }
                context.reconnect()?;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Waits. Says whether whoever reads the output has left meanwhile.
fn reader_left_within(limit: PollTimeout) -> Result<bool, Error> {
    let stdout = io::stdout();
    let mut output = [PollFd::new(stdout.as_fd(), PollFlags::empty())];
    match poll(&mut output, limit) {
        // Stopped and continued, or the window has another size.
        Err(Errno::EINTR) => Ok(false),
        Err(error) => Err(Error::Output(error.into())),
        // Nothing was asked for but to hear of an end.
        Ok(ended) => Ok(ended > 0),
    }
}
