//! Opening a WebSocket over a stream.
//!
//! The futures are boxed: the task that awaits one has room for it and for the WebSocket beside it,
//! as long as the task lives. So an open connection would pay for its opening.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::OnceLock;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use sansock::Config;
use sansock::connection::State;
use sansock::endpoint::{Endpoint, Event, Opened, RequestPolicy, Settings};
use sansock::handshake::client::{Request, nonce};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::driver::Driver;
use crate::{Error, WebSocket, timer};

/// Serves a client: accepts its opening handshake, without a subprotocol, with default settings.
///
/// # Errors
///
/// [`Error::Endpoint`] if the request is refused, after the response that says why was written.
pub fn accept<S>(stream: S) -> impl Future<Output = Result<WebSocket<S>, Error>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    static SETTINGS: OnceLock<Settings> = OnceLock::new();
    let settings = SETTINGS.get_or_init(|| {
        let mut settings = Settings::new(Config::server());
        settings.requests = RequestPolicy::AcceptUnseen;
        settings
    });
    Box::pin(async move {
        let endpoint = Endpoint::server(settings, timer::now())?;
        let mut ws = WebSocket::new(Driver::new(stream, endpoint));
        poll_fn(|context| ws.driver.poll_accept(context)).await?;
        Ok(ws)
    })
}

/// Serves a client whose request `answer` answers, by [`accept_with`](Endpoint::accept_with) or
/// [`respond`](Endpoint::respond).
///
/// `answer` may take its time, up to [`Settings::handshake_timeout`].
///
/// ```
/// use sansock::Config;
/// use sansock::handshake::server::Response;
/// use sansock_tokio::{Error, Settings, WebSocket};
/// use tokio::net::TcpStream;
///
/// # async fn is_known(user: &[u8]) -> bool { !user.is_empty() }
/// async fn serve(stream: TcpStream) -> Result<(), Error> {
///     let settings = Settings::new(Config::server());
///     let mut ws = sansock_tokio::accept_with(stream, &settings, async |endpoint| {
///         let user = endpoint.request().and_then(|request| request.headers().first("X-User"));
///         let user = user.unwrap_or_default().to_vec();
///         if is_known(&user).await {
///             let _ = endpoint.accept_with(|upgrade| Ok(upgrade.select_subprotocol(&["chat"])));
///         } else if let Ok(forbidden) = Response::new(403) {
///             endpoint.respond(&forbidden);
///         }
///     })
///     .await?;
///     ws.send("welcome").await
/// }
/// # let _ = serve;
/// ```
///
/// # Errors
///
/// [`Error::Endpoint`] if the request is malformed, and [`Error::NotAccepted`] if `answer` refuses it
/// or it is no opening handshake, after the response was written. If `answer` does nothing, the
/// request is accepted. [`Error::Config`] if the settings are a client's.
pub fn accept_with<S>(
    stream: S,
    settings: &Settings,
    answer: impl AsyncFnOnce(&mut Endpoint),
) -> impl Future<Output = Result<WebSocket<S>, Error>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    Box::pin(async move {
        let endpoint = Endpoint::server(settings, timer::now())?;
        let mut ws = WebSocket::new(Driver::new(stream, endpoint));
        let driver = &mut ws.driver;
        poll_fn(|context| driver.poll_request(context)).await?;
        if driver.endpoint.request().is_some() {
            driver.answer(answer).await?;
        }
        poll_fn(|context| driver.poll_accept(context)).await?;
        Ok(ws)
    })
}

/// Connects to the server at the other end of `stream`, with default settings.
///
/// # Errors
///
/// As [`client_with`].
pub fn client<S>(request: &Request, stream: S) -> impl Future<Output = Result<WebSocket<S>, Error>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    static SETTINGS: OnceLock<Settings> = OnceLock::new();
    let settings = SETTINGS.get_or_init(|| Settings::new(Config::client()));
    let opening = client_with(request, stream, settings);
    async move { opening.await.map(|(ws, _)| ws) }
}

/// Connects to the server at the other end of `stream`. Returns what was agreed on, and the response,
/// as well.
///
/// # Errors
///
/// [`Error::Refused`] with the response if the server answers with anything but a WebSocket,
/// [`Error::Endpoint`] if the response is none, and [`Error::Expired`] if it takes too long.
/// [`Error::Config`] if the settings are a server's.
pub fn client_with<S>(
    request: &Request,
    stream: S,
    settings: &Settings,
) -> impl Future<Output = Result<(WebSocket<S>, Opened), Error>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    Box::pin(async move {
        let endpoint = Endpoint::client(settings, request, nonce(), timer::now())?;
        let mut ws = WebSocket::new(Driver::new(stream, endpoint));
        let opened = poll_fn(|context| ws.driver.poll_response(context)).await?;
        ws.driver.endpoint.release_buffers();
        Ok((ws, opened))
    })
}

impl<S: AsyncRead + AsyncWrite + Unpin> Driver<S> {
    /// Waits until a request is there to be answered, or is answered.
    fn poll_request(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        while self.next_event().is_none() {
            ready!(self.poll_fill(context))?;
        }
        Poll::Ready(Ok(()))
    }

    /// Waits until the request is accepted, and the response is written. If it is refused, waits for
    /// the end.
    fn poll_accept(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if self.endpoint.is_opening() {
            ready!(self.poll_request(context))?;
        }
        let state = self.endpoint.connection().map(|ws| ws.state());
        if !matches!(state, None | Some(State::Failed | State::Ended)) {
            ready!(self.poll_flush(context))?;
            self.endpoint.release_buffers();
            return Poll::Ready(Ok(()));
        }
        self.fail(Error::NotAccepted);
        loop {
            ready!(self.poll_fill(context))?;
        }
    }

    /// Has the request answered before the deadline of the handshake.
    async fn answer(&mut self, answer: impl AsyncFnOnce(&mut Endpoint)) -> Result<(), Error> {
        if let Some(due) = self.poll_handshake() {
            self.answer_until(due, answer).await?;
        }
        if self.endpoint.request().is_some() && self.poll_handshake().is_some() {
            // If it is refused, the response is in the output.
            let _ = self.endpoint.accept();
        }
        Ok(())
    }

    /// Returns the deadline of the handshake, if there is one and it has not passed.
    fn poll_handshake(&mut self) -> Option<Option<Duration>> {
        match self.endpoint.poll(timer::now()) {
            Ok(due) => Some(due),
            Err(expired) => {
                self.fail(expired.into());
                None
            }
        }
    }

    async fn answer_until(
        &mut self,
        due: Option<Duration>,
        answer: impl AsyncFnOnce(&mut Endpoint),
    ) -> Result<(), Error> {
        let Driver { endpoint, timer, .. } = self;
        let mut answering = pin!(answer(endpoint));
        poll_fn(|context| {
            let is_over = |due| due <= timer::now();
            if answering.as_mut().poll(context).is_ready() || due.is_some_and(is_over) {
                return Poll::Ready(Ok(()));
            }
            timer.set(due, context.waker())?;
            Poll::Pending
        })
        .await
    }

    /// Waits for the response to a client.
    fn poll_response(&mut self, context: &mut Context<'_>) -> Poll<Result<Opened, Error>> {
        loop {
            match self.next_event() {
                Some((Event::Opened(opened), _)) => return Poll::Ready(Ok(*opened)),
                Some((Event::Refused(response), _)) => {
                    return Poll::Ready(Err(Error::Refused(response)));
                }
                _ => {}
            }
            ready!(self.poll_fill(context))?;
        }
    }
}
