//! Serves a client from its first byte to its last.

use std::fmt::Display;
use std::time::Duration;

use sansock::endpoint::{Endpoint, Settings};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsAcceptor;

use crate::answer::answer;
use crate::options::Options;
use crate::tls::Client;
use crate::{echo, transport};

/// What all clients share.
pub(crate) struct Server {
    settings: Settings,
    subprotocols: Vec<String>,
    log: Log,
}

/// What takes the lines of the log.
pub(crate) type Log = Box<dyn Fn(String) + Send + Sync>;

impl Server {
    pub(crate) fn new(options: &Options, log: Log) -> Server {
        let settings = Settings::new(options.config());
        Server { settings, subprotocols: options.subprotocols.clone(), log }
    }

    /// Serves one client.
    ///
    /// Errors are ignored: they concern this client alone, and if the transport fails, the client
    /// cannot be told.
    pub(crate) async fn serve(&self, stream: impl AsyncRead + AsyncWrite + Unpin) {
        let deadline = Instant::now() + HANDSHAKE_DEADLINE;
        self.serve_until(stream, deadline, |_| ()).await;
    }

    /// Serves one client over TLS. Both handshakes share one deadline. Logs why the TLS handshake has
    /// failed, and who the client is if it has a certificate. `from` is its address.
    pub(crate) async fn serve_tls(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin,
        from: impl Display,
        acceptor: &TlsAcceptor,
    ) {
        let deadline = Instant::now() + HANDSHAKE_DEADLINE;
        let accept = acceptor.accept(stream).into_fallible();
        match timeout_at(deadline, accept).await {
            Ok(Ok(stream)) => {
                let client = Client::of(stream.get_ref().1);
                let asks = |_: &Endpoint| {
                    if let Some(client) = &client {
                        (self.log)(format!("{from}: request of {client}"));
                    }
                };
                self.serve_until(stream, deadline, asks).await;
            }
            Ok(Err((error, mut stream))) => {
                (self.log)(format!("{from}: TLS handshake failed: {error}"));
                // The alert says why. With TLS 1.3 the client may have sent its request already, and
                // a socket that is closed with unread input is reset, which may lose the alert.
                let _ = transport::end(&mut stream).await;
            }
            Err(_) => {}
        }
    }

    /// `asks` is called with each request.
    async fn serve_until(
        &self,
        mut stream: impl AsyncRead + AsyncWrite + Unpin,
        deadline: Instant,
        asks: impl Fn(&Endpoint),
    ) {
        let mut settings = self.settings.clone();
        settings.handshake_timeout = Some(deadline.saturating_duration_since(Instant::now()));
        // Cannot fail: the configuration is a server's.
        let Ok(ws) = Endpoint::server(&settings, Duration::ZERO) else { return };
        let answer = |ws: &mut Endpoint| {
            asks(ws);
            answer(ws, &self.subprotocols);
        };
        let _ = echo::run(&mut stream, ws, Vec::new(), answer).await;
    }
}

/// The limit for all handshakes of a client together, however many reads they take.
const HANDSHAKE_DEADLINE: Duration = Duration::from_secs(10);
