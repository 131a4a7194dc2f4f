//! TLS with an authority of your own.

use std::error::Error;
use std::sync::Arc;

use sansock_tokio::Connector;
use sansock_tokio::rustls::crypto::ring::default_provider;
use sansock_tokio::rustls::pki_types::CertificateDer;
use sansock_tokio::rustls::pki_types::pem::PemObject;
use sansock_tokio::rustls::{ClientConfig, RootCertStore};

/// Returns a connector that trusts the authority in a PEM file, or without a file those that
/// browsers trust.
pub(crate) fn connector(file: Option<&str>) -> Result<Connector, Box<dyn Error>> {
    let Some(file) = file else { return Ok(Connector::new()) };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file)? {
        roots.add(certificate?)?;
    }
    let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Connector::new().tls_config(Arc::new(config)))
}
