//! Shared by the fuzz targets: streams, a naive reading of them, and what a connection sees.

pub mod connection;
pub mod inflate;
pub mod naive;
pub mod stream;
