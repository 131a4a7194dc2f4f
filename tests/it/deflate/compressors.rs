//! What compressors take, and how many wait for connections.

use super::{agreed, deflating, takeover, windows};
use crate::counting::{BYTES, measure};
use crate::support::drain;
use sansock::Role;

/// The most compressors that wait in the pool of a configuration.
const POOL: isize = 16;

#[test]
fn the_memory_of_a_compressor_is_reported() {
    for bits in 9..=15 {
        for memory_level in 1..=9 {
            let mut config = deflating(Role::Server);
            config.deflate.as_mut().unwrap().memory_level = memory_level;
            let mut ws = agreed(&config, windows(bits));
            let reported = ws.memory_usage();
            let (_, allocated, ()) = measure(|| {
                ws.send_binary(&[b'x'; 2000]).unwrap();
                drain(&mut ws);
            });
            let reported = (ws.memory_usage() - reported) as isize;
            let wrong = (reported - allocated).abs();
            // The backend's state is 256 bytes smaller where a pointer has 32 bits.
            assert!(wrong <= 300, "{reported} of {allocated} at {bits} bits, level {memory_level}");
        }
    }
}

#[test]
fn sixteen_compressors_wait_for_connections_and_no_more() {
    let config = deflating(Role::Server);
    let before = BYTES.get();
    let mut busy: Vec<_> = (0..POOL + 4).map(|_| agreed(&config, takeover())).collect();
    let idle = BYTES.get();
    for ws in &mut busy {
        ws.send_binary(&[b'x'; 2000]).unwrap();
        drain(ws);
    }
    let one = (BYTES.get() - idle) / (POOL + 4);
    busy.iter_mut().for_each(|ws| ws.shrink_to_fit());
    drop(busy);
    let waiting = BYTES.get() - before;
    assert!(waiting > one * (POOL - 1), "{waiting} of {one} each");
    assert!(waiting < one * POOL + one / 2, "{waiting} of {one} each");
}
