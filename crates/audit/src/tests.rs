//! The log as a whole: order, durability, groups and failures.
#![allow(clippy::unwrap_used)]

mod recovery;

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU8};
use std::sync::{Condvar, Mutex};

use tempfile::TempDir;

use super::*;
use crate::queue::BATCH_BYTES;
use crate::segment::Sink;

const NODE: NodeId = NodeId::from_bytes([0xAB; 16]);

struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn dir(&self) -> PathBuf {
        self.0.path().join("audit")
    }

    fn open(&self) -> FileAudit {
        FileAudit::open(&self.dir(), NODE).unwrap()
    }

    fn segments(&self) -> Vec<PathBuf> {
        let firsts = segment::list(&self.dir()).unwrap();
        firsts.into_iter().map(|first| segment::path(&self.dir(), first)).collect()
    }

    fn newest(&self) -> PathBuf {
        self.segments().pop().unwrap()
    }

    /// All files' text, one after the other.
    fn text(&self) -> String {
        self.segments().iter().map(|path| fs::read_to_string(path).unwrap()).collect()
    }

    /// The number in each line's event, after checking that the lines are numbered from 0 without a gap.
    fn events(&self) -> Vec<u32> {
        let text = self.text();
        assert!(text.is_empty() || text.ends_with('\n'));
        let lines = text.lines().zip(0..).filter_map(|(text, seq)| {
            let line = line::read(text.as_bytes()).unwrap();
            assert_eq!(line.seq, seq);
            (!text.contains("TailDropped")).then(|| number(EventId::parse(&line.id).unwrap()))
        });
        lines.collect()
    }

    /// What the log says that it has cut off, oldest first: lengths and SHA-256 digests.
    fn dropped(&self) -> Vec<(u64, String)> {
        let text = self.text();
        let lines = text.lines().filter(|line| line.contains("TailDropped")).map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            for (name, value) in [("dialect", "admin"), ("outcome", "success")] {
                assert_eq!(line[name], value, "{line}");
            }
            assert_eq!((&line["v"], &line["operation"]), (&1.into(), &line["action"]));
            assert!(EventId::parse(line["id"].as_str().unwrap()).is_some());
            assert!(line["time"].as_u64().unwrap() > 1_700_000_000_000);
            let digest = line["dropped_sha256"].as_str().unwrap().to_owned();
            (line["dropped_bytes"].as_u64().unwrap(), digest)
        });
        lines.collect()
    }

    /// What was cut off, oldest first.
    fn torn(&self) -> Vec<Vec<u8>> {
        let entries = fs::read_dir(self.0.path()).unwrap().map(|entry| entry.unwrap().path());
        let mut torn: Vec<_> =
            entries.filter(|path| path.to_str().unwrap().contains("/torn-")).collect();
        torn.sort();
        torn.into_iter().map(|path| fs::read(path).unwrap()).collect()
    }
}

fn id(number: u32) -> EventId {
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    EventId::from_bytes(bytes)
}

fn number(id: EventId) -> u32 {
    u32::from_be_bytes(id.as_bytes()[..4].try_into().unwrap())
}

fn entry(number: u32) -> Entry {
    let id = id(number);
    Entry { id, bytes: format!("{{\"v\":1,\"id\":\"{id}\"}}").into_bytes(), generation: None }
}

fn entries(numbers: impl IntoIterator<Item = u32>) -> Vec<Entry> {
    numbers.into_iter().map(entry).collect()
}

async fn append(log: &FileAudit, numbers: impl IntoIterator<Item = u32>) {
    log.append(entries(numbers)).await.unwrap();
}

async fn refused(log: &FileAudit, numbers: impl IntoIterator<Item = u32>) -> String {
    match log.append(entries(numbers)).await {
        Err(AuditError::Unavailable(why)) => why,
        other => panic!("{other:?}"),
    }
}

async fn until(holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(10), "it does not happen");
        tokio::task::yield_now().await;
    }
}

/// Faults that tests switch on, shared by all files of a log.
#[derive(Default)]
struct Faults {
    establish: AtomicBool,
    write: AtomicBool,
    short: AtomicBool,
    sync: AtomicBool,
    /// When not 0: this write fails, counted down to 1.
    fail_after: AtomicU64,
    /// The bytes of the largest write.
    largest: AtomicU64,
    /// Files that were used after they had failed.
    misused: AtomicU8,
    /// While true, syncs wait.
    held: Mutex<bool>,
    changed: Condvar,
}

struct Faulty {
    file: File,
    faults: Arc<Faults>,
    failed: bool,
}

impl Faults {
    fn open(self: &Arc<Self>, place: &Place) -> Arc<FileAudit> {
        let faults = Arc::clone(self);
        let wrap: segment::Wrap = Box::new(move |file| {
            Box::new(Faulty { file, faults: Arc::clone(&faults), failed: false })
        });
        Arc::new(FileAudit::open_with(&place.dir(), NODE, wrap).unwrap())
    }

    fn hold(&self, held: bool) {
        *self.held.lock().unwrap() = held;
        self.changed.notify_all();
    }
}

impl Faulty {
    fn fail(&mut self, fault: &AtomicBool) -> io::Result<()> {
        if self.failed {
            self.faults.misused.fetch_add(1, Ordering::SeqCst);
        }
        self.failed = fault.load(Ordering::SeqCst);
        if self.failed { Err(io::Error::other("on purpose")) } else { Ok(()) }
    }
}

impl Sink for Faulty {
    fn establish(&mut self, dir: &Path) -> io::Result<()> {
        let faults = Arc::clone(&self.faults);
        self.fail(&faults.establish)?;
        Sink::establish(&mut self.file, dir)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let faults = Arc::clone(&self.faults);
        self.fail(&faults.write)?;
        faults.largest.fetch_max(bytes.len() as u64, Ordering::SeqCst);
        let countdown = faults.fail_after.load(Ordering::SeqCst);
        faults.fail_after.store(countdown.saturating_sub(1), Ordering::SeqCst);
        if countdown == 1 {
            self.failed = true;
            return Err(io::Error::other("on purpose"));
        }
        if faults.short.load(Ordering::SeqCst) {
            self.failed = true;
            return Sink::write(&mut self.file, &bytes[..bytes.len() / 2]);
        }
        Sink::write(&mut self.file, bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        let faults = Arc::clone(&self.faults);
        let held = faults.held.lock().unwrap();
        drop(faults.changed.wait_while(held, |held| *held).unwrap());
        self.fail(&faults.sync)?;
        Sink::sync(&mut self.file)
    }
}

#[tokio::test]
async fn lines_are_in_the_file_in_order_before_an_append_is_answered() {
    let place = Place::new();
    let log = place.open();
    append(&log, [7]).await;
    assert_eq!(place.events(), [7]);
    append(&log, [3, 9, 1]).await;
    append(&log, []).await;
    append(&log, [2]).await;
    assert_eq!(place.events(), [7, 3, 9, 1, 2]);
    assert_eq!((log.syncs(), log.queued()), (3, 0));
    let expected = format!("{{\"seq\":0,\"node\":\"{NODE}\",\"v\":1,\"id\":\"{}\"}}\n", id(7));
    assert!(place.text().starts_with(&expected), "{}", place.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_answered_before_its_sync_and_what_waits_shares_one() {
    let place = Place::new();
    let faults = Arc::new(Faults::default());
    let log = faults.open(&place);
    let (sender, receiver) = std::sync::mpsc::channel();
    assert!(log.on_sync(Box::new(move |took| sender.send(took).unwrap())));
    assert!(!log.on_sync(Box::new(|_| ())), "one observer");
    faults.hold(true);
    let spawn = |number| {
        let log = Arc::clone(&log);
        tokio::spawn(async move { append(&log, [number]).await })
    };
    let first = spawn(0);
    until(|| !place.text().is_empty()).await;
    let rest: Vec<_> = (1..=100).map(spawn).collect();
    until(|| log.queued() == 101).await;
    assert!(!first.is_finished() && rest.iter().all(|append| !append.is_finished()));
    assert_eq!((log.syncs(), place.events()), (0, vec![0]));
    faults.hold(false);
    for append in rest.into_iter().chain([first]) {
        append.await.unwrap();
    }
    assert_eq!((log.syncs(), log.queued()), (2, 0));
    assert_eq!(receiver.try_iter().count(), 2);
    let mut events = place.events();
    events.sort_unstable();
    assert_eq!(events, (0..=100).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_appends_share_syncs_and_stay_together() {
    let place = Place::new();
    let log = Arc::new(place.open());
    let tasks: Vec<_> = (0..32)
        .map(|task| {
            let log = Arc::clone(&log);
            tokio::spawn(async move {
                for turn in 0..20 {
                    let first = (task * 20 + turn) * 3;
                    append(&log, first..first + 3).await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let events = place.events();
    assert_eq!(events.len(), 32 * 20 * 3);
    for three in events.chunks(3) {
        assert_eq!(three, [three[0], three[0] + 1, three[0] + 2]);
    }
    assert!(log.syncs() < 320, "{} syncs for 640 appends", log.syncs());
}

#[tokio::test]
async fn it_goes_on_where_it_ended() {
    let place = Place::new();
    for turn in 0..4 {
        append(&place.open(), [turn, turn + 100]).await;
    }
    assert_eq!(place.events(), [0, 100, 1, 101, 2, 102, 3, 103]);
    assert_eq!((place.segments().len(), place.torn().len()), (4, 0), "a file for each start");
    // An empty newest file, as a start without events leaves it.
    fs::write(segment::path(&place.dir(), 8), "").unwrap();
    for _ in 0..3 {
        drop(place.open());
    }
    append(&place.open(), [4]).await;
    assert_eq!((place.events().len(), place.segments().len()), (9, 5));
}

#[tokio::test]
async fn bad_events_are_refused_and_harm_nothing() {
    let place = Place::new();
    let log = place.open();
    let good = entry(1);
    for bytes in ["", "{}\n", "null", "{\"id\":\"x\"}", "{"] {
        let bad = Entry { bytes: bytes.as_bytes().to_vec(), ..good.clone() };
        assert!(log.append(vec![good.clone(), bad]).await.is_err(), "{bytes:?}");
    }
    append(&log, [2]).await;
    assert_eq!(place.events(), [2]);
}

#[tokio::test]
async fn held_events_are_found_in_every_file() {
    let place = Place::new();
    let faults = Arc::new(Faults::default());
    let log = faults.open(&place);
    for start in [0, 1_000, 2_000] {
        append(&log, start..start + 1_000).await;
        faults.sync.store(true, Ordering::SeqCst);
        refused(&log, [9_000 + start]).await;
        faults.sync.store(false, Ordering::SeqCst);
    }
    let asked = [0, 999, 1_500, 2_999, 3_000, 9_000, 10_000, 11_000];
    let mut held: Vec<u32> =
        log.holding(asked.map(id).to_vec()).await.unwrap().into_iter().map(number).collect();
    held.sort_unstable();
    assert_eq!(held, [0, 999, 1_500, 2_999], "what failed is not held");
    assert!(log.holding(Vec::new()).await.unwrap().is_empty());
    assert_eq!(place.segments().len(), 4);
    // Damage in an older file hides nothing else.
    let oldest = place.segments().remove(0);
    let mut bytes = fs::read(&oldest).unwrap();
    bytes[300..400].fill(0xFF);
    fs::write(oldest, bytes).unwrap();
    let log = place.open();
    assert_eq!(log.holding(asked.map(id).to_vec()).await.unwrap().len(), 4);
}

#[tokio::test]
async fn a_failed_file_is_left_and_the_log_goes_on_in_another() {
    let switches: [fn(&Faults) -> &AtomicBool; 3] =
        [|faults| &faults.write, |faults| &faults.short, |faults| &faults.sync];
    for (which, switch) in switches.into_iter().enumerate() {
        for before in [0_u32, 3] {
            let place = Place::new();
            let faults = Arc::new(Faults::default());
            let log = faults.open(&place);
            append(&log, 0..before).await;
            let text = place.text();
            for turn in 0..3 {
                switch(&faults).store(true, Ordering::SeqCst);
                if turn == 0 {
                    // Nothing is to be written, so nothing is.
                    append(&log, []).await;
                }
                let why = refused(&log, [70 + turn, 80 + turn]).await;
                assert!(why.contains("on purpose") || why.contains("short"), "{why}");
                switch(&faults).store(false, Ordering::SeqCst);
                if turn == 0 {
                    // A new file that cannot be used either is no obstacle to the next.
                    faults.establish.store(true, Ordering::SeqCst);
                    refused(&log, []).await;
                    refused(&log, [90]).await;
                    faults.establish.store(false, Ordering::SeqCst);
                    append(&log, []).await;
                    assert_eq!(place.text(), text, "fault {which}: nothing of it stays");
                }
            }
            append(&log, before..before + 2).await;
            append(&log, [before + 2]).await;
            let expected: Vec<u32> = (0..before + 3).collect();
            assert_eq!(place.events(), expected, "fault {which}");
            assert_eq!(place.segments().len(), if before == 0 { 1 } else { 2 });
            assert_eq!(faults.misused.load(Ordering::SeqCst), 0, "fault {which}");
            drop(log);
            append(&place.open(), [before + 3]).await;
            assert_eq!(place.events().len() as u32, before + 4);
            assert!(place.torn().is_empty());
        }
    }
}

#[tokio::test]
async fn all_of_a_failed_batch_is_refused() {
    let place = Place::new();
    let faults = Arc::new(Faults::default());
    let log = faults.open(&place);
    faults.hold(true);
    faults.sync.store(true, Ordering::SeqCst);
    let tasks: Vec<_> = (0..10)
        .map(|number| {
            let log = Arc::clone(&log);
            tokio::spawn(async move { refused(&log, [number]).await })
        })
        .collect();
    tokio::task::yield_now().await;
    assert_eq!(log.queued(), 10);
    faults.hold(false);
    for task in tasks {
        task.await.unwrap();
    }
    faults.sync.store(false, Ordering::SeqCst);
    append(&log, [99]).await;
    assert_eq!((place.events(), log.queued()), (vec![99], 0));
}

#[test]
fn only_plain_files_are_taken() {
    let place = Place::new();
    fs::create_dir(place.dir()).unwrap();
    let path = segment::path(&place.dir(), 0);
    let refused = || FileAudit::open(&place.dir(), NODE).is_err();
    symlink("/dev/full", &path).unwrap();
    assert!(refused(), "a device");
    fs::remove_file(&path).unwrap();
    fs::write(place.0.path().join("elsewhere"), "").unwrap();
    symlink(place.0.path().join("elsewhere"), &path).unwrap();
    assert!(refused(), "a link");
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert!(refused(), "a directory");
    fs::remove_dir(&path).unwrap();
    drop(place.open());
}

#[tokio::test]
async fn a_removed_directory_fails_until_it_is_back() {
    let place = Place::new();
    let log = place.open();
    append(&log, [0, 1]).await;
    let text = place.text();
    let newest = place.newest();
    fs::remove_dir_all(place.dir()).unwrap();
    for number in 0..3 {
        refused(&log, [number]).await;
        refused(&log, []).await;
    }
    fs::create_dir(place.dir()).unwrap();
    append(&log, [2]).await;
    fs::write(newest, text).unwrap();
    assert_eq!(place.events(), [0, 1, 2]);
}

#[tokio::test]
async fn files_are_the_owners_alone() {
    let place = Place::new();
    let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    append(&place.open(), [0]).await;
    assert_eq!((mode(place.dir()), mode(place.newest())), (0o700, 0o600));
    fs::set_permissions(place.dir(), fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(place.newest(), fs::Permissions::from_mode(0o644)).unwrap();
    drop(place.open());
    assert_eq!((mode(place.dir()), mode(place.newest())), (0o700, 0o600));
}

#[tokio::test]
async fn closing_finishes_the_work_and_ends_it() {
    let place = Place::new();
    let log = Arc::new(place.open());
    let tasks: Vec<_> = (0..10)
        .map(|number| {
            let log = Arc::clone(&log);
            tokio::spawn(async move { append(&log, [number]).await })
        })
        .collect();
    tokio::task::yield_now().await;
    log.close();
    log.close();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(place.events().len(), 10);
    refused(&log, [11]).await;
    refused(&log, []).await;
    assert!(log.holding(vec![id(1)]).await.is_err());
}

#[tokio::test]
async fn a_thread_that_ends_leaves_nobody_waiting() {
    let place = Place::new();
    let log = Arc::new(place.open());
    let (go, wait) = std::sync::mpsc::channel();
    let wait = Mutex::new(wait);
    log.on_sync(Box::new(move |_| {
        wait.lock().unwrap().recv().unwrap();
        panic!("on purpose");
    }));
    let spawn = |number| {
        let log = Arc::clone(&log);
        tokio::spawn(async move { refused(&log, [number]).await })
    };
    let first = spawn(1);
    until(|| log.syncs() == 1).await;
    let waiting = spawn(2);
    until(|| log.queued() == 2).await;
    go.send(()).unwrap();
    for task in [first, waiting] {
        let answer = tokio::time::timeout(Duration::from_secs(10), task).await;
        assert!(answer.unwrap().unwrap().contains("closed"));
    }
    refused(&log, [3]).await;
}
