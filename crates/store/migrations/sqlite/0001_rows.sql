-- The first schema. Every table of rows has the same columns: the store keeps rows, the program gives them meaning.
-- Checks catch what a hand at the database gets wrong; what an attacker writes is caught by each row's MAC.

PRAGMA application_id = 0x54524E54;

CREATE TABLE meta (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    -- How many commits with events there were.
    generation INTEGER NOT NULL CHECK (generation >= 0)
) STRICT;

INSERT INTO meta (one, generation) VALUES (1, 0);

-- Events of commits, until the audit log holds them. Positions are never used again, so they are the order of commits.
CREATE TABLE outbox (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    event BLOB NOT NULL UNIQUE CHECK (length(event) = 16),
    bytes BLOB NOT NULL,
    node BLOB NOT NULL CHECK (length(node) = 16),
    generation INTEGER NOT NULL CHECK (generation >= 0),
    mac BLOB NOT NULL CHECK (length(mac) = 32)
) STRICT;

CREATE TABLE root_slots (
    tenant BLOB NOT NULL CHECK (length(tenant) = 16),
    scope TEXT NOT NULL,
    id TEXT NOT NULL,
    number INTEGER NOT NULL CHECK (number BETWEEN 0 AND 4294967295),
    lookup TEXT,
    body BLOB NOT NULL,
    revision INTEGER NOT NULL CHECK (revision >= 0),
    mac_generation INTEGER NOT NULL CHECK (mac_generation BETWEEN 0 AND 4294967295),
    mac BLOB NOT NULL CHECK (length(mac) = 32),
    PRIMARY KEY (tenant, scope, id, number)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX root_slots_lookup ON root_slots (lookup) WHERE lookup IS NOT NULL;

CREATE TABLE tenants (
    tenant BLOB NOT NULL CHECK (length(tenant) = 16),
    scope TEXT NOT NULL,
    id TEXT NOT NULL,
    number INTEGER NOT NULL CHECK (number BETWEEN 0 AND 4294967295),
    lookup TEXT,
    body BLOB NOT NULL,
    revision INTEGER NOT NULL CHECK (revision >= 0),
    mac_generation INTEGER NOT NULL CHECK (mac_generation BETWEEN 0 AND 4294967295),
    mac BLOB NOT NULL CHECK (length(mac) = 32),
    PRIMARY KEY (tenant, scope, id, number)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX tenants_lookup ON tenants (lookup) WHERE lookup IS NOT NULL;

CREATE TABLE tenant_keks (
    tenant BLOB NOT NULL CHECK (length(tenant) = 16),
    scope TEXT NOT NULL,
    id TEXT NOT NULL,
    number INTEGER NOT NULL CHECK (number BETWEEN 0 AND 4294967295),
    lookup TEXT,
    body BLOB NOT NULL,
    revision INTEGER NOT NULL CHECK (revision >= 0),
    mac_generation INTEGER NOT NULL CHECK (mac_generation BETWEEN 0 AND 4294967295),
    mac BLOB NOT NULL CHECK (length(mac) = 32),
    PRIMARY KEY (tenant, scope, id, number)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX tenant_keks_lookup ON tenant_keks (lookup) WHERE lookup IS NOT NULL;

CREATE TABLE principals (
    tenant BLOB NOT NULL CHECK (length(tenant) = 16),
    scope TEXT NOT NULL,
    id TEXT NOT NULL,
    number INTEGER NOT NULL CHECK (number BETWEEN 0 AND 4294967295),
    lookup TEXT,
    body BLOB NOT NULL,
    revision INTEGER NOT NULL CHECK (revision >= 0),
    mac_generation INTEGER NOT NULL CHECK (mac_generation BETWEEN 0 AND 4294967295),
    mac BLOB NOT NULL CHECK (length(mac) = 32),
    PRIMARY KEY (tenant, scope, id, number)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX principals_lookup ON principals (lookup) WHERE lookup IS NOT NULL;

CREATE TABLE credentials (
    tenant BLOB NOT NULL CHECK (length(tenant) = 16),
    scope TEXT NOT NULL,
    id TEXT NOT NULL,
    number INTEGER NOT NULL CHECK (number BETWEEN 0 AND 4294967295),
    lookup TEXT,
    body BLOB NOT NULL,
    revision INTEGER NOT NULL CHECK (revision >= 0),
    mac_generation INTEGER NOT NULL CHECK (mac_generation BETWEEN 0 AND 4294967295),
    mac BLOB NOT NULL CHECK (length(mac) = 32),
    PRIMARY KEY (tenant, scope, id, number)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX credentials_lookup ON credentials (lookup) WHERE lookup IS NOT NULL;

CREATE TABLE keys (
    tenant BLOB NOT NULL CHECK (length(tenant) = 16),
    scope TEXT NOT NULL,
    id TEXT NOT NULL,
    number INTEGER NOT NULL CHECK (number BETWEEN 0 AND 4294967295),
    lookup TEXT,
    body BLOB NOT NULL,
    revision INTEGER NOT NULL CHECK (revision >= 0),
    mac_generation INTEGER NOT NULL CHECK (mac_generation BETWEEN 0 AND 4294967295),
    mac BLOB NOT NULL CHECK (length(mac) = 32),
    PRIMARY KEY (tenant, scope, id, number)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX keys_lookup ON keys (lookup) WHERE lookup IS NOT NULL;

CREATE TABLE key_versions (
    tenant BLOB NOT NULL CHECK (length(tenant) = 16),
    scope TEXT NOT NULL,
    id TEXT NOT NULL,
    number INTEGER NOT NULL CHECK (number BETWEEN 0 AND 4294967295),
    lookup TEXT,
    body BLOB NOT NULL,
    revision INTEGER NOT NULL CHECK (revision >= 0),
    mac_generation INTEGER NOT NULL CHECK (mac_generation BETWEEN 0 AND 4294967295),
    mac BLOB NOT NULL CHECK (length(mac) = 32),
    PRIMARY KEY (tenant, scope, id, number)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX key_versions_lookup ON key_versions (lookup) WHERE lookup IS NOT NULL;

CREATE TABLE names (
    tenant BLOB NOT NULL CHECK (length(tenant) = 16),
    scope TEXT NOT NULL,
    id TEXT NOT NULL,
    number INTEGER NOT NULL CHECK (number BETWEEN 0 AND 4294967295),
    lookup TEXT,
    body BLOB NOT NULL,
    revision INTEGER NOT NULL CHECK (revision >= 0),
    mac_generation INTEGER NOT NULL CHECK (mac_generation BETWEEN 0 AND 4294967295),
    mac BLOB NOT NULL CHECK (length(mac) = 32),
    PRIMARY KEY (tenant, scope, id, number)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX names_lookup ON names (lookup) WHERE lookup IS NOT NULL;

CREATE TABLE use_counters (
    tenant BLOB NOT NULL CHECK (length(tenant) = 16),
    scope TEXT NOT NULL,
    id TEXT NOT NULL,
    number INTEGER NOT NULL CHECK (number BETWEEN 0 AND 4294967295),
    lookup TEXT,
    body BLOB NOT NULL,
    revision INTEGER NOT NULL CHECK (revision >= 0),
    mac_generation INTEGER NOT NULL CHECK (mac_generation BETWEEN 0 AND 4294967295),
    mac BLOB NOT NULL CHECK (length(mac) = 32),
    PRIMARY KEY (tenant, scope, id, number)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX use_counters_lookup ON use_counters (lookup) WHERE lookup IS NOT NULL;
