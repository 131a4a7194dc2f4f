//! A private certificate authority for the duration of a test.
#![allow(dead_code, reason = "each test uses what it needs")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DnType,
    IsCa, KeyIdMethod, KeyPair, RevokedCertParams, SanType, SerialNumber, date_time_ymd,
};
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig, SupportedProtocolVersion};

/// An authority, and a directory with its files, which is removed with it.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    /// The certificates of authorities that go with a certificate of this one, PEM.
    chain: String,
    directory: PathBuf,
    localhost: Leaf,
    serial: u64,
}

/// A certificate that was issued, in files.
#[derive(Clone, Debug)]
pub(crate) struct Leaf {
    /// The file of the certificate and of the authorities above it but the first, PEM.
    pub(crate) cert: PathBuf,
    /// The file of its key, PEM.
    pub(crate) key: PathBuf,
    serial: u64,
}

impl Authority {
    /// Returns an authority that has issued a certificate for `localhost`.
    pub(crate) fn new() -> Authority {
        Authority::below(None)
    }

    /// Returns an authority whose certificate this one has issued.
    pub(crate) fn subordinate(&self) -> Authority {
        Authority::below(Some(self))
    }

    fn below(parent: Option<&Authority>) -> Authority {
        let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!(
            "authority-{}-{}",
            std::process::id(),
            next()
        ));
        fs::create_dir_all(&directory).unwrap();
        let serial = next();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.serial_number = Some(serial.into());
        // A list of revocations names its issuer.
        params.distinguished_name.push(DnType::CommonName, format!("authority {serial}"));
        let key = KeyPair::generate().unwrap();
        let issuer = match parent {
            None => CertifiedIssuer::self_signed(params, key),
            Some(parent) => CertifiedIssuer::signed_by(params, key, &parent.issuer),
        };
        let issuer = issuer.unwrap();
        let chain = parent.map(|parent| issuer.pem() + &parent.chain).unwrap_or_default();
        let localhost = issue(&issuer, &chain, &directory, &["localhost"], |_| ());
        let authority = Authority { issuer, chain, directory, localhost, serial };
        fs::write(authority.cert(), authority.issuer.pem()).unwrap();
        authority
    }

    /// Issues a certificate for these names. A name with `://` is a URI, any other is of DNS.
    pub(crate) fn issue(&self, names: &[&str]) -> Leaf {
        self.issue_with(names, |_| ())
    }

    /// Issues a certificate with other parameters.
    pub(crate) fn issue_with(
        &self,
        names: &[&str],
        change: impl FnOnce(&mut CertificateParams),
    ) -> Leaf {
        issue(&self.issuer, &self.chain, &self.directory, names, change)
    }

    /// Issues a certificate that has expired.
    pub(crate) fn issue_expired(&self, names: &[&str]) -> Leaf {
        self.issue_with(names, |params| params.not_after = date_time_ymd(2020, 1, 1))
    }

    /// Returns the list of these certificates as revoked, PEM.
    pub(crate) fn revoke(&self, revoked: &[&Leaf]) -> String {
        self.revoke_until(4000, revoked.iter().map(|leaf| leaf.serial))
    }

    /// Returns a list with the certificate of an authority, PEM.
    pub(crate) fn revoke_authority(&self, revoked: &Authority) -> String {
        self.revoke_until(4000, [revoked.serial])
    }

    /// Returns an empty list that has expired, PEM.
    pub(crate) fn revoke_expired(&self) -> String {
        self.revoke_until(2022, [])
    }

    /// Returns a list that expires at the start of a year.
    fn revoke_until(&self, year: i32, serials: impl IntoIterator<Item = u64>) -> String {
        let revoked = serials.into_iter().map(|serial| RevokedCertParams {
            serial_number: SerialNumber::from(serial),
            revocation_time: date_time_ymd(2021, 1, 1),
            reason_code: None,
            invalidity_date: None,
        });
        let list = CertificateRevocationListParams {
            this_update: date_time_ymd(2021, 1, 1),
            next_update: date_time_ymd(year, 1, 1),
            crl_number: SerialNumber::from(next()),
            issuing_distribution_point: None,
            revoked_certs: revoked.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        list.signed_by(&self.issuer).unwrap().pem().unwrap()
    }

    /// Writes a file, or replaces it as a whole. Returns its path.
    pub(crate) fn file(&self, name: &str, contents: &str) -> PathBuf {
        let (file, new) = (self.directory.join(name), self.directory.join("new"));
        fs::write(&new, contents).unwrap();
        fs::rename(&new, &file).unwrap();
        file
    }

    /// Returns the path of a file.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Returns the file of the authority's own certificate.
    pub(crate) fn cert(&self) -> PathBuf {
        self.directory.join("authority.pem")
    }

    /// Returns the files of the certificate for `localhost`.
    pub(crate) fn localhost(&self) -> &Leaf {
        &self.localhost
    }

    /// Returns what trusts this authority alone.
    pub(crate) fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.issuer.der().clone()).unwrap();
        roots
    }

    /// Returns the configuration of a client that trusts this authority, and has this certificate.
    pub(crate) fn client_config(
        &self,
        versions: &[&'static SupportedProtocolVersion],
        leaf: Option<&Leaf>,
    ) -> ClientConfig {
        let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(self.roots());
        let Some(leaf) = leaf else { return config.with_no_client_auth() };
        config.with_client_auth_cert(leaf.chain(), leaf.private_key()).unwrap()
    }

    /// Returns the configuration of a server with the certificate for `localhost`.
    pub(crate) fn server_config(
        &self,
        versions: &[&'static SupportedProtocolVersion],
    ) -> ServerConfig {
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(versions)
            .unwrap()
            .with_no_client_auth();
        config.with_single_cert(self.localhost.chain(), self.localhost.private_key()).unwrap()
    }
}

impl Leaf {
    pub(crate) fn chain(&self) -> Vec<CertificateDer<'static>> {
        CertificateDer::pem_file_iter(&self.cert).unwrap().map(Result::unwrap).collect()
    }

    pub(crate) fn private_key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::from_pem_file(&self.key).unwrap()
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}

fn issue(
    issuer: &CertifiedIssuer<'static, KeyPair>,
    chain: &str,
    directory: &Path,
    names: &[&str],
    change: impl FnOnce(&mut CertificateParams),
) -> Leaf {
    let (dns, uris): (Vec<&str>, Vec<&str>) = names.iter().partition(|name| !name.contains("://"));
    let dns: Vec<String> = dns.into_iter().map(ToString::to_string).collect();
    let mut params = CertificateParams::new(dns).unwrap();
    let uris = uris.into_iter().map(|uri: &str| SanType::URI(uri.try_into().unwrap()));
    params.subject_alt_names.extend(uris);
    let serial = next();
    params.serial_number = Some(serial.into());
    change(&mut params);
    let key = KeyPair::generate().unwrap();
    let cert = params.signed_by(&key, issuer).unwrap();
    let leaf = Leaf {
        cert: directory.join(format!("cert-{serial}.pem")),
        key: directory.join(format!("key-{serial}.pem")),
        serial,
    };
    fs::write(&leaf.cert, cert.pem() + chain).unwrap();
    fs::write(&leaf.key, key.serialize_pem()).unwrap();
    leaf
}

/// Returns a number that was never returned before.
fn next() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
