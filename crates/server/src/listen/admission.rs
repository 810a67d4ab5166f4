//! How many connections there may be: in all and from one source. A place is given back when its ticket drops.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

use crate::limits::Limits;

/// Counts connections.
pub(super) struct Admission {
    total: usize,
    per_source: usize,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    total: usize,
    sources: HashMap<IpAddr, usize>,
}

/// A connection's place.
pub(super) struct Ticket {
    admission: Arc<Admission>,
    source: IpAddr,
}

impl Admission {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            total: limits.connections,
            per_source: limits.connections_per_source,
            taken: Mutex::default(),
        }
    }

    /// A place for a connection from this address, or the reason why there is none.
    pub(super) fn admit(self: &Arc<Self>, address: IpAddr) -> Result<Ticket, &'static str> {
        let source = source(address);
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.total >= self.total {
            return Err("connections");
        }
        let count = taken.sources.entry(source).or_insert(0);
        if *count >= self.per_source {
            return Err("source");
        }
        *count += 1;
        taken.total += 1;
        Ok(Ticket { admission: self.clone(), source })
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut taken = self.admission.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.total = taken.total.saturating_sub(1);
        if let Entry::Occupied(mut count) = taken.sources.entry(self.source) {
            if *count.get() <= 1 {
                count.remove();
            } else {
                *count.get_mut() -= 1;
            }
        }
    }
}

/// What counts as one source: an IPv4 address, or an IPv6 /64, since one host has all of that.
fn source(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn admission(connections: usize, connections_per_source: usize) -> Arc<Admission> {
        Arc::new(Admission::new(&Limits {
            connections,
            connections_per_source,
            ..Limits::default()
        }))
    }

    fn from(admission: &Arc<Admission>, address: &str) -> Result<Ticket, &'static str> {
        admission.admit(address.parse().unwrap())
    }

    #[test]
    fn places_are_counted_and_given_back() {
        let admission = admission(3, 2);
        let one = from(&admission, "10.0.0.1").ok().unwrap();
        let _two = from(&admission, "::ffff:10.0.0.1").ok().unwrap();
        assert_eq!(from(&admission, "10.0.0.1").err(), Some("source"));
        let _three = from(&admission, "10.0.0.2").ok().unwrap();
        assert_eq!(from(&admission, "10.0.0.3").err(), Some("connections"));
        drop(one);
        let again = from(&admission, "10.0.0.1").ok().unwrap();
        drop(again);
        assert_eq!(admission.taken.lock().unwrap().sources.len(), 2);
    }

    #[test]
    fn an_ipv6_network_is_one_source() {
        let admission = admission(9, 1);
        let _one = from(&admission, "2001:db8:1:2::1").ok().unwrap();
        assert_eq!(from(&admission, "2001:db8:1:2:ffff::9").err(), Some("source"));
        assert!(from(&admission, "2001:db8:1:3::1").is_ok());
        assert!(
            admission.taken.lock().unwrap().sources.len() == 1,
            "an unused source is forgotten"
        );
    }
}
