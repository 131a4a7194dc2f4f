//! The command line.

use std::time::Duration;

use sansock::timer::Timeouts;

use sansock::Config;

use crate::connect::Settings;
use crate::deflate::DeflateOptions;
use crate::stop::Stop;

/// The options.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) url: String,
    pub(crate) settings: Settings,
    pub(crate) config: Config,
    pub(crate) timeouts: Timeouts,
    pub(crate) verbose: bool,
}

pub(crate) const USAGE: &str = "\
usage: client [OPTIONS] URL

Sends each line of standard input as a text message to URL (ws:// or wss://), and prints the
messages it receives. The end of the input (Ctrl-D) closes the connection.

  --ca FILE             the authority to trust, PEM [those trusted by browsers]
  --cert FILE           a client certificate for servers that ask for one, PEM
  --key FILE            its key, PEM
  --header 'NAME: VALUE'    a header for the request; may be repeated
  --subprotocol A,B     subprotocols to offer
  --deflate             compress messages, if the server does too; needs --features deflate
  --deflate-no-takeover     the same, and no message refers to earlier ones
  --deflate-window-bits N   the same, with windows of at most N bits, 8 to 15
  --timeout SECONDS     one limit for all of: the connection and the opening handshake [10],
                        silence before a ping [30], its pong [20], each write [60],
                        and the end of the connection [10]; may be a fraction
  -v, --verbose         print every frame to standard error
  --help                this text";

impl Options {
    pub(crate) fn parse(mut args: impl Iterator<Item = String>) -> Result<Options, Stop> {
        let (mut url, mut cert, mut key, mut verbose) = (None, None, None, false);
        let (mut settings, mut timeouts) = (Settings::default(), Timeouts::DEFAULT);
        let mut deflate = DeflateOptions::default();
        settings.redirects = 5;
        while let Some(option) = args.next() {
            let mut value =
                || args.next().ok_or_else(|| Stop::Wrong(format!("{option} needs a value")));
            match option.as_str() {
                "--ca" => settings.ca = Some(value()?.into()),
                "--cert" => cert = Some(value()?.into()),
                "--key" => key = Some(value()?.into()),
                "--header" => settings.headers.push(header(&value()?)?),
                "--subprotocol" => {
                    let names = value()?;
                    settings.subprotocols.extend(names.split(',').map(|name| name.trim().into()));
                }
                "--timeout" => {
                    settings.timeout = seconds(&value()?)?;
                    timeouts = all(settings.timeout);
                }
                "-v" | "--verbose" => verbose = true,
                "--help" | "-h" => return Err(Stop::Help),
                other if deflate.take(other, &mut value)? => {}
                other if other.starts_with('-') => {
                    return Err(Stop::Wrong(format!("unknown option {other}")));
                }
                _ if url.is_some() => return Err(Stop::Wrong("more than one URL".into())),
                _ => url = Some(option),
            }
        }
        settings.identity = match (cert, key) {
            (Some(cert), Some(key)) => Some((cert, key)),
            (None, None) => None,
            _ => return Err(Stop::Wrong("--cert and --key need each other".into())),
        };
        let url = url.ok_or_else(|| Stop::Wrong("missing URL".into()))?;
        let is_secure = url.get(..4).is_some_and(|scheme| scheme.eq_ignore_ascii_case("wss:"));
        if let (false, Some(option)) = (is_secure, tls_option(&settings)) {
            return Err(Stop::Wrong(format!("{option} needs a wss:// URL")));
        }
        let config = deflate.configure(Config::client());
        #[cfg(feature = "deflate")]
        {
            settings.deflate = config.deflate.clone();
        }
        Ok(Options { url, settings, config, timeouts, verbose })
    }
}

/// Returns the name of a TLS option that was set, if any.
fn tls_option(settings: &Settings) -> Option<&'static str> {
    match settings {
        Settings { ca: Some(_), .. } => Some("--ca"),
        Settings { identity: Some(_), .. } => Some("--cert"),
        _ => None,
    }
}

fn header(line: &str) -> Result<(String, String), Stop> {
    match line.split_once(':') {
        Some((name, value)) => Ok((name.into(), value.trim().into())),
        None => Err(Stop::Wrong(format!("--header {line}: missing colon"))),
    }
}

fn seconds(value: &str) -> Result<Duration, Stop> {
    let wrong = |why: &str| Stop::Wrong(format!("--timeout {value}: {why}"));
    let seconds = value.parse().map_err(|_| wrong("not a number of seconds"))?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(Duration::ZERO) => Err(wrong("must be more than 0")),
        Ok(timeout) => Ok(timeout),
        Err(error) => Err(wrong(&error.to_string())),
    }
}

/// Returns timeouts that are all `timeout`.
fn all(timeout: Duration) -> Timeouts {
    let mut timeouts = Timeouts::DEFAULT;
    timeouts.ping = Some(timeout);
    timeouts.pong = Some(timeout);
    timeouts.write = Some(timeout);
    timeouts.close = Some(timeout);
    timeouts
}
