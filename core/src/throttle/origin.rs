//! Where a login comes from, as far as the throttle tells origins apart.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use minicbor::{Decode, Encode};

/// Where a login comes from.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Origin {
    /// A numeric peer address, which counts as unknown until a login from it has succeeded.
    Address(Network),
    /// A caller through the public door: a screen locker, or whatever else the user runs.
    Locker,
    /// This machine's own keyboard, or a program on it that names no remote host.
    Seat,
    /// Any other place. All of them are throttled together.
    Unknown,
}

impl Origin {
    /// The origin that PAM_RHOST (or its absence, as an empty string) stands for.
    ///
    /// Only a numeric address is told apart. A host name is whatever the peer's name server says
    /// today, so whoever controls it could come from a new place with every guess.
    pub fn from_rhost(rhost: &str) -> Self {
        if rhost.is_empty() {
            return Self::Seat;
        }
        peer_address(rhost).map_or(Self::Unknown, |address| {
            Self::Address(Network::around(address))
        })
    }
}

/// The peer's address, if PAM_RHOST is a numeric one.
pub fn peer_address(rhost: &str) -> Option<IpAddr> {
    let address = match rhost.split_once('%') {
        None => rhost.parse().ok()?,
        // RFC 4007 section 11.2: the zone names a link of this host, not a peer.
        Some((address, _zone)) => IpAddr::V6(address.parse().ok()?),
    };
    Some(address.to_canonical())
}

/// As the log names it: `seat`, `locker`, `unknown`, `192.0.2.7` or `2001:db8::/64`.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(network) => network.fmt(f),
            Self::Locker => f.write_str("locker"),
            Self::Seat => f.write_str("seat"),
            Self::Unknown => f.write_str("unknown"),
        }
    }
}

/// The addresses that one peer can be expected to move between: a single IPv4 address, or an
/// IPv6 /64, which is what one customer or one link is given (RFC 6177).
///
/// IPv4 is kept in its IPv4-mapped form (RFC 4291 section 2.5.5.2).
#[derive(Clone, Copy, Debug, Decode, Encode, Eq, Hash, PartialEq)]
#[cbor(transparent)]
pub struct Network(#[n(0)] Ipv6Addr);

impl Network {
    /// The network that `address` is in.
    pub fn around(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self(address.to_ipv6_mapped()),
            IpAddr::V6(address) => Self(Ipv6Addr::from_bits(address.to_bits() & PREFIX)),
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.to_ipv4_mapped() {
            Some(address) => address.fmt(f),
            None => write!(f, "{}/64", self.0),
        }
    }
}

/// The upper 64 bits of an IPv6 address.
const PREFIX: u128 = !(u64::MAX as u128);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_remote_host_is_the_seat() {
        assert_eq!(named(""), "seat");
    }

    #[test]
    fn an_ipv4_address_is_an_origin_of_its_own() {
        assert_eq!(named("192.0.2.7"), "192.0.2.7");
        assert_ne!(
            Origin::from_rhost("192.0.2.7"),
            Origin::from_rhost("192.0.2.8")
        );
        assert_eq!(named("0.0.0.0"), "0.0.0.0");
    }

    #[test]
    fn an_ipv4_mapped_address_is_the_ipv4_address() {
        let mapped = Origin::from_rhost("::ffff:192.0.2.7");
        assert_eq!(mapped, Origin::from_rhost("192.0.2.7"));
    }

    #[test]
    fn ipv6_addresses_of_one_64_are_one_origin() {
        assert_eq!(named("2001:db8:0:1:2:3:4:5"), "2001:db8:0:1::/64");
        let moved = Origin::from_rhost("2001:db8:0:1:ffff::1");
        assert_eq!(moved, Origin::from_rhost("2001:db8:0:1:2:3:4:5"));
        assert_ne!(moved, Origin::from_rhost("2001:db8:0:2::1"));
    }

    #[test]
    fn a_zone_is_left_out() {
        assert_eq!(named("fe80::1%eth0"), "fe80::/64");
    }

    #[test]
    fn the_loopback_addresses_are_addresses_and_not_the_seat() {
        assert_eq!(named("127.0.0.1"), "127.0.0.1");
        assert_eq!(named("::1"), "::/64");
    }

    #[test]
    fn what_is_not_a_numeric_address_is_unknown() {
        let others = [
            "localhost",
            "host.example.org",
            ":0",
            " ",
            "192.0.2.7 ",
            "192.0.2.7:22",
            "192.0.2.7%eth0",
            "010.0.0.1",
            "192.0.2",
            "[2001:db8::1]",
            "2001:db8::1/64",
            "%",
            "unknown",
            "seat",
            "\0",
        ];
        for rhost in others {
            assert_eq!(Origin::from_rhost(rhost), Origin::Unknown, "{rhost:?}");
        }
    }

    fn named(rhost: &str) -> String {
        Origin::from_rhost(rhost).to_string()
    }
}
