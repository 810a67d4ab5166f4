//! Which nonces were used: what makes a signed request good for one time only. Memory is bounded, and nothing that it
//! forgets can be used again: the times that it forgets are refused from then on. A restart forgets everything.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};

/// How many nonces are kept where nobody says otherwise; some 16 bytes each.
const MOST: usize = 4_000_000;
const MINUTE: i64 = 60;

/// What is known of a nonce.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// It was not used; now it is.
    Fresh,
    /// It was used.
    Used,
    /// The request was signed at a time of which nothing is known any more.
    Forgotten,
}

/// The nonces that were used within a window around the present.
///
/// A nonce is kept as a fingerprint of 64 bits under a key of this process, with the minute in which its request was
/// signed, until that minute can no longer be within the window. Where there are too many, those who have the most
/// lose their oldest minute, so that nobody can use up what others need.
pub struct Nonces {
    /// How far from the present a request may have been signed, in seconds.
    window: i64,
    most: usize,
    hasher: RandomState,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// By the fingerprint of who used them.
    users: HashMap<u64, User>,
    kept: usize,
    /// The first minute that was open when expired minutes were last looked for.
    swept: i64,
}

#[derive(Default)]
struct User {
    /// Fingerprints by the minute of signing.
    minutes: BTreeMap<i64, HashSet<u64>>,
    kept: usize,
    /// The first minute of which everything is known.
    floor: i64,
}

impl Nonces {
    /// No nonces yet. Requests may be signed up to `window` seconds before or after the present; the caller sees to
    /// that.
    pub fn new(window: i64) -> Self {
        Self::with_limit(window, MOST)
    }

    /// As [`Nonces::new`], keeping at most this many, at least one.
    pub fn with_limit(window: i64, most: usize) -> Self {
        let state = Mutex::new(State::default());
        Self { window, most: most.max(1), hasher: RandomState::new(), state }
    }

    /// Uses a nonce, once: `user` signed a request with it at the time `signed`, and it is `now`, both in seconds
    /// since the Unix epoch. The signature has been found right before this is asked.
    pub fn take(&self, user: &str, nonce: &str, signed: i64, now: i64) -> Verdict {
        let id = self.hasher.hash_one(user);
        let fingerprint = self.hasher.hash_one((user, nonce));
        let minute = signed.div_euclid(MINUTE);
        // The first minute of which a second may still be within the window.
        let open = (now - self.window).div_euclid(MINUTE);
        // A panic elsewhere cannot leave a fingerprint half in.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.sweep(open);
        let user = state.users.entry(id).or_default();
        if minute < user.floor {
            return Verdict::Forgotten;
        }
        if user.minutes.values().any(|used| used.contains(&fingerprint)) {
            return Verdict::Used;
        }
        user.minutes.entry(minute).or_default().insert(fingerprint);
        user.kept += 1;
        state.kept += 1;
        if state.kept > self.most {
            state.forget();
        }
        // Where that forgot the nonce itself, the request is done with all the same: its minute is refused from here on.
        Verdict::Fresh
    }
}

impl State {
    /// Drops the minutes that no request can be of any more. Who has none left stays with the floor, since the clock
    /// may be set back.
    fn sweep(&mut self, open: i64) {
        if open == self.swept {
            return;
        }
        self.swept = open;
        for user in self.users.values_mut() {
            while user.minutes.keys().next().is_some_and(|first| *first < open) {
                self.kept -= user.forget();
            }
        }
    }

    /// Drops the oldest minute of who has the most.
    fn forget(&mut self) {
        if let Some(user) = self.users.values_mut().max_by_key(|user| user.kept) {
            self.kept -= user.forget();
        }
    }
}

impl User {
    /// Drops the oldest minute and tells how many nonces that were.
    fn forget(&mut self) -> usize {
        let Some((minute, used)) = self.minutes.pop_first() else { return 0 };
        self.floor = self.floor.max(minute + 1);
        self.kept -= used.len();
        used.len()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use Verdict::{Forgotten, Fresh, Used};
    use proptest::prelude::*;

    const WINDOW: i64 = 900;
    const NOW: i64 = 1_800_000_000;

    fn kept(nonces: &Nonces) -> usize {
        let state = nonces.state.lock().unwrap();
        let counted = state.users.values().flat_map(|user| user.minutes.values());
        assert_eq!(counted.map(HashSet::len).sum::<usize>(), state.kept);
        state.kept
    }

    #[test]
    fn a_nonce_is_good_once_for_each_user() {
        let nonces = Nonces::new(WINDOW);
        for (user, nonce, signed, expected) in [
            ("a", "1", NOW, Fresh),
            ("a", "1", NOW, Used),
            ("b", "1", NOW, Fresh),
            ("a", "2", NOW, Fresh),
            // Signed at another time, it is the same nonce.
            ("a", "1", NOW + 600, Used),
            ("a", "1", NOW - 600, Used),
            // The two parts are not one text.
            ("a1", "", NOW, Fresh),
            ("", "a1", NOW, Fresh),
        ] {
            assert_eq!(nonces.take(user, nonce, signed, NOW), expected, "{user} {nonce} {signed}");
        }
        assert_eq!(kept(&nonces), 5);
    }

    #[test]
    fn what_is_outside_the_window_is_dropped_and_stays_refused() {
        let nonces = Nonces::new(WINDOW);
        assert_eq!(nonces.take("a", "1", NOW, NOW), Fresh);
        let later = NOW + WINDOW;
        assert_eq!(nonces.take("a", "1", NOW, later), Used);
        let later = later + 2 * MINUTE;
        assert_eq!(nonces.take("b", "1", later, later), Fresh);
        assert_eq!(kept(&nonces), 1);
        // The clock is set back.
        assert_eq!(nonces.take("a", "1", NOW, NOW), Forgotten);
        assert_eq!(nonces.take("a", "2", NOW + MINUTE, NOW), Fresh);
    }

    #[test]
    fn who_uses_most_loses_most() {
        let nonces = Nonces::with_limit(WINDOW, 100);
        assert_eq!(nonces.take("quiet", "1", NOW - 600, NOW), Fresh);
        for n in 0..1_000 {
            let signed = NOW + n % 300;
            assert_ne!(nonces.take("loud", &n.to_string(), signed, NOW), Used);
            assert!(kept(&nonces) <= 100);
        }
        assert_eq!(nonces.take("quiet", "1", NOW - 600, NOW), Used);
        assert_eq!(nonces.take("quiet", "2", NOW - 600, NOW), Fresh);
        assert_eq!(nonces.take("loud", "0", NOW, NOW), Forgotten);
    }

    proptest! {
        #[test]
        fn nothing_is_good_twice_whatever_is_forgotten(
            most in 1_usize..12,
            steps in proptest::collection::vec(
                (0_u8..3, 0_u8..6, -WINDOW..=WINDOW, -400_i64..600), 1..200,
            ),
        ) {
            let nonces = Nonces::with_limit(WINDOW, most);
            let mut good = HashSet::new();
            let mut sent = Vec::new();
            let mut now = NOW;
            for (user, nonce, off, passes) in steps {
                now += passes;
                sent.push((user, nonce, now + off));
                // Everything that was ever sent is sent again, as far as its time allows.
                for request in sent.iter().filter(|(_, _, signed)| (signed - now).abs() <= WINDOW) {
                    let (user, nonce, signed) = request;
                    let verdict = nonces.take(&user.to_string(), &nonce.to_string(), *signed, now);
                    if verdict == Fresh {
                        prop_assert!(good.insert(*request), "{request:?} was good twice");
                    }
                    prop_assert!(kept(&nonces) <= most);
                }
            }
        }

        #[test]
        fn with_room_every_new_nonce_is_good(
            steps in proptest::collection::vec((0_u8..3, -WINDOW..=WINDOW, 0_i64..300), 1..100),
        ) {
            let nonces = Nonces::new(WINDOW);
            let mut now = NOW;
            for (at, (user, off, passes)) in steps.into_iter().enumerate() {
                now += passes;
                let verdict = nonces.take(&user.to_string(), &at.to_string(), now + off, now);
                prop_assert_eq!(verdict, Fresh);
            }
        }
    }
}
