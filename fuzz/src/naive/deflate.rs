//! What both ends agree on about permessage-deflate, from RFC 7692 §7.1 and RFC 6455 §9.1.

use super::head::{is_extensions, unquoted};

/// An element of a list of extensions: its name, and its parameters with their values.
pub struct Element {
    pub name: String,
    pub params: Vec<(String, Option<String>)>,
}

/// The four parameters: of an offer, or of what was agreed on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Params {
    pub server_no_takeover: bool,
    pub client_no_takeover: bool,
    pub server_bits: Option<u8>,
    /// `Some(None)` in an offer that has it without a value.
    pub client_bits: Option<Option<u8>>,
}

/// Returns the elements of a list, or `None` if it breaks the grammar.
pub fn elements(list: &str) -> Option<Vec<Element>> {
    if !is_extensions(list) {
        return None;
    }
    let elements = split(list, ',').into_iter().filter(|element| !element.trim().is_empty());
    Some(elements.map(|element| read_element(&element)).collect())
}

fn read_element(element: &str) -> Element {
    let parts = split(element, ';');
    let param = |part: &String| match part.split_once('=') {
        None => (part.trim().to_owned(), None),
        Some((name, value)) => {
            let value = value.trim();
            let content = if value.starts_with('"') {
                unquoted(value).map(|(content, _)| content)
            } else {
                Some(value.to_owned())
            };
            (name.trim().to_owned(), content)
        }
    };
    Element { name: parts[0].trim().to_owned(), params: parts[1..].iter().map(param).collect() }
}

/// Splits at a character that does not stand in a quoted string.
fn split(text: &str, at: char) -> Vec<String> {
    let mut parts = vec![String::new()];
    let (mut is_quoted, mut is_escaped) = (false, false);
    for char in text.chars() {
        if char == at && !is_quoted {
            parts.push(String::new());
            continue;
        }
        (is_quoted, is_escaped) = match char {
            _ if is_escaped => (is_quoted, false),
            '\\' if is_quoted => (true, true),
            '"' => (!is_quoted, false),
            _ => (is_quoted, false),
        };
        parts.last_mut().expect("there is one").push(char);
    }
    parts
}

/// Reads the parameters of an element. Returns `None` if one of them is unknown, comes twice, or has a
/// value that it must not have.
pub fn params(element: &Element, is_offer: bool) -> Option<Params> {
    let names: Vec<&str> = element.params.iter().map(|(name, _)| &name[..]).collect();
    if (1..names.len()).any(|at| names[..at].contains(&names[at])) {
        return None;
    }
    let mut params = Params::default();
    for (name, value) in &element.params {
        match (&name[..], value) {
            ("server_no_context_takeover", None) => params.server_no_takeover = true,
            ("client_no_context_takeover", None) => params.client_no_takeover = true,
            ("server_max_window_bits", Some(value)) => params.server_bits = Some(bits(value)?),
            ("client_max_window_bits", Some(value)) => {
                params.client_bits = Some(Some(bits(value)?))
            }
            ("client_max_window_bits", None) if is_offer => params.client_bits = Some(None),
            _ => return None,
        }
    }
    Some(params)
}

fn bits(value: &str) -> Option<u8> {
    let all = ["8", "9", "10", "11", "12", "13", "14", "15"];
    all.contains(&value).then(|| value.parse().expect("a number"))
}

/// What a server wants.
pub struct Wishes {
    pub server_no_takeover: bool,
    pub client_no_takeover: bool,
    pub server_bits: u8,
    pub client_bits: u8,
}

/// Returns what a server answers to an offer. It says no more of windows than that they are smaller
/// than the largest.
pub fn answer(offer: Params, wishes: &Wishes) -> Params {
    let client_bits = offer.client_bits.map(|bits| bits.unwrap_or(15).min(wishes.client_bits));
    let cannot_ask = offer.client_bits.is_none() && wishes.client_bits < 15;
    let server_bits = offer.server_bits.unwrap_or(15).min(wishes.server_bits);
    Params {
        server_no_takeover: offer.server_no_takeover || wishes.server_no_takeover,
        client_no_takeover: offer.client_no_takeover || wishes.client_no_takeover || cannot_ask,
        server_bits: (offer.server_bits.is_some() || server_bits < 15).then_some(server_bits),
        client_bits: client_bits.filter(|bits| *bits < 15).map(Some),
    }
}

/// Returns what a client that has made this offer agrees on with a server that answers so, or `None`
/// if the answer accepts another offer.
pub fn agree(offer: Params, answer: Params) -> Option<Params> {
    let is_bound = !offer.server_no_takeover || answer.server_no_takeover;
    let server_fits =
        offer.server_bits.is_none_or(|most| answer.server_bits.is_some_and(|bits| bits <= most));
    let client_fits = match (offer.client_bits, answer.client_bits) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(most), Some(bits)) => bits <= Some(most.unwrap_or(15)),
    };
    // It keeps what it has offered to do, though the server may not have asked for it.
    let own = offer.client_bits.flatten().filter(|bits| *bits < 15).map(Some);
    (is_bound && server_fits && client_fits).then_some(Params {
        client_no_takeover: answer.client_no_takeover || offer.client_no_takeover,
        client_bits: answer.client_bits.or(own),
        ..answer
    })
}
