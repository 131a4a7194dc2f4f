//! Both ends agree on permessage-deflate as a naive reading of RFC 7692 §7.1 does.

use arbitrary::Arbitrary;
use sansock::deflate::{Deflate, DeflateOffer, DeflateParams, WindowBits};
use sansock::handshake::{client, server};

use crate::naive::deflate::{self, Params, Wishes};
use crate::naive::head;

#[derive(Arbitrary, Debug)]
pub struct Case<'a> {
    is_server: bool,
    /// What a server wants, or the first offer of a client.
    own: Own,
    /// The other offers of a client.
    offers: [Option<Own>; 2],
    /// The peer's list. Bytes from 0x80 on mean one of `PARTS`.
    list: &'a [u8],
}

#[derive(Arbitrary, Clone, Copy, Debug)]
struct Own {
    server_no_takeover: bool,
    client_no_takeover: bool,
    server_bits: Option<u8>,
    client_bits: Option<Option<u8>>,
}

const PARTS: [&str; 24] = [
    "permessage-deflate",
    "permessage-deflate",
    "permessage-bzip2",
    ", ",
    "; ",
    ";",
    "=",
    "\"",
    "server_no_context_takeover",
    "client_no_context_takeover",
    "server_max_window_bits",
    "server_max_window_bits=",
    "client_max_window_bits",
    "client_max_window_bits=",
    "8",
    "9",
    "10",
    "12",
    "15",
    "16",
    "; server_no_context_takeover",
    "; client_no_context_takeover",
    "; server_max_window_bits=10",
    "; client_max_window_bits=12",
];

pub fn run(case: Case<'_>) {
    let part = |byte: &u8| match byte {
        0x20..=0x7e => char::from(*byte).to_string(),
        0x80.. => PARTS[usize::from(*byte) % PARTS.len()].to_owned(),
        _ => String::from(" "),
    };
    let list: String = case.list.iter().map(part).collect();
    if case.is_server { accept(&list, case.own) } else { offer(&list, &case) }
}

fn accept(list: &str, own: Own) {
    let mut settings = Deflate::default();
    settings.server_no_context_takeover = own.server_no_takeover;
    settings.client_no_context_takeover = own.client_no_takeover;
    settings.server_max_window_bits = window(own.server_bits.unwrap_or(15));
    settings.client_max_window_bits = window(own.client_bits.flatten().unwrap_or(15));
    let wishes = Wishes {
        server_no_takeover: settings.server_no_context_takeover,
        client_no_takeover: settings.client_no_context_takeover,
        server_bits: settings.server_max_window_bits.get(),
        client_bits: settings.client_max_window_bits.get(),
    };
    let fields = [
        ("host", "a.example"),
        ("upgrade", "websocket"),
        ("connection", "Upgrade"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("sec-websocket-version", "13"),
        ("sec-websocket-extensions", list),
    ];
    let request = server::RequestHead::from_parts("GET", "/", 1, fields).expect("a valid head");
    let elements = deflate::elements(list);
    let upgrade = match request.upgrade() {
        Ok(upgrade) => upgrade,
        Err(_) => return assert!(elements.is_none()),
    };
    let elements = elements.expect("a list that breaks the grammar is refused");
    let first = elements
        .iter()
        .filter(|element| element.name == "permessage-deflate")
        .find_map(|element| deflate::params(element, true));
    let expected = first.map(|offer| deflate::answer(offer, &wishes));

    let (response, negotiated) = upgrade.deflate(&settings).accept();
    assert_eq!(negotiated.deflate().map(read), expected);
    let head = response.strip_suffix(b"\r\n\r\n").expect("a whole head");
    let sent = head::values(head, "sec-websocket-extensions").concat();
    let sent = deflate::elements(&sent).unwrap_or_default();
    let sent: Vec<_> = sent.iter().map(|element| deflate::params(element, false)).collect();
    assert_eq!(sent, Vec::from_iter(expected.map(Some)), "the response says so");
}

fn offer(list: &str, case: &Case<'_>) {
    let offers: Vec<Own> = [Some(case.own)].into_iter().chain(case.offers).flatten().collect();
    let mut settings = Deflate::default();
    settings.offers = offers.iter().map(|own| own.offer()).collect();
    let request = client::Request::new("ws://a.example/").expect("a URI").deflate(&settings);
    // The client offers what it was told to.
    let offered = request.offered_extensions().expect("there is one");
    let offered = deflate::elements(&offered).expect("a valid list");
    let offered: Vec<Params> =
        offered.iter().map(|element| deflate::params(element, true).expect("valid")).collect();
    assert_eq!(offered, offers.iter().map(|own| own.params()).collect::<Vec<_>>());

    let fields = [
        ("upgrade", "websocket"),
        ("connection", "Upgrade"),
        ("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
        ("sec-websocket-extensions", list),
    ];
    let response = client::ResponseHead::from_parts(101, 1, fields).expect("a valid head");
    let (_, handshake) = request.start(*b"the sample nonce");
    let agreed = match handshake.receive_head(response) {
        Ok(client::Outcome::Established { negotiated, .. }) => negotiated.deflate().map(read),
        Ok(outcome) => panic!("{outcome:?}"),
        Err(_) => None,
    };
    let expected = match &deflate::elements(list).unwrap_or_default()[..] {
        [answer] if answer.name == "permessage-deflate" => deflate::params(answer, false)
            .and_then(|answer| offered.iter().find_map(|offer| deflate::agree(*offer, answer))),
        _ => None,
    };
    assert_eq!(agreed, expected);
}

impl Own {
    fn params(self) -> Params {
        Params {
            server_no_takeover: self.server_no_takeover,
            client_no_takeover: self.client_no_takeover,
            server_bits: self.server_bits.map(|bits| window(bits).get()),
            client_bits: self.client_bits.map(|bits| bits.map(|bits| window(bits).get())),
        }
    }

    fn offer(self) -> DeflateOffer {
        let mut offer = DeflateOffer::bare();
        if self.server_no_takeover {
            offer = offer.server_no_context_takeover();
        }
        if self.client_no_takeover {
            offer = offer.client_no_context_takeover();
        }
        if let Some(bits) = self.server_bits {
            offer = offer.server_max_window_bits(window(bits));
        }
        match self.client_bits {
            Some(bits) => offer.client_max_window_bits(bits.map(window)),
            None => offer,
        }
    }
}

fn read(params: &DeflateParams) -> Params {
    Params {
        server_no_takeover: params.server_no_context_takeover,
        client_no_takeover: params.client_no_context_takeover,
        server_bits: params.server_max_window_bits.map(WindowBits::get),
        client_bits: params.client_max_window_bits.map(|bits| Some(bits.get())),
    }
}

fn window(bits: u8) -> WindowBits {
    WindowBits::new(8 + bits % 8).expect("8 to 15")
}
