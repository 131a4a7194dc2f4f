//! TLS at both ends: a certificate that the server makes, and that the client trusts.

use std::error::Error;
use std::io::Write;
use std::net::TcpStream;
use std::ops::DerefMut;
use std::sync::Arc;

use sansock::blocking::{Transport, WithShutdown};
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{
    ClientConfig, ConnectionCommon, RootCertStore, ServerConfig, SideData, StreamOwned,
};

/// Performs the TLS handshake on `stream` to its end, so that the peer is authenticated before
/// anything else is read or written. Returns what a WebSocket reads from and writes to.
pub(crate) fn handshake<C, D>(
    mut tls: C,
    mut stream: TcpStream,
) -> Result<impl Transport, Box<dyn Error>>
where
    C: DerefMut<Target = ConnectionCommon<D>>,
    D: SideData,
{
    while tls.is_handshaking() {
        tls.complete_io(&mut stream).map_err(|error| format!("TLS handshake: {error}"))?;
    }
    Ok(WithShutdown::new(StreamOwned::new(tls, stream), |tls: &mut StreamOwned<C, TcpStream>| {
        tls.conn.send_close_notify();
        tls.flush().map(|()| true)
    }))
}

/// Makes a certificate for this machine, and writes it to `file` for clients to trust.
pub(crate) fn server_config(file: &str) -> Result<Arc<ServerConfig>, Box<dyn Error>> {
    let certified = rcgen::generate_simple_self_signed(["localhost", "127.0.0.1"].map(Into::into))?;
    std::fs::write(file, certified.cert.pem())?;
    let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der())?;
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.into()], key)?;
    Ok(Arc::new(config))
}

/// Trusts the certificate in `file`, and no other.
pub(crate) fn client_config(file: &str) -> Result<Arc<ClientConfig>, Box<dyn Error>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(file)?)?;
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}
