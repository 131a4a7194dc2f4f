//! Clients of HTTP/2.

use ::h2::client::SendRequest;
use ::h2::ext::Protocol;
use http::Request;
use sansock::bytes::Bytes;
use sansock::handshake::client;
use sansock_tokio::h2::{self, H2Stream};
use sansock_tokio::sansock::Config;
use sansock_tokio::{Error, Settings, WebSocket};
use tokio::io::{AsyncRead, AsyncWrite};

/// Begins HTTP/2 as a client, and waits for the first response.
pub(crate) async fn connect_http2(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) -> SendRequest<Bytes> {
    let mut builder = ::h2::client::Builder::new();
    // Other streams go on while one fills its window of 64 KiB.
    builder.initial_connection_window_size(1 << 20);
    let (mut client, connection) = builder.handshake(stream).await.unwrap();
    tokio::spawn(connection);
    // SETTINGS come with the server's first bytes, before any response.
    let (_, _) = get(&mut client, "http://a.example/").await;
    assert!(client.is_extended_connect_protocol_enabled());
    client
}

/// Sends a GET request. Returns the status and the body.
pub(crate) async fn get(client: &mut SendRequest<Bytes>, uri: &str) -> (u16, String) {
    fetch(client, Request::get(uri).body(()).unwrap()).await
}

/// Sends a request without content. Returns the status and the body.
pub(crate) async fn fetch(client: &mut SendRequest<Bytes>, request: Request<()>) -> (u16, String) {
    let (response, _) = client.send_request(request, true).unwrap();
    let (head, mut body) = response.await.unwrap().into_parts();
    let mut content = Vec::new();
    while let Some(data) = body.data().await {
        let data = data.unwrap();
        body.flow_control().release_capacity(data.len()).unwrap();
        content.extend(data);
    }
    (head.status.as_u16(), String::from_utf8(content).unwrap())
}

/// The request of a client by Extended CONNECT.
pub(crate) fn extended_connect(request: &client::Request) -> Request<()> {
    let (mut request, _) = request.start_connect_http().unwrap();
    request.extensions_mut().insert(Protocol::from_static("websocket"));
    request
}

/// Opens a WebSocket over HTTP/2. Returns the subprotocol as well.
pub(crate) async fn open(
    client: &mut SendRequest<Bytes>,
    request: &client::Request,
) -> (WebSocket<H2Stream>, Option<String>) {
    let settings = Settings::new(Config::client());
    let (ws, opened) = h2::connect(client, request, &settings).await.unwrap();
    (ws, opened.negotiated.subprotocol().map(Into::into))
}

/// Echoes the messages of one client.
pub(crate) async fn echo<S>(mut ws: WebSocket<S>) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    while let Some(message) = ws.receive().await? {
        ws.send(message).await?;
    }
    Ok(())
}
