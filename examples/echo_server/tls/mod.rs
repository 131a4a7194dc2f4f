//! TLS for the server: its certificates, and optionally those that clients must have.
//!
//! The files may be replaced while the server runs. They are looked at for each new connection, so
//! that the program that renews a certificate needs not know of this one. That works on every system,
//! and a connection that comes after the file is served with it, without the delay of a signal.

mod client;
mod files;
mod identity;

use std::error::Error;
use std::fmt::Display;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, CertificateRevocationListDer};
use tokio_rustls::rustls::server::danger::ClientCertVerifier;
use tokio_rustls::rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

use crate::options::TlsOptions;

pub(crate) use client::Client;
use files::Stamp;
use identity::{ByName, Identity};

type Failure = Box<dyn Error + Send + Sync>;

/// What turns TCP connections into TLS connections.
pub(crate) struct Tls {
    options: TlsOptions,
    /// The certificate that was made at the start, if there are no files.
    generated: Option<Identity>,
    current: Mutex<Current>,
}

/// What was made of the files when they were last read.
struct Current {
    acceptor: TlsAcceptor,
    /// The files as they were then, or at the last attempt to read them.
    stamps: Vec<Stamp>,
}

impl Tls {
    pub(crate) fn new(options: TlsOptions) -> Result<Tls, Failure> {
        let generated = options.certs.is_empty().then(Identity::generate).transpose()?;
        let stamps = Stamp::of_all(&options);
        let acceptor = acceptor(&options, generated.as_ref())?;
        Ok(Tls { options, generated, current: Mutex::new(Current { acceptor, stamps }) })
    }

    /// Returns the acceptor for a new connection. If a file was replaced, all are read again first.
    /// `log` is told the outcome.
    ///
    /// If they cannot be used, those that were read before go on. A certificate and its key are two
    /// files, so for a moment they do not belong to each other. When both have been replaced, they
    /// are read again.
    pub(crate) fn acceptor(&self, log: impl Fn(String)) -> TlsAcceptor {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        // Before they are read: if a file is replaced meanwhile, the next connection notices.
        let stamps = Stamp::of_all(&self.options);
        if stamps != current.stamps {
            current.stamps = stamps;
            match acceptor(&self.options, self.generated.as_ref()) {
                Ok(acceptor) => {
                    current.acceptor = acceptor;
                    log("TLS files replaced: new connections use them".into());
                }
                Err(error) => log(format!("TLS files replaced, but not used: {error}")),
            }
        }
        current.acceptor.clone()
    }
}

/// Reads all files.
///
/// A new acceptor knows no session of an earlier one, so nothing is resumed that the new files would
/// refuse.
fn acceptor(options: &TlsOptions, generated: Option<&Identity>) -> Result<TlsAcceptor, Failure> {
    let identities = match generated {
        Some(identity) => vec![identity.clone()],
        None => options
            .identities()
            .map(|(cert, key)| Identity::read(cert, key))
            .collect::<Result<_, _>>()?,
    };
    let provider = Arc::new(default_provider());
    let pem: String = identities.iter().map(|identity| &identity.pem[..]).collect();
    let resolver = Arc::new(ByName::new(identities, &provider)?);
    let config = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?;
    let mut config = match &options.client_ca {
        None => config.with_no_client_auth().with_cert_resolver(resolver),
        Some(ca) => {
            let verifier = verifier(ca, options.client_crl.as_deref(), provider)?;
            let mut config =
                config.with_client_cert_verifier(verifier).with_cert_resolver(resolver);
            // A resumed session is not judged again: the certificate or the list may have expired
            // since it began. Connections are long, so full handshakes cost little.
            config.session_storage = Arc::new(NoServerSessionStorage {});
            config.send_tls13_tickets = 0;
            config
        }
    };
    // Only HTTP/1.1 is served: the TLS handshake tells a client that wants HTTP/2.
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    if let Some(file) = &options.cert_out {
        std::fs::write(file, pem).map_err(|error| named(file, error))?;
    }
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Returns what judges the certificates of clients.
///
/// With a list of revocations, every certificate of a chain must be in the scope of a list that has
/// not expired, as with nginx or OpenSSL: if it is not known whether a certificate was revoked, it is
/// refused (RFC 5280 §6.3).
fn verifier(
    ca: &Path,
    crl: Option<&Path>,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, Failure> {
    let roots = Arc::new(authority(ca)?);
    let mut verifier = WebPkiClientVerifier::builder_with_provider(roots, provider);
    if let Some(file) = crl {
        let lists = CertificateRevocationListDer::pem_file_iter(file)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| named(file, error))?;
        if lists.is_empty() {
            // Without a list, nothing would be checked.
            return Err(named(file, "no list of revocations in it"));
        }
        verifier = verifier.with_crls(lists).enforce_revocation_expiration();
    }
    verifier.build().map_err(|error| named(crl.unwrap_or(ca), error))
}

/// Reads the certificates to trust from `file`.
pub(crate) fn authority(file: &Path) -> Result<RootCertStore, Failure> {
    let mut roots = RootCertStore::empty();
    for cert in CertificateDer::pem_file_iter(file).map_err(|error| named(file, error))? {
        let cert = cert.map_err(|error| named(file, error))?;
        roots.add(cert).map_err(|error| named(file, error))?;
    }
    if roots.is_empty() {
        return Err(named(file, "no certificate in it"));
    }
    Ok(roots)
}

fn named(file: &Path, error: impl Display) -> Failure {
    format!("{}: {error}", file.display()).into()
}
