//! What is sent before the other end has agreed: requests behind a request, frames before the 101.

use bytes::Buf;
use sansock::endpoint::{Endpoint, Event};
use sansock::{CloseCode, Input, Role, SendError, Violation};

use super::{REQUEST, RESPONSE, Seen, Told, at, client, run, server, unseen, written};
use crate::counting::measure_peak;
use crate::support::frame_for;

#[test]
fn requests_behind_one_that_waits_stay_with_the_caller() {
    let mut read = REQUEST.repeat(1000).into_bytes();
    let mut input = Input::new(&mut read);
    let mut endpoint = server();
    assert_eq!(endpoint.receive(&mut input), Ok(Some(Event::Request)));
    let left = 999 * REQUEST.len();
    let (peak, ()) = measure_peak(|| {
        for _ in 0..100 {
            assert_eq!((endpoint.receive(&mut input), input.len()), (Ok(None), left));
        }
    });
    assert_eq!((peak, endpoint.has_output()), (0, false));
}

/// A `G` has RSV1, which means nothing here.
#[test]
fn requests_behind_an_accepted_one_break_the_rules_of_frames() {
    let start = || Endpoint::server(&unseen(), at(0)).unwrap();
    let failed = Seen::Failed(Violation::ReservedBits { rsv: 0b100 }, 0);
    for requests in [2, 1000] {
        let stream = REQUEST.repeat(requests);
        for read in [1, 100, stream.len()] {
            let reads: Vec<&[u8]> = stream.as_bytes().chunks(read).collect();
            let (all, mut endpoint) = run(start(), &reads);
            assert_eq!(all, [Told::Opened(None), Told::Connection(failed.clone())]);
            let output = String::from_utf8_lossy(&written(&mut endpoint)).into_owned();
            assert_eq!(output.matches("HTTP/1.1").count(), 1, "{output}");
        }
    }
}

/// RFC 9931: a server that does not agree would read them as another request.
#[test]
fn a_client_sends_its_request_alone_before_the_response() {
    let mut endpoint = client();
    let request = written(&mut endpoint);
    assert!(request.starts_with(b"GET / HTTP/1.1\r\n") && request.ends_with(b"\r\n\r\n"));
    let last = RESPONSE.len() - 1;
    for byte in &mut RESPONSE.as_bytes().to_vec()[..last] {
        assert_eq!(endpoint.send_text("GET"), Err(SendError::NotOpen));
        assert_eq!(endpoint.send("GET").unwrap_err().error, SendError::NotOpen);
        assert_eq!(endpoint.ping(b"GET"), Err(SendError::NotOpen));
        assert_eq!(endpoint.close(CloseCode::NORMAL, "GET"), Ok(()));
        let mut input = Input::new(std::slice::from_mut(byte));
        assert_eq!(endpoint.receive(&mut input), Ok(None));
        assert!(!endpoint.has_output() && endpoint.output().remaining() == 0);
    }
    let mut rest = [&RESPONSE.as_bytes()[last..], &frame_for(Role::Client, 0x89, b"1")].concat();
    let mut input = Input::new(&mut rest);
    assert!(matches!(endpoint.receive(&mut input), Ok(Some(Event::Opened(_)))));
    endpoint.send_text("open").unwrap();
    assert!(endpoint.has_output());
}
