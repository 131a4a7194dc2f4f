//! What a peer can make a connection do and hold by compressed messages, RFC 6455 §10.4.
