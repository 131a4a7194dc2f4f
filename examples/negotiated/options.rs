//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::mode::Mode;
use crate::stop::Stop;

/// What the program does.
#[derive(Debug)]
pub(crate) enum Command {
    Server(ServerOptions),
    Client(ClientOptions),
}

/// Whether the server has TLS.
#[derive(Clone, Copy, Debug)]
pub(crate) enum TlsOption {
    None,
    Offered,
    Required,
}

#[derive(Debug)]
pub(crate) struct ServerOptions {
    pub(crate) address: SocketAddr,
    pub(crate) tls: TlsOption,
    /// Where the server's certificate is written, for clients to trust it.
    pub(crate) cert_out: Option<PathBuf>,
}

#[derive(Debug)]
pub(crate) struct ClientOptions {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) mode: Mode,
    /// The authorities to trust instead of the public ones.
    pub(crate) ca: Option<PathBuf>,
}

impl Command {
    /// Reads the command line, without the name of the program.
    ///
    /// # Errors
    ///
    /// Why the program does not run.
    pub(crate) fn parse(mut args: impl Iterator<Item = String>) -> Result<Command, Stop> {
        match args.next().as_deref() {
            Some("server") => ServerOptions::parse(args).map(Command::Server),
            Some("client") => ClientOptions::parse(args).map(Command::Client),
            Some("--help" | "-h") => Err(Stop::Help),
            Some(other) => Err(wrong("unknown command", other)),
            None => Err(Stop::Wrong("missing command".into())),
        }
    }
}

impl ServerOptions {
    fn parse(mut args: impl Iterator<Item = String>) -> Result<Self, Stop> {
        let address = SocketAddr::from(([127, 0, 0, 1], 9001));
        let mut options = ServerOptions { address, tls: TlsOption::Offered, cert_out: None };
        while let Some(arg) = args.next() {
            match &*arg {
                "--help" | "-h" => return Err(Stop::Help),
                "--tls" => {
                    options.tls = match &*value(&arg, &mut args)? {
                        "none" => TlsOption::None,
                        "offered" => TlsOption::Offered,
                        "required" => TlsOption::Required,
                        other => return Err(wrong("--tls", other)),
                    }
                }
                "--cert-out" => options.cert_out = Some(value(&arg, &mut args)?.into()),
                flag if flag.starts_with('-') => return Err(wrong("unknown option", flag)),
                _ => options.address = arg.parse().map_err(|_| wrong("invalid address", &arg))?,
            }
        }
        Ok(options)
    }
}

impl ClientOptions {
    fn parse(mut args: impl Iterator<Item = String>) -> Result<Self, Stop> {
        let (mut mode, mut ca) = (Mode::Prefer, None);
        let (mut host, mut port) = (String::from("localhost"), 9001);
        while let Some(arg) = args.next() {
            match &*arg {
                "--help" | "-h" => return Err(Stop::Help),
                "--mode" => mode = value(&arg, &mut args)?.parse().map_err(Stop::Wrong)?,
                "--ca" => ca = Some(value(&arg, &mut args)?.into()),
                flag if flag.starts_with('-') => return Err(wrong("unknown option", flag)),
                _ => {
                    let parts = arg.rsplit_once(':').ok_or_else(|| wrong("no port in", &arg))?;
                    host = parts.0.trim_matches(['[', ']']).into();
                    port = parts.1.parse().map_err(|_| wrong("invalid port", parts.1))?;
                }
            }
        }
        Ok(ClientOptions { host, port, mode, ca })
    }
}

fn value(option: &str, args: &mut impl Iterator<Item = String>) -> Result<String, Stop> {
    args.next().ok_or_else(|| Stop::Wrong(format!("{option} needs a value")))
}

fn wrong(what: &str, value: &str) -> Stop {
    Stop::Wrong(format!("{what} {value:?}"))
}

pub(crate) const USAGE: &str = "\
usage: negotiated server [OPTIONS] [ADDRESS]    echoes messages; ADDRESS is [127.0.0.1:9001]
         --tls none|offered|required            whether clients can, or must, ask for TLS [offered]
         --cert-out FILE                        writes the certificate, PEM
       negotiated client [OPTIONS] [HOST:PORT]  sends lines, prints echoes; [localhost:9001]
         --mode MODE                            disable, allow, prefer, require, verify-full [prefer]
         --ca FILE                              trusts these certificates alone, PEM

Only verify-full protects against a man in the middle.";
