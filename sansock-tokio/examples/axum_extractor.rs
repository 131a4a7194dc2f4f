//! A server on axum, with an extractor for a WebSocket. It echoes.
//!
//! ```text
//! cargo run --release -p sansock-tokio --features hyper --example axum_extractor -- [ADDRESS]
//! ```

use std::error::Error;

use axum::Router;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use sansock::Config;
use sansock_tokio::Settings;
use sansock_tokio::hyper::{Handshake, UpgradedStream};
use tokio::net::TcpListener;

/// The extractor. It refuses what is no opening handshake.
struct WebSocketUpgrade(Handshake);

impl<S: Sync> FromRequest<S> for WebSocketUpgrade {
    type Rejection = Response;

    async fn from_request(mut request: Request, _: &S) -> Result<Self, Response> {
        match Handshake::new(&mut request) {
            Ok(handshake) => Ok(WebSocketUpgrade(handshake)),
            Err(refusal) => Err(refusal.response()),
        }
    }
}

type WebSocket = sansock_tokio::WebSocket<UpgradedStream>;

impl WebSocketUpgrade {
    /// Accepts, and runs `serve` as a task.
    fn on_upgrade<F>(self, serve: impl FnOnce(WebSocket) -> F + Send + 'static) -> Response
    where
        F: Future<Output = Result<(), sansock_tokio::Error>> + Send,
    {
        match self.0.accept(&Settings::new(Config::server())) {
            Ok((response, opening)) => {
                tokio::spawn(async { serve(opening.await?).await });
                response
            }
            Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:9001".into());
    let listener = TcpListener::bind(address).await?;
    println!("listening on http://{}/", listener.local_addr()?);
    // `any`, and not `get`: over HTTP/2, the method is CONNECT.
    let router = Router::new().route("/echo", any(upgrade));
    axum::serve(listener, router).await?;
    Ok(())
}

async fn upgrade(upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(echo)
}

async fn echo(mut ws: WebSocket) -> Result<(), sansock_tokio::Error> {
    while let Some(message) = ws.receive().await? {
        ws.send(message).await?;
    }
    Ok(())
}
