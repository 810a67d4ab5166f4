//! What each dialect calls the regions. A key lives in one region under an internal name; a dialect's clients say that
//! name or one of its synonyms.

use std::collections::BTreeMap;

use trent_core::model::Region;

/// One region and what the dialects call it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RegionNames {
    /// The internal name.
    pub name: Region,
    /// By the dialect's name, what its clients may call the region; the first is how answers spell it.
    pub synonyms: BTreeMap<String, Vec<String>>,
}

/// The regions of an installation.
#[derive(Clone, Debug)]
pub struct Regions {
    known: Vec<RegionNames>,
    open: bool,
}

impl Regions {
    /// The regions named. Where they are `open`, a name that no region has is a region of its own.
    pub fn new(known: Vec<RegionNames>, open: bool) -> Self {
        Self { known, open }
    }

    /// The configured region that a dialect's client may call so: by a synonym, else by its name.
    fn named(&self, dialect: &str, text: &str) -> Option<&RegionNames> {
        let spelt = |region: &&RegionNames| {
            region.synonyms.get(dialect).is_some_and(|names| names.iter().any(|name| name == text))
        };
        let named = |region: &&RegionNames| region.name.as_str() == text;
        self.known.iter().find(spelt).or_else(|| self.known.iter().find(named))
    }

    /// The region that a dialect's client means.
    pub fn resolve(&self, dialect: &str, text: &str) -> Option<Region> {
        match self.named(dialect, text) {
            Some(region) => Some(region.name.clone()),
            None if self.open => Region::new(text),
            None => None,
        }
    }

    /// The region of a request that does not name one: that of which a label of the host's name is a name, otherwise the
    /// first that the dialect has a synonym for.
    pub fn for_host(&self, dialect: &str, host: &str) -> Region {
        let host = host.split(':').next().unwrap_or_default();
        let found = host.split('.').find_map(|label| self.named(dialect, label));
        let has_synonym = |region: &&RegionNames| region.synonyms.contains_key(dialect);
        let found = found.or_else(|| self.known.iter().find(has_synonym)).or(self.known.first());
        found.map_or_else(Region::nowhere, |region| region.name.clone())
    }

    /// How a dialect's answers spell the region.
    pub fn spelling(&self, dialect: &str, region: &Region) -> String {
        let names = self.known.iter().find(|known| known.name == *region);
        names
            .and_then(|known| known.synonyms.get(dialect)?.first())
            .map_or_else(|| region.as_str().to_owned(), Clone::clone)
    }

    /// Every region that was named, as the dialect spells it.
    pub fn known(&self, dialect: &str) -> Vec<String> {
        self.known.iter().map(|region| self.spelling(dialect, &region.name)).collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn regions(open: bool) -> Regions {
        let names = |name: &str, synonyms: &[(&str, &[&str])]| RegionNames {
            name: Region::new(name).unwrap(),
            synonyms: synonyms
                .iter()
                .map(|(dialect, names)| {
                    ((*dialect).to_owned(), names.iter().map(|name| (*name).to_owned()).collect())
                })
                .collect(),
        };
        Regions::new(
            vec![
                names("main", &[("aws", &["us-east-1", "q-world-1"]), ("thalassa", &["nl-01"])]),
                names("second", &[("aws", &["main-2"])]),
            ],
            open,
        )
    }

    #[test]
    fn a_region_has_a_name_and_synonyms_per_dialect() {
        let check = |open: bool, dialect: &str, text: &str, expected: Option<&str>| {
            let found = regions(open).resolve(dialect, text);
            assert_eq!(found.as_ref().map(Region::as_str), expected, "{dialect} {text} {open}");
        };
        for open in [true, false] {
            check(open, "aws", "us-east-1", Some("main"));
            check(open, "aws", "q-world-1", Some("main"));
            check(open, "thalassa", "nl-01", Some("main"));
            check(open, "aws", "main", Some("main"));
            check(open, "aws", "main-2", Some("second"));
            check(open, "aws", "", None);
            check(open, "aws", "US-EAST-1", None);
            check(open, "aws", "a/b", None);
        }
        check(true, "aws", "eu-west-1", Some("eu-west-1"));
        check(true, "thalassa", "us-east-1", Some("us-east-1"));
        check(false, "aws", "eu-west-1", None);
        check(false, "thalassa", "us-east-1", None);
    }

    #[test]
    fn a_host_tells_the_region_or_it_is_the_dialects_first() {
        for (dialect, host, expected) in [
            ("aws", "kms.main-2.example.com:443", "second"),
            ("aws", "kms.second.example.com", "second"),
            ("aws", "us-east-1", "main"),
            ("aws", "127.0.0.1:7600", "main"),
            ("aws", "", "main"),
            ("thalassa", "kms.main-2.example.com", "main"),
            ("alibaba", "[::1]:7600", "main"),
        ] {
            assert_eq!(
                regions(true).for_host(dialect, host).as_str(),
                expected,
                "{dialect} {host}"
            );
        }
        assert_eq!(Regions::new(Vec::new(), true).for_host("aws", "main"), Region::nowhere());
    }

    #[test]
    fn answers_spell_the_first_synonym() {
        let regions = regions(true);
        let main = Region::new("main").unwrap();
        assert_eq!(regions.spelling("aws", &main), "us-east-1");
        assert_eq!(regions.spelling("tencent", &main), "main");
        assert_eq!(regions.spelling("aws", &Region::new("eu-west-1").unwrap()), "eu-west-1");
        assert_eq!(regions.known("thalassa"), ["nl-01", "second"]);
    }
}
