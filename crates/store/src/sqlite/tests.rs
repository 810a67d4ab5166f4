//! What is SQLite's own: groups, locks, files, damage. The contract is tested in `tests/contract.rs`.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::mpsc;

use rusqlite::Connection;
use tempfile::TempDir;
use tokio::task::JoinSet;
use trent_core::model::{EventId, NodeId};
use trent_core::store::{Change, OutboxEvent};

use super::*;

const SHORT: Duration = Duration::from_millis(400);

struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("store.db")
    }

    fn open(&self) -> Arc<SqliteStore> {
        Arc::new(SqliteStore::open_with(&self.path(), SHORT).unwrap())
    }

    /// A connection of its own, as another process would have one.
    fn other(&self) -> Connection {
        Connection::open(self.path()).unwrap()
    }
}

fn row(id: &str, body: &[u8]) -> Row {
    Row {
        table: Table::Keys,
        key: RowKey { tenant: [7; 16], scope: "s".to_owned(), id: id.to_owned(), number: 0 },
        lookup: None,
        body: body.to_vec(),
        revision: 1,
        mac_generation: 1,
        mac: [0; 32],
    }
}

/// An event of this name, at most 16 bytes long.
fn event(name: &[u8]) -> OutboxEvent {
    let mut id = [0; 16];
    id[..name.len()].copy_from_slice(name);
    OutboxEvent { id: EventId::from_bytes(id), bytes: b"{}".to_vec(), mac: [5; 32] }
}

fn inserting(row: Row) -> Commit {
    Commit {
        node: NodeId::from_bytes([1; 16]),
        events: vec![event(row.key.id.as_bytes())],
        changes: vec![Change::Insert(row)],
        logged: Vec::new(),
    }
}

async fn insert(store: &SqliteStore, id: &str) -> Result<u64, StoreError> {
    store.commit(inserting(row(id, b"body"))).await
}

async fn has(store: &SqliteStore, id: &str) -> bool {
    store.get(Table::Keys, row(id, b"").key).await.unwrap().is_some()
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_commits_share_transactions() {
    let place = Place::new();
    let store = place.open();
    let mut tasks = JoinSet::new();
    for task in 0..16 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            for turn in 0..25 {
                insert(&store, &format!("{task}-{turn}")).await.unwrap();
            }
        });
    }
    tasks.join_all().await;
    assert_eq!(store.generation().await.unwrap(), 400);
    let transactions = store.transactions();
    assert!(transactions < 200, "{transactions} transactions for 400 commits");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_becomes_one_transaction_and_failures_stay_alone() {
    let place = Place::new();
    let store = Arc::new(SqliteStore::open(&place.path()).unwrap());
    let (sender, receiver) = mpsc::channel();
    assert!(store.on_commit(Box::new(move |took| sender.send(took).unwrap())));
    assert!(!store.on_commit(Box::new(|_| ())), "one observer");
    let lock = place.other();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut tasks = JoinSet::new();
    for number in 0..100 {
        let store = Arc::clone(&store);
        // Every id comes twice: one of the two fails.
        tasks.spawn(async move { insert(&store, &format!("{}", number / 2)).await });
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(store.transactions(), 0);
    lock.execute_batch("ROLLBACK").unwrap();
    let (done, failed): (Vec<_>, Vec<_>) =
        tasks.join_all().await.into_iter().partition(Result::is_ok);
    assert_eq!((done.len(), failed.len()), (50, 50));
    for answer in failed {
        assert!(matches!(answer, Err(StoreError::Exists(Table::Keys))), "{answer:?}");
    }
    // The first may have gone alone, before the others came.
    let transactions = store.transactions();
    assert!((1..=3).contains(&transactions), "{transactions}");
    assert_eq!(store.generation().await.unwrap(), 50);
    let times: Vec<Duration> = receiver.try_iter().collect();
    assert_eq!(times.len() as u64, transactions);
    assert!(times.iter().all(|took| *took > Duration::ZERO && *took < PATIENCE));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_of_another_makes_commits_busy_and_is_got_over() {
    let place = Place::new();
    let store = place.open();
    insert(&store, "before").await.unwrap();
    let lock = place.other();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();

    let insert_later = |id: &'static str, wait: Duration| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            tokio::time::sleep(wait).await;
            let asked = Instant::now();
            (insert(&store, id).await, asked.elapsed())
        })
    };
    // The second and the third meet in one group, and are not answered at one time.
    let waiting = [
        insert_later("first", Duration::ZERO),
        insert_later("second", SHORT / 4),
        insert_later("third", SHORT / 4 * 3),
    ];
    tokio::time::sleep(SHORT / 8).await;
    assert!(has(&store, "before").await, "reads go on");
    assert!(!waiting[0].is_finished(), "and do not wait for the lock");
    for task in waiting {
        let (answer, waited) = task.await.unwrap();
        assert!(matches!(answer, Err(StoreError::Busy)), "{answer:?}");
        assert!(waited >= SHORT && waited < SHORT * 5, "{waited:?}");
    }
    lock.execute_batch("ROLLBACK").unwrap();
    insert(&store, "after").await.unwrap();
    assert!(has(&store, "after").await);
    assert!(!has(&store, "first").await && !has(&store, "third").await);
    assert_eq!(store.generation().await.unwrap(), 2);
}

#[test]
fn the_patience_ends_well_before_a_request_does() {
    assert!(PATIENCE >= Duration::from_secs(1) && PATIENCE <= Duration::from_secs(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_held_shortly_is_waited_for() {
    let place = Place::new();
    let store = place.open();
    let lock = place.other();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    let waiting = tokio::spawn({
        let store = Arc::clone(&store);
        async move { insert(&store, "a").await }
    });
    tokio::time::sleep(SHORT / 3).await;
    lock.execute_batch("COMMIT").unwrap();
    assert_eq!(waiting.await.unwrap().unwrap(), 1);
}

#[tokio::test]
async fn several_may_have_the_store_open() {
    let place = Place::new();
    let (one, two) = (place.open(), place.open());
    for turn in 0..10_u64 {
        let id = turn.to_string();
        let (writer, reader) = if turn % 2 == 0 { (&one, &two) } else { (&two, &one) };
        assert_eq!(insert(writer, &id).await.unwrap(), turn + 1);
        assert!(has(reader, &id).await);
        assert_eq!(reader.generation().await.unwrap(), turn + 1);
    }
}

#[test]
fn several_may_make_it_at_the_same_moment() {
    let place = Place::new();
    let path = place.path();
    std::thread::scope(|scope| {
        let opening: Vec<_> =
            (0..8).map(|_| scope.spawn(|| SqliteStore::open(&path).map(drop))).collect();
        for thread in opening {
            thread.join().unwrap().unwrap();
        }
    });
}

#[tokio::test]
async fn what_was_committed_is_there_when_it_is_opened_again() {
    let place = Place::new();
    let event = event(b"a");
    place.open().commit(inserting(row("a", b"body"))).await.unwrap();
    let store = place.open();
    assert_eq!(store.generation().await.unwrap(), 1);
    let found = store.get(Table::Keys, row("a", b"").key).await.unwrap();
    assert_eq!(found, Some(row("a", b"body")));
    let outbox = store.outbox(9).await.unwrap();
    assert_eq!((outbox.len(), &outbox[0].event), (1, &event));
}

#[tokio::test]
async fn closing_finishes_the_work_and_ends_it() {
    let place = Place::new();
    let store = place.open();
    let mut tasks = JoinSet::new();
    for number in 0..20 {
        let store = Arc::clone(&store);
        tasks.spawn(async move { insert(&store, &number.to_string()).await });
    }
    // Each task runs until it waits, so all have asked.
    tokio::task::yield_now().await;
    // SQLite itself moves the write-ahead log only when the last one closes.
    let other = place.other();
    other.query_row("SELECT count(*) FROM keys", [], |_| Ok(())).unwrap();
    store.close();
    store.close();
    for answer in tasks.join_all().await {
        answer.unwrap();
    }
    assert!(matches!(insert(&store, "late").await, Err(StoreError::Closed)));
    assert!(matches!(store.generation().await, Err(StoreError::Closed)));

    // The file alone is the whole store.
    let copy = place.folder.path().join("copy.db");
    fs::copy(place.path(), &copy).unwrap();
    let copy = SqliteStore::open(&copy).unwrap();
    assert_eq!(copy.generation().await.unwrap(), 20);
}

#[tokio::test]
async fn a_thread_that_ends_leaves_nobody_waiting() {
    let place = Place::new();
    let store = place.open();
    let (go, wait) = mpsc::channel();
    let wait = Mutex::new(wait);
    store.on_commit(Box::new(move |_| {
        wait.lock().unwrap().recv().unwrap();
        panic!("on purpose");
    }));
    let spawn = |id: &'static str| {
        let store = Arc::clone(&store);
        tokio::spawn(async move { insert(&store, id).await })
    };
    let first = spawn("a");
    while !has(&store, "a").await {}
    let waiting = spawn("b");
    tokio::task::yield_now().await;
    go.send(()).unwrap();
    for task in [first, waiting] {
        let answer = tokio::time::timeout(Duration::from_secs(10), task).await;
        assert!(matches!(answer.unwrap().unwrap(), Err(StoreError::Closed)));
    }
    assert!(matches!(insert(&store, "c").await, Err(StoreError::Closed)));
    assert!(has(&store, "a").await, "reads go on");
}

#[tokio::test]
async fn a_reader_that_ends_leaves_the_others_reading() {
    let place = Place::new();
    let store = place.open();
    insert(&store, "a").await.unwrap();
    for ended in 1..=READERS {
        let panics = store.read::<()>(|_| panic!("on purpose")).await;
        assert!(matches!(panics, Err(StoreError::Closed)), "{panics:?}");
        if ended < READERS {
            for _ in 0..READERS {
                assert!(has(&store, "a").await, "{ended} have ended");
            }
        }
    }
    let late = store.get(Table::Keys, row("a", b"").key);
    let late = tokio::time::timeout(Duration::from_secs(10), late).await.unwrap();
    assert!(matches!(late, Err(StoreError::Closed)), "{late:?}");
}

#[tokio::test]
async fn a_commit_that_fails_at_its_end_is_not_said_to_be_undone() {
    let place = Place::new();
    drop(place.open());
    let trap = "CREATE TABLE one (x PRIMARY KEY);
        CREATE TABLE other (x REFERENCES one DEFERRABLE INITIALLY DEFERRED);
        CREATE TRIGGER trap AFTER INSERT ON keys WHEN new.id = 'trap'
        BEGIN INSERT INTO other VALUES (1); END";
    place.other().execute_batch(trap).unwrap();
    let store = place.open();
    let refused = insert(&store, "trap").await;
    assert!(matches!(refused, Err(StoreError::Failed(_))), "{refused:?}");
    assert_eq!(insert(&store, "after").await.unwrap(), 1);
    assert!(!has(&store, "trap").await);
    let certain = [StoreError::Busy, StoreError::Conflict, StoreError::Exists(Table::Keys)];
    for error in certain {
        assert!(matches!(writer::unknown(error), StoreError::Failed(_)));
    }
    assert!(matches!(writer::unknown(StoreError::Full), StoreError::Full));
}

#[tokio::test]
async fn the_files_are_the_owners_alone() {
    let place = Place::new();
    let store = place.open();
    insert(&store, "a").await.unwrap();
    let mode = |name: &str| {
        let path = place.folder.path().join(name);
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    };
    for name in ["store.db", "store.db-wal", "store.db-shm"] {
        assert_eq!(mode(name), 0o600, "{name}");
    }
    drop(store);
    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o664)).unwrap();
    let store = place.open();
    insert(&store, "b").await.unwrap();
    for name in ["store.db", "store.db-wal", "store.db-shm"] {
        assert_eq!(mode(name), 0o600, "{name}");
    }
}

#[tokio::test]
async fn deleted_content_is_overwritten() {
    let place = Place::new();
    let store = place.open();
    let secret = row("a", &b"a body to be found in the file".repeat(300));
    let kept = row("b", b"another body to be found");
    store.commit(inserting(secret.clone())).await.unwrap();
    store.commit(inserting(kept.clone())).await.unwrap();
    let delete = Change::Delete { table: secret.table, key: secret.key.clone(), revision: 1 };
    store
        .commit(Commit { changes: vec![delete], events: Vec::new(), ..inserting(kept) })
        .await
        .unwrap();
    store.close();
    let file = fs::read(place.path()).unwrap();
    let holds = |text: &[u8]| file.windows(text.len()).any(|window| window == text);
    assert!(holds(b"another body to be found"));
    assert!(!holds(b"a body to be found in the file"));
}

#[test]
fn every_connection_is_set() {
    let place = Place::new();
    drop(place.open());
    let connections = [
        (connect::writer(&place.path(), SHORT).unwrap(), 0),
        (connect::reader(&place.path(), SHORT).unwrap(), 1),
    ];
    for (connection, query_only) in connections {
        let settings = [
            ("synchronous", 2),
            ("foreign_keys", 1),
            ("trusted_schema", 0),
            ("secure_delete", 1),
            ("cell_size_check", 1),
            ("temp_store", 2),
            ("busy_timeout", 400),
            ("query_only", query_only),
        ];
        for (name, value) in settings {
            let set: i64 = connection.pragma_query_value(None, name, |row| row.get(0)).unwrap();
            assert_eq!(set, value, "{name}");
        }
        let mode: String =
            connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
        assert_eq!(mode, "wal");
    }
}

#[test]
fn what_is_no_store_of_ours_is_refused() {
    type Damage = fn(&PathBuf);
    let cases: [(&str, Damage); 5] = [
        ("text", |path| fs::write(path, "not a database, ".repeat(1_000)).unwrap()),
        ("another database", |path| {
            fs::remove_file(path).unwrap();
            Connection::open(path).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
        }),
        ("another application", |path| {
            Connection::open(path).unwrap().execute_batch("PRAGMA application_id = 7").unwrap();
        }),
        ("a newer schema", |path| {
            Connection::open(path).unwrap().execute_batch("PRAGMA user_version = 99").unwrap();
        }),
        ("a missing table", |path| {
            Connection::open(path).unwrap().execute_batch("DROP TABLE key_versions").unwrap();
        }),
    ];
    for (what, damage) in cases {
        let place = Place::new();
        drop(place.open());
        damage(&place.path());
        let opened = SqliteStore::open_with(&place.path(), SHORT).map(drop);
        assert!(matches!(opened, Err(StoreError::Corrupt(_))), "{what}: {opened:?}");
    }
    let place = Place::new();
    let opened = SqliteStore::open_with(place.folder.path(), SHORT).map(drop);
    assert!(matches!(opened, Err(StoreError::Failed(_))), "a directory: {opened:?}");
}

#[tokio::test]
async fn damage_is_an_error_and_no_more() {
    let place = Place::new();
    let store = place.open();
    for number in 0..50 {
        store.commit(inserting(row(&number.to_string(), &[1; 2_000]))).await.unwrap();
    }
    drop(store);
    let mut file = fs::read(place.path()).unwrap();
    // The header and the schema stay; all else is overwritten.
    let schema = 5 * 4_096;
    assert!(file.len() > schema * 2);
    file[schema..].fill(0xA5);
    fs::write(place.path(), file).unwrap();
    let result = match SqliteStore::open_with(&place.path(), SHORT) {
        Ok(store) => store.scan(Table::Keys, [7; 16], "s".to_owned(), None, 100).await.map(drop),
        Err(error) => Err(error),
    };
    assert!(matches!(result, Err(StoreError::Corrupt(_))), "{result:?}");
}

#[tokio::test]
async fn values_that_sqlite_cannot_keep_are_refused() {
    let place = Place::new();
    let store = place.open();
    let largest = Row { revision: i64::MAX as u64, ..row("a", b"") };
    let too_large = Row { revision: i64::MAX as u64 + 1, ..row("a", b"") };
    let refused = store.commit(inserting(too_large)).await;
    assert!(matches!(refused, Err(StoreError::Failed(_))), "{refused:?}");
    store.commit(inserting(largest.clone())).await.unwrap();
    assert_eq!(store.get(Table::Keys, largest.key.clone()).await.unwrap(), Some(largest));
    // What someone else put there and we cannot read is an error too.
    let other = place.other();
    other
        .execute_batch("PRAGMA ignore_check_constraints = ON; UPDATE keys SET mac = x'00'")
        .unwrap();
    let read = store.get(Table::Keys, row("a", b"").key).await;
    assert!(matches!(read, Err(StoreError::Corrupt(_))), "{read:?}");
}

#[test]
fn a_full_disk_is_said_and_got_over() {
    let place = Place::new();
    drop(place.open());
    let connection = connect::writer(&place.path(), SHORT).unwrap();
    let pages: i64 = connection.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
    let limit = |more: i64| {
        let limit = format!("PRAGMA max_page_count = {}", pages + more);
        connection.query_row(&limit, [], |row| row.get::<_, i64>(0)).unwrap();
    };
    let (queue, observed) = (Arc::new(Queue::new(9)), Observed::default());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let ask = |row: Row| {
        let (reply, answer) = oneshot::channel();
        let job = Job { commit: inserting(row), asked: Instant::now(), reply };
        runtime.block_on(queue.push(job)).unwrap();
        answer
    };
    let work = || {
        let mut jobs = Vec::new();
        queue.take(&mut jobs, 9);
        writer::work(&connection, &mut jobs, &observed, SHORT);
        assert!(jobs.is_empty());
    };

    limit(2);
    let big = ask(row("big", &[1; 100_000]));
    work();
    let big = big.blocking_recv().unwrap();
    assert!(matches!(big, Err(StoreError::Full)), "{big:?}");
    limit(1_000);
    let (big, small) = (ask(row("big", &[1; 100_000])), ask(row("small", b"")));
    work();
    assert_eq!(big.blocking_recv().unwrap().unwrap(), 1);
    assert_eq!(small.blocking_recv().unwrap().unwrap(), 2);
    assert!(connection.is_autocommit());
}

#[tokio::test]
async fn a_full_queue_makes_callers_wait() {
    let queue = Arc::new(Queue::new(2));
    queue.push(1).await.unwrap();
    queue.push(2).await.unwrap();
    let push = |number| {
        let queue = Arc::clone(&queue);
        tokio::spawn(async move { queue.push(number).await })
    };
    let (third, fourth) = (push(3), push(4));
    tokio::task::yield_now().await;
    assert!(!third.is_finished());
    assert_eq!(queue.pop(), Some(1));
    third.await.unwrap().unwrap();
    queue.close();
    assert!(matches!(fourth.await.unwrap(), Err(StoreError::Closed)));
    assert_eq!((queue.pop(), queue.pop(), queue.pop()), (Some(2), Some(3), None));
}
