//! How the daemon is reached.

/// How the daemon is reached.
#[derive(Clone, Debug)]
pub enum Door {
    /// The root door: a socket of its own, D-Bus from peer to peer.
    Root {
        /// Where the socket is.
        socket: String,
        /// The uids that may be listening there.
        listeners: Vec<u32>,
    },
    /// The public door: the name on a message bus.
    Public {
        /// The D-Bus address of the bus.
        bus: String,
    },
}

impl Door {
    /// The root door at its usual place, with root listening.
    pub fn root() -> Self {
        Self::Root {
            socket: crate::SOCKET.to_owned(),
            listeners: vec![0],
        }
    }

    /// The public door on the system bus.
    pub fn public() -> Self {
        Self::Public {
            bus: crate::SYSTEM_BUS.to_owned(),
        }
    }

    /// Where it is, for a message.
    pub fn place(&self) -> &str {
        match self {
            Self::Root { socket, .. } => socket,
            Self::Public { bus } => bus,
        }
    }
}

/// The D-Bus address of the socket at `path`, with everything escaped that would mean something
/// else in an address (D-Bus specification, "Server Addresses").
pub(crate) fn unix_address(path: &str) -> String {
    let mut address = "unix:path=".to_owned();
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_/.*".contains(&byte) {
            address.push(char::from(byte));
        } else {
            address.push_str(&format!("%{byte:02x}"));
        }
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_cannot_become_another_address() {
        assert_eq!(
            unix_address("/run/countersign/socket"),
            "unix:path=/run/countersign/socket"
        );
        assert_eq!(
            unix_address("/tmp/a,b;tcp:host=x %"),
            "unix:path=/tmp/a%2cb%3btcp%3ahost%3dx%20%25"
        );
    }
}
