//! How much a client insists on TLS.

use std::str::FromStr;

/// How much a client insists on TLS, with the names and the meaning of libpq's `sslmode`.
///
/// **Only [`VerifyFull`](Mode::VerifyFull) protects against a man in the middle.** With
/// [`Allow`](Mode::Allow) and [`Prefer`](Mode::Prefer) he removes TLS: he refuses, or answers `N`.
/// With [`Require`](Mode::Require) he shows a certificate of his own, which nobody verifies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Never uses TLS.
    Disable,
    /// Starts in the clear. Asks for TLS on a new connection if the server refuses that. No
    /// protection against a man in the middle.
    Allow,
    /// Asks for TLS. Goes on in the clear if the server answers `N`, and starts again in the clear
    /// if the TLS handshake fails. No protection against a man in the middle.
    Prefer,
    /// Uses TLS or fails. Does not verify the certificate, so there is no protection against a man
    /// in the middle, only against one that listens.
    Require,
    /// Uses TLS or fails. Verifies that the chain of certificates leads to a trusted authority, and
    /// that the certificate is for the host name.
    VerifyFull,
}

impl Mode {
    /// Every mode, from the least to the most demanding.
    pub(crate) const ALL: [Mode; 5] =
        [Mode::Disable, Mode::Allow, Mode::Prefer, Mode::Require, Mode::VerifyFull];

    /// Returns the name on the command line.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Mode::Disable => "disable",
            Mode::Allow => "allow",
            Mode::Prefer => "prefer",
            Mode::Require => "require",
            Mode::VerifyFull => "verify-full",
        }
    }

    /// Returns `true` if the first thing that the client sends is a request for TLS.
    pub(crate) const fn asks_first(self) -> bool {
        matches!(self, Mode::Prefer | Mode::Require | Mode::VerifyFull)
    }

    /// Returns `true` if the certificate is verified.
    pub(crate) const fn verifies(self) -> bool {
        matches!(self, Mode::VerifyFull)
    }
}

impl FromStr for Mode {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Mode::ALL.into_iter().find(|mode| mode.name() == name);
        found.ok_or_else(|| format!("unknown mode {name:?}"))
    }
}
