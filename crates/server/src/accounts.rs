//! A tenant's names in the dialects, and credentials in each of them.

use anyhow::{Context, Result};
use data_encoding::BASE32_NOPAD;
use trent_core::Engine;
use trent_core::crypto::random;
use trent_core::engine::{NewCredential, NewSecret};
use trent_core::model::{Account, PrincipalId, Tenant};
use zeroize::Zeroizing;

/// The kinds of credential, and of the account each belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub(crate) enum Kind {
    Aws,
    Qkms,
    Thalassa,
}

impl Kind {
    /// Every kind.
    pub(crate) const ALL: [Self; 3] = [Self::Aws, Self::Qkms, Self::Thalassa];

    /// The kind's word on the command line and in files.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Aws => "aws",
            Self::Qkms => "qkms",
            Self::Thalassa => "thalassa",
        }
    }

    /// The dialect in which the credential works, which is also the account's namespace.
    fn dialect(self) -> &'static str {
        match self {
            Self::Aws | Self::Qkms => "aws",
            Self::Thalassa => "thalassa",
        }
    }

    /// How the dialect spells names of the account, where it has more than one way.
    fn style(self) -> Option<&'static str> {
        match self {
            Self::Aws => Some("aws"),
            Self::Qkms => Some("verenc"),
            Self::Thalassa => None,
        }
    }

    /// Whether the account is of this kind.
    pub(crate) fn fits(self, account: &Account) -> bool {
        let styled = self.style().is_none_or(|style| account.style == style);
        account.namespace == self.dialect() && styled
    }

    /// The tenant's account of this kind.
    pub(crate) fn account(self, tenant: &Tenant) -> Result<&Account> {
        let found = tenant.accounts.iter().find(|account| self.fits(account));
        found.with_context(|| format!("tenant {} has no {} account", tenant.name, self.as_str()))
    }

    fn new_account(self, tenant: &str) -> Result<Account> {
        Ok(Account {
            namespace: self.dialect().to_owned(),
            id: match self {
                Self::Aws | Self::Qkms => account_number()?,
                Self::Thalassa => organisation()?,
            },
            // An organisation has its tenant's name as a second one.
            style: self.style().unwrap_or(tenant).to_owned(),
        })
    }
}

/// New accounts of every kind, for a new tenant of this name.
pub(crate) fn new_accounts(tenant: &str) -> Result<Vec<Account>> {
    Kind::ALL.into_iter().map(|kind| kind.new_account(tenant)).collect()
}

/// 12 random digits, the first not 0 so that no tool drops it.
fn account_number() -> Result<String> {
    let number = u64::from_le_bytes(random::array()?);
    Ok((100_000_000_000 + number % 900_000_000_000).to_string())
}

/// `org-` and 16 random characters.
fn organisation() -> Result<String> {
    let bytes: [u8; 10] = random::array()?;
    Ok(format!("org-{}", BASE32_NOPAD.encode(&bytes).to_ascii_lowercase()))
}

/// A credential just made, with the secret that is shown once.
pub(crate) struct Issued {
    /// Its kind.
    pub(crate) kind: Kind,
    /// The public part.
    pub(crate) access_id: String,
    /// The secret access key, or the whole token.
    pub(crate) secret: Zeroizing<String>,
    /// The account's id.
    pub(crate) account: String,
}

/// Makes a credential for a principal of the tenant.
pub(crate) async fn issue(
    engine: &Engine,
    tenant: &Tenant,
    principal: PrincipalId,
    kind: Kind,
) -> Result<Issued> {
    let account = kind.account(tenant)?.clone();
    let (access_id, shown, kept) = match kind {
        Kind::Aws | Kind::Qkms => {
            let minted = trent_dialects::aws::mint_credential()?;
            let text =
                std::str::from_utf8(minted.secret.expose()).context("a secret key is text")?;
            let shown = Zeroizing::new(text.to_owned());
            (minted.access_id, shown, NewSecret::Recoverable(minted.secret))
        }
        Kind::Thalassa => {
            let minted = trent_dialects::thalassa::mint_token()?;
            (minted.access_id, minted.token, NewSecret::Bearer(minted.secret))
        }
    };
    let issued =
        Issued { kind, access_id: access_id.clone(), secret: shown, account: account.id.clone() };
    let dialect = kind.dialect();
    let new =
        NewCredential { tenant: tenant.id, principal, dialect, account, access_id, secret: kept };
    engine.create_credential(new).await?;
    Ok(issued)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_kind_has_its_own_account() {
        let accounts = new_accounts("one").unwrap();
        for kind in Kind::ALL {
            let fitting: Vec<_> = accounts.iter().filter(|account| kind.fits(account)).collect();
            assert_eq!(fitting.len(), 1, "{kind:?}");
            let id = fitting[0].id.as_str();
            match kind {
                Kind::Aws | Kind::Qkms => {
                    assert!(id.len() == 12 && id.bytes().all(|b| b.is_ascii_digit()), "{id}");
                }
                Kind::Thalassa => assert!(id.len() == 20 && id.starts_with("org-"), "{id}"),
            }
        }
    }
}
