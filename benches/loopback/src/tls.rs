//! TLS with a certificate that is made for one run.

use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig};

use crate::Failure;

/// Returns what accepts TLS, and its certificate.
///
/// # Errors
///
/// If there is no randomness.
pub fn acceptor() -> Result<(TlsAcceptor, Vec<u8>), Failure> {
    let made = rcgen::generate_simple_self_signed([NAME.to_owned()])?;
    let certificate = made.cert.der().to_vec();
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone().into()], key.into())?;
    Ok((TlsAcceptor::from(Arc::new(config)), certificate))
}

/// Returns what a client trusts that knows this certificate.
///
/// # Errors
///
/// If it is none.
pub fn client(certificate: Vec<u8>) -> Result<Arc<ClientConfig>, Failure> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(certificate))?;
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    Ok(Arc::new(config))
}

/// Returns one end of TLS to the server.
///
/// # Errors
///
/// If there is no randomness.
pub fn connection(config: &Arc<ClientConfig>) -> Result<ClientConnection, Failure> {
    Ok(ClientConnection::new(Arc::clone(config), ServerName::try_from(NAME)?)?)
}

const NAME: &str = "localhost";
