//! What all connections share.

use std::sync::Arc;

use zbus::{Guid, OwnedGuid};

use crate::engine::Engine;

/// Reads the configuration again, or says why it stays as it was.
pub type Reload = Arc<dyn Fn() -> Result<(), String> + Send + Sync>;

/// What all connections share.
pub struct Server {
    /// Names this process to its peers, as D-Bus wants it.
    pub guid: OwnedGuid,
    /// Judges.
    pub engine: Arc<Engine>,
    /// Reads the configuration again.
    pub reload: Reload,
}

impl Server {
    /// A server around an engine.
    pub fn new(engine: Arc<Engine>, reload: Reload) -> Self {
        Self {
            guid: Guid::generate().into(),
            engine,
            reload,
        }
    }
}
