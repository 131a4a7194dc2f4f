//! All public types can be sent to another thread, and shared between threads.

use sansock::connection::{MessageWriter, OutputWith, Unsent};
use sansock::frame::{Decoder, Encoder, Relay};
use sansock::message::{PreparedMessage, Utf8Bytes};
use sansock::timer::{HandshakeTimer, Timers};
use sansock::utf8::Validator;
use sansock::{
    Config, Connection, Event, Message, Output, Payload, ProtocolError, ReadBuffer, Text,
};

/// Compiles only for a type that is `Send` and `Sync`.
const fn goes_to_any_thread<T: Send + Sync>() {}

#[test]
fn whatever_a_connection_consists_of_goes_to_any_thread() {
    const {
        goes_to_any_thread::<Connection>();
        goes_to_any_thread::<Config>();
        goes_to_any_thread::<ReadBuffer>();
        goes_to_any_thread::<Event<'_>>();
        goes_to_any_thread::<Text<'_>>();
        goes_to_any_thread::<Payload<'_>>();
        goes_to_any_thread::<Output>();
        goes_to_any_thread::<OutputWith<'_>>();
        goes_to_any_thread::<MessageWriter<'_>>();
        goes_to_any_thread::<Message>();
        goes_to_any_thread::<PreparedMessage>();
        goes_to_any_thread::<Utf8Bytes>();
        goes_to_any_thread::<ProtocolError>();
        goes_to_any_thread::<Unsent>();
        goes_to_any_thread::<Timers>();
        goes_to_any_thread::<HandshakeTimer>();
        goes_to_any_thread::<Decoder>();
        goes_to_any_thread::<Encoder>();
        goes_to_any_thread::<Relay>();
        goes_to_any_thread::<Validator>();
    }
}

#[cfg(feature = "handshake")]
#[test]
fn a_handshake_goes_to_any_thread() {
    use sansock::handshake::{client, server};

    const {
        goes_to_any_thread::<sansock::endpoint::Endpoint>();
        goes_to_any_thread::<sansock::endpoint::Settings>();
        goes_to_any_thread::<sansock::endpoint::Error>();
        goes_to_any_thread::<client::Request>();
        goes_to_any_thread::<client::ClientHandshake>();
        goes_to_any_thread::<client::Outcome>();
        goes_to_any_thread::<client::InvalidResponse>();
        goes_to_any_thread::<server::ServerHandshake>();
        goes_to_any_thread::<server::RequestHead>();
        goes_to_any_thread::<server::Upgrade<'_>>();
        goes_to_any_thread::<server::Refusal>();
    }
}
