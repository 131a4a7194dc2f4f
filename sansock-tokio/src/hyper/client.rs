//! The client's side: a request that your program sends by hyper.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;

use http::Response;
use hyper::body::Body;
use hyper::ext::Protocol;
use hyper::upgrade;
use sansock::bytes::Buf;
use sansock::connection::ConfigMismatch;
use sansock::endpoint::{self, HttpResponse};
use sansock::handshake::client::{self, InvalidResponse, Outcome, ResponseHead, nonce};
use sansock::handshake::connect::ConnectHandshake;
use sansock::{Connection, Role};

use super::UpgradedStream;
use crate::deadline::Deadline;
use crate::offers::with_offers;
use crate::{Error, Opened, Request, Settings, WebSocket};

/// The opening handshake of a client whose request hyper sends, or a pool of connections that is
/// built on hyper.
///
/// ```
/// use http::Response;
/// use hyper::body::Incoming;
/// use hyper::client::conn::http1::SendRequest;
/// use sansock::Config;
/// use sansock_tokio::hyper::ClientHandshake;
/// use sansock_tokio::{Request, Settings};
///
/// async fn open(mut client: SendRequest<String>) -> Result<(), Box<dyn std::error::Error>> {
///     let settings = Settings::new(Config::client());
///     let request = Request::new("ws://a.example/chat")?;
///     let (request, handshake) = ClientHandshake::http1(&request, &settings)?;
///     let response: Response<Incoming> = client.send_request(request).await?;
///     let (mut ws, _opened) = handshake.finish(response, &settings).await?;
///     ws.send("hello").await?;
///     Ok(())
/// }
/// # let _ = open;
/// ```
#[derive(Debug)]
#[must_use = "it checks the response"]
pub struct ClientHandshake(Door);

#[derive(Debug)]
enum Door {
    Http1(client::ClientHandshake),
    Http2(ConnectHandshake),
}

impl ClientHandshake {
    /// Starts a handshake over HTTP/1.1, RFC 6455 §4.1. Returns the request to send as well.
    ///
    /// Drive the connection by a method with upgrades, such as hyper's
    /// `http1::Connection::with_upgrades`. The URI of the request is a path. A pool of connections
    /// needs a whole one: replace it by [`http_uri`](Request::http_uri). The request offers the
    /// compression that the settings say: pass the same to [`finish`](Self::finish).
    ///
    /// # Errors
    ///
    /// [`http::Error`] if the crate `http` does not take a header that you have added.
    pub fn http1<B: Default>(
        request: &Request,
        settings: &Settings,
    ) -> Result<(http::Request<B>, ClientHandshake), http::Error> {
        let (request, handshake) = with_offers(request, settings).start_http(nonce())?;
        Ok((request.map(|()| B::default()), ClientHandshake(Door::Http1(handshake))))
    }

    /// Starts a handshake by Extended CONNECT over HTTP/2, RFC 8441. Returns the request to send as
    /// well.
    ///
    /// `settings` are those of [`http1`](Self::http1).
    ///
    /// Send it only on a connection whose server allows it, as hyper's
    /// `http2::Connection::is_extended_connect_protocol_enabled` shows once the settings have come.
    ///
    /// # Errors
    ///
    /// [`http::Error`] if the crate `http` does not take the host or a header that you have added.
    pub fn http2<B: Default>(
        request: &Request,
        settings: &Settings,
    ) -> Result<(http::Request<B>, ClientHandshake), http::Error> {
        let (mut request, handshake) = with_offers(request, settings).start_connect_http()?;
        request.extensions_mut().insert(Protocol::from_static("websocket"));
        Ok((request.map(|()| B::default()), ClientHandshake(Door::Http2(handshake))))
    }

    /// Checks the response, and waits for the stream. Returns what was agreed on, and the head of the
    /// response, as well.
    ///
    /// Its deadline is [`Settings::handshake_timeout`], counted from this call.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] with the response if the server answers with anything but a WebSocket,
    /// [`Error::Endpoint`] if its response breaks the RFC, [`Error::Expired`] if it takes too long,
    /// and [`Error::Io`] if the connection ends or hyper drives it without upgrades.
    /// [`Error::Config`] if the settings are a server's.
    pub async fn finish<B>(
        self,
        response: Response<B>,
        settings: &Settings,
    ) -> Result<(WebSocket<UpgradedStream>, Opened), Error>
    where
        B: Body + Unpin,
    {
        if settings.config.role() != Role::Client {
            return Err(ConfigMismatch.into());
        }
        let mut deadline = Deadline::after(settings.handshake_timeout);
        // Boxed for the same reason as the other openings.
        deadline.limit_opening(Box::pin(self.open(response, settings))).await
    }

    async fn open<B: Body + Unpin>(
        self,
        mut response: Response<B>,
        settings: &Settings,
    ) -> Result<(WebSocket<UpgradedStream>, Opened), Error> {
        let outcome = match self.0 {
            Door::Http1(handshake) => ResponseHead::try_from(&response)
                .map_err(InvalidResponse::from)
                .and_then(|head| handshake.receive_head(head)),
            Door::Http2(handshake) => handshake.receive_http(&response),
        };
        match outcome.map_err(|error| endpoint::Error::InvalidResponse(Box::new(error)))? {
            Outcome::Established { negotiated, response: head, .. } => {
                let config = Arc::clone(&settings.config);
                let connection = Connection::from_negotiated(config, &negotiated)
                    .map_err(|error| endpoint::Error::UnsupportedExtensions(Box::new(error)))?;
                let upgraded = upgrade::on(&mut response).await.map_err(io::Error::other)?;
                let stream = UpgradedStream::new(upgraded);
                let ws = WebSocket::from_parts(stream, &[], connection, settings.timeouts.clone());
                Ok((ws, Opened::new(negotiated, Some(head))))
            }
            Outcome::Http(head) => {
                let body = response.into_body();
                let response = read_body(head, body, settings.refusal_body).await;
                Err(Error::Refused(Box::new(response)))
            }
        }
    }
}

/// Reads at most `limit` bytes of the body of a response that refuses.
async fn read_body(head: ResponseHead, mut body: impl Body + Unpin, limit: usize) -> HttpResponse {
    let mut content = Vec::new();
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let Ok(frame) = frame else { return HttpResponse::new(head, content, false) };
        let Ok(mut data) = frame.into_data() else { continue };
        while data.has_remaining() {
            let room = limit - content.len();
            let chunk = data.chunk();
            let len = chunk.len();
            content.extend_from_slice(chunk.get(..room).unwrap_or(chunk));
            if len > room {
                return HttpResponse::new(head, content, false);
            }
            data.advance(len);
        }
    }
    HttpResponse::new(head, content, true)
}
