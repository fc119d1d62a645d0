//! What all connections share.

use std::path::PathBuf;
use std::sync::Arc;

use zbus::{Guid, OwnedGuid};

use crate::config::Config;
use crate::engine::Engine;

/// What all connections share.
pub struct Server {
    /// Names this process to its peers, as D-Bus wants it.
    pub guid: OwnedGuid,
    /// Judges.
    pub engine: Arc<Engine>,
    /// The main file of the configuration.
    config: PathBuf,
}

impl Server {
    /// A server around an engine, whose configuration is in the file `config` and its drop-ins.
    pub fn new(engine: Arc<Engine>, config: PathBuf) -> Self {
        Self {
            guid: Guid::generate().into(),
            engine,
            config,
        }
    }

    /// Reads the configuration again.
    ///
    /// # Errors
    ///
    /// Why it stays as it was.
    pub fn reload(&self) -> Result<(), String> {
        match Config::load(&self.config) {
            Ok(config) => {
                self.engine.reconfigure(config);
                tracing::info!("the configuration was read again");
                Ok(())
            }
            Err(error) => {
                tracing::error!("the old configuration stays in force: {error}");
                Err(error.to_string())
            }
        }
    }

    /// Why what is in the configuration's files now is not in force, if it is not.
    pub fn config_problem(&self) -> Option<String> {
        match Config::load(&self.config) {
            Ok(config) if config == *self.engine.config() => None,
            Ok(_) => Some("it was changed and not read again: reload countersignd".to_owned()),
            Err(error) => Some(error.to_string()),
        }
    }
}
