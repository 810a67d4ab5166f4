//! How many connections there may be, in all and from one source, and what one source may take of the rest.
//! A place is given back when its ticket drops.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::limits::Limits;

/// Counts connections, and knows the sources that have any or whose work has not ended.
pub(super) struct Admission {
    connections: Arc<Semaphore>,
    share: Share,
    sources: Mutex<HashMap<IpAddr, Weak<Source>>>,
}

/// What one source may take.
struct Share {
    connections: usize,
    handshakes: usize,
    memory: usize,
}

/// One source's share. It lasts while anything of that source does, so that closing a connection renews nothing.
pub(super) struct Source {
    admission: Arc<Admission>,
    address: IpAddr,
    connections: Arc<Semaphore>,
    /// Its TLS handshakes at once.
    pub(super) handshakes: Semaphore,
    /// Its bytes of bodies at once.
    pub(super) memory: Arc<Semaphore>,
}

/// A connection's place.
pub(super) struct Ticket {
    /// Where the connection comes from.
    pub(super) source: Arc<Source>,
    _places: [OwnedSemaphorePermit; 2],
}

/// A semaphore with as many permits as a limit says.
pub(super) fn semaphore(limit: usize) -> Semaphore {
    Semaphore::new(limit.min(Semaphore::MAX_PERMITS))
}

impl Admission {
    pub(super) fn new(limits: &Limits) -> Self {
        let share = Share {
            connections: limits.connections_per_source,
            handshakes: limits.handshakes_per_source,
            // Never less than one whole body.
            memory: (limits.body_bytes_in_flight / 4).max(limits.body_bytes),
        };
        let connections = Arc::new(semaphore(limits.connections));
        Self { connections, share, sources: Mutex::default() }
    }

    /// A place for a connection from this address, or the reason why there is none.
    pub(super) fn admit(self: &Arc<Self>, address: IpAddr) -> Result<Ticket, &'static str> {
        let place = self.connections.clone().try_acquire_owned().map_err(|_| "connections")?;
        let source = self.source(source(address));
        let own = source.connections.clone().try_acquire_owned().map_err(|_| "source")?;
        Ok(Ticket { source, _places: [place, own] })
    }

    fn source(self: &Arc<Self>, address: IpAddr) -> Arc<Source> {
        let mut sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        // No `Arc<Source>` is dropped under the lock, since a source's end takes it too.
        if let Some(source) = sources.get(&address).and_then(Weak::upgrade) {
            return source;
        }
        let source = Arc::new(Source {
            admission: self.clone(),
            address,
            connections: Arc::new(semaphore(self.share.connections)),
            handshakes: semaphore(self.share.handshakes),
            memory: Arc::new(semaphore(self.share.memory)),
        });
        sources.insert(address, Arc::downgrade(&source));
        source
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        let mut sources = self.admission.sources.lock().unwrap_or_else(PoisonError::into_inner);
        // Another may stand in its place by now.
        if sources.get(&self.address).is_some_and(|source| source.strong_count() == 0) {
            sources.remove(&self.address);
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
        assert_eq!(admission.sources.lock().unwrap().len(), 2);
    }

    #[test]
    fn an_ipv6_network_is_one_source() {
        let admission = admission(9, 1);
        let _one = from(&admission, "2001:db8:1:2::1").ok().unwrap();
        assert_eq!(from(&admission, "2001:db8:1:2:ffff::9").err(), Some("source"));
        assert!(from(&admission, "2001:db8:1:3::1").is_ok());
        assert_eq!(admission.sources.lock().unwrap().len(), 1, "an unused source is forgotten");
    }

    #[test]
    fn a_share_lasts_while_anything_of_its_source_does() {
        let admission = admission(9, 9);
        let ticket = from(&admission, "10.0.0.1").ok().unwrap();
        let work = ticket.source.clone();
        drop(ticket);
        let again = from(&admission, "10.0.0.1").ok().unwrap();
        assert!(Arc::ptr_eq(&again.source, &work));
        drop((again, work));
        assert!(admission.sources.lock().unwrap().is_empty());
    }
}
