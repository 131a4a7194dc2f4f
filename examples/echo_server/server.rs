//! A client, from its first byte to its last.

use std::sync::Arc;
use std::time::Duration;

use sansock::Config;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

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

    /// Serves one client. What fails on its way is that client's alone, and a transport that breaks
    /// has nobody left to tell.
    pub(crate) async fn serve(&self, mut stream: impl AsyncRead + AsyncWrite + Unpin) {
        let opening = handshake::accept(&mut stream, &self.subprotocols);
        if let Ok(Ok(Some(early))) = timeout(HANDSHAKE_DEADLINE, opening).await {
            let _ = echo::run(&mut stream, Arc::clone(&self.config), early).await;
        }
    }
}

/// For the whole handshake, however many reads it takes.
const HANDSHAKE_DEADLINE: Duration = Duration::from_secs(10);
