//! The command line.

use std::path::{Path, PathBuf};

use sansock::Config;

use crate::deflate::DeflateOptions;
use crate::stop::Stop;

/// The options, with their defaults.
#[derive(Debug)]
pub(crate) struct Options {
    /// The address for plain TCP, if any.
    pub(crate) listen: Option<String>,
    /// The address for TLS, if any.
    pub(crate) listen_tls: Option<String>,
    pub(crate) tls: TlsOptions,
    pub(crate) max_message: Option<u64>,
    pub(crate) subprotocols: Vec<String>,
    pub(crate) deflate: DeflateOptions,
}

/// The options for TLS.
#[derive(Clone, Debug, Default)]
pub(crate) struct TlsOptions {
    /// The files of the certificates. If there are none, a certificate is generated.
    pub(crate) certs: Vec<PathBuf>,
    /// The files of their keys.
    pub(crate) keys: Vec<PathBuf>,
    /// The file to write the certificates to.
    pub(crate) cert_out: Option<PathBuf>,
    /// The file of the authority that must have signed the clients' certificates.
    pub(crate) client_ca: Option<PathBuf>,
    /// The file of the lists of those that were revoked.
    pub(crate) client_crl: Option<PathBuf>,
}

pub(crate) const USAGE: &str = "\
usage: echo_server [OPTIONS]

  --listen ADDR         the address to listen at; port 0 chooses a free port
  --listen-tls ADDR     the address for TLS; if neither option is set,
                        127.0.0.1:9001, and 127.0.0.1:9002 for TLS
  --cert FILE           the certificate, PEM [generated at start for localhost]; may be
                        repeated with its key: the client's SNI chooses, or else it is the first
  --key FILE            its key, PEM
  --cert-out FILE       where to write the certificate, so that clients can trust it
  --client-ca FILE      the authority that must have signed clients' certificates, PEM
  --client-crl FILE     its list of revoked certificates, PEM: one of each authority in a chain,
                        and none that has expired
  --max-message BYTES   the longest message to accept [67108864]
  --subprotocol A,B     supported subprotocols; the first that the client offers is chosen
  --deflate             compress messages, if the client does too; needs --features deflate
  --deflate-no-takeover     the same, and no message refers to earlier ones
  --deflate-window-bits N   the same, with windows of at most N bits, 8 to 15
  --help                this text

Files of TLS that are replaced serve new connections at once. If they are broken, it says so,
and those before them go on.";

impl Options {
    pub(crate) fn parse(mut args: impl Iterator<Item = String>) -> Result<Options, Stop> {
        let (mut listen, mut listen_tls) = (None, None);
        let (mut max_message, mut subprotocols) = (None, Vec::new());
        let (mut tls, mut deflate) = (TlsOptions::default(), DeflateOptions::default());
        while let Some(option) = args.next() {
            let mut value =
                || args.next().ok_or_else(|| Stop::Wrong(format!("{option} needs a value")));
            match option.as_str() {
                "--listen" => listen = Some(value()?),
                "--listen-tls" => listen_tls = Some(value()?),
                "--max-message" => max_message = Some(bytes(&value()?)?),
                "--subprotocol" => subprotocols.extend(names(&value()?)),
                "--help" | "-h" => return Err(Stop::Help),
                other if deflate.take(other, &mut value)? => {}
                other if tls.take(other, &mut value)? => {}
                other => return Err(Stop::Wrong(format!("unknown option {other}"))),
            }
        }
        tls.check()?;
        if listen.is_none() && listen_tls.is_none() {
            listen = Some("127.0.0.1:9001".into());
            listen_tls = Some("127.0.0.1:9002".into());
        }
        if let (None, Some(option)) = (&listen_tls, tls.given()) {
            return Err(Stop::Wrong(format!("{option} needs --listen-tls")));
        }
        Ok(Options { listen, listen_tls, tls, max_message, subprotocols, deflate })
    }

    pub(crate) fn config(&self) -> Config {
        let mut config = Config::server();
        if let Some(bytes) = self.max_message {
            config.limits.message = bytes;
            config.limits.frame = bytes;
        }
        // A fragment needs no memory beside its bytes. To try a server, people send long messages
        // in short fragments.
        config.limits.fragments = 1 << 20;
        self.deflate.configure(config)
    }
}

impl TlsOptions {
    /// Takes an option. Returns `false` if it is not one of these.
    fn take(
        &mut self,
        option: &str,
        value: impl FnOnce() -> Result<String, Stop>,
    ) -> Result<bool, Stop> {
        match option {
            "--cert" => self.certs.push(value()?.into()),
            "--key" => self.keys.push(value()?.into()),
            "--cert-out" => self.cert_out = Some(value()?.into()),
            "--client-ca" => self.client_ca = Some(value()?.into()),
            "--client-crl" => self.client_crl = Some(value()?.into()),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Checks that no option lacks the one that it goes with.
    fn check(&self) -> Result<(), Stop> {
        if self.certs.len() != self.keys.len() {
            return Err(Stop::Wrong("--cert and --key need each other".into()));
        }
        if self.client_crl.is_some() && self.client_ca.is_none() {
            return Err(Stop::Wrong("--client-crl needs --client-ca".into()));
        }
        Ok(())
    }

    /// Returns the files of each certificate and its key.
    pub(crate) fn identities(&self) -> impl Iterator<Item = (&Path, &Path)> {
        self.certs.iter().zip(&self.keys).map(|(cert, key)| (&**cert, &**key))
    }

    /// Returns the name of an option that was set, if any.
    fn given(&self) -> Option<&'static str> {
        match self {
            TlsOptions { client_ca: Some(_), .. } => Some("--client-ca"),
            TlsOptions { cert_out: Some(_), .. } => Some("--cert-out"),
            _ if !self.certs.is_empty() => Some("--cert"),
            _ => None,
        }
    }
}

fn bytes(value: &str) -> Result<u64, Stop> {
    value.parse().map_err(|error| Stop::Wrong(format!("--max-message {value}: {error}")))
}

fn names(value: &str) -> impl Iterator<Item = String> {
    value.split(',').map(str::trim).filter(|name| !name.is_empty()).map(String::from)
}
