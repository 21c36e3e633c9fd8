//! A disk that is full for a while.

use crate::supervisor::Supervisor;
use std::{
    ffi::OsStr,
    fs::{File, remove_file},
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

/// A small disk for programs that run on it. It is removed with this value.
///
/// It is mounted where no other program sees it. If this machine does not allow mounting, a limit
/// on the size of the programs' files takes its place.
#[derive(Debug)]
pub struct Disk {
    holder: Supervisor,
    /// What makes a program see it.
    enter: Option<&'static [&'static str]>,
}

/// Ways to mount something for one's own programs alone, and to run one more of them.
const WAYS: [(&str, &[&str]); 2] = [
    ("unshare --mount", &["--mount"]),
    (
        "unshare --map-root-user --mount",
        &["--user", "--preserve-credentials", "--mount"],
    ),
];

impl Disk {
    /// Mounts one of so many megabytes.
    #[must_use]
    pub fn of_megabytes(size: u32) -> Self {
        let mounted = WAYS.into_iter().find_map(|(way, enter)| {
            let script = format!(
                r#"cd /; export directory; exec {way} sh -c '
                    if mount -t tmpfs -o size={size}m none "$directory"; then
                        echo "ready $directory"; cat >/dev/null
                        umount --lazy "$directory"
                    fi
                    rmdir "$directory"'"#
            );
            let holder = Supervisor::start(&mut Command::new("sh"), &script).ok()?;
            Some(Self {
                holder,
                enter: Some(enter),
            })
        });
        mounted.unwrap_or_else(|| {
            let script = r#"echo "ready $directory"; cat >/dev/null; cd / && rm -rf "$directory""#;
            Self {
                holder: Supervisor::start(&mut Command::new("sh"), script).expect("a directory"),
                enter: None,
            }
        })
    }

    /// The path of a file on it, for a program that is run on it.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        Path::new(self.holder.directory()).join(name)
    }

    /// The same for this process.
    fn path_from_here(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        match self.enter {
            Some(_) => PathBuf::from(format!("/proc/{}/root{}", self.holder.id(), path.display())),
            None => path,
        }
    }

    /// Copies a file onto it.
    pub fn put(&self, file: &Path, name: &str) {
        std::fs::copy(file, self.path_from_here(name)).expect("room for a file");
    }

    /// Runs a program on it, in the process that the command starts.
    #[must_use]
    pub fn command(&self, program: &OsStr) -> Command {
        let mut command;
        if let Some(enter) = self.enter {
            command = Command::new("nsenter");
            command
                .args(enter)
                .args(["--target", &self.holder.id().to_string(), "--"]);
        } else {
            // what is over the limit fails, and ends nobody
            command = Command::new("sh");
            command.args(["-c", r#"trap '' XFSZ; exec "$@""#, "sh"]);
        }
        command.arg(program);
        command
    }

    /// Fills the disk, for a process that [runs](Self::command) on it.
    pub fn fill(&self, process: u32) {
        if self.enter.is_none() {
            return limit_files(process, "0");
        }
        let mut ballast = File::create(self.path_from_here(BALLAST)).expect("a file");
        for size in [1 << 16, 1] {
            while ballast.write_all(&vec![0; size]).is_ok() {}
        }
    }

    /// Frees the space again.
    pub fn free(&self, process: u32) {
        if self.enter.is_none() {
            return limit_files(process, "unlimited");
        }
        remove_file(self.path_from_here(BALLAST)).expect("it is there");
    }
}

/// The file that fills the disk.
const BALLAST: &str = "ballast";

fn limit_files(process: u32, bytes: &str) {
    let arguments = [
        format!("--pid={process}"),
        format!("--fsize={bytes}:unlimited"),
    ];
    let status = Command::new("prlimit").args(arguments).status();
    assert!(
        status.is_ok_and(|status| status.success()),
        "prlimit limits"
    );
}
