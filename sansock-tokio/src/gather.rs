//! Several slices as one, for streams of HTTP/2, which make a DATA frame of each write.

use std::io::IoSlice;

/// Copies at most `limit` bytes.
pub(crate) fn gather(slices: &[IoSlice<'_>], limit: usize) -> Vec<u8> {
    let len: usize = slices.iter().map(|slice| slice.len()).sum();
    let mut gathered = Vec::with_capacity(len.min(limit));
    for slice in slices {
        let len = (limit - gathered.len()).min(slice.len());
        gathered.extend_from_slice(slice.get(..len).unwrap_or_default());
    }
    gathered
}
