//! The ends of other crates.

mod fastwebsockets;
mod tokio_websockets;
mod tungstenite;

use crate::endpoint::Blocking;

pub(crate) use tungstenite::Tungstenite;

pub(crate) type Fastwebsockets = Blocking<fastwebsockets::Fastwebsockets>;
pub(crate) type TokioWebsockets = Blocking<tokio_websockets::TokioWebsockets>;
