//! Principals and their credentials. Secrets in here are sealed or digested, never plain.

use super::{Account, CredentialId, PrincipalId, TenantId};
use crate::access::Preset;

/// Someone who may act in a tenant.
#[derive(Clone, Debug)]
pub struct Principal {
    /// The principal.
    pub id: PrincipalId,
    /// Its tenant.
    pub tenant: TenantId,
    /// A name for people, unique in the tenant.
    pub name: String,
    /// What it may do.
    pub preset: Preset,
    /// Whether its credentials work.
    pub enabled: bool,
    /// When it was made, in milliseconds since the Unix epoch.
    pub created_ms: u64,
}

/// A way for a principal to prove who it is.
#[derive(Clone)]
pub struct Credential {
    /// The credential.
    pub id: CredentialId,
    /// Its tenant.
    pub tenant: TenantId,
    /// Whose it is.
    pub principal: PrincipalId,
    /// The public part by which it is found; unique in the installation.
    pub access_id: String,
    /// The dialect in which it works.
    pub dialect: String,
    /// The account whose names its answers carry.
    pub account: Account,
    /// What proves it.
    pub secret: CredentialSecret,
    /// Whether it works.
    pub enabled: bool,
    /// When it was made, in milliseconds since the Unix epoch.
    pub created_ms: u64,
}

/// What is kept of a credential's secret.
#[derive(Clone)]
pub enum CredentialSecret {
    /// The secret sealed under the installation's credential key: for schemes that need it to check a MAC.
    Sealed(Vec<u8>),
    /// SHA-256 of a bearer token's random part.
    Digest([u8; 32]),
    /// Nothing: its holder signs with a private key that is not kept here.
    PublicKey {
        /// The public key as SubjectPublicKeyInfo DER (RFC 5280).
        spki: Vec<u8>,
        /// Until when it is good, in milliseconds since the Unix epoch.
        not_after_ms: u64,
    },
}
