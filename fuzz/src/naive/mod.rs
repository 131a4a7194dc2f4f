//! A second reading of the RFCs, which shares nothing with the library: it reads a whole input at once,
//! byte by byte and without regard to speed. What the library does is compared with it.

pub mod deflate;
pub mod frames;
pub mod head;
pub mod messages;
pub mod text;
pub mod uri;
