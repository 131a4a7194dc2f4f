//! Tests of the compressor.

use super::super::compressor::Compressor;
use super::material::Random;
use super::oracle::Oracle;

#[test]
fn a_message_that_does_not_shrink_is_sent_plain_where_that_is_cheap() {
    let mut random = Random(1);
    let (mut compressor, mut oracle) = (Compressor::new((15, 3, 8)), Oracle::default());
    let json = random.json(4096);

    // Nothing is lost with an empty window.
    assert_eq!(compressor.compress(&random.bytes(500)), None);
    assert_eq!(compressor.compress(b""), None);
    let first = compressor.compress(&json).unwrap().to_vec();
    assert_eq!(oracle.inflate(&first, 4096).unwrap(), json);

    // A short message is not worth the window.
    let noise = random.bytes(1023);
    assert_eq!(compressor.compress(b""), None);
    let stored = compressor.compress(&noise).unwrap();
    assert_eq!(stored.len(), noise.len() + 6);
    assert_eq!(oracle.inflate(stored, 4096).unwrap(), noise);
    let second = compressor.compress(&json).unwrap();
    assert!(second.len() < first.len() / 4);
    assert_eq!(oracle.inflate(second, 4096).unwrap(), json);

    // A longer one is. The next message does not refer to it, nor to what was before.
    let noise = random.bytes(1024);
    assert_eq!(compressor.compress(&noise), None);
    assert_eq!(compressor.compress(&json).unwrap(), first);
    compressor.reset();
    assert_eq!(compressor.compress(&json).unwrap(), first);
}
