//! Shared by the fuzz targets: streams, naive readings of the RFCs, what a connection sees, and the
//! targets themselves, which `tests/seeds.rs` also runs.

pub mod connection;
#[path = "../../tests/support/counting.rs"]
pub mod counting;
pub mod events;
pub mod inflate;
pub mod memory;
pub mod naive;
pub mod reading;
pub mod sender;
pub mod stream;
pub mod targets;
