//! Where the daemon's records go: to the journal with their fields, where it is the journal that
//! listens, else to stderr as text.

use std::io;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Sends all records of this process to where they belong.
pub fn start() {
    let records = tracing_subscriber::registry().with(LevelFilter::INFO);
    match journal() {
        Some(journal) => records.with(journal).init(),
        None => {
            let text = tracing_subscriber::fmt::layer()
                .with_writer(io::stderr)
                .with_ansi(false)
                .with_target(false);
            records.with(text).init();
        }
    }
}

/// The journal, if this process was started with its stderr there.
fn journal() -> Option<tracing_journald::Layer> {
    #[expect(
        clippy::disallowed_methods,
        reason = "systemd sets it for its services; whoever starts a daemon is trusted"
    )]
    let started_by_systemd = std::env::var_os("JOURNAL_STREAM").is_some();
    let layer = started_by_systemd.then(tracing_journald::layer)?.ok()?;
    Some(
        layer
            .with_field_prefix(Some("COUNTERSIGN".to_owned()))
            .with_syslog_identifier("countersignd".to_owned()),
    )
}
