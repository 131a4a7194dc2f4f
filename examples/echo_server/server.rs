//! Serves a client from its first byte to its last.

use std::sync::Arc;
use std::time::Duration;

use sansock::{Config, Connection};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsAcceptor;

use crate::options::Options;
use crate::{echo, handshake};

/// What all clients share.
pub(crate) struct Server {
    config: Arc<Config>,
    subprotocols: Vec<String>,
}

impl Server {
    pub(crate) fn new(options: Options) -> Server {
        Server { config: Arc::new(options.config()), subprotocols: options.subprotocols }
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
        let opening = handshake::accept(&mut stream, &self.subprotocols);
        let Ok(Ok(Some(accepted))) = timeout_at(deadline, opening).await else { return };
        let ws = Connection::from_negotiated(Arc::clone(&self.config), &accepted.negotiated);
        // Cannot fail: no extension was accepted.
        let Ok(ws) = ws else { return };
        let _ = echo::run(&mut stream, ws, accepted.early).await;
    }
}

/// The limit for all handshakes of a client together, however many reads they take.
const HANDSHAKE_DEADLINE: Duration = Duration::from_secs(10);
