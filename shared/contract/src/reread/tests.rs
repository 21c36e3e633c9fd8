use super::*;
use std::{
    sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread::{self, ThreadId},
};

/// A file whose text may not be "wrong".
struct Text {
    path: PathBuf,
    read_by: Mutex<Vec<ThreadId>>,
    made: Arc<AtomicUsize>,
    /// Each reading waits for one message, if there is a sender.
    disk: Mutex<Option<mpsc::Receiver<()>>>,
}

#[derive(Debug, thiserror::Error)]
enum Wrong {
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    #[error("wrong")]
    Content,
}

impl Source for Text {
    type Made = String;
    type Error = Wrong;

    const WHAT: &'static str = "texts";

    fn read(&self) -> Result<Vec<File>, Wrong> {
        self.read_by.lock().unwrap().push(thread::current().id());
        if let Some(disk) = &*self.disk.lock().unwrap() {
            disk.recv().unwrap();
        }
        Ok(vec![File::read(&self.path)?])
    }

    fn make(&self, files: &[File], _: Option<&String>) -> Result<String, Wrong> {
        self.made.fetch_add(1, Ordering::SeqCst);
        let text = String::from_utf8(files[0].bytes().to_vec()).unwrap();
        if text == "wrong" {
            return Err(Wrong::Content);
        }
        Ok(text)
    }
}

fn opened(folder: &tempfile::TempDir, text: &str) -> Reread<Text> {
    let path = folder.path().join("text");
    fs::write(&path, text).unwrap();
    let source = Text {
        path,
        read_by: Mutex::default(),
        made: Arc::default(),
        disk: Mutex::default(),
    };
    Reread::open("test", source).unwrap()
}

fn write(text: &Reread<Text>, content: &str) {
    fs::write(&text.source().path, content).unwrap();
}

#[tokio::test]
async fn a_changed_file_is_met_at_once_and_read_by_a_thread_that_may_block() {
    let folder = tempfile::tempdir().unwrap();
    let text = opened(&folder, "one");
    text.source().read_by.lock().unwrap().clear();
    write(&text, "two");
    assert_eq!(*text.current().await, "two");
    let read_by = text.source().read_by.lock().unwrap().clone();
    assert_eq!(read_by.len(), 1);
    assert!(!read_by.contains(&thread::current().id()));
}

#[tokio::test]
async fn the_last_good_value_is_kept_while_the_file_is_wrong_or_missing() {
    let folder = tempfile::tempdir().unwrap();
    let text = opened(&folder, "one");
    for _ in 0..3 {
        assert_eq!(*text.current().await, "one");
    }
    assert_eq!(text.source().made.load(Ordering::SeqCst), 1);
    write(&text, "wrong");
    assert_eq!(*text.current().await, "one");
    assert!(matches!(text.read(), Err(Wrong::Content)));
    fs::remove_file(&text.source().path).unwrap();
    assert_eq!(*text.current().await, "one");
    assert!(matches!(text.read(), Err(Wrong::Unreadable(_))));
    write(&text, "one");
    assert_eq!(*text.read().unwrap(), "one");
    write(&text, "two");
    assert_eq!(*text.current().await, "two");
}

#[tokio::test]
async fn a_file_that_was_read_a_moment_ago_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let text = opened(&folder, "one");
    write(&text, "two");
    assert_eq!(*text.current_within(Duration::from_hours(1)).await, "one");
    assert_eq!(*text.current_within(Duration::ZERO).await, "two");
}

#[tokio::test]
async fn a_disk_that_does_not_answer_keeps_one_thread_and_no_caller() {
    let folder = tempfile::tempdir().unwrap();
    let text = opened(&folder, "one");
    let (answers, disk) = mpsc::channel();
    *text.source().disk.lock().unwrap() = Some(disk);
    text.source().read_by.lock().unwrap().clear();
    write(&text, "two");
    let callers = [text.clone(), text.clone(), text.clone()];
    for caller in callers {
        assert_eq!(*caller.current().await, "one");
    }
    assert_eq!(text.source().read_by.lock().unwrap().len(), 1);
    // the reading that was begun, and the next one
    answers.send(()).unwrap();
    answers.send(()).unwrap();
    assert_eq!(*text.current().await, "two");
}
