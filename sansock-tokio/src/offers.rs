//! What a client offers because of its settings.

use std::borrow::Cow;

use crate::{Request, Settings};

/// Returns the request with the offers of compression that the settings make, unless it offers
/// extensions already.
pub(crate) fn with_offers<'a>(request: &'a Request, settings: &Settings) -> Cow<'a, Request> {
    #[cfg(feature = "deflate")]
    match &settings.config.deflate {
        Some(deflate) if request.offered_extensions().is_none() => {
            return Cow::Owned(request.clone().deflate(deflate));
        }
        _ => {}
    }
    #[cfg(not(feature = "deflate"))]
    let _ = settings;
    Cow::Borrowed(request)
}
