//! What the command line says.

use crate::connect::Settings;

/// The options.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) url: String,
    pub(crate) settings: Settings,
    pub(crate) verbose: bool,
}

/// Why there is nothing to run.
#[derive(Debug)]
pub(crate) enum Stop {
    Help,
    Wrong(String),
}

pub(crate) const USAGE: &str = "\
usage: client [OPTIONS] URL

Sends each line of standard input as a text message to URL (ws:// or wss://), and prints the messages
that come back. The end of the input (Ctrl-D) closes the connection.

  --ca FILE             the authority to trust, PEM [those that browsers trust]
  --cert FILE           a certificate to show to servers that ask for one, PEM
  --key FILE            its key, PEM
  --header 'NAME: VALUE'    a header for the request; may be repeated
  --subprotocol A,B     subprotocols to offer
  -v, --verbose         print every frame to standard error
  --help                this text";

impl Options {
    pub(crate) fn parse(mut args: impl Iterator<Item = String>) -> Result<Options, Stop> {
        let (mut url, mut cert, mut key, mut verbose) = (None, None, None, false);
        let mut settings = Settings::default();
        while let Some(option) = args.next() {
            let mut value =
                || args.next().ok_or_else(|| Stop::Wrong(format!("{option} is missing its value")));
            match option.as_str() {
                "--ca" => settings.ca = Some(value()?.into()),
                "--cert" => cert = Some(value()?.into()),
                "--key" => key = Some(value()?.into()),
                "--header" => settings.headers.push(header(&value()?)?),
                "--subprotocol" => {
                    let names = value()?;
                    settings.subprotocols.extend(names.split(',').map(|name| name.trim().into()));
                }
                "-v" | "--verbose" => verbose = true,
                "--help" | "-h" => return Err(Stop::Help),
                other if other.starts_with('-') => {
                    return Err(Stop::Wrong(format!("unknown option {other}")));
                }
                _ if url.is_some() => return Err(Stop::Wrong("there is one URL too many".into())),
                _ => url = Some(option),
            }
        }
        settings.identity = match (cert, key) {
            (Some(cert), Some(key)) => Some((cert, key)),
            (None, None) => None,
            _ => return Err(Stop::Wrong("--cert and --key go together".into())),
        };
        let url = url.ok_or_else(|| Stop::Wrong("the URL is missing".into()))?;
        Ok(Options { url, settings, verbose })
    }
}

fn header(line: &str) -> Result<(String, String), Stop> {
    match line.split_once(':') {
        Some((name, value)) => Ok((name.into(), value.trim().into())),
        None => Err(Stop::Wrong(format!("--header {line}: there is no colon"))),
    }
}
