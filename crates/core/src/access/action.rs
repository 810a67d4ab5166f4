//! The closed list of actions. Each is a type, so that an authorization for one cannot serve for another.

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident $(: $class:ident)?;)*) => {
        /// Names an action at run time: for presets, policies and the audit log.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[allow(missing_docs)]
        pub enum ActionId { $($name,)* }

        impl ActionId {
            /// Every action.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The action's name.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)* }
            }

            /// Whether the action only looks, and at nothing secret.
            pub const fn is_read(self) -> bool {
                match self { $(Self::$name => actions!(@read $($class)?),)* }
            }
        }

        $(
            $(#[$doc])*
            pub struct $name;
            impl Action for $name { const ID: ActionId = ActionId::$name; }
            $(actions!(@class $name $class);)?
        )*
    };
    (@read Reads) => { true };
    (@read $($other:ident)?) => { false };
    (@class $name:ident Reads) => {};
    (@class $name:ident $class:ident) => { impl $class for $name {} };
}

/// An action, as a type.
pub trait Action: Send + Sync + 'static {
    /// Its name at run time.
    const ID: ActionId;
}

/// Actions that may seal under a key.
pub trait Seals: Action {}

/// Actions that may open what was sealed under a key.
pub trait Opens: Action {}

/// Actions that take key material out.
pub trait Exports: Action {}

actions! {
    /// Make a key.
    CreateKey;
    /// Look at a key's attributes.
    DescribeKey: Reads;
    /// List a tenant's keys.
    ListKeys: Reads;
    /// Enable a key.
    EnableKey;
    /// Disable a key.
    DisableKey;
    /// Make a new version of a key.
    RotateKey;
    /// Give a key one more name.
    CreateAlias;
    /// Encrypt.
    Encrypt: Seals;
    /// Decrypt.
    Decrypt: Opens;
    /// Make a data key, returned plain and sealed.
    GenerateDataKey: Seals;
    /// Make a data key, returned sealed only.
    GenerateDataKeyWithoutPlaintext: Seals;
    /// Make a key pair, its private half returned plain and sealed.
    GenerateKeyPair: Seals;
    /// Make a key pair, its private half returned sealed only.
    GenerateKeyPairWithoutPlaintext: Seals;
    /// Read a public key.
    GetPublicKey: Reads;
    /// Take key material out.
    ExportMaterial: Exports;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_looking_counts_as_reading() {
        let reads: Vec<_> =
            ActionId::ALL.iter().filter(|a| a.is_read()).map(|a| a.as_str()).collect();
        assert_eq!(reads, ["DescribeKey", "ListKeys", "GetPublicKey"]);
    }
}
