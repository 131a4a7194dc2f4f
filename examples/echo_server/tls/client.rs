//! Who a client is.

use std::fmt;

use tokio_rustls::rustls::ServerConnection;
use tokio_rustls::rustls::crypto::ring::cipher_suite::TLS13_AES_128_GCM_SHA256;
use tokio_rustls::rustls::pki_types::CertificateDer;
use webpki::EndEntityCert;

/// A client, by the certificate that was verified in the TLS handshake.
///
/// It is known by the names in the certificate that a program can compare: DNS names, and URIs, which
/// SPIFFE uses. The subject is not among them. It is a list of attributes, which each authority fills
/// in its own way (RFC 5280 §4.1.2.6), and of which comparing the text alone has been a hole in many
/// programs. A certificate without such names is known by its fingerprint, which is shown in the form
/// of `openssl x509 -fingerprint -sha256`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Client {
    /// Each with its kind: `DNS:a.example`, `URI:spiffe://a.example/b`.
    names: Vec<String>,
    fingerprint: String,
}

impl Client {
    /// Returns the client at the other end, if it was asked for a certificate.
    pub(crate) fn of(tls: &ServerConnection) -> Option<Client> {
        let cert = tls.peer_certificates()?.first()?;
        Some(Client { names: names(cert), fingerprint: fingerprint(cert)? })
    }
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for name in &self.names {
            // A URI may have any letter in it, and this is for a log.
            write!(f, "{} ", name.escape_debug())?;
        }
        write!(f, "SHA256:{}", self.fingerprint)
    }
}

fn names(cert: &CertificateDer<'_>) -> Vec<String> {
    let Ok(cert) = EndEntityCert::try_from(cert) else { return Vec::new() };
    let dns = cert.valid_dns_names().map(|name| format!("DNS:{name}"));
    dns.chain(cert.valid_uri_names().map(|name| format!("URI:{name}"))).collect()
}

/// Returns the SHA-256 of the certificate, by the hash function of a cipher suite, whichever.
fn fingerprint(cert: &CertificateDer<'_>) -> Option<String> {
    let suite = TLS13_AES_128_GCM_SHA256.tls13()?;
    let hash = suite.common.hash_provider.hash(cert);
    let bytes: Vec<String> = hash.as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
    Some(bytes.join(":"))
}
