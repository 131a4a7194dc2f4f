//! What the programs of this package share: peers, processes and figures.

pub mod figures;
pub mod handshake;
pub mod heap;
pub mod load;
pub mod peers;
pub mod process;
pub mod server;
pub mod sockets;
pub mod tls;

/// An error that ends a program or a connection.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;
