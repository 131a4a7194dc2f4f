//! A connection from its first frame to its last. Sends lines as messages, and prints the messages
//! it receives.

use std::io::{self, BufRead};
use std::time::{Duration, Instant};

use sansock::bytes::Buf;
use sansock::connection::State;
use sansock::timer::{Expired, Timeouts, Timers};
use sansock::{CloseCode, CloseStatus, Connection, Event, Input, TransportAction};
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use crate::connect::{Failure, Stream};
use crate::trace::Trace;
use crate::transport;

/// A connection with its timers and traces.
pub(crate) struct Session {
    ws: Connection,
    timers: Timers,
    timeouts: Timeouts,
    /// The start of the timers' clock.
    start: Instant,
    traces: Option<(Trace, Trace)>,
}

impl Session {
    pub(crate) fn new(ws: Connection, timeouts: Timeouts, verbose: bool) -> Session {
        Session {
            ws,
            timers: Timers::new(timeouts.clone(), Duration::ZERO),
            timeouts,
            start: Instant::now(),
            traces: verbose.then(|| (Trace::received(), Trace::sent())),
        }
    }

    /// Exchanges messages until the server has closed the transport, or a timeout expires.
    ///
    /// `early` are bytes that arrived with the server's response.
    pub(crate) async fn talk(
        &mut self,
        mut stream: Box<dyn Stream>,
        mut early: Vec<u8>,
    ) -> Result<(), Failure> {
        let mut lines = lines_of_stdin();
        self.receive(&mut early);
        loop {
            let wait = self.write(&mut stream).await?;
            // RFC 6455 §7.1.1: the server closes the transport first. Until then, read: the end of
            // the transport is an event too.
            if self.ws.transport_action() == TransportAction::Disconnect {
                // For TCP this is nothing. The end of TLS is answered (RFC 8446 §6.1), if the server
                // is still there: the connection is over in any case.
                let _ = transport::shut_down(&mut stream).await;
                return Ok(());
            }
            let is_open = self.ws.state() == State::Open;
            tokio::select! {
                line = lines.recv(), if is_open => match line {
                    Some(line) => self.ws.send_text(&line)?,
                    None => self.ws.close(CloseCode::NORMAL, "")?,
                },
                received = transport::read(&mut stream, self, Session::receive_or_eof, |_| ()) => {
                    self.check(received)?;
                }
                // The timers are polled after the write.
                () = sleep(wait) => {}
            }
        }
    }

    /// Prints how the connection ended. Returns `true` if there was a closing handshake.
    pub(crate) fn end(mut self) -> bool {
        let closure = self.ws.receive_eof();
        match closure {
            CloseStatus::Code(code) => eprintln!("closed: {code}"),
            CloseStatus::NoStatus => eprintln!("closed: without a code (1005)"),
            CloseStatus::Abnormal => eprintln!("closed: without a closing handshake (1006)"),
        }
        closure != CloseStatus::Abnormal
    }

    fn receive_or_eof(&mut self, bytes: &mut [u8]) {
        if bytes.is_empty() {
            self.ws.receive_eof();
        }
        self.receive(bytes);
    }

    /// Passes on the error of a read, unless the server's Close was received. After that it is no loss
    /// how the transport ends: for example, many servers end TCP without ending TLS.
    fn check(&mut self, received: io::Result<()>) -> io::Result<()> {
        match received {
            Err(_) if self.ws.close_status() != CloseStatus::Abnormal => {
                self.ws.receive_eof();
                Ok(())
            }
            other => other,
        }
    }

    fn receive(&mut self, input: &mut [u8]) {
        let mut input = Input::new(input);
        if let Some((received, _)) = &mut self.traces {
            received.show(input.as_bytes());
        }
        loop {
            match self.ws.receive(&mut input) {
                Ok(Some(Event::Text(text))) => println!("{text}"),
                Ok(Some(Event::Binary(data))) => println!("{}", data.escape_ascii()),
                Ok(Some(Event::Close { reason, .. })) if !reason.is_empty() => {
                    eprintln!("reason: {}", reason.escape_debug());
                }
                Ok(Some(_)) => {}
                Ok(None) => return,
                // A Close frame that reports the error to the server is queued.
                Err(error) => eprintln!("{error}"),
            }
        }
    }

    /// Writes all output, including that of the timers. Returns how long there is nothing to do.
    async fn write(&mut self, stream: &mut Box<dyn Stream>) -> Result<Duration, Failure> {
        // The first write does not wait, so that the timers see what the transport did not take.
        let mut wait = Duration::ZERO;
        loop {
            if self.ws.has_output() {
                if let Ok(written) = timeout(wait, self.write_chunk(stream)).await {
                    written?;
                }
            }
            wait = self.poll()?;
            if !self.ws.has_output() {
                transport::flush(stream, self.timeouts.write.unwrap_or(Duration::MAX)).await?;
                return Ok(wait);
            }
            // Nothing is read until all output is written, so the timers must not blame the server.
            self.timers.reading_paused();
        }
    }

    /// Writes as much of the first chunk of the output as the transport takes.
    async fn write_chunk(&mut self, stream: &mut Box<dyn Stream>) -> io::Result<()> {
        let output = self.ws.output();
        let len = stream.write(output.chunk()).await?;
        if len == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        if let Some((_, sent)) = &mut self.traces {
            sent.show(output.chunk().get(..len).unwrap_or_default());
        }
        output.advance(len);
        Ok(())
    }

    /// Polls the timers. Returns the time until they need the next poll.
    fn poll(&mut self) -> Result<Duration, Failure> {
        let now = self.start.elapsed();
        let limit = self.timeouts.close.unwrap_or_default();
        match (self.timers.poll(&mut self.ws, now), self.ws.state()) {
            (Ok(deadline), _) => Ok(deadline.unwrap_or(Duration::MAX).saturating_sub(now)),
            // The connection has failed. A Close frame that reports it is queued.
            (Err(error @ Expired::MessageTimeout), _) => {
                eprintln!("{error}");
                Ok(Duration::ZERO)
            }
            (Err(Expired::CloseTimeout), State::CloseSent) => {
                Err(format!("no Close frame from the server within {limit:?}").into())
            }
            (Err(Expired::CloseTimeout), _) => {
                Err(format!("transport not closed by the server within {limit:?}").into())
            }
            (Err(error), _) => Err(error.into()),
        }
    }
}

/// Reads standard input on a separate thread, which may block for any time.
fn lines_of_stdin() -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel(1);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if sender.blocking_send(line).is_err() {
                break;
            }
        }
    });
    receiver
}
