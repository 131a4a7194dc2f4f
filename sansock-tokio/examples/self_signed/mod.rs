//! TLS for a server that makes its certificate at the start.

use std::error::Error;
use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// Makes a certificate for this machine, and writes it to `file`. Returns what accepts TLS with it,
/// and with the application protocols that the server speaks, RFC 7301.
pub(crate) fn acceptor(
    protocols: &[&str],
    file: Option<&str>,
) -> Result<TlsAcceptor, Box<dyn Error + Send + Sync>> {
    let certified = rcgen::generate_simple_self_signed(["localhost", "127.0.0.1"].map(Into::into))?;
    if let Some(file) = file {
        std::fs::write(file, certified.cert.pem())?;
    }
    let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der())?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.into()], key)?;
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    Ok(TlsAcceptor::from(Arc::new(config)))
}
