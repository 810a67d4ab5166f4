//! The two styles of AWS accounts as data: AWS's own, and that of Quilibrium's Q-KMS with its `verenc` names.

/// How an account's answers are spelt, and what differs between the styles.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Profile {
    /// The style's name, as it stands in an account.
    name: &'static str,
    /// Keys are `arn:verenc:<account>:key/<id>` rather than `arn:aws:kms:<region>:<account>:key/<id>`.
    pub(super) verenc_arns: bool,
    /// An ARN of another region names no key. Q-KMS has one region, and its ARNs none.
    pub(super) arns_are_regional: bool,
    /// Key metadata also holds `AccountId`, `QAccountId`, `KeyRotationEnabled` and `Tags`.
    pub(super) more_metadata: bool,
    /// `GenerateDataKeyPair` returns the private key plain. If not, `PrivateKey` is the sealed copy once more.
    pub(super) reveals_private_keys: bool,
    /// `KeySpec` and `CustomerMasterKeySpec` may stand together where they say the same.
    pub(super) twin_specs: bool,
    /// Every failure to prove who asks is `NotAuthorizedException`.
    pub(super) one_auth_error: bool,
}

pub(super) static AWS: Profile = Profile {
    name: "aws",
    verenc_arns: false,
    arns_are_regional: true,
    more_metadata: false,
    reveals_private_keys: true,
    twin_specs: false,
    one_auth_error: false,
};

pub(super) static VERENC: Profile = Profile {
    name: "verenc",
    verenc_arns: true,
    arns_are_regional: false,
    more_metadata: true,
    reveals_private_keys: false,
    twin_specs: true,
    one_auth_error: true,
};

/// The profile of an account's style; AWS's own where none is known.
pub(super) fn of(style: &str) -> &'static Profile {
    if style == VERENC.name { &VERENC } else { &AWS }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_style_decides() {
        assert_eq!(of("verenc"), &VERENC);
        for style in ["aws", "", "Verenc", "other"] {
            assert_eq!(of(style), &AWS, "{style}");
        }
        assert_eq!(of(AWS.name), &AWS);
    }
}
