//! Networks, as rules name them.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use thiserror::Error;

/// A network in CIDR notation (RFC 4632 section 3.1, RFC 4291 section 2.3), or a single address.
///
/// An IPv4 address in IPv6 clothes (RFC 4291 section 2.5.5.2) is the IPv4 address; otherwise the two
/// families are apart, and `::/0` holds no IPv4 address.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Cidr {
    address: IpAddr,
    prefix: u8,
}

impl Cidr {
    /// Whether `address` is in it.
    pub fn contains(&self, address: IpAddr) -> bool {
        masked(address.to_canonical(), self.prefix) == Some(self.address)
    }

    /// Whether all of `other` is in it.
    pub fn covers(&self, other: &Self) -> bool {
        self.prefix <= other.prefix && self.contains(other.address)
    }

    /// Whether all of it is in one of `networks`, or in several of them together.
    pub(super) fn is_within(&self, networks: &[Self]) -> bool {
        let in_halves = || {
            let parts = networks.iter().any(|network| self.covers(network));
            let within = |halves: [Self; 2]| halves.iter().all(|half| half.is_within(networks));
            parts && self.halves().is_some_and(within)
        };
        networks.iter().any(|network| network.covers(self)) || in_halves()
    }

    /// The two networks that it consists of, if it is more than an address.
    fn halves(&self) -> Option<[Self; 2]> {
        let prefix = self.prefix + 1;
        let half = |address| Self { address, prefix };
        let upper: IpAddr = match self.address {
            IpAddr::V4(address) => {
                let bit = 1_u32.checked_shl(32_u32.checked_sub(u32::from(prefix))?)?;
                Ipv4Addr::from_bits(address.to_bits() | bit).into()
            }
            IpAddr::V6(address) => {
                let bit = 1_u128.checked_shl(128_u32.checked_sub(u32::from(prefix))?)?;
                Ipv6Addr::from_bits(address.to_bits() | bit).into()
            }
        };
        Some([half(self.address), half(upper)])
    }
}

impl FromStr for Cidr {
    type Err = BadCidr;

    fn from_str(text: &str) -> Result<Self, BadCidr> {
        let unreadable = || BadCidr::Unreadable(text.to_owned());
        let (address, prefix) = match text.split_once('/') {
            None => (text, None),
            Some((address, prefix)) => (address, Some(prefix)),
        };
        let address: IpAddr = address.parse().map_err(|_| unreadable())?;
        if address != address.to_canonical() {
            return Err(BadCidr::Mapped(text.to_owned()));
        }
        let most = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => most,
            Some(digits) => digits
                .parse()
                .ok()
                // "+8", "08": understood by one program in this way, by another in that.
                .filter(|prefix: &u8| *prefix <= most && prefix.to_string() == digits)
                .ok_or_else(unreadable)?,
        };
        let network = masked(address, prefix).ok_or_else(unreadable)?;
        if network == address {
            Ok(Self { address, prefix })
        } else {
            let meant = Self {
                address: network,
                prefix,
            };
            Err(BadCidr::Host(text.to_owned(), meant))
        }
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

/// The first `prefix` bits of an address, if it has so many.
fn masked(address: IpAddr, prefix: u8) -> Option<IpAddr> {
    let prefix = u32::from(prefix);
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX
                .checked_shl(32_u32.checked_sub(prefix)?)
                .unwrap_or(0);
            Some(Ipv4Addr::from_bits(address.to_bits() & mask).into())
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX
                .checked_shl(128_u32.checked_sub(prefix)?)
                .unwrap_or(0);
            Some(Ipv6Addr::from_bits(address.to_bits() & mask).into())
        }
    }
}

/// A text that names no network.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum BadCidr {
    /// It is none.
    #[error(
        "{0:?} is no network; write it like \"192.0.2.0/24\", \"2001:db8::/32\" or \"192.0.2.7\""
    )]
    Unreadable(String),
    /// It names a host, and a network that the host is in.
    #[error("{0:?} has bits behind its prefix; write \"{1}\" for that network")]
    Host(String, Cidr),
    /// It is an IPv4 address written as an IPv6 one.
    #[error("{0:?} is an IPv4 address in IPv6 notation; write it as IPv4")]
    Mapped(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_holds_its_addresses_and_no_others() {
        for (network, inside, outside) in [
            ("192.0.2.0/24", "192.0.2.255", "192.0.3.0"),
            ("192.0.2.7", "192.0.2.7", "192.0.2.6"),
            ("192.0.2.0/24", "::ffff:192.0.2.1", "2001:db8::1"),
            ("0.0.0.0/0", "255.255.255.255", "::1"),
            ("::/0", "2001:db8::1", "192.0.2.1"),
            ("::/0", "::1", "::ffff:192.0.2.1"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"),
            ("2001:db8::1/128", "2001:db8::1", "2001:db8::2"),
        ] {
            let network: Cidr = network.parse().unwrap();
            assert!(
                network.contains(inside.parse().unwrap()),
                "{network} {inside}"
            );
            assert!(
                !network.contains(outside.parse().unwrap()),
                "{network} {outside}"
            );
        }
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in [
            "",
            "office",
            "192.0.2",
            "192.0.2.0/",
            "192.0.2.0/33",
            "192.0.2.0/08",
            "192.0.2.0/+8",
            "192.0.2.0/-1",
            " 192.0.2.0/24",
            "192.0.2.0/24 ",
            "::/129",
            "fe80::1%eth0",
            "010.0.0.0/8",
            "192.0.2.0/24/24",
            "*",
        ] {
            let refused = text.parse::<Cidr>();
            assert_eq!(refused, Err(BadCidr::Unreadable(text.to_owned())));
        }
        let mapped = "::ffff:192.0.2.0/120".parse::<Cidr>();
        assert!(matches!(mapped, Err(BadCidr::Mapped(_))), "{mapped:?}");
    }

    #[test]
    fn bits_behind_the_prefix_are_told_with_what_was_meant() {
        let refused = "192.0.2.7/24".parse::<Cidr>().unwrap_err();
        assert!(
            refused.to_string().contains("write \"192.0.2.0/24\""),
            "{refused}"
        );
    }

    #[test]
    fn a_network_covers_those_in_it() {
        let network = |text: &str| text.parse::<Cidr>().unwrap();
        assert!(network("10.0.0.0/8").covers(&network("10.1.0.0/16")));
        assert!(network("10.0.0.0/8").covers(&network("10.0.0.0/8")));
        assert!(!network("10.1.0.0/16").covers(&network("10.0.0.0/8")));
        assert!(!network("0.0.0.0/0").covers(&network("::/0")));
        assert!(!network("::/0").covers(&network("0.0.0.0/0")));
    }
}
