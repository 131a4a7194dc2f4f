//! What an HTTP library has parsed gets the verdict of the bytes that it was parsed from; extensions
//! that are written and read again are the same, and mean what a second reading says; a redirect never
//! leaves TLS; an origin that is allowed is the one that is listed.

use sansock::Input;
use sansock::handshake::Extension;
use sansock::handshake::client::Request;
use sansock::handshake::connect::{ConnectHead, PseudoFields};
use sansock::handshake::server::{Origin, OriginPolicy, RequestHead, ServerHandshake};

pub fn run(bytes: &[u8]) {
    by_parts(bytes);
    extensions(bytes);
    redirect(bytes);
    origin(bytes);
    connect(bytes);
}

fn by_parts(bytes: &[u8]) {
    let mut head =
        [&b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"[..], bytes]
            .concat();
    let Ok(Some(request)) = ServerHandshake::default().receive(&mut Input::new(&mut head)) else {
        return;
    };
    let fields = request.headers();
    let parts = RequestHead::from_parts(
        request.method(),
        request.target(),
        request.minor_version(),
        fields.iter(),
    );
    let parts = parts.expect("the parts of a head are parts");
    let answer = |request: &RequestHead| {
        request.upgrade().map(|upgrade| upgrade.select_subprotocol(&["chat"]).accept())
    };
    assert_eq!(answer(&request), answer(&parts));
}

fn extensions(bytes: &[u8]) {
    let Ok(list) = Extension::parse_list(bytes) else { return };
    let written: Vec<String> = list.iter().map(ToString::to_string).collect();
    let written = written.join(", ");
    let again = Extension::parse_list(written.as_bytes()).expect("what is written can be read");
    assert_eq!(again.len(), list.len());
    for (extension, again) in list.iter().zip(&again) {
        assert_eq!(extension.name(), again.name());
        assert!(extension.params().eq(again.params()));
        let is_token = |text: &str| {
            !text.is_empty()
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?={}".contains(&byte))
        };
        assert!(is_token(extension.name()));
        for (name, value) in extension.params() {
            assert!(is_token(name) && value.is_none_or(|value| is_token(&value)));
        }
    }
}

fn redirect(bytes: &[u8]) {
    let base = Request::new("wss://a.example/b/c?d").expect("a URI");
    let base = base.header("Cookie", "secret").expect("a header");
    if let Ok(next) = base.redirect(bytes) {
        assert!(next.is_secure());
        let (head, _) = next.start([0; 16]);
        let is_own = next.host().eq_ignore_ascii_case("a.example") && next.port() == 443;
        let has_secret = head.windows(6).any(|window| window == b"secret");
        assert_eq!(
            has_secret,
            is_own || next.target().contains("secret") || next.host().contains("secret")
        );
        let lines = head.split(|&byte| byte == b'\n').count();
        assert_eq!(lines, 8 + usize::from(is_own), "nothing adds a line");
    }
}

fn origin(bytes: &[u8]) {
    let policy = OriginPolicy::none().and("https://a.example").expect("an origin");
    let own = OriginPolicy::same_origin("https");
    let is_allowed = policy.allows(Some(bytes), None);
    assert_eq!(is_allowed, own.allows(Some(bytes), Some(b"a.example")));
    assert_eq!(is_allowed, Origin::parse(bytes).is_ok() && is_ours(bytes));
}

/// A second reading of `https://a.example`, with any port that is 443.
fn is_ours(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes).to_ascii_lowercase();
    let Some(port) = text.strip_prefix("https://a.example") else { return false };
    match port.strip_prefix(':') {
        None => port.is_empty(),
        Some(digits) => digits.is_empty() || digits.trim_start_matches('0') == "443",
    }
}

fn connect(bytes: &[u8]) {
    let mut lines = bytes.split(|&byte| byte == b'\n').map(String::from_utf8_lossy);
    let pseudo: Vec<_> = lines.by_ref().take(4).collect();
    let text = |index: usize| pseudo.get(index).map(|text| &**text);
    let mut fields = PseudoFields::default();
    fields.method = "CONNECT";
    (fields.protocol, fields.scheme) = (Some("websocket"), text(0));
    (fields.authority, fields.path) = (text(1), text(2));
    let headers = lines.map(|line| {
        let (name, value) = line.split_once(':').unwrap_or((&line, ""));
        (name.to_owned(), value.to_owned())
    });
    let Ok(head) = ConnectHead::from_parts(fields, headers) else { return };
    if let Ok(upgrade) = head.upgrade() {
        assert!(matches!(text(0), Some("http" | "https")));
        let (fields, _) = upgrade.accept_fields();
        assert_eq!(fields.iter().count(), 0, "nothing is agreed to unasked");
    }
}
