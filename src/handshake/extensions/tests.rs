use alloc::string::{String, ToString};
use alloc::vec;

use super::*;
use crate::handshake::grammar::{is_token, is_token_byte};

#[test]
fn extensions_are_told_by_their_names() {
    let cases: [(&str, &[&str]); 10] = [
        ("permessage-deflate", &["permessage-deflate"]),
        ("a;b", &["a"]),
        ("a; b=c ;\td = \"e\", f", &["a", "f"]),
        ("a, a; b, a", &["a", "a", "a"]),
        (",, a ,,b,", &["a", "b"]),
        ("a;b=\"c\\d\"", &["a"]),
        ("a;b=\"\\c\"", &["a"]),
        ("foo;baz=1, bar; baz=2", &["foo", "bar"]),
        ("a;b;b=1;b=2", &["a"]),
        ("!#$%&'*+-.^_`|~09", &["!#$%&'*+-.^_`|~09"]),
    ];
    for (value, expected) in cases {
        let list = Extension::parse_list(value.as_bytes()).unwrap();
        assert_eq!(list.iter().map(Extension::name).collect::<Vec<_>>(), expected, "{value}");
    }
}

#[test]
fn what_breaks_the_grammar_is_no_list_of_extensions() {
    for value in [
        "",
        " ",
        ",",
        "a b",
        ";a",
        "a;",
        "a;,b",
        "a; =b",
        "a; b=",
        "a; b==c",
        "a=b",
        "a; b=\"",
        "a; b=\"c",
        "a; b=\"\"",
        "a; b=\"c d\"",
        "a; b=\"c,d\"",
        "a; b=\"c\\",
        "a; b=\"\\\"\"",
        "a; b=\"c\"d",
        "a; b=c\"d\"",
        "\"a\"",
        "é",
        "a\r\n",
        "a;\r\nb",
        "a,\nb",
        "a; b=\"é\"",
    ] {
        let invalid = InvalidExtensions { value: Excerpt::new(value.as_bytes()) };
        assert_eq!(Extension::parse_list(value.as_bytes()), Err(invalid), "{value}");
    }
}

#[test]
fn parameters_are_told_by_what_they_say() {
    for (value, expected) in [
        ("a", "a"),
        ("a ;\tb", "a; b"),
        ("a;b=c;b;b=\"d\"", "a; b=c; b; b=d"),
        ("a; b=\"\\c\\d\"", "a; b=cd"),
        ("a; b=\"c\\d\" ; e = f", "a; b=cd; e=f"),
    ] {
        let list = Extension::parse_list(value.as_bytes()).unwrap();
        assert_eq!(list[0].to_string(), expected, "{value}");
    }
}

/// The grammar again, by another way: into tokens first, and then by their order.
fn naive(value: &[u8]) -> Option<Vec<String>> {
    let mut tokens: Vec<String> = Vec::new();
    let (mut at, mut gap) = (0, true);
    while let Some(&byte) = value.get(at) {
        at += 1;
        match byte {
            b' ' | b'\t' => gap = true,
            b',' | b';' | b'=' => {
                tokens.push(char::from(byte).into());
                gap = true;
            }
            b'"' => {
                let mut quoted = String::from("\"");
                loop {
                    let byte = *value.get(at)?;
                    at += 1;
                    match byte {
                        b'"' => break,
                        b'\\' => {
                            quoted.push(char::from(*value.get(at)?));
                            at += 1;
                        }
                        byte => quoted.push(char::from(byte)),
                    }
                }
                if !gap || !is_token(&quoted.as_bytes()[1..]) {
                    return None;
                }
                // What follows it needs a separator, as after white space, but not without any.
                tokens.push(quoted);
                if value.get(at).is_some_and(|&next| !b" \t,;=".contains(&next)) {
                    return None;
                }
            }
            byte if !is_token_byte(byte) => return None,
            byte if gap => {
                tokens.push(char::from(byte).into());
                gap = false;
            }
            byte => tokens.last_mut()?.push(char::from(byte)),
        }
    }
    let elements = tokens.split(|token| token == ",").filter(|element| !element.is_empty());
    let list: Vec<String> = elements.map(naive_element).collect::<Option<_>>()?;
    (!list.is_empty()).then_some(list)
}

fn naive_element(element: &[String]) -> Option<String> {
    let is_word = |token: &String| !matches!(&**token, ";" | "=") && !token.starts_with('"');
    let mut parts = element.split(|token| token == ";");
    let [name] = parts.next()? else { return None };
    let mut normal = is_word(name).then(|| name.clone())?;
    for part in parts {
        normal += "; ";
        normal += &match part {
            [name] if is_word(name) => name.clone(),
            [name, equals, value]
                if is_word(name) && equals == "=" && !matches!(&**value, ";" | "=") =>
            {
                alloc::format!("{name}={}", value.trim_start_matches('"'))
            }
            _ => return None,
        };
    }
    Some(normal)
}

#[test]
fn every_short_value_is_read_as_the_grammar_says() {
    let alphabet = b"ab,;= \"\\";
    let mut values = vec![Vec::new()];
    for _ in 0..6 {
        values = values
            .iter()
            .flat_map(|value| alphabet.iter().map(move |&byte| [&value[..], &[byte]].concat()))
            .collect();
        for value in &values {
            let read: Option<Vec<String>> = Extension::parse_list(value)
                .ok()
                .map(|list| list.iter().map(ToString::to_string).collect());
            assert_eq!(read, naive(value), "{}", value.escape_ascii());
            // Written and read again, it is the same.
            if let Some(read) = read {
                let written = read.join(", ");
                let again = Extension::parse_list(written.as_bytes()).unwrap();
                let again: Vec<String> = again.iter().map(ToString::to_string).collect();
                assert_eq!(again, read);
            }
        }
    }
}
