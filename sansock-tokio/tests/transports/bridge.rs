//! Both ends of a stream of tokio, each on a runtime of its own, as calls that wait.

use std::future::Future;
use std::io::{self, Read, Write};

use sansock::endpoint;
use sansock_tokio::sansock::{CloseCode, Message, Role};
use sansock_tokio::{Error, Request, Settings, WebSocket};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::runtime::{Builder, Runtime};

use crate::scenarios::ours::code_of;
use crate::scenarios::peer::open_peer;
use crate::scenarios::{End, Link, Ours, Wire};

/// A stream of tokio, for a peer.
pub(crate) struct Bridge<S> {
    stream: S,
    runtime: Runtime,
}

/// Our end.
pub(crate) struct Driven<S> {
    ws: Option<WebSocket<S>>,
    runtime: Runtime,
}

/// Returns the link whose ends connect as `ours` and `peer` say.
pub(crate) fn link<O, P, OF, PF>(
    role: Role,
    ours: impl FnOnce() -> OF + 'static,
    peer: impl FnOnce() -> PF + Send + 'static,
) -> Link
where
    O: AsyncRead + AsyncWrite + Unpin + 'static,
    P: AsyncRead + AsyncWrite + Unpin + 'static,
    OF: Future<Output = O>,
    PF: Future<Output = P>,
{
    Link {
        ours: Box::new(move |settings| {
            Box::new(Driven::new(async { open(role, ours().await, settings).await }))
        }),
        peer: Box::new(move || {
            let mut bridge = Bridge::new(async { peer().await });
            open_peer(&mut bridge, role);
            Box::new(bridge)
        }),
    }
}

async fn open<S>(role: Role, stream: S, settings: &Settings) -> WebSocket<S>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    match role {
        Role::Server => sansock_tokio::accept_with(stream, settings, async |_| ()).await.unwrap(),
        Role::Client => {
            let request = Request::new("ws://a.example/").unwrap();
            sansock_tokio::client_with(&request, stream, settings).await.unwrap().0
        }
    }
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Lets the other tasks of the runtime write what they have. HTTP/2 has one for its connection.
async fn settle() {
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
}

impl<S> Driven<S> {
    pub(crate) fn new(opening: impl Future<Output = WebSocket<S>>) -> Self {
        let runtime = runtime();
        Driven { ws: Some(runtime.block_on(opening)), runtime }
    }

    fn ws(&mut self) -> (&mut WebSocket<S>, &Runtime) {
        (self.ws.as_mut().expect("it is not dropped"), &self.runtime)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Ours for Driven<S> {
    fn receive(&mut self) -> Result<Option<Message>, End> {
        let (ws, runtime) = self.ws();
        runtime.block_on(ws.receive()).map_err(end_of)
    }

    fn send(&mut self, message: Message) -> Result<(), End> {
        let (ws, runtime) = self.ws();
        runtime.block_on(ws.send(message)).map_err(end_of)
    }

    fn close(&mut self, code: u16) -> Result<(), End> {
        let (ws, runtime) = self.ws();
        runtime.block_on(ws.close(CloseCode::new(code).unwrap(), "")).map_err(end_of)
    }

    fn close_code(&self) -> Option<u16> {
        self.ws.as_ref().and_then(|ws| code_of(ws.close_status()))
    }
}

impl<S> Drop for Driven<S> {
    fn drop(&mut self) {
        self.ws = None;
        self.runtime.block_on(settle());
    }
}

fn end_of(error: Error) -> End {
    match error {
        Error::UnexpectedEof | Error::Io(_) => End::Cut,
        Error::Expired(_) => End::Expired,
        Error::Endpoint(endpoint::Error::Protocol(error)) => {
            End::Failed(error.close_code().as_u16())
        }
        error => panic!("{error}"),
    }
}

impl<S> Bridge<S> {
    pub(crate) fn new(opening: impl Future<Output = S>) -> Self {
        let runtime = runtime();
        Bridge { stream: runtime.block_on(opening), runtime }
    }
}

impl<S: AsyncRead + Unpin> Read for Bridge<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.runtime.block_on(self.stream.read(buffer))
    }
}

impl<S: AsyncWrite + Unpin> Write for Bridge<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.runtime.block_on(self.stream.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.runtime.block_on(async {
            self.stream.flush().await?;
            settle().await;
            Ok(())
        })
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire for Bridge<S> {
    fn shut_down(&mut self) -> io::Result<()> {
        self.runtime.block_on(self.stream.shutdown())?;
        self.flush()
    }
}
