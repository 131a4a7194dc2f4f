//! The command line.

use std::path::PathBuf;

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
#[derive(Debug, Default)]
pub(crate) struct TlsOptions {
    /// The files of the certificate and its key. If `None`, a certificate is generated.
    pub(crate) identity: Option<(PathBuf, PathBuf)>,
    /// The file to write the certificate to.
    pub(crate) cert_out: Option<PathBuf>,
    /// The file of the authority that must have signed the clients' certificates.
    pub(crate) client_ca: Option<PathBuf>,
}

pub(crate) const USAGE: &str = "\
usage: echo_server [OPTIONS]

  --listen ADDR         the address to listen at; port 0 chooses a free port
  --listen-tls ADDR     the address for TLS; if neither option is set,
                        127.0.0.1:9001, and 127.0.0.1:9002 for TLS
  --cert FILE           the certificate, PEM [generated at start for localhost]
  --key FILE            its key, PEM
  --cert-out FILE       where to write the certificate, so that clients can trust it
  --client-ca FILE      the authority that must have signed clients' certificates, PEM
  --max-message BYTES   the longest message to accept [67108864]
  --subprotocol A,B     supported subprotocols; the first that the client offers is chosen
  --deflate             compress messages, if the client does too; needs --features deflate
  --deflate-no-takeover     the same, and no message refers to earlier ones
  --deflate-window-bits N   the same, with windows of at most N bits, 8 to 15
  --help                this text";

impl Options {
    pub(crate) fn parse(mut args: impl Iterator<Item = String>) -> Result<Options, Stop> {
        let (mut listen, mut listen_tls, mut cert, mut key) = (None, None, None, None);
        let (mut max_message, mut subprotocols) = (None, Vec::new());
        let (mut tls, mut deflate) = (TlsOptions::default(), DeflateOptions::default());
        while let Some(option) = args.next() {
            let mut value =
                || args.next().ok_or_else(|| Stop::Wrong(format!("{option} needs a value")));
            match option.as_str() {
                "--listen" => listen = Some(value()?),
                "--listen-tls" => listen_tls = Some(value()?),
                "--cert" => cert = Some(value()?.into()),
                "--key" => key = Some(value()?.into()),
                "--cert-out" => tls.cert_out = Some(value()?.into()),
                "--client-ca" => tls.client_ca = Some(value()?.into()),
                "--max-message" => max_message = Some(bytes(&value()?)?),
                "--subprotocol" => subprotocols.extend(names(&value()?)),
                "--help" | "-h" => return Err(Stop::Help),
                other if deflate.take(other, &mut value)? => {}
                other => return Err(Stop::Wrong(format!("unknown option {other}"))),
            }
        }
        tls.identity = match (cert, key) {
            (Some(cert), Some(key)) => Some((cert, key)),
            (None, None) => None,
            _ => return Err(Stop::Wrong("--cert and --key need each other".into())),
        };
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
    /// Returns the name of an option that was set, if any.
    fn given(&self) -> Option<&'static str> {
        match self {
            TlsOptions { client_ca: Some(_), .. } => Some("--client-ca"),
            TlsOptions { identity: Some(_), .. } => Some("--cert"),
            TlsOptions { cert_out: Some(_), .. } => Some("--cert-out"),
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
