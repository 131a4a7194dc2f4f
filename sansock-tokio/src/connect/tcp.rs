//! A TCP connection to any address of a host, in the manner of RFC 8305 (Happy Eyeballs).

use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::task::Poll;
use std::time::Duration;

use tokio::net::{TcpStream, lookup_host};
use tokio::task::JoinSet;

use crate::timer::{self, Timer};

/// Returns the addresses of a host, in the order in which they are tried.
pub(super) async fn look_up(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    Ok(alternate(lookup_host((host, port)).await?.collect()))
}

/// Connects to whichever of the addresses answers first. The next one begins when one has failed, or
/// has not answered for [`PATIENCE`]. If all fail, returns the last error.
pub(super) async fn connect_to_any(addresses: Vec<SocketAddr>) -> io::Result<TcpStream> {
    let mut addresses = addresses.into_iter();
    let mut attempts = JoinSet::new();
    let mut timer = Timer::default();
    let mut next_due = Duration::ZERO;
    let mut failure = None;
    poll_fn(|context| {
        loop {
            let has_failed = match attempts.poll_join_next(context) {
                Poll::Ready(Some(Ok(Ok(stream)))) => return Poll::Ready(Ok(stream)),
                Poll::Ready(Some(ended)) => {
                    failure = ended.map_or_else(|error| Some(error.into()), Result::err);
                    true
                }
                Poll::Ready(None) | Poll::Pending => false,
            };
            let now = timer::now();
            if has_failed || now >= next_due {
                if let Some(address) = addresses.next() {
                    attempts.spawn(TcpStream::connect(address));
                    next_due = now.saturating_add(PATIENCE);
                    continue;
                }
            }
            if attempts.is_empty() {
                let none =
                    || io::Error::new(ErrorKind::NotFound, "no address of the host is known");
                return Poll::Ready(Err(failure.take().unwrap_or_else(none)));
            }
            if !has_failed {
                let due = (addresses.len() > 0).then_some(next_due);
                // Without time, the next attempt begins when one has failed.
                let _ = timer.set(due, context.waker());
                return Poll::Pending;
            }
        }
    })
    .await
}

/// Sorts addresses so that IPv6 and IPv4 take turns, and the first stays the first, RFC 8305 §4.
fn alternate(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first_is_ipv6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|address| address.is_ipv6() == first_is_ipv6);
    let longest = first.len().max(second.len());
    (0..longest).flat_map(|i| [first.get(i), second.get(i)]).flatten().copied().collect()
}

/// The "Connection Attempt Delay" of RFC 8305 §5.
const PATIENCE: Duration = Duration::from_millis(250);

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    async fn listen() -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        (listener, address)
    }

    #[tokio::test]
    async fn all_addresses_are_tried() {
        let (gone, nowhere) = listen().await;
        drop(gone);
        let (_listener, address) = listen().await;
        let stream = connect_to_any(vec![nowhere, nowhere, address]).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), address);
        let error = connect_to_any(vec![nowhere, nowhere]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        let error = connect_to_any(Vec::new()).await.unwrap_err();
        assert_eq!(error.to_string(), "no address of the host is known");
    }

    /// A listener whose queue is full drops what else arrives, on Linux.
    #[cfg(target_os = "linux")]
    #[tokio::test(start_paused = true)]
    async fn an_address_that_does_not_answer_does_not_hold_up_the_next() {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
        let full = socket.listen(1).unwrap();
        let silent = full.local_addr().unwrap();
        let mut queued = Vec::new();
        while let Ok(stream) = tokio::time::timeout(PATIENCE, TcpStream::connect(silent)).await {
            queued.push(stream.unwrap());
        }
        let (_listener, address) = listen().await;
        let stream = connect_to_any(vec![silent, address]).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), address);
    }

    #[test]
    fn families_take_turns() {
        let v4 = |last| SocketAddr::from(([127, 0, 0, last], 1));
        let v6 = |last| SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, last], 1));
        let sorted = alternate(vec![v6(1), v6(2), v6(3), v4(1), v4(2)]);
        assert_eq!(sorted, [v6(1), v4(1), v6(2), v4(2), v6(3)]);
        assert_eq!(alternate(vec![v4(1), v4(2)]), [v4(1), v4(2)]);
        assert_eq!(alternate(Vec::new()), []);
    }
}
