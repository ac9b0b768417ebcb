//! Processes of the built `kiln`.

use serde_json::Value;
use std::{
    io::Read,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    thread::JoinHandle,
    time::{Duration, Instant},
};

/// Far longer than anything takes: a process that runs for so long hangs.
const HANGS: Duration = Duration::from_secs(120);

/// What `KILN_CACHE_DIR` says where there is to be no cache: tests cook, and leave the user's cache alone.
pub const NO_CACHE: &str = "";

/// The command, with nothing in its environment that would change what it does.
pub fn kiln() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kiln"));
    command
        .env_remove("KILN_FAULT")
        .env_remove("KILN_LOG")
        .env("KILN_CACHE_DIR", NO_CACHE)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// `kiln import` of sources into a container.
pub fn import(root: &Path, sources: &[impl AsRef<Path>]) -> Command {
    let mut command = kiln();
    command.arg("import");
    for source in sources {
        command.arg(source.as_ref());
    }
    command.arg("-o").arg(root);
    command
}

/// `kiln verify` of a container.
pub fn verify(root: &Path) -> Command {
    let mut command = kiln();
    command.arg("verify").arg(root);
    command
}

/// A process that has ended.
#[derive(Debug)]
pub struct Ran {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// The exit status, if the process ended by itself.
    pub fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// The JSON document that is all of standard output.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error} in {:?}: {:?}", self.stdout, self.stderr))
    }

    /// The codes of all diagnostics in a report as JSON, of jobs or of a verification.
    #[track_caller]
    pub fn codes(&self) -> Vec<String> {
        fn of(value: &Value, found: &mut Vec<String>) {
            for diagnostic in value["diagnostics"].as_array().into_iter().flatten() {
                found.push(diagnostic["code"].as_str().unwrap().to_owned());
            }
            for job in value["jobs"].as_array().into_iter().flatten() {
                of(job, found);
            }
        }
        let mut found = Vec::new();
        of(&self.json(), &mut found);
        found
    }

    /// That it ended with a status, and that nothing panicked.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code(), Some(code), "{self:?}");
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
        self
    }
}

/// A process that runs, with its output being collected.
pub struct Running {
    pub child: Child,
    stdout: Option<JoinHandle<String>>,
    stderr: Option<JoinHandle<String>>,
}

fn collect(source: Option<impl Read + Send + 'static>) -> Option<JoinHandle<String>> {
    source.map(|mut source| {
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            // What was read before an error is what there is.
            let _ = source.read_to_end(&mut bytes);
            String::from_utf8_lossy(&bytes).into_owned()
        })
    })
}

/// A test that fails leaves no process behind.
impl Drop for Running {
    fn drop(&mut self) {
        // Of one that has ended and was waited for, this does nothing.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts a process.
pub fn start(command: &mut Command) -> Running {
    let mut child = command.spawn().unwrap();
    Running {
        stdout: collect(child.stdout.take()),
        stderr: collect(child.stderr.take()),
        child,
    }
}

/// Runs a process to its end.
pub fn run(command: &mut Command) -> Ran {
    start(command).wait()
}

impl Running {
    /// Waits for the end.
    #[track_caller]
    pub fn wait(mut self) -> Ran {
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if begun.elapsed() > HANGS {
                self.child.kill().unwrap();
                self.child.wait().unwrap();
                let text = |stream: &mut Option<JoinHandle<String>>| {
                    stream.take().map(|stream| stream.join().unwrap())
                };
                let (stdout, stderr) = (text(&mut self.stdout), text(&mut self.stderr));
                panic!("the process hangs: {stdout:?} {stderr:?}");
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        let text = |stream: Option<JoinHandle<String>>| {
            stream.map_or_else(String::new, |stream| stream.join().unwrap())
        };
        Ran {
            status,
            stdout: text(self.stdout.take()),
            stderr: text(self.stderr.take()),
        }
    }

    /// Kills it, as `kill -9` does.
    pub fn kill(mut self) -> Ran {
        // It may have ended meanwhile.
        let _ = self.child.kill();
        self.wait()
    }

    /// Sends a signal.
    #[cfg(unix)]
    pub fn signal(&self, signal: i32) {
        let pid = self.child.id() as libc::pid_t;
        // SAFETY: the process is ours and was not waited for, so its id is not anybody else's.
        assert_eq!(unsafe { libc::kill(pid, signal) }, 0);
    }

    /// Waits until a condition holds; the process must not end before that.
    #[track_caller]
    pub fn until(&mut self, what: &str, mut condition: impl FnMut() -> bool) {
        let begun = Instant::now();
        while !condition() {
            assert!(begun.elapsed() < HANGS, "this never happened: {what}");
            if let Some(status) = self.child.try_wait().unwrap() {
                assert!(condition(), "{what}: it ended before, with {status}");
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}
