//! The regions of the configuration, as the dialects take them.

use anyhow::{Context, Result, ensure};
use trent_core::model::Region;
use trent_dialects::{RegionNames, Regions};

use crate::config::Config;

/// The configured regions.
///
/// # Errors
/// A name is no region's name, or means two regions.
pub(crate) fn build(config: &Config) -> Result<Regions> {
    let mut taken = std::collections::HashSet::new();
    let mut known = Vec::new();
    for (name, synonyms) in &config.regions {
        for (dialect, names) in synonyms {
            for synonym in names {
                ensure!(
                    taken.insert((dialect, synonym)),
                    "region.{name}: `{synonym}` is another region's name too"
                );
            }
        }
        let name = Region::new(name)
            .with_context(|| format!("region.{name}: a name has 1 to 64 of a-z, 0-9 and -"))?;
        known.push(RegionNames { name, synonyms: synonyms.clone() });
    }
    Ok(Regions::new(known, config.open_regions))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::data::DataDir;
    use crate::endpoint::Endpoint;

    #[test]
    fn the_development_names_mean_one_region() {
        let mut config = Config::development(DataDir::new("x"), Endpoint::DEFAULT);
        let regions = build(&config).unwrap();
        let main = Region::new("main");
        for (dialect, name) in [
            ("aws", "us-east-1"),
            ("aws", "q-world-1"),
            ("thalassa", "nl-01"),
            ("alibaba", "cn-hangzhou"),
            ("tencent", "ap-guangzhou"),
        ] {
            assert_eq!(regions.resolve(dialect, name), main, "{dialect} {name}");
        }
        assert_ne!(regions.resolve("aws", "eu-west-1"), main);

        let twin = config.regions["main"].clone();
        config.regions.insert("twin".to_owned(), twin);
        assert!(build(&config).is_err(), "one name for two regions");
        config.regions = [("Not A Name".to_owned(), Default::default())].into();
        assert!(build(&config).is_err());
    }
}
