//! The scenarios.

use sansock::Role;

use super::peer::Peer;
use super::{End, Needs, Ours, Scenario, Scope};
use crate::support::{close_body, frame_for, head_for};

const SCENARIO: Scenario =
    Scenario { name: "", ours: |_, _| (), peer: |_, _| (), needs: Needs::Nothing };

pub(super) const ALL: &[Scenario] = &[
    Scenario {
        name: "messages of every class of length come back",
        ours: |ours, _| {
            while let Some(message) = ours.receive().unwrap() {
                ours.send(message).unwrap();
            }
            assert_eq!(ours.close_code(), Some(1000));
        },
        peer: |peer, scope| {
            for len in LENGTHS.into_iter().filter(|len| scope.has_time_for(*len)) {
                let data: Vec<u8> = (0..=u8::MAX).cycle().take(len).collect();
                peer.send(0x82, &data);
                peer.expect(0x82, &data);
            }
            peer_closes(peer, 1000);
        },
        ..SCENARIO
    },
    Scenario {
        name: "fragments are one message, and a ping between them is answered",
        ours: |ours, _| {
            assert_eq!(ours.receive(), Ok(Some("κόσμε".into())));
            assert_eq!(ours.receive(), Ok(None));
        },
        peer: |peer, _| {
            let (front, back) = "κόσμε".as_bytes().split_at(3);
            peer.send(0x01, front);
            peer.send(0x89, b"between");
            peer.expect(0x8A, b"between");
            peer.send(0x00, b"");
            peer.send(0x80, back);
            peer_closes(peer, 1000);
        },
        ..SCENARIO
    },
    Scenario {
        name: "what comes byte by byte is received",
        ours: |ours, _| {
            assert_eq!(ours.receive(), Ok(Some("Hello".into())));
            assert_eq!(ours.receive(), Ok(Some(vec![7; 300].into())));
            assert_eq!(ours.receive(), Ok(None));
        },
        peer: |peer, _| {
            peer.send_slowly(0x01, b"Hel");
            peer.send_slowly(0x89, b"?");
            peer.send_slowly(0x80, b"lo");
            peer.send_slowly(0x82, &[7; 300]);
            peer.expect(0x8A, b"?");
            peer_closes(peer, 1000);
        },
        needs: Needs::TinyPieces,
    },
    Scenario {
        name: "the peer closes",
        ours: |ours, _| {
            assert_eq!(ours.receive(), Ok(None));
            assert_eq!(ours.close_code(), Some(4001));
            assert_eq!(ours.receive(), Ok(None), "again");
        },
        peer: |peer, _| peer_closes(peer, 4001),
        ..SCENARIO
    },
    Scenario {
        name: "we close, and what was on its way is received",
        ours: |ours, _| {
            ours.send("before".into()).unwrap();
            ours.close(4002).unwrap();
            assert_eq!(ours.receive(), Ok(Some("on its way".into())));
            assert_eq!(ours.receive(), Ok(None));
            assert_eq!(ours.close_code(), Some(4002));
        },
        peer: |peer, _| {
            peer.expect(0x81, b"before");
            peer.expect(0x88, &close_body(4002, ""));
            peer.send(0x81, b"on its way");
            peer.send(0x88, &close_body(4002, ""));
            peer.end();
        },
        ..SCENARIO
    },
    Scenario {
        name: "a violation is answered with its code, and nothing is lost that came before",
        ours: |ours, _| {
            assert_eq!(ours.receive(), Ok(Some("before".into())));
            fails(ours, 1002);
        },
        peer: |peer, scope| {
            let mut bytes = frame_for(scope.role, 0x81, b"before");
            // It is masked if it must not be, and the other way round.
            bytes.extend([0x81, if scope.role == Role::Server { 0x00 } else { 0x80 }]);
            peer.write(&bytes);
            let (first, payload) = peer.frame().unwrap();
            assert_eq!((first, &payload[..2]), (0x88, &1002_u16.to_be_bytes()[..]));
            peer.end();
        },
        ..SCENARIO
    },
    Scenario {
        name: "invalid text is answered with 1007",
        ours: |ours, _| fails(ours, 1007),
        peer: |peer, _| {
            peer.send(0x01, b"\xCE");
            peer.send(0x80, b"\xCE");
            assert_eq!(peer.frame().unwrap().1[..2], 1007_u16.to_be_bytes());
            peer.end();
        },
        ..SCENARIO
    },
    Scenario {
        name: "cut between messages",
        ours: is_cut,
        peer: |peer, _| leave(peer, b""),
        ..SCENARIO
    },
    Scenario {
        name: "cut within a header",
        ours: is_cut,
        peer: |peer, scope| {
            let head = head_for(scope.role, 0x82, 70_000);
            leave(peer, &head[..head.len() - 1]);
        },
        ..SCENARIO
    },
    Scenario {
        name: "cut within a payload",
        ours: is_cut,
        peer: |peer, scope| {
            let frame = frame_for(scope.role, 0x82, &[1; 1000]);
            leave(peer, &frame[..frame.len() - 1]);
        },
        ..SCENARIO
    },
    Scenario {
        name: "cut between fragments",
        ours: is_cut,
        peer: |peer, scope| leave(peer, &frame_for(scope.role, 0x02, &[1; 1000])),
        ..SCENARIO
    },
    Scenario {
        name: "cut after our Close",
        ours: |ours, _| {
            assert_eq!(ours.receive(), Ok(Some("there".into())));
            ours.close(1000).unwrap();
            assert_eq!(ours.receive(), Err(End::Cut));
            assert_eq!(ours.close_code(), None);
        },
        peer: |peer, _| {
            peer.send(0x81, b"there");
            peer.expect(0x88, &close_body(1000, ""));
        },
        ..SCENARIO
    },
    Scenario {
        name: "cut after both Closes is no error",
        ours: |ours, _| {
            assert_eq!(ours.receive(), Ok(None));
            assert_eq!(ours.close_code(), Some(1001));
        },
        peer: |peer, _| {
            peer.send(0x88, &close_body(1001, ""));
            peer.expect(0x88, &close_body(1001, ""));
        },
        ..SCENARIO
    },
    Scenario {
        name: "a peer that has ended its half gets what is owed",
        ours: |ours, _| {
            assert_eq!(ours.receive(), Ok(Some("last".into())));
            ours.send("answer".into()).unwrap();
            assert_eq!(ours.receive(), Err(End::Cut));
        },
        peer: |peer, _| {
            peer.send(0x89, b"?");
            peer.send(0x81, b"last");
            peer.shut_down();
            peer.expect(0x8A, b"?");
            peer.expect(0x81, b"answer");
            peer.expect_end();
        },
        ..SCENARIO
    },
    Scenario {
        name: "a reader that is slow gets 10 MiB",
        ours: |ours, scope| {
            let (count, message) = scope.flood();
            for _ in 0..count {
                ours.send(message.clone().into()).unwrap();
            }
            ours.close(1000).unwrap();
            assert_eq!(ours.receive(), Ok(None));
        },
        peer: |peer, scope| {
            let (count, message) = scope.flood();
            for _ in 0..count {
                peer.expect(0x82, &message);
            }
            peer.expect(0x88, &close_body(1000, ""));
            peer.send(0x88, &close_body(1000, ""));
            peer.end();
        },
        ..SCENARIO
    },
    Scenario {
        name: "a reader that stops is given up",
        ours: |ours, _| {
            assert_eq!(ours.receive(), Ok(Some("go".into())));
            // A kernel may take 10 MiB by itself.
            let mut messages = (0..100).flat_map(|_| vec![vec![1; 64 << 10]; 160]);
            let sent = messages.try_for_each(|message| ours.send(message.into()));
            assert_eq!(sent, Err(End::Expired));
        },
        peer: |peer, _| {
            peer.send(0x81, b"go");
            peer.wait_for_ours();
        },
        needs: Needs::Deadlines,
    },
    Scenario {
        name: "a peer that never answers the Close is given up",
        ours: |ours, _| {
            ours.close(1000).unwrap();
            assert_eq!(ours.receive(), Err(End::Expired));
        },
        peer: |peer, _| {
            peer.expect(0x88, &close_body(1000, ""));
            peer.wait_for_ours();
        },
        needs: Needs::Deadlines,
    },
];

/// The first and the last of each class of length, RFC 6455 §5.2, and longer than any buffer.
const LENGTHS: [usize; 8] = [0, 1, 125, 126, 65_535, 65_536, 65_537, 2 << 20];

/// How many messages of which length are 10 MiB.
const FLOOD: (usize, usize) = (160, 64 << 10);

impl Scope {
    fn has_time_for(&self, len: usize) -> bool {
        len <= 126 || len == 65_536 || !self.is_slow
    }

    fn flood(&self) -> (usize, Vec<u8>) {
        let (count, len) = if self.is_slow { (40, 1 << 10) } else { FLOOD };
        (count, vec![1; len])
    }
}

fn peer_closes(peer: &mut Peer<'_>, code: u16) {
    peer.send(0x88, &close_body(code, ""));
    peer.expect(0x88, &close_body(code, ""));
    peer.end();
}

/// Expects a failure with this code, and goes on to the end of the transport, so that the peer hears
/// of it.
fn fails(ours: &mut dyn Ours, code: u16) {
    assert_eq!(ours.receive(), Err(End::Failed(code)));
    let _ = ours.receive();
}

fn is_cut(ours: &mut dyn Ours, _: &Scope) {
    assert_eq!(ours.receive(), Ok(Some("there".into())));
    assert_eq!(ours.receive(), Err(End::Cut));
    assert_eq!(ours.close_code(), None);
}

/// Sends a message and these bytes, and is gone.
fn leave(peer: &mut Peer<'_>, bytes: &[u8]) {
    peer.send(0x81, b"there");
    peer.write(bytes);
}
