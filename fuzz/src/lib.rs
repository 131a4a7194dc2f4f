//! What the fuzz targets share: streams, a naive reading of them, and what a connection sees.

pub mod connection;
pub mod naive;
pub mod stream;
