//! Configurations of TLS for both ends.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::crypto::{
    CryptoProvider, verify_tls12_signature, verify_tls13_signature,
};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use tokio_rustls::rustls::server::NoServerSessionStorage;
use tokio_rustls::rustls::{
    ClientConfig, DigitallySignedStruct, Error as TlsError, RootCertStore, ServerConfig,
    SignatureScheme,
};

use crate::mode::Mode;

/// Returns the configuration of a client in this mode. `roots` are the authorities that it trusts,
/// and have no meaning in a mode that does not verify.
///
/// # Errors
///
/// Those of rustls.
pub(crate) fn client_config(mode: Mode, roots: RootCertStore) -> Result<ClientConfig, TlsError> {
    let provider = Arc::new(default_provider());
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?;
    Ok(if mode.verifies() {
        config.with_root_certificates(roots).with_no_client_auth()
    } else {
        let verifier = Arc::new(AnyCertificate { provider });
        config.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth()
    })
}

/// Returns the configuration of a server with this identity.
///
/// It keeps nothing for the resumption of TLS: a WebSocket lasts long.
///
/// # Errors
///
/// Those of rustls.
pub(crate) fn server_config(identity: Identity) -> Result<ServerConfig, TlsError> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![identity.cert], identity.key)?;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(config)
}

/// A self-signed certificate and its key.
pub(crate) struct Identity {
    pub(crate) cert: CertificateDer<'static>,
    pub(crate) key: PrivateKeyDer<'static>,
    /// The certificate, PEM.
    pub(crate) pem: String,
}

impl Identity {
    /// Generates a certificate for these names, for the lifetime of the process.
    ///
    /// # Errors
    ///
    /// If a name is not one of a host.
    pub(crate) fn generate(names: &[&str]) -> Result<Identity, Box<dyn Error>> {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let certified = rcgen::generate_simple_self_signed(names)?;
        let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der())?;
        let pem = certified.cert.pem();
        Ok(Identity { cert: certified.cert.into(), key, pem })
    }
}

/// Accepts every certificate, for the modes that do not verify it. It only checks that the server has
/// the key of the certificate that it shows.
struct AnyCertificate {
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

impl fmt::Debug for AnyCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AnyCertificate")
    }
}
