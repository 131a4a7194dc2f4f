//! Errors are reported by name, in words and by status: 2 for a command line, 1 for everything
//! else.

use crate::peer::{accept, listen, nowhere};
use crate::program::Program;

const PROGRAMS: [&str; 6] =
    ["echo_server", "client", "relay", "autobahn_client", "million", "negotiated"];

#[test]
fn help_is_printed_and_no_failure() {
    for name in PROGRAMS {
        let ended = Program::start(name, &["--help"]).end();
        assert!(ended.output.starts_with(&format!("usage: {name} ")), "{ended:?}");
        assert_eq!((&ended.errors[..], ended.status), ("", Some(0)));
    }
}

#[test]
fn a_wrong_argument_is_named_above_the_usage() {
    for name in PROGRAMS {
        let ended = Program::start(name, &["--unheard-of"]).end();
        let (what, usage) = ended.errors.split_once("\n\n").unwrap();
        assert!(what.contains("--unheard-of"), "{ended:?}");
        assert!(usage.starts_with(&format!("usage: {name} ")), "{ended:?}");
        assert_eq!((&ended.output[..], ended.status), ("", Some(2)));
    }
}

#[test]
fn options_of_tls_are_refused_without_tls() {
    let (ca, identity) = (["--ca", "a.pem"], ["--cert", "a.pem", "--key", "b.pem"]);
    let url = ["ws://127.0.0.1:1/"];
    let agent = ["ws://127.0.0.1:1", "--agent", "a"];
    let listen = ["--listen", "127.0.0.1:0"];
    for (name, arguments, why) in [
        ("client", [&ca[..], &url].concat(), "--ca needs a wss:// URL"),
        ("client", [&identity[..], &url].concat(), "--cert needs a wss:// URL"),
        ("autobahn_client", [&agent[..], &ca].concat(), "--ca needs a wss:// URL"),
        (
            "echo_server",
            [&listen[..], &["--client-ca", "a.pem"]].concat(),
            "--client-ca needs --listen-tls",
        ),
        ("echo_server", [&listen[..], &identity].concat(), "--cert needs --listen-tls"),
        (
            "echo_server",
            [&listen[..], &["--cert-out", "a.pem"]].concat(),
            "--cert-out needs --listen-tls",
        ),
    ] {
        let ended = Program::start(name, &arguments).end();
        assert_eq!(ended.errors.lines().next(), Some(why), "{name} {arguments:?}");
        assert_eq!((&ended.output[..], ended.status), ("", Some(2)));
    }
}

#[test]
fn a_timeout_is_a_time() {
    for wrong in ["soon", "-1", "0", "NaN", "1e300"] {
        let ended = Program::start("client", &["--timeout", wrong, "ws://127.0.0.1:1/"]).end();
        assert!(ended.errors.starts_with(&format!("--timeout {wrong}: ")), "{ended:?}");
        assert_eq!(ended.status, Some(2));
    }
}

/// Without the feature, a program does not do as if it compressed.
#[test]
#[cfg(not(feature = "deflate"))]
fn options_of_compression_need_the_feature() {
    for (name, arguments) in [
        ("echo_server", &["--deflate"][..]),
        ("echo_server", &["--deflate-no-takeover"]),
        ("echo_server", &["--deflate-window-bits", "9"]),
        ("client", &["--deflate", "ws://127.0.0.1:1/"]),
        ("autobahn_client", &["ws://127.0.0.1:1", "--agent", "a", "--deflate"]),
    ] {
        let ended = Program::start(name, arguments).end();
        let first = ended.errors.lines().next().unwrap_or_default();
        assert!(
            first.ends_with(" needs a build with --features deflate"),
            "{name} {arguments:?}: {ended:?}"
        );
        assert_eq!(ended.status, Some(2));
    }
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let address = nowhere();
    let url = format!("ws://{address}/");
    for (name, arguments) in
        [("client", &[&url[..]][..]), ("autobahn_client", &[&url, "--agent", "a"])]
    {
        let ended = Program::start(name, arguments).end();
        assert!(ended.errors.starts_with(&format!("connect {address}: ")), "{ended:?}");
        assert!(ended.errors.contains("refused") && ended.errors.lines().count() == 1);
        assert_eq!(ended.status, Some(1));
    }
}

#[test]
fn a_suite_that_hangs_up_is_not_waited_for() {
    let (listener, address) = listen();
    let url = format!("ws://{address}");
    let client = Program::start("autobahn_client", &[&url, "--agent", "a"]);
    drop(accept(&listener));
    let ended = client.end();
    assert_eq!(ended.errors, "the server closed the connection without a message\n");
    assert_eq!(ended.status, Some(1));
}

#[test]
fn an_address_that_is_taken_is_named() {
    let (_listener, address) = listen();
    for (name, arguments) in [
        ("echo_server", &["--listen", &address][..]),
        ("echo_server", &["--listen-tls", &address]),
        ("relay", &[&address, "ws://127.0.0.1:1"]),
    ] {
        let ended = Program::start(name, arguments).end();
        assert!(ended.errors.starts_with(&format!("listen on {address}: ")), "{ended:?}");
        assert_eq!((&ended.output[..], ended.status), ("", Some(1)));
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let identity = ["--cert", "no.pem", "--key", "no.pem"];
    for (options, file) in [(&["--ca", "no.pem"][..], "no.pem: "), (&identity, "no.pem: ")] {
        let ended = Program::start("client", &[options, &["wss://127.0.0.1:1/"]].concat()).end();
        assert!(ended.errors.starts_with(file), "{ended:?}");
        assert_eq!(ended.status, Some(1));
    }
}
