//! Writes certificates: a CA of ten years and a server certificate of 825 days at most, both ECDSA P-256.
//! Where they are kept and when they are renewed is `mod.rs`.

use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Context, Result};
use data_encoding::HEXLOWER;
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    NameConstraints, PKCS_ECDSA_P256_SHA256,
};
use zeroize::Zeroizing;

/// Days that a CA is valid.
const CA_DAYS: u64 = 3652;
/// Days that a server certificate is valid, counting the day before its making. Some clients refuse more than 825.
const SERVER_DAYS: u64 = 824;
/// Seconds in a day.
const DAY: u64 = 86_400;
/// The last day, counted from 1970, on which a certificate is begun; X.509 times end with the year 9999.
const LAST_DAY: u64 = 2_900_000;

/// A certificate and its key, both PEM.
pub(super) struct Issued {
    pub(super) certificate: String,
    pub(super) key: Zeroizing<String>,
}

/// A new CA that can vouch for `names` and nothing else.
pub(super) fn authority(names: &[String], now: Duration) -> Result<Issued> {
    let key = new_key()?;
    let mut params = authority_params(&key);
    set_validity(&mut params, now, CA_DAYS);
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: names.iter().map(|name| subtree(name)).collect(),
        excluded_subtrees: Vec::new(),
    });
    let certificate = params.self_signed(&key)?.pem();
    Ok(Issued { certificate, key: Zeroizing::new(key.serialize_pem()) })
}

/// A new server certificate for `names` under the CA with this key.
pub(super) fn server(ca_key: &str, names: &[String], now: Duration) -> Result<Issued> {
    let ca_key = KeyPair::from_pem(ca_key).context("the CA's key is damaged")?;
    let issuer = Issuer::new(authority_params(&ca_key), ca_key);
    let key = new_key()?;
    let mut params = CertificateParams::new(names)?;
    set_validity(&mut params, now, SERVER_DAYS);
    params.distinguished_name = named("Trent server");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    let certificate = params.signed_by(&key, &issuer)?.pem();
    Ok(Issued { certificate, key: Zeroizing::new(key.serialize_pem()) })
}

fn new_key() -> Result<KeyPair> {
    Ok(KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?)
}

/// What a CA's certificate says that its issued certificates repeat. Derived from the key alone, so that the
/// certificate need not be read back; the name holds a digest of the key, so that two CAs are told apart.
fn authority_params(key: &KeyPair) -> CertificateParams {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, key.public_key_raw());
    let mut params = CertificateParams::default();
    params.distinguished_name =
        named(&format!("Trent CA {}", HEXLOWER.encode(&digest.as_ref()[..8])));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn named(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name);
    distinguished
}

fn subtree(name: &str) -> GeneralSubtree {
    match name.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => {
            GeneralSubtree::IpAddress(CidrSubnet::from_v4_prefix(address.octets(), 32))
        }
        Ok(IpAddr::V6(address)) => {
            GeneralSubtree::IpAddress(CidrSubnet::from_v6_prefix(address.octets(), 128))
        }
        Err(_) => GeneralSubtree::DnsName(name.to_owned()),
    }
}

/// Makes a certificate valid for whole days (UTC), from the day before, so that clocks may differ.
fn set_validity(params: &mut CertificateParams, now: Duration, days: u64) {
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    let first = (now.as_secs() / DAY).clamp(1, LAST_DAY) - 1;
    params.not_before = epoch + Duration::from_secs(first * DAY);
    params.not_after = epoch + Duration::from_secs((first + days) * DAY);
}
