//! TLS for the server: its certificate, and optionally one that clients must have.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

use crate::options::TlsOptions;

/// Returns what turns a TCP connection into a TLS connection.
///
/// If `client_ca` is set, the TLS handshake fails for clients without a certificate of that
/// authority.
pub(crate) fn acceptor(options: &TlsOptions) -> Result<TlsAcceptor, Box<dyn Error>> {
    let identity = match &options.identity {
        Some((cert, key)) => Identity::read(cert, key)?,
        None => Identity::generate()?,
    };
    if let Some(file) = &options.cert_out {
        std::fs::write(file, identity.pem).map_err(|error| named(file, error))?;
    }
    let provider = Arc::new(default_provider());
    let config = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?;
    let config = match &options.client_ca {
        None => config.with_no_client_auth(),
        Some(file) => {
            let roots = Arc::new(authority(file)?);
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider).build()?;
            config.with_client_cert_verifier(verifier)
        }
    };
    let mut config = config.with_single_cert(identity.chain, identity.key)?;
    // Only HTTP/1.1 is served: the TLS handshake tells a client that wants HTTP/2.
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Reads the certificates to trust from `file`.
pub(crate) fn authority(file: &Path) -> Result<RootCertStore, Box<dyn Error>> {
    let mut roots = RootCertStore::empty();
    for cert in CertificateDer::pem_file_iter(file).map_err(|error| named(file, error))? {
        roots.add(cert.map_err(|error| named(file, error))?)?;
    }
    Ok(roots)
}

/// A chain of certificates, and the key of the first one.
pub(crate) struct Identity {
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) key: PrivateKeyDer<'static>,
    /// The chain, PEM.
    pub(crate) pem: String,
}

impl Identity {
    /// Reads the chain and the key from two PEM files.
    pub(crate) fn read(cert: &Path, key: &Path) -> Result<Identity, Box<dyn Error>> {
        let pem = std::fs::read_to_string(cert).map_err(|error| named(cert, error))?;
        let chain = CertificateDer::pem_slice_iter(pem.as_bytes())
            .collect::<Result<_, _>>()
            .map_err(|error| named(cert, error))?;
        let key = PrivateKeyDer::from_pem_file(key).map_err(|error| named(key, error))?;
        Ok(Identity { chain, key, pem })
    }

    /// Generates a self-signed certificate for this machine, for the lifetime of the process.
    pub(crate) fn generate() -> Result<Identity, Box<dyn Error>> {
        let names = ["localhost", "127.0.0.1", "::1"].map(String::from);
        let certified = rcgen::generate_simple_self_signed(names)?;
        let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der())?;
        let pem = certified.cert.pem();
        Ok(Identity { chain: vec![certified.cert.into()], key, pem })
    }
}

fn named(file: &Path, error: impl std::fmt::Display) -> Box<dyn Error> {
    format!("{}: {error}", file.display()).into()
}
