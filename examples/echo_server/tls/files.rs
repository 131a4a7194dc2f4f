//! Noticing that a file was replaced.

use std::fs::{Metadata, metadata};
use std::path::Path;
use std::time::SystemTime;

use crate::options::TlsOptions;

/// What tells a file from the one that was there before.
///
/// Files are best replaced by a rename, which no reader can see half done. The new one has another
/// inode, however fast it came. Where there are no inodes, or if a file is written in place, its time
/// and its length have to tell.
#[derive(PartialEq, Eq)]
pub(crate) struct Stamp {
    modified: Option<SystemTime>,
    len: u64,
    inode: u64,
}

impl Stamp {
    /// Returns the stamps of all files that the options name.
    pub(crate) fn of_all(options: &TlsOptions) -> Vec<Stamp> {
        let optional = [&options.client_ca, &options.client_crl].into_iter().flatten();
        let files = options.certs.iter().chain(&options.keys).chain(optional);
        files.map(|file| Stamp::of(file)).collect()
    }

    /// Returns the stamp of a file, which is empty if there is none.
    fn of(file: &Path) -> Stamp {
        match metadata(file) {
            Ok(metadata) => Stamp {
                modified: metadata.modified().ok(),
                len: metadata.len(),
                inode: inode(&metadata),
            },
            Err(_) => Stamp { modified: None, len: 0, inode: 0 },
        }
    }
}

#[cfg(unix)]
fn inode(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn inode(_: &Metadata) -> u64 {
    0
}
