//! The halves of a WebSocket in every order of polls and of what the stream does, to a depth.

use std::future::Future;
use std::io::ErrorKind;
use std::pin::Pin;
use std::task::Poll;

use futures_util::SinkExt;
use sansock_tokio::sansock::Role;
use sansock_tokio::{Error, Message, ReceiveHalf, SendHalf};

use crate::open;
use crate::script::{Script, Task};
use crate::support::{ROLES, frame_for, frames};

/// What happens next.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    /// The receiving half is polled, whether or not it was woken.
    Receiver,
    /// The sending half is.
    Sender,
    /// The stream has more to read.
    Input,
    /// The stream can take some more bytes. It does not say so yet.
    Room,
    /// It says so to the task that waits.
    Wake,
}

const STEPS: [Step; 5] = [Step::Receiver, Step::Sender, Step::Input, Step::Room, Step::Wake];

/// What the stream and the connection are like.
#[derive(Clone, Copy, Debug)]
struct Model {
    role: Role,
    has_one_slot: bool,
    max_output: Option<usize>,
    /// How many bytes a step makes room for.
    room: usize,
    /// How the sender sends: see `send_all`.
    way: usize,
    /// How many bytes can be written before it fails.
    fails_after: Option<usize>,
}

type Half<'f> = (Task, bool, Option<Pin<Box<dyn Future<Output = ()> + 'f>>>);

/// The halves, as two tasks.
struct World<'f> {
    model: Model,
    script: Script,
    input: std::vec::IntoIter<Vec<u8>>,
    receiver: Half<'f>,
    sender: Half<'f>,
}

async fn receive_all(mut half: ReceiveHalf<Script>) {
    for expected in ["one", "two"] {
        assert_eq!(half.receive().await.unwrap(), Some(expected.into()));
    }
    assert_eq!(half.receive().await.unwrap(), None);
}

async fn send_all(mut half: SendHalf<Script>, way: usize) -> Result<(), Error> {
    for message in outgoing() {
        match way {
            0 => match &message {
                Message::Text(text) => half.send_text(text).await?,
                Message::Binary(data) => half.send_binary(data).await?,
            },
            1 => {
                half.ready().await?;
                half.queue(message)?;
            }
            _ => half.feed(message).await?,
        }
    }
    SendHalf::flush(&mut half).await
}

fn outgoing() -> [Message; 2] {
    ["Hello".into(), vec![7; 9].into()]
}

impl World<'_> {
    fn new(model: Model) -> Self {
        let script = Script::new(b"");
        script.wire().room = 0;
        script.wire().has_one_slot = model.has_one_slot;
        let ws = open(model.role, script.clone(), |config| config.max_output = model.max_output);
        let (receiving, sending) = ws.split();
        let frame = |first, payload: &str| frame_for(model.role, first, payload.as_bytes());
        let input = vec![
            [frame(0x89, "1"), frame(0x81, "one")].concat(),
            frame(0x89, "2"),
            frame(0x81, "two"),
            frame(0x88, ""),
        ];
        let fails = model.fails_after.is_some();
        let sender = async move {
            // A Close that is received first refuses what is not sent.
            let sent = send_all(sending, model.way).await;
            assert!(matches!(&sent, Ok(()) | Err(Error::Send(_))) || fails, "{sent:?}");
        };
        World {
            model,
            script,
            input: input.into_iter(),
            receiver: (Task::new(), true, Some(Box::pin(receive_all(receiving)))),
            sender: (Task::new(), true, Some(Box::pin(sender))),
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Receiver => poll(&mut self.receiver, &self.script),
            Step::Sender => poll(&mut self.sender, &self.script),
            Step::Input => match self.input.next() {
                Some(input) => self.script.feed(&input),
                None => self.script.end(Ok(())),
            },
            Step::Room => {
                let written = self.script.wire().written.len();
                let mut wire = self.script.wire();
                if self.model.fails_after.is_some_and(|most| written >= most) {
                    wire.write_error = Some(ErrorKind::ConnectionReset);
                } else {
                    wire.room += self.model.room;
                }
            }
            Step::Wake => self.script.wake_writer(),
        }
        note_wakes(&mut self.receiver);
        note_wakes(&mut self.sender);
    }

    /// Goes on until nothing happens any more, with or without more input. Polls only what was
    /// woken.
    fn finish(&mut self, with_input: bool) {
        let mut idle = 0;
        while idle < 20 {
            if self.receiver.1 {
                self.step(Step::Receiver);
            } else if self.sender.1 {
                self.step(Step::Sender);
            } else {
                idle += 1;
                self.step(Step::Room);
                self.step(Step::Wake);
                if with_input {
                    self.step(Step::Input);
                }
            }
        }
    }
}

fn poll(half: &mut Half<'_>, script: &Script) {
    let (task, is_woken, future) = half;
    *is_woken = false;
    let Some(running) = future else { return };
    match task.poll(running.as_mut()) {
        Poll::Ready(()) => *future = None,
        Poll::Pending => assert!(script.is_waited_for(), "the stream wakes nobody"),
    }
}

fn note_wakes((task, is_woken, future): &mut Half<'_>) {
    *is_woken |= task.take_wakes() > 0 && future.is_some();
}

/// Runs a world by these steps, and then to its end, at which all must have come.
fn run(model: Model, steps: &[Step]) {
    let mut world = World::new(model);
    for &step in steps {
        world.step(step);
    }
    world.finish(false);
    assert!(world.sender.2.is_none(), "the sender was not woken: {model:?} {steps:?}");
    world.finish(true);
    assert!(world.receiver.2.is_none(), "the receiver was not woken: {model:?} {steps:?}");
    let written = world.script.take_written();
    if model.fails_after.is_none() {
        let mut frames = frames(&written).into_iter().map(|frame| (frame.first, frame.payload));
        let close = frames.next_back();
        assert_eq!(close, Some((0x88, Vec::new())), "{model:?} {steps:?}");
        let (control, data): (Vec<_>, Vec<_>) = frames.partition(|(first, _)| *first == 0x8A);
        assert_eq!(control, [(0x8A, b"1".to_vec()), (0x8A, b"2".to_vec())]);
        let messages = outgoing().map(|message| message.as_bytes().to_vec());
        assert!(data.iter().map(|(_, data)| data).eq(messages.iter().take(data.len())));
    }
}

/// Runs every series of as many steps, after both halves were polled.
fn run_all(model: Model, depth: usize) {
    for series in 0..STEPS.len().pow(u32::try_from(depth).unwrap()) {
        let mut rest = series;
        let mut steps = vec![Step::Receiver, Step::Sender];
        for _ in 0..depth {
            steps.push(STEPS[rest % STEPS.len()]);
            rest /= STEPS.len();
        }
        run(model, &steps);
    }
}

#[test]
fn no_order_of_polls_loses_a_wake_up_or_a_byte() {
    for role in ROLES {
        for (has_one_slot, max_output, room, way) in [
            (false, Some(1), 3, 0),
            (true, Some(1), 40, 0),
            (false, None, 9, 0),
            (true, None, 3, 0),
            (false, Some(1), 9, 1),
            (true, Some(8), 3, 2),
        ] {
            let fails_after = None;
            run_all(Model { role, has_one_slot, max_output, room, way, fails_after }, 5);
        }
    }
}

#[test]
fn a_write_that_fails_leaves_nobody_waiting_in_any_order_of_polls() {
    for (has_one_slot, max_output, fails_after, way) in
        [(false, Some(1), 0, 0), (true, Some(1), 4, 1), (false, None, 4, 0), (true, None, 8, 2)]
    {
        let fails_after = Some(fails_after);
        let role = Role::Server;
        run_all(Model { role, has_one_slot, max_output, room: 3, way, fails_after }, 5);
    }
}
