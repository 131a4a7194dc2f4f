//! Passes on frames in both directions as they arrive.

use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::BytesMut;
use sansock::frame::{CloseBody, Limits, Relay, Rsv};
use sansock::timer::{Activity, Timeouts, Timers};
use sansock::{CloseCode, CloseReason, Input, ProtocolError, Role};
use tokio::io::{AsyncWriteExt, ReadHalf, WriteHalf, split};
use tokio::time::{Instant, sleep, timeout};

use crate::connect::Stream;
use crate::proxy::Failure;
use crate::transport;

/// Two directions between ends whose handshakes are done.
pub(crate) struct Tunnel {
    /// From the client to the server.
    up: Direction,
    /// From the server to the client.
    down: Direction,
    /// How long both ends may be silent.
    idle_limit: Duration,
}

impl Tunnel {
    pub(crate) fn new(
        client: Box<dyn Stream>,
        server: Box<dyn Stream>,
        idle_limit: Duration,
    ) -> Tunnel {
        let (from_client, to_client) = split(client);
        let (from_server, to_server) = split(server);
        Tunnel {
            up: Direction::new(Role::Server, from_client, to_server),
            down: Direction::new(Role::Client, from_server, to_client),
            idle_limit,
        }
    }

    /// Passes on the reserved bits, to which an extension may give a meaning.
    pub(crate) fn with_extensions(mut self) -> Tunnel {
        for Direction { frames, .. } in [&mut self.up, &mut self.down] {
            frames.relay = frames.relay.clone().with_rsv(Rsv::RSV1 | Rsv::RSV2 | Rsv::RSV3);
        }
        self
    }

    /// Passes on frames until both directions have ended or one has failed.
    ///
    /// `from_client` and `from_server` are frames that arrived with the handshakes.
    pub(crate) async fn run(
        mut self,
        from_client: Vec<u8>,
        from_server: Vec<u8>,
    ) -> Result<(), Failure> {
        let outcome = self.pass_on(from_client, from_server).await;
        if outcome.is_err() {
            let Tunnel { up, down, .. } = &mut self;
            let (to_client, to_server) = (up.code_for_sender(), down.code_for_sender());
            // An error at one end must not affect the other.
            let _ = tokio::join!(up.close(to_server), down.close(to_client));
        }
        outcome
    }

    async fn pass_on(&mut self, client: Vec<u8>, server: Vec<u8>) -> Result<(), Failure> {
        let moved = AtomicU64::new(0);
        let idle = idle(&moved, self.idle_limit);
        let mut up = pin!(self.up.run(client, &moved));
        let mut down = pin!(self.down.run(server, &moved));
        tokio::select! {
            () = idle => Err("tunnel idle for too long".into()),
            ended = &mut up => { ended?; last(down).await }
            ended = &mut down => { ended?; last(up).await }
        }
    }
}

/// Waits until neither end has sent anything for `limit`.
///
/// The relay sends no pings of its own. A ping of either end keeps the tunnel open.
async fn idle(moved: &AtomicU64, limit: Duration) {
    let mut timeouts = Timeouts::DEFAULT;
    (timeouts.ping, timeouts.pong) = (Some(limit / 2), Some(limit / 2));
    let (start, mut timers) = (Instant::now(), Timers::new(timeouts, Duration::ZERO));
    loop {
        let mut activity = Activity::NONE;
        activity.received = moved.load(Ordering::Relaxed);
        let now = start.elapsed();
        let Ok(wait) = timers.poll_activity(&activity, now) else { return };
        sleep(wait.deadline.unwrap_or(Duration::MAX).saturating_sub(now)).await;
    }
}

/// Waits for the end of the other direction after one has ended.
async fn last(other: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    timeout(LINGER_LIMIT, other).await.map_err(|_| "one end closed, the other did not in time")?
}

struct Direction {
    from: ReadHalf<Box<dyn Stream>>,
    to: WriteHalf<Box<dyn Stream>>,
    frames: Frames,
}

/// The frames of one direction.
struct Frames {
    relay: Relay,
    /// Bytes to send: no more than one read brings.
    output: BytesMut,
    /// The sender's protocol error, if any.
    fault: Option<ProtocolError>,
}

impl Direction {
    /// Returns a direction that receives frames in the role `role`.
    fn new(
        role: Role,
        from: ReadHalf<Box<dyn Stream>>,
        to: WriteHalf<Box<dyn Stream>>,
    ) -> Direction {
        // A relay stores nothing that limits could protect. The two ends have limits of their own.
        let limits = Limits::NONE;
        let relay = Relay::new(role).with_limits(limits);
        Direction { from, to, frames: Frames { relay, output: BytesMut::new(), fault: None } }
    }

    /// Passes on frames until the end of the transport, and then ends the other transport's writing
    /// half.
    ///
    /// `early` arrived with the handshake. The number of bytes read is added to `moved`.
    async fn run(&mut self, mut early: Vec<u8>, moved: &AtomicU64) -> Result<(), Failure> {
        self.frames.forward(&mut early);
        drop(early);
        loop {
            match self.turn().await? {
                0 => return Ok(self.to.shutdown().await?),
                len => moved.fetch_add(len as u64, Ordering::Relaxed),
            };
        }
    }

    /// Writes the output, and then reads. Returns the number of bytes read, 0 at the end.
    ///
    /// A direction waits nowhere else until it ends.
    async fn turn(&mut self) -> Result<usize, Failure> {
        // Write all of it before the next read.
        transport::write_all(&mut self.to, &mut self.frames.output).await?;
        if let Some(fault) = self.frames.fault {
            return Err(fault.into());
        }
        let idle = |frames: &mut Frames| frames.output = BytesMut::new();
        Ok(transport::read(&mut self.from, &mut self.frames, Frames::forward, idle).await?)
    }

    /// Returns the close code for the sender if the tunnel fails: the code of its own error, or
    /// 1001 if the fault is not its own.
    fn code_for_sender(&self) -> CloseCode {
        self.frames.fault.map_or(CloseCode::GOING_AWAY, |error| error.close_code())
    }

    /// Ends both transports of a direction that has not ended itself. Sends a Close frame first if
    /// one may still be sent.
    async fn close(&mut self, code: CloseCode) -> Result<(), Failure> {
        let body = CloseBody { status: Some((code, CloseReason::EMPTY)) };
        if let Some(frame) = self.frames.relay.close(body, rand::random) {
            self.frames.output.extend_from_slice(&frame);
        }
        transport::write_all(&mut self.to, &mut self.frames.output).await?;
        self.to.shutdown().await?;
        Ok(transport::await_eof(&mut self.from).await?)
    }
}

impl Frames {
    /// Takes what was read. Returns its length.
    fn forward(&mut self, input: &mut [u8]) -> usize {
        let mut input = Input::new(input);
        let len = input.len();
        loop {
            match self.relay.forward(&mut input, rand::random) {
                Ok(Some(part)) => {
                    self.output.extend_from_slice(&part.head());
                    self.output.extend_from_slice(part.payload);
                }
                Ok(None) => return len,
                Err(error) => self.fault = Some(error),
            }
        }
    }
}

/// The time between the end of one direction and the end of the other.
const LINGER_LIMIT: Duration = Duration::from_secs(5);
