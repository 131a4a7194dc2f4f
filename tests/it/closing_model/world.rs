//! Two sides and the transport between them, and the moves that lead from state to state.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use bytes::Buf;
use sansock::{Role, TransportAction};

use super::machine::{Ending, LONGEST, Machine};
use super::side::{Done, Side};
use super::transport::{Amount, Arrival, Direction};

/// What can happen next. A number is the side that moves.
#[derive(Clone, Copy, Debug)]
pub(super) enum Move {
    /// The application closes.
    Close(usize),
    Send(usize),
    Ping(usize),
    /// The application accepts or refuses the request.
    Answer(usize, bool),
    /// The transport takes output.
    Write(usize, Amount),
    /// What has arrived is received.
    Deliver(usize, Amount),
    /// The application shuts down or drops the transport.
    Act(usize),
    /// The transport breaks. What it carries is lost.
    Cut,
    /// The transport ends what this side writes.
    End(usize),
    /// Bytes that this side did not write follow what it has written.
    Inject(usize, Injected),
    /// Time passes to the next deadline.
    Wait,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Injected {
    /// A frame with a reserved opcode.
    Broken,
    /// A Close with the code 4000.
    Close,
}

/// How often each kind of move may happen.
#[derive(Clone, Copy, Debug, Default, Hash)]
pub(super) struct Budget {
    /// Messages of each side.
    pub(super) messages: u8,
    /// Pings of each application.
    pub(super) pings: u8,
    /// Writes and reads of one byte.
    pub(super) cuts: u8,
    /// Ends of the transport.
    pub(super) faults: u8,
    pub(super) injections: u8,
    pub(super) waits: u8,
}

/// Two sides and the transport between them.
pub(super) struct World<M> {
    pub(super) sides: [Side<M>; 2],
    /// `directions[i]` carries what `sides[i]` writes.
    directions: [Direction; 2],
    is_broken: bool,
    now: Duration,
    left: Budget,
    /// Whether the transport has ended by itself, or carried what nobody has written.
    is_honest: bool,
}

impl<M: Machine> World<M> {
    pub(super) fn new(budget: Budget) -> Self {
        let new = |role| Side::new(role, budget.messages, budget.pings);
        let mut world = World {
            sides: [Role::Client, Role::Server].map(new),
            directions: [(); 2].map(|()| Direction::default()),
            is_broken: false,
            now: Duration::ZERO,
            left: budget,
            is_honest: true,
        };
        world.settle([0, 1]);
        world
    }

    /// Returns all moves that can be made now.
    pub(super) fn moves(&mut self) -> Vec<Move> {
        let mut moves = Vec::new();
        for i in 0..2 {
            self.moves_of_transport(i, &mut moves);
            self.moves_of_application(i, &mut moves);
        }
        if self.left.waits > 0 && self.deadline().is_some() {
            moves.push(Move::Wait);
        }
        if self.left.faults > 0 && !self.is_broken && !self.is_over() {
            moves.push(Move::Cut);
        }
        moves
    }

    fn moves_of_application(&mut self, i: usize, moves: &mut Vec<Move>) {
        let side = &mut self.sides[i];
        if side.done.is_none() && side.machine.has_request() {
            moves.extend([Move::Answer(i, true), Move::Answer(i, false)]);
        }
        if side.is_open() {
            moves.push(Move::Close(i));
            if side.messages > 0 {
                moves.push(Move::Send(i));
            }
            if side.pings > 0 {
                moves.push(Move::Ping(i));
            }
        }
    }

    fn moves_of_transport(&mut self, i: usize, moves: &mut Vec<Move>) {
        let can_cut = self.left.cuts > 0;
        let (inward, outward) = (&self.directions[1 - i], &self.directions[i]);
        let side = &mut self.sides[i];
        if !outward.has_ended && self.left.faults > 0 {
            moves.push(Move::End(i));
        }
        if !outward.has_ended && self.left.injections > 0 && side.written.is_between() {
            moves.extend([Injected::Broken, Injected::Close].map(|bytes| Move::Inject(i, bytes)));
        }
        if side.done.is_some() {
            return;
        }
        let action = side.action();
        if matches!(action, TransportAction::ShutdownWrite | TransportAction::Disconnect) {
            moves.push(Move::Act(i));
        }
        if side.has_output() {
            moves.push(Move::Write(i, Amount::All));
            if can_cut && !self.is_broken {
                moves.push(Move::Write(i, Amount::One));
            }
        }
        if action != TransportAction::Disconnect && inward.can_deliver() {
            moves.push(Move::Deliver(i, Amount::All));
            if can_cut && inward.waiting() > 1 {
                moves.push(Move::Deliver(i, Amount::One));
            }
        }
    }

    /// Makes a move, and asserts what must be true after it.
    pub(super) fn make(&mut self, next: Move) {
        self.repeat(next);
        self.check();
    }

    /// Makes a move that was made before from the same state.
    pub(super) fn repeat(&mut self, next: Move) {
        match next {
            Move::Close(i) => self.sides[i].close(),
            Move::Send(i) => self.sides[i].send(),
            Move::Ping(i) => self.sides[i].ping(),
            Move::Answer(i, accept) => self.sides[i].answer(accept),
            Move::Write(i, amount) => self.write(i, amount),
            Move::Deliver(i, amount) => self.deliver(i, amount),
            Move::Act(i) => self.act(i),
            Move::Cut => {
                self.spend(|left| &mut left.faults);
                (self.is_broken, self.is_honest) = (true, false);
                self.directions.iter_mut().for_each(Direction::cut);
            }
            Move::End(i) => {
                self.spend(|left| &mut left.faults);
                self.is_honest = false;
                self.directions[i].has_ended = true;
            }
            Move::Inject(i, bytes) => self.inject(i, bytes),
            Move::Wait => {
                self.spend(|left| &mut left.waits);
                self.wait();
            }
        }
        match next {
            Move::Close(i)
            | Move::Send(i)
            | Move::Ping(i)
            | Move::Answer(i, _)
            | Move::Write(i, _)
            | Move::Deliver(i, _)
            | Move::Act(i) => self.settle([i]),
            _ => {}
        }
    }

    fn spend(&mut self, of: impl Fn(&mut Budget) -> &mut u8) {
        let left = of(&mut self.left);
        *left = left.saturating_sub(1);
    }

    fn write(&mut self, i: usize, amount: Amount) {
        if amount == Amount::One {
            self.spend(|left| &mut left.cuts);
        }
        let side = &mut self.sides[i];
        if self.is_broken {
            side.receive_eof();
            return side.drop_transport(Done::Broken);
        }
        let len = side.machine.output().remaining();
        let bytes = side.take_output(amount.of(len));
        self.directions[i].push(&bytes);
    }

    fn deliver(&mut self, i: usize, amount: Amount) {
        if amount == Amount::One {
            self.spend(|left| &mut left.cuts);
        }
        match self.directions[1 - i].deliver(amount) {
            Arrival::Bytes(bytes) => self.sides[i].receive(bytes),
            Arrival::Eof => self.sides[i].receive_eof(),
        }
    }

    fn act(&mut self, i: usize) {
        let [client, server] = &self.sides;
        match self.sides[i].action() {
            TransportAction::ShutdownWrite => {
                self.sides[i].shut_down();
                self.directions[i].has_ended = true;
            }
            TransportAction::Disconnect => {
                // RFC 6455 §7.1.1: the server ends first.
                let is_first = i == 0 && !server.has_shut_down && server.done.is_none()
                    || i == 1 && client.done.is_none();
                let is_opened = client.ending != Some(Ending::Unopened);
                assert!(!self.is_honest || !is_opened || !is_first, "the wrong end is first");
                self.sides[i].drop_transport(Done::Disconnected);
            }
            action => panic!("{action:?} is no move"),
        }
    }

    fn inject(&mut self, i: usize, injected: Injected) {
        self.spend(|left| &mut left.injections);
        self.is_honest = false;
        let mask: &[u8] = if i == 0 { &[0; 4] } else { &[] };
        let first_and_payload: (u8, &[u8]) = match injected {
            Injected::Broken => (0x83, b""),
            Injected::Close => (0x88, b"\x0F\xA0"),
        };
        let (first, payload) = first_and_payload;
        let len = payload.len() as u8 | if i == 0 { 0x80 } else { 0 };
        self.directions[i].push(&[&[first, len], mask, payload].concat());
    }

    /// Returns the next deadline.
    fn deadline(&self) -> Option<Duration> {
        let alive = self.sides.iter().filter(|side| side.done.is_none());
        alive.filter_map(|side| side.deadline).min()
    }

    /// Lets time pass to the next deadline.
    fn wait(&mut self) {
        self.now = self.deadline().expect("a deadline");
        for i in 0..2 {
            if self.sides[i].deadline.is_some_and(|deadline| deadline <= self.now) {
                self.settle([i]);
            }
        }
    }

    /// Ends the turn of these sides.
    fn settle<const N: usize>(&mut self, sides: [usize; N]) {
        for i in sides {
            let side = &mut self.sides[i];
            if side.done.is_none() {
                side.poll(self.now);
            }
            if side.done.is_some() {
                // Nobody reads any more, and nothing is written.
                self.directions[i].has_ended = true;
                self.directions[1 - i].has_ended = true;
            }
        }
    }

    /// Asserts what must be true in every state.
    fn check(&mut self) {
        for (i, side) in self.sides.iter_mut().enumerate() {
            side.check();
            if let Some(Ending::Closed(code)) = side.ending {
                assert_eq!(self.directions[1 - i].first_close(), code, "not the peer's Close");
            }
        }
        if self.is_over() {
            self.check_end();
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.sides.iter().all(|side| side.done.is_some())
    }

    /// Asserts what must be true when both transports were dropped.
    fn check_end(&mut self) {
        let endings = self.sides.each_ref().map(|side| side.ending.expect("an ending"));
        let codes = self.sides.each_ref().map(|side| side.closed_with);
        let is_early = |ending: &Ending| matches!(ending, Ending::Expired(_) | Ending::Unopened);
        let is_punctual = self.sides.iter().all(|side| side.done == Some(Done::Disconnected))
            && !endings.iter().any(is_early);
        if !self.is_honest || !is_punctual || codes == [None; 2] {
            return;
        }
        // Each end has the code of the other, which is its own if the other has only answered.
        let [a, b] = codes;
        assert_eq!(endings, [b.or(a), a.or(b)].map(Ending::Closed));
    }

    /// Returns a hash of all that tells two states apart.
    pub(super) fn key(&mut self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.sides.iter_mut().for_each(|side| side.hash_into(&mut hasher));
        (&self.directions, self.is_broken, self.is_honest).hash(&mut hasher);
        (self.now, self.left).hash(&mut hasher);
        hasher.finish()
    }

    /// Asserts that closing ends at once if the transport moves all bytes. The applications do
    /// nothing.
    pub(super) fn end_with_transport(&mut self) {
        let start = self.now;
        while self.move_all() {}
        let [client, server] = &mut self.sides;
        if client.is_open() && server.is_open() {
            return;
        }
        // Only a request that nobody answers takes time.
        let is_asked = server.done.is_none() && server.machine.has_request();
        while is_asked && !self.is_over() {
            self.make(Move::Wait);
            while self.move_all() {}
        }
        assert!(self.is_over(), "closing waits for time");
        assert!(self.now - start <= LONGEST);
    }

    /// Makes one move of the transport and of each side. Returns whether there was one.
    fn move_all(&mut self) -> bool {
        let mut moves = Vec::new();
        (0..2).for_each(|i| self.moves_of_transport(i, &mut moves));
        let is_good = |next: &&Move| {
            matches!(
                next,
                Move::Act(_) | Move::Write(_, Amount::All) | Move::Deliver(_, Amount::All)
            )
        };
        let next = moves.iter().find(is_good).copied();
        next.inspect(|next| self.make(*next)).is_some()
    }

    /// Asserts that time alone ends both, if the transport moves nothing. If it `takes` what is
    /// written, none of it arrives.
    pub(super) fn end_with_time(&mut self, takes: bool) {
        let start = self.now;
        while !self.is_over() {
            let mut moves = Vec::new();
            (0..2).for_each(|i| self.moves_of_transport(i, &mut moves));
            let next = moves.into_iter().find(|next| match next {
                Move::Act(_) => true,
                Move::Write(_, Amount::All) => takes,
                _ => false,
            });
            self.make(next.unwrap_or(Move::Wait));
            assert!(self.now - start <= LONGEST, "closing takes too long");
        }
    }
}
