//! Which door to knock at.

use std::path::Path;

use countersign_bus::Door;
use nix::unistd::Uid;

use crate::cli::DoorArguments;
use crate::error::Error;

/// The door the arguments name; without any, root's for root and the public one for others.
///
/// # Errors
///
/// [`Error::Refused`] if the socket's path cannot be written as a D-Bus address.
pub(crate) fn choose(arguments: &DoorArguments) -> Result<Door, Error> {
    let euid = Uid::effective();
    if let Some(bus) = &arguments.bus {
        return Ok(Door::Public { bus: bus.clone() });
    }
    match &arguments.socket {
        Some(path) => Ok(Door::Root {
            socket: plain(path)?,
            // A daemon that was started by hand listens as whoever started it.
            listeners: vec![0, euid.as_raw()],
        }),
        None if euid.is_root() => Ok(Door::root()),
        None => Ok(Door::public()),
    }
}

/// Whether it is the door at which any user may be named.
pub(crate) fn is_root(door: &Door) -> bool {
    match door {
        Door::Root { .. } => true,
        Door::Public { .. } => false,
    }
}

/// The path, absolute, and only of characters that stand for themselves in a D-Bus address.
fn plain(path: &Path) -> Result<String, Error> {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let stands_for_itself =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '/' | '.' | '\\' | '*');
    match absolute.to_str() {
        Some(text) if text.chars().all(stands_for_itself) => Ok(text.to_owned()),
        Some(_) | None => Err(Error::Refused(format!(
            "The socket's path {} has characters that a D-Bus address cannot hold as they are. \
             Put the socket at a path of letters, digits, dots, hyphens and underscores.",
            absolute.display()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_is_the_root_door_whoever_asks() {
        let door = choose(&DoorArguments {
            socket: Some("/run/elsewhere/socket".into()),
            bus: None,
        })
        .unwrap();
        assert!(is_root(&door));
        assert_eq!(door.place(), "/run/elsewhere/socket");
    }

    #[test]
    fn a_bus_is_the_public_door_even_for_root() {
        let door = choose(&DoorArguments {
            socket: None,
            bus: Some("unix:path=/run/test/bus".to_owned()),
        })
        .unwrap();
        assert!(!is_root(&door));
    }

    #[test]
    fn a_path_cannot_smuggle_in_another_address() {
        assert!(plain(Path::new("/tmp/a;unix:path=/tmp/b")).is_err());
        assert!(plain(Path::new("/tmp/a,guid=0")).is_err());
        assert!(plain(Path::new("/tmp/%41")).is_err());
    }
}
