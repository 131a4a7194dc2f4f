//! What the command line says.

use sansock::Config;

/// The options, with their defaults.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) listen: String,
    pub(crate) max_message: Option<u64>,
    pub(crate) subprotocols: Vec<String>,
}

/// Why there is nothing to run.
#[derive(Debug)]
pub(crate) enum Stop {
    Help,
    Wrong(String),
}

pub(crate) const USAGE: &str = "\
usage: echo_server [OPTIONS]

  --listen ADDR         where to listen [127.0.0.1:9001]; port 0 takes any that is free
  --max-message BYTES   the longest message taken [67108864]
  --subprotocol A,B     subprotocols; the first that the client offers is chosen
  --help                this text";

impl Options {
    pub(crate) fn parse(mut args: impl Iterator<Item = String>) -> Result<Options, Stop> {
        let mut options = Options {
            listen: "127.0.0.1:9001".into(),
            max_message: None,
            subprotocols: Vec::new(),
        };
        while let Some(option) = args.next() {
            let mut value =
                || args.next().ok_or_else(|| Stop::Wrong(format!("{option} is missing its value")));
            match option.as_str() {
                "--listen" => options.listen = value()?,
                "--max-message" => {
                    let value = value()?;
                    let bytes = value
                        .parse()
                        .map_err(|error| Stop::Wrong(format!("--max-message {value}: {error}")))?;
                    options.max_message = Some(bytes);
                }
                "--subprotocol" => {
                    let names = value()?;
                    let names = names.split(',').map(str::trim).filter(|name| !name.is_empty());
                    options.subprotocols.extend(names.map(String::from));
                }
                "--help" | "-h" => return Err(Stop::Help),
                other => return Err(Stop::Wrong(format!("unknown option {other}"))),
            }
        }
        Ok(options)
    }

    pub(crate) fn config(&self) -> Config {
        let mut config = Config::server();
        if let Some(bytes) = self.max_message {
            config.limits.message = bytes;
            config.limits.frame = bytes;
        }
        // A fragment costs no memory beside its bytes here, and people send long messages in short
        // ones to try a server out.
        config.limits.fragments = 1 << 20;
        // Nothing is read while output is unsent, so there is at most one message and one read of
        // it: a limit of its own would only refuse the echo of a large message's neighbours.
        config.max_output = usize::MAX;
        config
    }
}
