//! The example's server, running.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;

use crate::authority::Authority;
use crate::options::Options;
use crate::server::Server;
use crate::tls::Tls;

/// A server that runs until it is dropped.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    log: Receiver<String>,
    _runtime: Runtime,
}

impl Running {
    /// Starts a server with these options, each with its file.
    pub(crate) fn start(files: &[(&str, &Path)]) -> Running {
        let args = files.iter().flat_map(|(option, file)| [option, file.to_str().unwrap()]);
        let args = ["--listen-tls", "127.0.0.1:0"].into_iter().chain(args).map(String::from);
        let options = options(args);
        let tls = Tls::new(options.tls.clone()).unwrap();
        Running::run(&options, move |log| tls.acceptor(log))
    }

    /// Starts a server with another acceptor than the options can ask for.
    pub(crate) fn with_acceptor(acceptor: TlsAcceptor) -> Running {
        Running::run(&options([]), move |_| acceptor.clone())
    }

    fn run(
        options: &Options,
        acceptor: impl Fn(&dyn Fn(String)) -> TlsAcceptor + Send + 'static,
    ) -> Running {
        let (sender, log) = channel();
        let log_to = move |line| sender.send(line).unwrap_or_default();
        let server = Arc::new(Server::new(options, Box::new(log_to.clone())));
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(async move {
            loop {
                let (stream, from) = listener.accept().await.unwrap();
                let (server, acceptor) = (Arc::clone(&server), acceptor(&log_to));
                tokio::spawn(async move { server.serve_tls(stream, from, &acceptor).await });
            }
        });
        Running { address, log, _runtime: runtime }
    }

    /// Waits for the next line of the log.
    pub(crate) fn line(&self) -> String {
        self.log.recv().unwrap()
    }

    /// Checks that nothing was logged that was not read.
    pub(crate) fn assert_no_line(&self) {
        assert_eq!(self.log.try_recv().ok(), None);
    }
}

/// Starts a server with the authority's certificate for `localhost`.
pub(crate) fn serve_localhost(authority: &Authority) -> Running {
    let leaf = authority.localhost();
    Running::start(&[("--cert", &leaf.cert), ("--key", &leaf.key)])
}

fn options(args: impl IntoIterator<Item = String>) -> Options {
    let Ok(options) = Options::parse(args.into_iter()) else { panic!("wrong options") };
    options
}
