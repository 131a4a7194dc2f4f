//! A client that sees what TLS does.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use sansock::blocking::{self, WebSocket, WithShutdown};
use sansock::handshake::client::Request;
use sansock::{CloseCode, CloseStatus};
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{self, ClientConfig, ClientConnection, StreamOwned};

use crate::running::Running;

pub(crate) type Stream = StreamOwned<ClientConnection, TcpStream>;

/// A WebSocket over it, which ends TLS with `close_notify`.
pub(crate) type Ws = WebSocket<WithShutdown<Stream, fn(&mut Stream) -> io::Result<bool>>>;

/// Performs the TLS handshake with `localhost`.
pub(crate) fn connect(to: &Running, config: &Arc<ClientConfig>) -> io::Result<Stream> {
    connect_at(to.address, "localhost", config)
}

/// Performs the TLS handshake with the server of a name at an address.
pub(crate) fn connect_at(
    to: SocketAddr,
    name: &'static str,
    config: &Arc<ClientConfig>,
) -> io::Result<Stream> {
    let name = ServerName::try_from(name).unwrap();
    let mut tls = ClientConnection::new(Arc::clone(config), name).unwrap();
    let mut tcp = TcpStream::connect(to)?;
    while tls.is_handshaking() {
        tls.complete_io(&mut tcp)?;
    }
    Ok(StreamOwned::new(tls, tcp))
}

/// Opens a WebSocket over TLS.
pub(crate) fn open(stream: Stream) -> Ws {
    let request = Request::new("wss://localhost/").unwrap();
    blocking::client(WithShutdown::new(stream, close_notify as fn(&mut _) -> _), &request).unwrap()
}

fn close_notify(stream: &mut Stream) -> io::Result<bool> {
    stream.conn.send_close_notify();
    stream.flush()?;
    Ok(false)
}

/// Sends a text and receives its echo.
pub(crate) fn exchange(ws: &mut Ws, text: &str) {
    ws.send_text(text).unwrap();
    assert_eq!(ws.receive().unwrap(), Some(text.into()));
}

/// Closes a WebSocket, and reads to the end of TLS, which must be clean: the server has sent
/// `close_notify`.
pub(crate) fn end(mut ws: Ws) {
    ws.close(CloseCode::NORMAL, "").unwrap();
    assert_eq!(ws.receive().unwrap(), None);
    let (stream, endpoint, _) = ws.into_parts();
    assert_eq!(endpoint.close_status(), CloseStatus::Code(CloseCode::NORMAL));
    let (rest, end) = rest(&mut stream.into_inner());
    assert_eq!(rest, b"");
    end.unwrap();
}

/// Reads to the end of TLS. Returns what was read, and how the end came.
pub(crate) fn rest(stream: &mut Stream) -> (Vec<u8>, io::Result<()>) {
    let mut rest = Vec::new();
    let end = stream.read_to_end(&mut rest).map(drop);
    (rest, end)
}

/// Returns what rustls says in an error of its stream.
pub(crate) fn verdict(error: io::Error) -> rustls::Error {
    let text = error.to_string();
    let inner = error.into_inner().unwrap_or_else(|| panic!("{text}"));
    inner.downcast_ref::<rustls::Error>().unwrap().clone()
}
