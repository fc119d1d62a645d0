//! The module's arguments.

use std::ffi::CStr;
use std::fmt;

use countersign_bus::Door;

/// What the PAM configuration says behind the module's name.
#[derive(Debug)]
pub(crate) struct Options {
    /// How the daemon is reached.
    pub(crate) door: Door,
    /// Whether the log is told more.
    pub(crate) debug: bool,
}

impl Options {
    /// Reads the arguments of a module that runs with the effective uid `euid`.
    ///
    /// # Errors
    ///
    /// [`BadArgument`] for one that is unknown, repeated, at odds with another or malformed: an
    /// argument that is ignored is a login that is not what its configuration says.
    pub(crate) fn parse(arguments: &[&CStr], euid: u32) -> Result<Self, BadArgument> {
        let (mut socket, mut bus, mut debug) = (None, None, false);
        for argument in arguments {
            let text = argument
                .to_str()
                .map_err(|_| BadArgument::new(argument, "is not UTF-8"))?;
            let repeated = match text.split_once('=') {
                None if text == "debug" => std::mem::replace(&mut debug, true),
                Some(("socket", path)) => socket.replace(path).is_some(),
                Some(("bus", address)) => bus.replace(address).is_some(),
                Some(_) | None => {
                    return Err(BadArgument::new(
                        argument,
                        "is unknown: there are socket=PATH, bus=ADDRESS and debug",
                    ));
                }
            };
            if repeated {
                return Err(BadArgument::new(argument, "is given twice"));
            }
        }
        let door = match (socket, bus) {
            (None, None) if euid == 0 => Door::root(),
            (None, None) => Door::public(),
            (Some(path), None) => root_door_at(path, euid)?,
            (None, Some(address)) => public_door_at(address)?,
            (Some(_), Some(_)) => {
                return Err(BadArgument {
                    text: "socket= and bus=".to_owned(),
                    fault: "exclude each other",
                });
            }
        };
        Ok(Self { door, debug })
    }
}

/// An argument for which the login is refused.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct BadArgument {
    text: String,
    fault: &'static str,
}

impl BadArgument {
    fn new(argument: &CStr, fault: &'static str) -> Self {
        Self {
            text: argument.to_string_lossy().into_owned(),
            fault,
        }
    }
}

impl fmt::Display for BadArgument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the argument \"{}\" {}", self.text, self.fault)
    }
}

fn root_door_at(path: &str, euid: u32) -> Result<Door, BadArgument> {
    if !is_plain_path(path) {
        return Err(BadArgument {
            text: format!("socket={path}"),
            fault: "needs an absolute path of at most 107 letters, digits and -_/.",
        });
    }
    let mut listeners = vec![0];
    if euid != 0 {
        listeners.push(euid);
    }
    Ok(Door::Root {
        socket: path.to_owned(),
        listeners,
    })
}

/// Only this form of address: others start programs, or look into the environment.
fn public_door_at(address: &str) -> Result<Door, BadArgument> {
    let fault = || BadArgument {
        text: format!("bus={address}"),
        fault: "needs unix:path=PATH, with or without a guid",
    };
    let place = address.strip_prefix("unix:path=").ok_or_else(fault)?;
    let (path, guid) = place
        .split_once(",guid=")
        .map_or((place, None), |(path, guid)| (path, Some(guid)));
    let is_guid = |guid: &str| guid.len() == 32 && guid.bytes().all(|b| b.is_ascii_hexdigit());

    if is_plain_path(path) && guid.is_none_or(is_guid) {
        Ok(Door::Public {
            bus: address.to_owned(),
        })
    } else {
        Err(fault())
    }
}

/// Whether this is an absolute path that fits a socket's address, and a D-Bus address unescaped.
fn is_plain_path(path: &str) -> bool {
    path.starts_with('/')
        && path.len() <= 107
        && path
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_/.".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&CStr], euid: u32) -> Result<Options, BadArgument> {
        Options::parse(arguments, euid)
    }

    fn fault(argument: &CStr) -> String {
        parse(&[argument], 0).unwrap_err().to_string()
    }

    #[test]
    fn root_goes_to_the_root_door() {
        let options = parse(&[], 0).unwrap();
        let Door::Root { socket, listeners } = options.door else {
            panic!("{options:?}");
        };
        assert_eq!(
            (socket.as_str(), listeners),
            ("/run/countersign/socket", vec![0])
        );
        assert!(!options.debug);
    }

    #[test]
    fn anybody_else_goes_to_the_public_door() {
        let options = parse(&[c"debug"], 1000).unwrap();
        let Door::Public { bus } = options.door else {
            panic!("{options:?}");
        };
        assert_eq!(bus, "unix:path=/run/dbus/system_bus_socket");
        assert!(options.debug);
    }

    #[test]
    fn a_socket_is_the_root_door_of_whoever_runs_the_daemon() {
        for (euid, uids) in [(0, vec![0]), (1000, vec![0, 1000])] {
            let options = parse(&[c"socket=/tmp/a-b_c.d/socket"], euid).unwrap();
            let Door::Root { socket, listeners } = options.door else {
                panic!("{options:?}");
            };
            assert_eq!((socket.as_str(), listeners), ("/tmp/a-b_c.d/socket", uids));
        }
    }

    #[test]
    fn a_bus_is_the_public_door_there_for_root_too() {
        for address in [
            c"bus=unix:path=/tmp/bus",
            c"bus=unix:path=/tmp/bus,guid=0123456789abcdef0123456789ABCDEF",
        ] {
            let options = parse(&[address], 0).unwrap();
            assert!(matches!(options.door, Door::Public { .. }), "{options:?}");
        }
    }

    #[test]
    fn an_unknown_argument_is_not_ignored() {
        for argument in [
            c"nullok",
            c"",
            c"=",
            c"Debug",
            c"debug=",
            c"debug=yes",
            c"socket",
            c"bus",
            c"timeout=5",
            c" debug",
        ] {
            assert!(fault(argument).contains("is unknown"), "{argument:?}");
        }
    }

    #[test]
    fn a_wrong_socket_is_not_ignored() {
        let long = format!("socket=/{}", "a".repeat(107));
        let long = std::ffi::CString::new(long).unwrap();
        for argument in [
            c"socket=",
            c"socket=run/socket",
            c"socket=@abstract",
            c"socket=/tmp/a,guid=b",
            c"socket=/tmp/a;b",
            c"socket=/tmp/%41",
            c"socket=/tmp/a b",
            c"socket=/tmp/\n",
            long.as_c_str(),
        ] {
            assert!(fault(argument).contains("absolute path"), "{argument:?}");
        }
    }

    #[test]
    fn a_bus_that_could_be_elsewhere_than_it_says_is_refused() {
        for argument in [
            c"bus=",
            c"bus=system",
            c"bus=unix:runtime=yes",
            c"bus=unix:abstract=/tmp/bus",
            c"bus=unix:path=bus",
            c"bus=unix:path=/tmp/bus,path=/tmp/other",
            c"bus=unix:path=/tmp/bus,guid=0",
            c"bus=unix:path=/tmp/bus;unix:path=/tmp/other",
            c"bus=tcp:host=localhost,port=1",
            c"bus=unixexec:path=/bin/sh",
            c"bus=autolaunch:",
        ] {
            assert!(fault(argument).contains("unix:path=PATH"), "{argument:?}");
        }
    }

    #[test]
    fn an_argument_counts_once() {
        for arguments in [
            [c"debug", c"debug"],
            [c"socket=/a", c"socket=/a"],
            [c"bus=unix:path=/a", c"bus=unix:path=/a"],
        ] {
            let fault = parse(&arguments, 0).unwrap_err();
            assert!(fault.to_string().contains("twice"), "{arguments:?}");
        }
    }

    #[test]
    fn one_door_can_be_named() {
        let fault = parse(&[c"socket=/a", c"bus=unix:path=/a"], 0).unwrap_err();
        assert!(fault.to_string().contains("exclude"), "{fault}");
    }

    #[test]
    fn an_argument_that_is_no_text_is_refused() {
        assert!(fault(c"socket=/\xff").contains("is not UTF-8"));
    }
}
