//! The database made as another user: by this program, started again with that user's rights.

use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::unistd::{Gid, Uid};

use super::{InitError, Step, database, failed};
use crate::keys::MasterKey;

const MADE: &str = "made";
const FOUND: &str = "found";

/// Makes the database in `directory`, under `master`, as the user and group `owner`.
///
/// The key is passed on standard input: others can see arguments and environments.
///
/// # Errors
///
/// If that user cannot run this program, or cannot make the database.
pub(super) fn ensure(
    directory: &Path,
    master: &MasterKey,
    (uid, gid): (Uid, Gid),
) -> Result<Step, InitError> {
    let program = std::env::current_exe().map_err(failed("find the program", directory))?;
    let run = || -> io::Result<_> {
        let mut child = Command::new(&program)
            .arg("init-database")
            .arg("--state-directory")
            .arg(directory)
            .uid(uid.as_raw())
            .gid(gid.as_raw())
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(master.expose())?;
        }
        child.wait_with_output()
    };
    let output = run().map_err(failed(
        "run, as the user who is to own the database,",
        &program,
    ))?;

    let said = String::from_utf8_lossy(&output.stdout);
    match said.trim() {
        MADE if output.status.success() => Ok(Step::Made),
        FOUND if output.status.success() => Ok(Step::Found),
        _ => {
            let why = String::from_utf8_lossy(&output.stderr);
            let why = why.trim().trim_start_matches("countersignd: ");
            Err(InitError::Database(format!(
                "user number {uid} could not make the database: {why} ({})",
                output.status
            )))
        }
    }
}

/// Makes the database in `directory`, under the master key on standard input, and says on standard
/// output what was done, for [`init`](super::init) to read.
///
/// # Errors
///
/// If there is no key, or as for `init`.
pub fn init_database(directory: &Path) -> Result<(), InitError> {
    let input = Path::new("/dev/stdin");
    let master = MasterKey::read(io::stdin().lock())
        .map_err(failed("read", input))?
        .ok_or_else(|| crate::keys::KeyError::Malformed(input.to_owned()))?;
    let said = match database::ensure(directory, &master)? {
        Step::Made => MADE,
        Step::Found => FOUND,
    };
    writeln!(io::stdout(), "{said}").map_err(failed("write to", Path::new("/dev/stdout")))
}
