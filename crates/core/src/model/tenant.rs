//! Tenants, and the account numbers by which each vendor's clients know them.

use super::TenantId;

/// A tenant: the owner of keys. Nothing crosses from one to another.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// The tenant.
    pub id: TenantId,
    /// A name for people, unique in the installation.
    pub name: String,
    /// Its account names, one or more for each dialect.
    pub accounts: Vec<Account>,
    /// Which generation of its KEK wraps new material.
    pub kek_generation: u32,
    /// Whether its credentials work.
    pub enabled: bool,
    /// When it was made, in milliseconds since the Unix epoch.
    pub created_ms: u64,
}

/// One name of a tenant in a dialect's own terms, such as an account number.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Account {
    /// The namespace in which `id` is unique, such as a dialect's name.
    pub namespace: String,
    /// The account's id there.
    pub id: String,
    /// How names of this account are spelt, in the dialect's own terms; may be empty.
    pub style: String,
}
