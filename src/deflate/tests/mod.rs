//! Tests of the compressor and the inflater, with `miniz_oxide` as an oracle.
#![allow(clippy::cast_possible_truncation, clippy::indexing_slicing, clippy::unwrap_used)]

mod blocks;
mod compressor;
mod cuts;
mod inflater;
mod material;
mod oracle;
mod pool;
mod random;
