//! Serves a client from its first byte to its last.

use std::time::Duration;

use sansock::endpoint::{Endpoint, Settings};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsAcceptor;

use crate::answer::answer;
use crate::echo;
use crate::options::Options;

/// What all clients share.
pub(crate) struct Server {
    settings: Settings,
    subprotocols: Vec<String>,
}

impl Server {
    pub(crate) fn new(options: Options) -> Server {
        let settings = Settings::new(options.config());
        Server { settings, subprotocols: options.subprotocols }
    }

    /// Serves one client.
    ///
    /// Errors are ignored: they concern this client alone, and if the transport fails, the client
    /// cannot be told.
    pub(crate) async fn serve(&self, stream: impl AsyncRead + AsyncWrite + Unpin) {
        self.serve_until(stream, Instant::now() + HANDSHAKE_DEADLINE).await;
    }

    /// Serves one client over TLS. Both handshakes share one deadline.
    pub(crate) async fn serve_tls(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin,
        acceptor: &TlsAcceptor,
    ) {
        let deadline = Instant::now() + HANDSHAKE_DEADLINE;
        if let Ok(Ok(stream)) = timeout_at(deadline, acceptor.accept(stream)).await {
            self.serve_until(stream, deadline).await;
        }
    }

    async fn serve_until(
        &self,
        mut stream: impl AsyncRead + AsyncWrite + Unpin,
        deadline: Instant,
    ) {
        let mut settings = self.settings.clone();
        settings.handshake_timeout = Some(deadline.saturating_duration_since(Instant::now()));
        // Cannot fail: the configuration is a server's.
        let Ok(ws) = Endpoint::server(&settings, Duration::ZERO) else { return };
        let answer = |ws: &mut Endpoint| answer(ws, &self.subprotocols);
        let _ = echo::run(&mut stream, ws, Vec::new(), answer).await;
    }
}

/// The limit for all handshakes of a client together, however many reads they take.
const HANDSHAKE_DEADLINE: Duration = Duration::from_secs(10);
