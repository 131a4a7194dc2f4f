//! A certificate authority for the duration of a test.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::{ClientConfig, ServerConfig, SupportedProtocolVersion};

use crate::tls::{self, Identity};

/// The files of an authority: its certificate, and one that it issued for `localhost`, with the
/// key.
pub(crate) struct Authority {
    directory: PathBuf,
}

impl Authority {
    pub(crate) fn new() -> Authority {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("authority-{}-{count}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let authority = Authority { directory };

        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        let cert = params.signed_by(&key, &issuer).unwrap();

        fs::write(authority.cert(), issuer.pem()).unwrap();
        let (cert_file, key_file) = authority.identity();
        fs::write(cert_file, cert.pem()).unwrap();
        fs::write(key_file, key.serialize_pem()).unwrap();
        authority
    }

    /// Returns the file of the authority's own certificate.
    pub(crate) fn cert(&self) -> PathBuf {
        self.directory.join("authority.pem")
    }

    /// Returns the files of the issued certificate and its key.
    pub(crate) fn identity(&self) -> (PathBuf, PathBuf) {
        (self.directory.join("cert.pem"), self.directory.join("key.pem"))
    }

    /// Returns the configuration of a client that trusts this authority, and has the certificate in
    /// these files.
    pub(crate) fn client_config(
        &self,
        version: &'static SupportedProtocolVersion,
        identity: Option<&(PathBuf, PathBuf)>,
    ) -> ClientConfig {
        let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(&[version])
            .unwrap()
            .with_root_certificates(tls::authority(&self.cert()).unwrap());
        let Some((cert, key)) = identity else { return config.with_no_client_auth() };
        let Identity { chain, key, .. } = Identity::read(cert, key).unwrap();
        config.with_client_auth_cert(chain, key).unwrap()
    }

    /// Returns the configuration of a server with the issued certificate.
    pub(crate) fn server_config(&self, version: &'static SupportedProtocolVersion) -> ServerConfig {
        let (cert, key) = self.identity();
        let Identity { chain, key, .. } = Identity::read(&cert, &key).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(&[version])
            .unwrap()
            .with_no_client_auth();
        config.with_single_cert(chain, key).unwrap()
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}
