//! Every offer with every answer, by the rules of RFC 7692 §7.1 written down again: as text, and
//! without the crate's types.

use sansock::deflate::{Deflate, DeflateOffer};
use sansock::handshake::client::{InvalidDeflate, InvalidResponse, Outcome};

use super::deflate::{bits, connect_head, offering};

/// The parameters of an offer or an answer. A window of `Some(0)` has no value.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Params {
    server_flag: bool,
    client_flag: bool,
    server: Option<u8>,
    client: Option<u8>,
}

impl Params {
    /// Returns all parameters whose windows are among these.
    fn all(server: &[Option<u8>], client: &[Option<u8>]) -> Vec<Params> {
        let mut all = Vec::new();
        for flags in 0..4 {
            for &server in server {
                for &client in client {
                    let (server_flag, client_flag) = (flags & 1 > 0, flags & 2 > 0);
                    all.push(Params { server_flag, client_flag, server, client });
                }
            }
        }
        all
    }

    fn text(self) -> String {
        let mut text = String::from("permessage-deflate");
        for (is_set, name) in [(self.server_flag, "server"), (self.client_flag, "client")] {
            if is_set {
                text += &format!("; {name}_no_context_takeover");
            }
        }
        for (size, name) in [(self.server, "server"), (self.client, "client")] {
            match size {
                None => {}
                Some(0) => text += &format!("; {name}_max_window_bits"),
                Some(size) => text += &format!("; {name}_max_window_bits={size}"),
            }
        }
        text
    }

    /// The same offer in the crate's type.
    fn offer(self) -> DeflateOffer {
        let mut offer = DeflateOffer::bare();
        if self.server_flag {
            offer = offer.server_no_context_takeover();
        }
        if self.client_flag {
            offer = offer.client_no_context_takeover();
        }
        if let Some(size) = self.server {
            offer = offer.server_max_window_bits(bits(size));
        }
        match self.client {
            None => offer,
            Some(0) => offer.client_max_window_bits(None),
            Some(size) => offer.client_max_window_bits(Some(bits(size))),
        }
    }
}

const SIZES: [Option<u8>; 8] =
    [Some(8), Some(9), Some(10), Some(11), Some(12), Some(13), Some(14), Some(15)];

fn with<const N: usize>(more: [Option<u8>; N]) -> Vec<Option<u8>> {
    [&more[..], &SIZES].concat()
}

/// The answer to `offer` of a server that is set to `set`.
fn expected(offer: Params, set: Params) -> Params {
    let (own, most) = (set.server.unwrap(), set.client.unwrap());
    let mut answer = Params { server_flag: false, client_flag: false, server: None, client: None };
    // §7.1.1.1: a server accepts the parameter by including it, and may include it unasked.
    if offer.server_flag || set.server_flag {
        answer.server_flag = true;
    }
    // §7.1.1.2: a server may include it in any case. If it is offered, the server saves memory.
    if offer.client_flag || set.client_flag {
        answer.client_flag = true;
    }
    // §7.1.2.1: the same or a smaller value; without an offer, absence means 15.
    match offer.server {
        Some(asked) if asked < own => answer.server = Some(asked),
        Some(_) => answer.server = Some(own),
        None if own < 15 => answer.server = Some(own),
        None => {}
    }
    // §7.1.2.2: not without an offer; absence means 15. Without an offer, the setting is kept by
    // keeping no window between messages at all.
    match offer.client {
        None if most < 15 => answer.client_flag = true,
        None => {}
        Some(hint) => {
            let size = if hint == 0 || most < hint { most } else { hint };
            if size < 15 {
                answer.client = Some(size);
            }
        }
    }
    answer
}

#[test]
fn a_server_answers_every_offer_by_the_rules_and_the_client_takes_it() {
    for offer in Params::all(&with([None]), &with([None, Some(0)])) {
        let head = connect_head(&[&offer.text()]);
        let request = offering(&[offer.offer()]);
        assert_eq!(request.offered_extensions().unwrap(), offer.text());
        for set in Params::all(&SIZES, &SIZES) {
            let mut settings = Deflate::default();
            settings.server_no_context_takeover = set.server_flag;
            settings.client_no_context_takeover = set.client_flag;
            settings.server_max_window_bits = bits(set.server.unwrap());
            settings.client_max_window_bits = bits(set.client.unwrap());
            let (fields, agreed) = head.upgrade().unwrap().deflate(&settings).accept_fields();
            let answer = expected(offer, set).text();
            assert_eq!(agreed.extensions(), Some(&*answer), "{offer:?} with {set:?}");
            let outcome = request.start_connect().2.receive_head(200, fields.iter()).unwrap();
            let Outcome::Established { negotiated, .. } = outcome else { panic!("{outcome:?}") };
            assert_eq!(negotiated, agreed, "{offer:?} with {set:?}");
        }
    }
}

/// Whether `answer` accepts `offer`.
fn accepts(offer: Params, answer: Params) -> bool {
    // §7.1.1.1 and §7.1.2.1: a server accepts these by including them.
    if offer.server_flag && !answer.server_flag {
        return false;
    }
    if let Some(asked) = offer.server {
        // An absent window is one of 15 that was not included.
        if answer.server.unwrap_or(16) > asked {
            return false;
        }
    }
    // §7.1.2.2
    match (offer.client, answer.client) {
        (_, None) | (Some(0), _) => true,
        (None, Some(_)) => false,
        (Some(hint), Some(size)) => size <= hint,
    }
}

#[test]
fn a_client_judges_every_answer_by_the_rules() {
    let answers = Params::all(&with([None]), &with([None]));
    for offer in Params::all(&with([None]), &with([None, Some(0)])) {
        let request = offering(&[offer.offer()]);
        for &answer in &answers {
            let text = answer.text();
            let fields = [("sec-websocket-extensions", &text)];
            let outcome = request.start_connect().2.receive_head(200, fields);
            match outcome {
                Ok(Outcome::Established { negotiated, .. }) => {
                    assert!(accepts(offer, answer), "{text} after {}", offer.text());
                    // §7.1.1.2 and §7.1.2.2: "the client is not going to" do otherwise, even if the
                    // server ignores it.
                    let mut kept = answer;
                    kept.client_flag |= offer.client_flag;
                    if kept.client.is_none() && !matches!(offer.client, Some(0 | 15)) {
                        kept.client = offer.client;
                    }
                    assert_eq!(negotiated.extensions(), Some(&*kept.text()));
                }
                Err(InvalidResponse::Deflate(InvalidDeflate::Unoffered { params })) => {
                    assert!(!accepts(offer, answer), "{text} after {}", offer.text());
                    assert_eq!(params.to_string(), text);
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

/// RFC 7692 §7.1.3: an answer may accept any one of the offers.
#[test]
fn one_offer_of_several_is_enough() {
    let answers = Params::all(&[None, Some(9), Some(12)], &[None, Some(9), Some(12)]);
    let offers = Params::all(&[None, Some(10)], &[None, Some(0), Some(10)]);
    for &first in &offers {
        for &second in &offers {
            let request = offering(&[first.offer(), second.offer()]);
            for &answer in &answers {
                let fields = [("sec-websocket-extensions", answer.text())];
                let outcome = request.start_connect().2.receive_head(200, fields);
                let is_accepted = accepts(first, answer) || accepts(second, answer);
                assert_eq!(outcome.is_ok(), is_accepted, "{first:?}, {second:?}: {answer:?}");
            }
        }
    }
}
