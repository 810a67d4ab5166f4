//! What a principal may do. Presets for now; the neutral statement tree and its evaluation will stand here.

use super::ActionId;

/// A principal's permissions as one word. What is not allowed is denied.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Preset {
    /// Every action on every key of the tenant.
    Administrator,
    /// Looking at keys and reading public keys.
    Reader,
    /// Nothing.
    None,
}

impl Preset {
    const ALL: [Self; 3] = [Self::Administrator, Self::Reader, Self::None];

    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
            Self::Reader => "reader",
            Self::None => "none",
        }
    }

    /// The preset of this word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.as_str() == text)
    }

    /// Whether the preset allows the action.
    pub(crate) fn allows(self, action: ActionId) -> bool {
        match self {
            Self::Administrator => true,
            Self::Reader => action.is_read(),
            Self::None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_allow_no_more_than_they_say() {
        for &action in ActionId::ALL {
            assert!(Preset::Administrator.allows(action));
            assert!(!Preset::None.allows(action));
            assert_eq!(Preset::Reader.allows(action), action.is_read());
        }
    }
}
