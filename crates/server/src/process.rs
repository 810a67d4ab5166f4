//! Hardening of the process: no core files, no debugger, no swapping of what it holds; room for many connections.
//! Called once at start, before any secret is read.

use rustix::mm::{MlockAllFlags, mlockall};
use rustix::process::{
    DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit,
};
use rustix::thread::{CapabilitySet, capabilities};

/// Open files to ask for: connections, and some for the store and the logs.
const OPEN_FILES: u64 = 65_536;

/// Hardens the process as far as its rights allow. What is missing is logged and does not stop the start.
pub(crate) fn harden() {
    let no_core = Rlimit { current: Some(0), maximum: Some(0) };
    if let Err(error) = setrlimit(Resource::Core, no_core) {
        tracing::warn!("core files could not be switched off: {error}");
    }
    if let Err(error) = set_dumpable_behavior(DumpableBehavior::NotDumpable) {
        tracing::warn!("the process could not be closed to debuggers: {error}");
    }
    lock_memory();
    raise_open_files();
}

/// Keeps pages out of swap. Pages are locked as they are first touched, so nothing more becomes resident.
///
/// Without the privilege and under a finite limit the lock is left out: it would make later allocations fail.
fn lock_memory() {
    let unlimited = getrlimit(Resource::Memlock).current.is_none();
    let privileged =
        capabilities(None).is_ok_and(|sets| sets.effective.contains(CapabilitySet::IPC_LOCK));
    if !(unlimited || privileged) {
        tracing::debug!("memory is not locked: no privilege and a limited amount");
        return;
    }
    let flags = MlockAllFlags::CURRENT | MlockAllFlags::FUTURE | MlockAllFlags::ONFAULT;
    if let Err(error) = mlockall(flags) {
        tracing::warn!("memory could not be locked: {error}");
    }
}

fn raise_open_files() {
    let limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.map_or(OPEN_FILES, |maximum| maximum.min(OPEN_FILES));
    if limit.current.is_some_and(|current| current < wanted) {
        let raised = Rlimit { current: Some(wanted), maximum: limit.maximum };
        if let Err(error) = setrlimit(Resource::Nofile, raised) {
            tracing::warn!("the limit of open files could not be raised: {error}");
        }
    }
}
