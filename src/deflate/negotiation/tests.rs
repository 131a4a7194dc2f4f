use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::*;

/// Reads a parameter as a list of extensions has it, without quotes.
fn param(text: &str) -> Param<'_> {
    match text.split_once('=') {
        Some((name, value)) => (name, Some(Cow::Borrowed(value))),
        None => (text, None),
    }
}

fn offer(params: &[&str]) -> Option<DeflateOffer> {
    DeflateOffer::parse(params.iter().map(|text| param(text)))
}

fn response<'a>(params: &[&'a str]) -> Result<DeflateParams, Param<'a>> {
    DeflateParams::parse(params.iter().map(|text| param(text)))
}

const FLAGS: [&str; 2] = [SERVER_NO_CONTEXT_TAKEOVER, CLIENT_NO_CONTEXT_TAKEOVER];
const BITS: [&str; 2] = [SERVER_MAX_WINDOW_BITS, CLIENT_MAX_WINDOW_BITS];

/// RFC 7692 §7.1.2: 8 to 15, without leading zeros.
#[test]
fn window_bits_are_the_numbers_from_8_to_15() {
    let mut values: Vec<String> = Vec::new();
    for number in (0..=1100_u32).chain([u32::MAX, 1 << 8 | 8]) {
        values.extend([format!("{number}"), format!("0{number}"), format!("-{number}")]);
        values.extend([format!("+{number}"), format!("{number}.0"), format!("{number} ")]);
        values.push(format!("{number:x}"));
    }
    values.extend(["", " ", "8,9", "1O", "true", "８", "18446744073709551624"].map(String::from));
    for value in &values {
        let expected = (8..=15_u8).find(|bits| bits.to_string() == *value);
        assert_eq!(WindowBits::parse(value).map(WindowBits::get), expected, "{value:?}");
        for name in BITS {
            let text = format!("{name}={value}");
            assert_eq!(offer(&[&text]).is_some(), expected.is_some(), "{text:?}");
            assert_eq!(response(&[&text]).is_ok(), expected.is_some(), "{text:?}");
        }
    }
}

/// RFC 7692 §7: what a server declines, and what fails a client.
#[test]
fn each_parameter_is_valid_once_and_with_its_own_value() {
    for name in FLAGS {
        assert!(offer(&[name]).is_some() && response(&[name]).is_ok(), "{name}");
        for text in ["", "1", "10", "true"].map(|value| format!("{name}={value}")) {
            assert_eq!(offer(&[&text]), None, "{text}");
            assert_eq!(response(&[&text]), Err(param(&text)));
        }
    }
    // §7.1.2.1 and §7.1.2.2: a value is needed, except for the client's window in an offer.
    assert_eq!(offer(&[SERVER_MAX_WINDOW_BITS]), None);
    assert_eq!(offer(&[CLIENT_MAX_WINDOW_BITS]), Some(DeflateOffer::default()));
    for name in BITS {
        assert_eq!(response(&[name]), Err(param(name)));
    }
    let valid = [
        SERVER_NO_CONTEXT_TAKEOVER,
        CLIENT_NO_CONTEXT_TAKEOVER,
        "server_max_window_bits=10",
        "client_max_window_bits=9",
        CLIENT_MAX_WINDOW_BITS,
    ];
    for first in valid {
        for second in valid {
            let is_twice = param(first).0 == param(second).0;
            assert_eq!(offer(&[first, second]).is_none(), is_twice, "{first}; {second}");
            if first != CLIENT_MAX_WINDOW_BITS && second != CLIENT_MAX_WINDOW_BITS {
                let expected = if is_twice { Err(param(second)) } else { Ok(()) };
                assert_eq!(response(&[first, second]).map(|_| ()), expected);
            }
        }
        for unknown in ["x", "mem_level=8", "Server_max_window_bits=10", "client_max_window_bit"] {
            assert_eq!(offer(&[first, unknown]), None, "{first}; {unknown}");
            assert_eq!(offer(&[unknown, first]), None, "{unknown}; {first}");
            assert_eq!(response(&[unknown, first]), Err(param(unknown)));
        }
    }
    assert_eq!(offer(&[]), Some(DeflateOffer::bare()));
    assert_eq!(response(&[]), Ok(DeflateParams::default()));
}

/// What is written is read again as the same.
#[test]
fn offers_and_parameters_are_read_as_they_are_written() {
    let sizes = (8..=15).map(WindowBits::new).chain([None]);
    for server in sizes.clone() {
        for client in sizes.clone().map(Some).chain([None]) {
            for flags in 0..4 {
                let mut offered = DeflateOffer::bare();
                if flags & 1 > 0 {
                    offered = offered.server_no_context_takeover();
                }
                if flags & 2 > 0 {
                    offered = offered.client_no_context_takeover();
                }
                if let Some(bits) = server {
                    offered = offered.server_max_window_bits(bits);
                }
                if let Some(bits) = client {
                    offered = offered.client_max_window_bits(bits);
                }
                let text = offered.to_string();
                let params: Vec<&str> = text.split("; ").skip(1).collect();
                assert_eq!(offer(&params), Some(offered), "{text}");
                if client == Some(None) {
                    continue;
                }
                let agreed = DeflateParams {
                    server_no_context_takeover: flags & 1 > 0,
                    client_no_context_takeover: flags & 2 > 0,
                    server_max_window_bits: server,
                    client_max_window_bits: client.flatten(),
                };
                assert_eq!(response(&params), Ok(agreed), "{text}");
                assert_eq!(agreed.to_string(), text);
            }
        }
    }
}
