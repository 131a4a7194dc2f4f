//! The certificates of the server, one for each name.

use std::path::Path;
use std::sync::Arc;

use tokio_rustls::rustls::client::verify_server_name;
use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::server::{ClientHello, ParsedCertificate, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;

use super::{Failure, named};

/// A chain of certificates, and the key of the first one.
pub(crate) struct Identity {
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) key: PrivateKeyDer<'static>,
    /// The chain, PEM.
    pub(crate) pem: String,
    /// What an error calls it.
    name: String,
}

impl Identity {
    /// Reads the chain and the key from two PEM files.
    pub(crate) fn read(cert: &Path, key: &Path) -> Result<Identity, Failure> {
        let pem = std::fs::read_to_string(cert).map_err(|error| named(cert, error))?;
        let chain = CertificateDer::pem_slice_iter(pem.as_bytes())
            .collect::<Result<_, _>>()
            .map_err(|error| named(cert, error))?;
        let key = PrivateKeyDer::from_pem_file(key).map_err(|error| named(key, error))?;
        Ok(Identity { chain, key, pem, name: cert.display().to_string() })
    }

    /// Generates a self-signed certificate for this machine, for the lifetime of the process.
    pub(crate) fn generate() -> Result<Identity, Failure> {
        let names = ["localhost", "127.0.0.1", "::1"].map(String::from);
        let certified = rcgen::generate_simple_self_signed(names)?;
        let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der())?;
        let (pem, chain) = (certified.cert.pem(), vec![certified.cert.into()]);
        Ok(Identity { chain, key, pem, name: "the generated certificate".into() })
    }
}

impl Clone for Identity {
    fn clone(&self) -> Identity {
        Identity {
            chain: self.chain.clone(),
            key: self.key.clone_key(),
            pem: self.pem.clone(),
            name: self.name.clone(),
        }
    }
}

/// Chooses the first certificate that is valid for the name that the client asks for by SNI (RFC 6066
/// §3), or else the first of all.
///
/// A client that asks for another name gets a certificate as well, as from other servers: it can then
/// say which names it was for. A client that asks for an address sends no SNI.
#[derive(Debug)]
pub(crate) struct ByName(Vec<Arc<CertifiedKey>>);

impl ByName {
    /// Checks that each key is that of its certificate.
    pub(crate) fn new(
        identities: Vec<Identity>,
        provider: &CryptoProvider,
    ) -> Result<ByName, Failure> {
        let certified = |identity: Identity| {
            let Identity { chain, key, name, .. } = identity;
            let certified = CertifiedKey::from_der(chain, key, provider);
            certified.map(Arc::new).map_err(|error| format!("{name}: {error}").into())
        };
        identities.into_iter().map(certified).collect::<Result<_, _>>().map(ByName)
    }
}

impl ResolvesServerCert for ByName {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let name = hello.server_name().and_then(|name| ServerName::try_from(name).ok());
        let named = name.and_then(|name| self.0.iter().find(|key| is_valid_for(key, &name)));
        named.or(self.0.first()).cloned()
    }
}

fn is_valid_for(key: &CertifiedKey, name: &ServerName<'_>) -> bool {
    let Ok(cert) = key.end_entity_cert() else { return false };
    ParsedCertificate::try_from(cert).is_ok_and(|cert| verify_server_name(&cert, name).is_ok())
}
