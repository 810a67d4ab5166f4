//! A tenant's names in the dialects, and credentials in each of them.

use anyhow::{Context, Result};
use data_encoding::BASE32_NOPAD;
use tokio::task::JoinHandle;
use trent_core::Engine;
use trent_core::crypto::random;
use trent_core::engine::{NewCredential, NewSecret};
use trent_core::model::{Account, PrincipalId, Tenant};
use trent_dialects::common::mint;
use trent_dialects::{alibaba, aws, tencent, thalassa};
use zeroize::Zeroizing;

use crate::client_key::{self, ClientKey};

/// The kinds of credential, and of the account each belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub(crate) enum Kind {
    Aws,
    Qkms,
    Alibaba,
    AlibabaInstance,
    Tencent,
    Thalassa,
}

impl Kind {
    /// Every kind.
    pub(crate) const ALL: [Self; 6] = [
        Self::Aws,
        Self::Qkms,
        Self::Alibaba,
        Self::AlibabaInstance,
        Self::Tencent,
        Self::Thalassa,
    ];

    /// The kind's word on the command line and in files.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Aws => "aws",
            Self::Qkms => "qkms",
            Self::Alibaba => "alibaba",
            Self::AlibabaInstance => "alibaba-instance",
            Self::Tencent => "tencent",
            Self::Thalassa => "thalassa",
        }
    }

    /// The dialect in which the credential works, which is also the account's namespace.
    fn dialect(self) -> &'static str {
        match self {
            Self::Aws | Self::Qkms => "aws",
            other => other.as_str(),
        }
    }

    /// How the dialect spells names of the account, where it has more than one way.
    fn style(self) -> Option<&'static str> {
        match self {
            Self::Aws => Some("aws"),
            Self::Qkms => Some("verenc"),
            Self::Alibaba | Self::AlibabaInstance | Self::Tencent | Self::Thalassa => None,
        }
    }

    /// Whether the account is of this kind.
    pub(crate) fn fits(self, account: &Account) -> bool {
        let styled = self.style().is_none_or(|style| account.style == style);
        account.namespace == self.dialect() && styled
    }

    /// The tenant's account of this kind. A tenant made before there was the kind has none.
    pub(crate) fn account(self, tenant: &Tenant) -> Option<&Account> {
        tenant.accounts.iter().find(|account| self.fits(account))
    }

    fn new_account(self, tenant: &str) -> Result<Account> {
        Ok(Account {
            namespace: self.dialect().to_owned(),
            id: match self {
                Self::Aws | Self::Qkms | Self::Tencent => number(12)?,
                Self::Alibaba => number(16)?,
                Self::AlibabaInstance => named("kst-")?,
                Self::Thalassa => named("org-")?,
            },
            style: match self {
                // An organisation has its tenant's name as a second one.
                Self::Thalassa => tenant.to_owned(),
                other => other.style().unwrap_or_default().to_owned(),
            },
        })
    }
}

/// New accounts of every kind, for a new tenant of this name.
pub(crate) fn new_accounts(tenant: &str) -> Result<Vec<Account>> {
    Kind::ALL.into_iter().map(|kind| kind.new_account(tenant)).collect()
}

/// So many random digits, at most 18, the first not 0 so that no tool drops it.
fn number(digits: u32) -> Result<String> {
    let least = 10_u64.pow(digits - 1);
    let number = u64::from_le_bytes(random::array()?);
    Ok((least + number % (9 * least)).to_string())
}

/// The prefix and 16 random characters.
fn named(prefix: &str) -> Result<String> {
    let bytes: [u8; 10] = random::array()?;
    Ok(format!("{prefix}{}", BASE32_NOPAD.encode(&bytes).to_ascii_lowercase()))
}

/// A credential just made, with the secret that is shown once.
pub(crate) struct Issued {
    /// Its kind.
    pub(crate) kind: Kind,
    /// The public part.
    pub(crate) access_id: String,
    /// The secret access key, the whole token, or the password of `file`.
    pub(crate) secret: Zeroizing<String>,
    /// The account's id.
    pub(crate) account: String,
    /// What the client reads from a file: of an Alibaba instance's credential alone.
    pub(crate) file: Option<Zeroizing<Vec<u8>>>,
}

/// Makes a credential for a principal of the tenant, and first the account that it belongs to, if there is none.
pub(crate) async fn issue(
    engine: &Engine,
    tenant: &mut Tenant,
    principal: PrincipalId,
    kind: Kind,
) -> Result<Issued> {
    let minted = match kind {
        Kind::Aws | Kind::Qkms => Minted::signing(aws::mint_credential()?)?,
        Kind::Alibaba => Minted::signing(alibaba::mint_access_key()?)?,
        Kind::AlibabaInstance => make_client_key(engine).await??.into(),
        Kind::Tencent => Minted::signing(tencent::mint_secret_id()?)?,
        Kind::Thalassa => {
            let minted = thalassa::mint_token()?;
            let kept = NewSecret::Bearer(minted.secret);
            Minted { access_id: minted.access_id, shown: minted.token, kept, file: None }
        }
    };
    grant(engine, tenant, principal, kind, minted).await
}

/// Begins to make a client key, on a thread that may take its time.
pub(crate) fn make_client_key(engine: &Engine) -> JoinHandle<Result<ClientKey>> {
    let now_ms = engine.clock().now_ms();
    tokio::task::spawn_blocking(move || client_key::make(now_ms))
}

/// Makes a credential of a client key, as [`issue`] does.
pub(crate) async fn issue_client_key(
    engine: &Engine,
    tenant: &mut Tenant,
    principal: PrincipalId,
    key: ClientKey,
) -> Result<Issued> {
    grant(engine, tenant, principal, Kind::AlibabaInstance, key.into()).await
}

/// A credential that nobody has yet.
struct Minted {
    access_id: String,
    shown: Zeroizing<String>,
    kept: NewSecret,
    file: Option<Zeroizing<Vec<u8>>>,
}

impl Minted {
    /// Of a secret that clients sign with.
    fn signing(minted: mint::Minted) -> Result<Self> {
        let mint::Minted { access_id, secret } = minted;
        let text = std::str::from_utf8(secret.expose()).context("a secret key is text")?;
        let shown = Zeroizing::new(text.to_owned());
        Ok(Self { access_id, shown, kept: NewSecret::Recoverable(secret), file: None })
    }
}

impl From<ClientKey> for Minted {
    fn from(key: ClientKey) -> Self {
        let ClientKey { id, spki, not_after_ms, password, file } = key;
        let kept = NewSecret::PublicKey { spki, not_after_ms };
        Self { access_id: id, shown: password, kept, file: Some(file) }
    }
}

async fn grant(
    engine: &Engine,
    tenant: &mut Tenant,
    principal: PrincipalId,
    kind: Kind,
    minted: Minted,
) -> Result<Issued> {
    let account = match kind.account(tenant) {
        Some(account) => account.clone(),
        None => {
            let account = kind.new_account(&tenant.name)?;
            *tenant = engine.add_account(tenant.id, account.clone()).await?;
            account
        }
    };
    let Minted { access_id, shown: secret, kept, file } = minted;
    let new = NewCredential {
        tenant: tenant.id,
        principal,
        dialect: kind.dialect(),
        account: account.clone(),
        access_id: access_id.clone(),
        secret: kept,
    };
    engine.create_credential(new).await?;
    Ok(Issued { kind, access_id, secret, account: account.id, file })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_kind_has_its_own_account() {
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        let word = |text: &str| text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        for _ in 0..20 {
            let accounts = new_accounts("one").unwrap();
            for kind in Kind::ALL {
                let [fitting] =
                    &accounts.iter().filter(|account| kind.fits(account)).collect::<Vec<_>>()[..]
                else {
                    panic!("{kind:?}: not one account");
                };
                let id = fitting.id.as_str();
                let (prefix, rest) = id.split_at(id.find('-').map_or(0, |at| at + 1));
                let form = (prefix, rest.len());
                match kind {
                    Kind::Aws | Kind::Qkms | Kind::Tencent => assert_eq!(form, ("", 12)),
                    Kind::Alibaba => assert_eq!(form, ("", 16)),
                    Kind::AlibabaInstance => assert_eq!(form, ("kst-", 16)),
                    Kind::Thalassa => assert_eq!(form, ("org-", 16)),
                }
                assert!(if prefix.is_empty() { digits(id) } else { word(rest) }, "{id}");
                assert!(!id.starts_with('0'), "{id}");
                let style = match kind {
                    Kind::Aws => "aws",
                    Kind::Qkms => "verenc",
                    Kind::Thalassa => "one",
                    _ => "",
                };
                assert_eq!(fitting.style, style);
            }
        }
    }

    #[test]
    fn words_are_those_of_the_command_line() {
        use clap::ValueEnum;
        for kind in Kind::ALL {
            assert_eq!(Kind::from_str(kind.as_str(), false), Ok(kind));
        }
        assert_eq!(Kind::value_variants(), Kind::ALL);
    }
}
