//! The log when it is opened again: torn ends, holes, alterations, and how far a search goes back.

use super::*;

fn sha256(bytes: &[u8]) -> String {
    use aws_lc_rs::digest::{SHA256, digest};
    data_encoding::HEXLOWER.encode(digest(&SHA256, bytes).as_ref())
}

#[tokio::test]
async fn a_torn_end_is_cut_off_and_kept_wherever_it_is_torn() {
    let place = Place::new();
    append(&place.open(), 0..3).await;
    let whole = place.text().into_bytes();
    let ends: Vec<usize> =
        whole.iter().zip(1..).filter(|(byte, _)| **byte == b'\n').map(|(_, end)| end).collect();
    for length in (0..whole.len()).rev().step_by(7) {
        let place = Place::new();
        fs::create_dir(place.dir()).unwrap();
        fs::write(segment::path(&place.dir(), 0), &whole[..length]).unwrap();
        let kept = ends.iter().filter(|end| **end <= length).count();
        let end = ends[..kept].last().copied().unwrap_or(0);
        let log = place.open();
        assert_eq!(&place.text().as_bytes()[..end], &whole[..end]);
        let torn = &whole[end..length];
        if torn.is_empty() {
            assert!(place.torn().is_empty() && place.dropped().is_empty());
        } else {
            assert_eq!(place.torn(), [torn]);
            assert_eq!(place.dropped(), [(torn.len() as u64, sha256(torn))]);
        }
        append(&log, [50]).await;
        assert_eq!(place.events().len(), kept + 1);
        drop(log);
        append(&place.open(), [51]).await;
        assert_eq!(
            (place.events().len(), place.torn().len()),
            (kept + 2, (!torn.is_empty()).into())
        );
    }
}

#[tokio::test]
async fn a_hole_of_zeros_ends_the_log() {
    let place = Place::new();
    append(&place.open(), 0..40).await;
    let whole = place.text().into_bytes();
    let line = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    // Numbers of two digits make lines a byte longer; each hole begins within line 5, 10 or 11.
    for (hole, kept) in [(5 * line + 3, 5), (5 * line, 5), (10 * line, 10), (11 * line + 1, 11)] {
        for length in [1, 512] {
            let mut bytes = whole.clone();
            bytes[hole..hole + length].fill(0);
            let place = Place::new();
            fs::create_dir(place.dir()).unwrap();
            fs::write(segment::path(&place.dir(), 0), &bytes).unwrap();
            drop(place.open());
            assert_eq!(place.events().len(), kept);
            let end = fs::metadata(segment::path(&place.dir(), 0)).unwrap().len() as usize;
            assert_eq!(place.torn(), [&bytes[end..]]);
            assert_eq!(place.dropped(), [((bytes.len() - end) as u64, sha256(&bytes[end..]))]);
        }
    }
}

#[tokio::test]
async fn only_the_last_batch_can_be_torn() {
    let place = Place::new();
    let bytes = |numbers: std::ops::Range<u32>| {
        let pad = |entry: Entry| {
            let mut bytes = entry.bytes;
            bytes.truncate(bytes.len() - 1);
            bytes.extend(format!(",\"x\":\"{}\"}}", "x".repeat(60_000)).into_bytes());
            Entry { bytes, ..entry }
        };
        numbers.map(|number| pad(entry(number))).collect::<Vec<_>>()
    };
    // One append of more than two batches, as a full outbox makes it, is written in pieces.
    let log = place.open();
    log.append(bytes(0..200)).await.unwrap();
    drop(log);
    let whole = fs::read(place.newest()).unwrap();
    assert!(whole.len() > 2 * BATCH_BYTES);
    let begins: Vec<usize> = std::iter::once(0)
        .chain(whole.iter().zip(1..).filter(|(byte, _)| **byte == b'\n').map(|(_, end)| end))
        .collect();
    let path = segment::path(&place.dir(), 0);
    let mut refused = 0;
    for (line, begin) in begins[..200].iter().enumerate() {
        let back = whole.len() - begin;
        // All cases near the border, few elsewhere.
        if back.abs_diff(BATCH_BYTES) > 200_000 && line % 50 != 0 {
            continue;
        }
        let mut holed = whole.clone();
        holed[begin + 9] = 0;
        for first in place.segments() {
            fs::remove_file(first).unwrap();
        }
        fs::write(&path, &holed).unwrap();
        let opened = FileAudit::open(&place.dir(), NODE).map(drop);
        if back <= BATCH_BYTES {
            opened.unwrap();
            assert_eq!(place.events().len(), line);
        } else {
            // Nothing is taken away: it refuses, or it has not come to see it.
            assert_eq!(fs::read(&path).unwrap(), holed);
            assert!(place.dropped().is_empty());
            refused += u32::from(opened.is_err());
        }
    }
    assert!(refused > 0, "what stands before the last batch is refused");
}

#[tokio::test]
async fn a_large_append_that_fails_leaves_nothing_and_a_cut_is_told_after_a_crash() {
    let place = Place::new();
    let faults = Arc::new(Faults::default());
    let log = faults.open(&place);
    append(&log, [0]).await;
    let large = entries(10..50_010);
    faults.fail_after.store(2, Ordering::SeqCst);
    assert!(matches!(log.append(large).await, Err(AuditError::Unavailable(_))));
    assert!(faults.largest.load(Ordering::SeqCst) <= BATCH_BYTES as u64);
    assert!(fs::metadata(place.newest()).unwrap().len() > BATCH_BYTES as u64 / 2);
    append(&log, [2]).await;
    assert_eq!(place.events(), [0, 2]);
    drop(log);

    // A crash between the cut and the place of its event.
    let mut line = Vec::new();
    let text = place.text();
    let told = text.lines().next().unwrap().replace("\"seq\":0", "\"seq\":2");
    line.extend_from_slice(format!("{told}\n").as_bytes());
    fs::write(place.dir().join("tail-dropped.new"), line).unwrap();
    append(&place.open(), [3]).await;
    assert_eq!(place.events(), [0, 2, 0, 3]);
}

#[tokio::test]
async fn a_search_ends_at_the_newest_completed_start() {
    let place = Place::new();
    let held = async |log: &FileAudit| {
        let found = log.holding((0..10).map(id).collect()).await.unwrap();
        let mut found: Vec<u32> = found.into_iter().map(number).collect();
        found.sort_unstable();
        found
    };
    let state_change = |number| Entry { generation: Some(1), ..entry(number) };
    append(&place.open(), [0]).await;
    append(&place.open(), [1]).await;
    let log = place.open();
    assert_eq!(held(&log).await, [1], "the start before this one");
    // This start only writes what the outbox held, and does not come to its end.
    log.append(vec![state_change(2)]).await.unwrap();
    drop(log);
    let log = place.open();
    assert_eq!(held(&log).await, [1, 2], "back to one that was completed");
    log.append(vec![state_change(3)]).await.unwrap();
    append(&log, [4]).await;
    drop(log);
    let log = place.open();
    assert_eq!(held(&log).await, [3, 4]);
    drop(log);
    for damage in ["", "x"] {
        fs::write(place.dir().join("start"), damage).unwrap();
        assert_eq!(held(&place.open()).await, [0, 1, 2, 3, 4], "without the note, all of it");
    }
}

#[test]
fn altered_lines_are_refused() {
    let place = Place::new();
    fs::create_dir(place.dir()).unwrap();
    let line = |seq: u64| format!("{{\"seq\":{seq},\"node\":\"{NODE}\",\"id\":\"{}\"}}\n", id(1));
    let good = [line(4), line(5), line(6)];
    let path = segment::path(&place.dir(), 4);
    let open = |text: String| {
        for begun in place.segments() {
            fs::remove_file(begun).unwrap();
        }
        fs::write(&path, &text).unwrap();
        let opened = FileAudit::open(&place.dir(), NODE).map(drop);
        assert!(opened.is_ok() || fs::read_to_string(&path).unwrap() == text, "it was touched");
        opened
    };
    open(good.concat()).unwrap();
    let altered = [
        format!("{}{}", good[0], good[2]),
        format!("{}{}{}", good[0], good[2], good[1]),
        format!("{}{}", good[0], good[0]),
        good[1..].concat(),
        good.concat().replace("\"seq\":5", "\"seq\":7"),
        good.concat().replace("\"seq\":5", "\"seq\":-5"),
        good.concat().replace("\"seq\":5", "\"seq\" 5"),
        format!("{}\n{}", good[0], good[1]),
        format!("{}null\n{}", good[0], good[1]),
        format!("{}{}", "x".repeat(line::MOST + 1), good[1]),
        line(u64::MAX),
    ];
    for text in altered {
        let opened = open(text.clone());
        assert!(matches!(opened, Err(AuditError::Unavailable(_))), "{opened:?} for {text:.300}");
    }
    assert!(place.torn().is_empty());
}
