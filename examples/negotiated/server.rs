//! An echo server on one thread, with one read buffer for all of its clients.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::Duration;

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token, Waker};
use sansock::endpoint::{Endpoint, Settings};

use crate::deadlines::{Alarm, Deadlines};
use crate::dropped::Dropped;
use crate::peer::{Next, Peer, TlsPolicy};

/// An echo server. Its program calls [`turn`](Server::turn) again and again.
pub(crate) struct Server {
    poll: Poll,
    events: Events,
    listener: TcpListener,
    /// Whether there may be clients that wait to be accepted.
    is_accepting: bool,
    tls: TlsPolicy,
    settings: Settings,
    /// A client's place is its number. An empty place is in `free`.
    clients: Vec<Option<Box<Client>>>,
    free: Vec<usize>,
    /// The clients of which there may be more to read. The system does not report them again.
    unread: Vec<usize>,
    deadlines: Deadlines,
    buffer: Vec<u8>,
}

struct Client {
    peer: Peer<TcpStream>,
    alarm: Alarm,
}

impl Server {
    /// Listens at `address`. All clients share a read buffer of this length.
    ///
    /// # Errors
    ///
    /// Those of the system.
    pub(crate) fn bind(
        address: SocketAddr,
        tls: TlsPolicy,
        settings: Settings,
        read_buffer: usize,
    ) -> io::Result<Self> {
        let poll = Poll::new()?;
        let mut listener = TcpListener::bind(address)?;
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        Ok(Server {
            poll,
            events: Events::with_capacity(1024),
            listener,
            is_accepting: false,
            tls,
            settings,
            clients: Vec::new(),
            free: Vec::new(),
            unread: Vec::new(),
            deadlines: Deadlines::default(),
            buffer: vec![0; read_buffer],
        })
    }

    /// Returns the address.
    ///
    /// # Errors
    ///
    /// Those of the system.
    pub(crate) fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Returns what ends the wait of a [`turn`](Self::turn) from another thread. Keep it.
    ///
    /// # Errors
    ///
    /// Those of the system.
    #[allow(dead_code, reason = "for programs that do more than serve")]
    pub(crate) fn waker(&self) -> io::Result<Waker> {
        Waker::new(self.poll.registry(), WAKER)
    }

    /// Returns how many clients there are.
    #[allow(dead_code, reason = "for programs that do more than serve")]
    pub(crate) fn clients(&self) -> usize {
        self.clients.len() - self.free.len()
    }

    /// Waits for events and deadlines, and does what is possible without waiting. `now` returns the
    /// time since any moment, the same for each turn. `report` gets the reason why a client is
    /// dropped.
    ///
    /// # Errors
    ///
    /// Those of the system, about the server and not about a client.
    pub(crate) fn turn(
        &mut self,
        now: impl Fn() -> Duration,
        mut report: impl FnMut(Dropped),
    ) -> io::Result<()> {
        let mut wait = self.deadlines.next().map(|deadline| deadline.saturating_sub(now()));
        if !self.unread.is_empty() {
            wait = Some(Duration::ZERO);
        }
        match self.poll.poll(&mut self.events, wait) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
            outcome => outcome?,
        }
        let now = now();
        let mut due = std::mem::take(&mut self.unread);
        due.extend(self.events.iter().filter_map(|event| match event.token() {
            LISTENER => {
                self.is_accepting = true;
                None
            }
            WAKER => None,
            Token(number) => Some(number),
        }));
        for number in due {
            self.visit(number, now, &mut report);
        }
        while let Some((time, number)) = self.deadlines.take_fired(now) {
            let client = self.clients.get_mut(number).and_then(Option::as_mut);
            if client.is_some_and(|client| client.alarm.fire(time)) {
                self.visit(number, now, &mut report);
            }
        }
        // Last, as clients that are gone leave room.
        if self.is_accepting {
            self.accept(now, &mut report);
        }
        Ok(())
    }

    /// Accepts every client that waits.
    fn accept(&mut self, now: Duration, report: &mut impl FnMut(Dropped)) {
        loop {
            match self.listener.accept() {
                Ok((stream, _)) => match self.admit(stream, now) {
                    Ok(number) => self.visit(number, now, report), // sets its first deadline
                    Err(error) => report(Dropped::Io(error)),
                },
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    // Any other error is that of a client which is gone, or there are too many
                    // clients: again in the next turn.
                    self.is_accepting = error.kind() != ErrorKind::WouldBlock;
                    if self.is_accepting {
                        report(Dropped::Io(error));
                    }
                    return;
                }
            }
        }
    }

    /// Makes room for a client. Returns its number.
    fn admit(&mut self, stream: TcpStream, now: Duration) -> io::Result<usize> {
        let endpoint = Endpoint::server(&self.settings, now)
            .map_err(|error| io::Error::new(ErrorKind::InvalidInput, error))?;
        let mut peer = Peer::new(stream, endpoint);
        let number = self.free.last().copied().unwrap_or(self.clients.len());
        let both = Interest::READABLE | Interest::WRITABLE;
        self.poll.registry().register(peer.transport(), Token(number), both)?;
        let client = Some(Box::new(Client { peer, alarm: Alarm::default() }));
        match self.clients.get_mut(number) {
            None => self.clients.push(client),
            Some(place) => {
                *place = client;
                self.free.pop();
            }
        }
        Ok(number)
    }

    /// Takes a turn of the client with this number, if there is one.
    fn visit(&mut self, number: usize, now: Duration, report: &mut impl FnMut(Dropped)) {
        let Some(place) = self.clients.get_mut(number) else { return };
        let Some(client) = place else { return };
        match client.peer.turn(&self.tls, &mut self.buffer, now) {
            Ok(Next::Wait(deadline)) => {
                self.deadlines.set(number, &mut client.alarm, deadline);
                return;
            }
            Ok(Next::Again) => return self.unread.push(number),
            Ok(Next::End) => {}
            Err(dropped) => report(dropped),
        }
        *place = None; // which closes the transport
        self.free.push(number);
    }
}

const LISTENER: Token = Token(usize::MAX);
const WAKER: Token = Token(usize::MAX - 1);
