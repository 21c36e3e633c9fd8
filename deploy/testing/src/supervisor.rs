//! A shell that owns what must not outlive the test process. It creates it, waits until the process
//! has ended in any way, and removes it.

use std::{
    io::{BufRead, BufReader, Read},
    os::unix::process::CommandExt,
    process::{Child, ChildStdin, Command, Stdio},
};

/// The running shell. It waits for the end of its standard input, which only this
/// process holds open: the kernel closes it on a panic, on Ctrl-C and on kill -9.
#[derive(Debug)]
pub(crate) struct Supervisor {
    shell: Child,
    stdin: Option<ChildStdin>,
    directory: String,
}

impl Supervisor {
    /// Runs a script that makes `$directory`, says `ready`, and after that clears
    /// up. What it prints instead of `ready` is the error.
    pub(crate) fn start(command: &mut Command, script: &str) -> Result<Self, String> {
        let script = format!("{MAKE_DIRECTORY}\n{script}");
        let mut shell = command
            .arg("-c")
            .arg(script)
            // Ctrl-C on the terminal is for the tests alone
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // not ours: who waits for the end of our output would wait for the shell
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("cannot run {}: {error}", command.get_program().display()))?;
        let stdin = shell.stdin.take();
        let mut output = BufReader::new(shell.stdout.take().expect("it is piped"));
        let mut line = String::new();
        output
            .read_line(&mut line)
            .map_err(|error| error.to_string())?;
        if let Some(directory) = line.strip_prefix("ready ") {
            let directory = directory.trim_end().to_owned();
            return Ok(Self {
                shell,
                stdin,
                directory,
            });
        }
        drop(stdin);
        output
            .read_to_string(&mut line)
            .map_err(|error| error.to_string())?;
        shell.wait().map_err(|error| error.to_string())?;
        Err(line)
    }

    /// The shell's process, or that of the program which it became.
    pub(crate) fn id(&self) -> u32 {
        self.shell.id()
    }

    /// The directory that the script made.
    pub(crate) fn directory(&self) -> &str {
        &self.directory
    }
}

impl Drop for Supervisor {
    /// Lets go, and waits until all is cleared away.
    fn drop(&mut self) {
        self.stdin.take();
        let _gone = self.shell.wait();
    }
}

/// In memory, if there is enough space: a database is a few hundred files, and copying them takes a
/// tenth of the time there. TMPDIR takes precedence; its owner may have no access there, so /tmp
/// comes last.
const MAKE_DIRECTORY: &str = r#"
trap '' INT TERM HUP
parent=${TMPDIR:-/tmp}
if test -z "$TMPDIR" && test "$(df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 { print $4 }')" -gt 2000000 2>/dev/null; then
    parent=/dev/shm
fi
directory=$(mktemp -d "$parent/ticketing-test-XXXXXX" 2>/dev/null) ||
    directory=$(mktemp -d /tmp/ticketing-test-XXXXXX) || { echo "no temporary directory"; exit 1; }
cd "$directory"
"#;
