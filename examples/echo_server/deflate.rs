//! The options of compression, which servers and clients share.

use sansock::Config;
#[cfg(feature = "deflate")]
use sansock::deflate::{Deflate, DeflateOffer, WindowBits};

use crate::stop::Stop;

/// What was chosen on the command line.
#[derive(Clone, Debug, Default)]
pub(crate) struct DeflateOptions {
    is_on: bool,
    no_takeover: bool,
    window_bits: Option<u8>,
}

impl DeflateOptions {
    /// Takes an option. Returns `false` if it is not one of these.
    pub(crate) fn take(
        &mut self,
        option: &str,
        value: impl FnOnce() -> Result<String, Stop>,
    ) -> Result<bool, Stop> {
        match option {
            "--deflate" => {}
            "--deflate-no-takeover" => self.no_takeover = true,
            "--deflate-window-bits" => {
                let value = value()?;
                let bits = value.parse().ok().filter(|bits| (8..=15).contains(bits));
                let wrong = || Stop::Wrong(format!("{option} {value}: not from 8 to 15"));
                self.window_bits = Some(bits.ok_or_else(wrong)?);
            }
            _ => return Ok(false),
        }
        if cfg!(not(feature = "deflate")) {
            return Err(Stop::Wrong(format!("{option} needs a build with --features deflate")));
        }
        self.is_on = true;
        Ok(true)
    }

    /// Returns a configuration that compresses as was chosen.
    pub(crate) fn configure(&self, mut config: Config) -> Config {
        #[cfg(feature = "deflate")]
        if self.is_on {
            config.deflate = Some(self.settings());
        }
        #[cfg(not(feature = "deflate"))]
        let _ = (&mut config, self.is_on, self.no_takeover, self.window_bits);
        config
    }

    #[cfg(feature = "deflate")]
    fn settings(&self) -> Deflate {
        let mut deflate = Deflate::default();
        // What a client offers: by default, what browsers offer.
        let mut offer = DeflateOffer::default();
        if self.no_takeover {
            deflate.server_no_context_takeover = true;
            deflate.client_no_context_takeover = true;
            offer = offer.server_no_context_takeover().client_no_context_takeover();
        }
        if let Some(bits) = self.window_bits.and_then(WindowBits::new) {
            deflate.server_max_window_bits = bits;
            deflate.client_max_window_bits = bits;
            offer = offer.server_max_window_bits(bits).client_max_window_bits(Some(bits));
        }
        deflate.offers = vec![offer];
        deflate
    }
}
