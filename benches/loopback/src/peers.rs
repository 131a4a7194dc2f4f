//! Echo servers, as a user of each crate would write them.

use std::error::Error as StdError;
use std::future::poll_fn;
use std::hint::black_box;
use std::sync::OnceLock;

use bytes::BytesMut;
use fastwebsockets::{FragmentCollector, OpCode, Role};
use futures_util::{FutureExt, Sink, SinkExt, Stream, StreamExt};
use sansock_tokio::sansock::endpoint::RequestPolicy;
use sansock_tokio::sansock::{Config, Event};
use sansock_tokio::{Settings, WebSocket};
use sockudo_ws::WebSocketStream;
use sockudo_ws::handshake::{build_response, generate_accept_key, parse_request};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use crate::{Failure, handshake};

/// What serves a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// A task with its stream: no WebSocket after the opening handshake.
    Bare,
    /// `sansock-tokio` by `receive` and `send`, with its default deadlines.
    Sansock,
    /// The same without deadlines.
    SansockWithoutDeadlines,
    /// `sansock-tokio` by `receive` and `queue`: many answers in one write.
    SansockQueue,
    /// `sansock-tokio` by `fill` and `next_event`: nothing is copied but the answer.
    SansockEvents,
    /// `sansock-tokio` that only receives.
    SansockReceive,
    /// The same without deadlines.
    SansockReceiveWithoutDeadlines,
    Tungstenite,
    Fastwebsockets,
    TokioWebsockets,
    Sockudo,
}

impl Peer {
    /// Returns the name in the tables.
    pub fn name(self) -> &'static str {
        match self {
            Peer::Bare => "a task with its stream",
            Peer::Sansock => "sansock-tokio, `send`",
            Peer::SansockWithoutDeadlines => "sansock-tokio, `send`, no deadlines",
            Peer::SansockReceive => "sansock-tokio, `receive` alone",
            Peer::SansockReceiveWithoutDeadlines => "sansock-tokio, `receive` alone, no deadlines",
            Peer::SansockQueue => "sansock-tokio, `queue`",
            Peer::SansockEvents => "sansock-tokio, `next_event`",
            Peer::Tungstenite => "tokio-tungstenite",
            Peer::Fastwebsockets => "fastwebsockets",
            Peer::TokioWebsockets => "tokio-websockets",
            Peer::Sockudo => "sockudo-ws",
        }
    }

    /// Starts a task that serves a client, over TLS if there is an acceptor.
    pub fn spawn(self, stream: TcpStream, tls: Option<TlsAcceptor>) {
        // An answer is not kept back for another one.
        let _ = stream.set_nodelay(true);
        /// The future of the task is what one function returns, with no layer around it.
        macro_rules! spawn {
            ($serve:path) => {
                match tls {
                    None => drop(tokio::spawn($serve(stream))),
                    Some(tls) => drop(tokio::spawn(async move {
                        let stream = tls.accept(stream).await?;
                        $serve(stream).await
                    })),
                }
            };
        }
        match self {
            Peer::Bare => spawn!(bare),
            Peer::Sansock => spawn!(sansock),
            Peer::SansockWithoutDeadlines => spawn!(sansock_without_deadlines),
            Peer::SansockReceive => spawn!(sansock_receive),
            Peer::SansockReceiveWithoutDeadlines => {
                spawn!(sansock_receive_without_deadlines);
            }
            Peer::SansockQueue => spawn!(sansock_queue),
            Peer::SansockEvents => spawn!(sansock_events),
            Peer::Tungstenite => spawn!(tungstenite),
            Peer::Fastwebsockets => spawn!(fastwebsockets),
            Peer::TokioWebsockets => spawn!(tokio_websockets),
            Peer::Sockudo => spawn!(sockudo),
        }
    }
}

async fn bare<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S) -> Result<(), Failure> {
    Box::pin(handshake::accept(&mut stream)).await?;
    loop {
        poll_fn(|context| handshake::poll_discard(&mut stream, context)).await?;
    }
}

async fn sansock<S: AsyncRead + AsyncWrite + Unpin>(stream: S) -> Result<(), Failure> {
    let mut ws = sansock_tokio::accept(stream).await?;
    while let Some(message) = ws.receive().await? {
        ws.send(message).await?;
    }
    Ok(())
}

async fn sansock_without_deadlines<S>(stream: S) -> Result<(), Failure>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let settings = without_deadlines();
    let mut ws = sansock_tokio::accept_with(stream, settings, async |_| {}).await?;
    while let Some(message) = ws.receive().await? {
        ws.send(message).await?;
    }
    Ok(())
}

async fn sansock_receive<S: AsyncRead + AsyncWrite + Unpin>(stream: S) -> Result<(), Failure> {
    let mut ws = sansock_tokio::accept(stream).await?;
    while let Some(message) = ws.receive().await? {
        black_box(message);
    }
    Ok(())
}

async fn sansock_receive_without_deadlines<S>(stream: S) -> Result<(), Failure>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let settings = without_deadlines();
    let mut ws = sansock_tokio::accept_with(stream, settings, async |_| {}).await?;
    while let Some(message) = ws.receive().await? {
        black_box(message);
    }
    Ok(())
}

fn without_deadlines() -> &'static Settings {
    static SETTINGS: OnceLock<Settings> = OnceLock::new();
    SETTINGS.get_or_init(|| {
        let mut settings = Settings::new(Config::server());
        settings.timeouts = None;
        settings.handshake_timeout = None;
        settings.requests = RequestPolicy::AcceptUnseen;
        settings
    })
}

async fn sansock_queue<S: AsyncRead + AsyncWrite + Unpin>(stream: S) -> Result<(), Failure> {
    let mut ws = sansock_tokio::accept(stream).await?;
    while let Some(message) = ws.receive().await? {
        ws.ready().await?;
        ws.queue(message)?;
    }
    Ok(())
}

async fn sansock_events<S: AsyncRead + AsyncWrite + Unpin>(stream: S) -> Result<(), Failure> {
    let mut ws: WebSocket<S> = sansock_tokio::accept(stream).await?;
    while ws.fill().await? {
        while let Some((event, mut sender)) = ws.next_event() {
            match event {
                Event::Text(text) => sender.queue_text(&text)?,
                Event::Binary(data) => sender.queue_binary(&data)?,
                _ => {}
            }
        }
    }
    Ok(())
}

async fn tungstenite<S: AsyncRead + AsyncWrite + Unpin>(stream: S) -> Result<(), Failure> {
    let ws = tokio_tungstenite::accept_async(stream).await?;
    echo(ws, |message| message.is_text() || message.is_binary()).await
}

async fn tokio_websockets<S: AsyncRead + AsyncWrite + Unpin>(stream: S) -> Result<(), Failure> {
    let (_, ws) = tokio_websockets::ServerBuilder::new().accept(stream).await?;
    echo(ws, |message| message.is_text() || message.is_binary()).await
}

/// Its example has an opening handshake of `hyper` around it.
async fn fastwebsockets<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S) -> Result<(), Failure> {
    Box::pin(handshake::accept(&mut stream)).await?;
    let ws = fastwebsockets::WebSocket::after_handshake(stream, Role::Server);
    let mut ws = FragmentCollector::new(ws);
    loop {
        let frame = ws.read_frame().await?;
        match frame.opcode {
            OpCode::Close => return Ok(()),
            OpCode::Text | OpCode::Binary => ws.write_frame(frame).await?,
            _ => {}
        }
    }
}

async fn sockudo<S>(mut stream: S) -> Result<(), Failure>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let mut buffer = BytesMut::with_capacity(4096);
    loop {
        if stream.read_buf(&mut buffer).await? == 0 {
            return Ok(());
        }
        if let Some((request, _)) = parse_request(&buffer)? {
            let key = generate_accept_key(request.key);
            stream.write_all(&build_response(&key, None, None)).await?;
            break;
        }
    }
    drop(buffer);
    let ws = WebSocketStream::server(stream, sockudo_ws::Config::default());
    echo(ws, |message| message.is_text() || message.is_binary()).await
}

/// Echoes all messages that are there in one write.
async fn echo<W, M, E>(mut ws: W, is_data: impl Fn(&M) -> bool) -> Result<(), Failure>
where
    W: Stream<Item = Result<M, E>> + Sink<M, Error = E> + Unpin,
    E: StdError + Send + Sync + 'static,
{
    while let Some(message) = ws.next().await {
        let mut next = Some(message);
        while let Some(message) = next {
            let message = message?;
            if is_data(&message) {
                ws.feed(message).await?;
            }
            next = match ws.next().now_or_never() {
                Some(None) => return Ok(()),
                Some(next) => next,
                None => None,
            };
        }
        ws.flush().await?;
    }
    Ok(())
}
