//! Which sites a client may name in embed tokens.

use std::sync::Arc;

use async_trait::async_trait;

use crate::domain::{ClientId, Origin};
use crate::store;

/// Knows which sites each client registered.
#[async_trait]
pub trait Registry: Send + Sync {
    /// The sites of a client, as they are now; None for a client that is not known or was revoked. Changes are seen within a
    /// second.
    ///
    /// # Errors
    /// When the store fails.
    async fn origins(&self, client: &ClientId) -> Result<Option<Arc<[Origin]>>, store::Error>;
}
