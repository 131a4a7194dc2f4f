//! The examples with permessage-deflate, at both ends and with the relay between them.

use crate::program::Program;

/// Starts a server, which prints its URL, without the slash at its end.
fn listening(name: &str, arguments: &[&str]) -> (Program, String) {
    let program = Program::start(name, arguments);
    let line = program.line();
    let url = line.strip_prefix("listening on ").unwrap().trim_end_matches('/').to_owned();
    (program, url)
}

fn echo_server(options: &[&str]) -> (Program, String) {
    listening("echo_server", &[&["--listen", "127.0.0.1:0"], options].concat())
}

/// Sends a long line to a server by `client`, which must come back. Returns the line that says what
/// was agreed on, if anything was.
fn agreed(url: &str, options: &[&str]) -> Option<String> {
    let mut client = Program::start("client", &[options, &[url]].concat());
    let line = "All work and no play makes Jack a dull boy. ".repeat(20) + "\n";
    client.write(line.clone().into());
    let ended = client.end();
    assert_eq!((&ended.output, ended.status), (&line, Some(0)), "{ended:?}");
    let lines: Vec<&str> = ended.errors.lines().collect();
    match lines[..] {
        ["closed: 1000"] => None,
        [agreed, "closed: 1000"] => Some(agreed.to_owned()),
        _ => panic!("{ended:?}"),
    }
}

#[test]
fn a_server_compresses_by_its_options_if_the_client_offers_it() {
    for (options, expected) in [
        (&["--deflate"][..], "permessage-deflate"),
        (
            &["--deflate-no-takeover"],
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
        ),
        (
            &["--deflate", "--deflate-window-bits", "9"],
            "permessage-deflate; server_max_window_bits=9; client_max_window_bits=9",
        ),
        (
            &["--deflate-window-bits", "8"],
            "permessage-deflate; server_max_window_bits=8; client_max_window_bits=8",
        ),
    ] {
        let (_server, url) = echo_server(options);
        let expected = format!("extensions {expected}");
        assert_eq!(agreed(&url, &["--deflate"]), Some(expected), "{options:?}");
        assert_eq!(agreed(&url, &[]), None);
    }
    let (_server, url) = echo_server(&[]);
    assert_eq!(agreed(&url, &["--deflate"]), None);
}

#[test]
fn the_relay_passes_compressed_messages_on() {
    let (_server, url) = echo_server(&["--deflate"]);
    let (_relay, relay) = listening("relay", &["127.0.0.1:0", &url]);
    let expected = String::from("extensions permessage-deflate");
    assert_eq!(agreed(&relay, &["--deflate"]), Some(expected));
    assert_eq!(agreed(&relay, &[]), None);
}

#[test]
fn a_window_has_from_8_to_15_bits() {
    let option = "--deflate-window-bits";
    for name in ["echo_server", "client"] {
        for wrong in ["7", "16", "many", "1000", ""] {
            let ended = Program::start(name, &[option, wrong]).end();
            let expected = format!("{option} {wrong}: not from 8 to 15");
            assert_eq!(ended.errors.lines().next(), Some(&*expected), "{name}");
            assert_eq!(ended.status, Some(2));
        }
        let ended = Program::start(name, &[option]).end();
        let expected = "--deflate-window-bits needs a value";
        assert_eq!((ended.errors.lines().next(), ended.status), (Some(expected), Some(2)));
    }
}
