//! A fake source format: what a source comes to is a script, and its steps are held at gates.

use bevy_kiln_components::pipeline::WorkKind;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
};

pub const TEXTURES: WorkKind = WorkKind("FakeTexture");
pub const BUFFERS: WorkKind = WorkKind("FakeBuffer");
pub const UNREGISTERED: WorkKind = WorkKind("Unregistered");

/// What tests and tasks share: scripts, gates, and a log of what the tasks did.
#[derive(Clone, Default)]
pub struct Stage(Arc<Mutex<Backstage>>, Arc<Mutex<()>>);

#[derive(Default)]
struct Backstage {
    scripts: BTreeMap<String, Script>,
    gates: BTreeMap<String, (async_channel::Sender<()>, async_channel::Receiver<()>)>,
    log: Vec<String>,
    running: BTreeMap<&'static str, usize>,
    most: BTreeMap<&'static str, usize>,
}

impl Stage {
    fn lock(&self) -> MutexGuard<'_, Backstage> {
        self.0.lock().unwrap()
    }

    /// What happens when a source is imported, by its file name.
    pub fn script(&self, file: &str, script: Script) {
        self.lock().scripts.insert(file.to_owned(), script);
    }

    /// Closes gates, such as `cook a`, `read a` or `plan a.head`.
    pub fn hold(&self, gates: &[&str]) {
        for gate in gates {
            let channel = async_channel::bounded(1);
            self.lock().gates.insert((*gate).to_owned(), channel);
        }
    }

    /// Opens a gate for good.
    pub fn open(&self, gate: &str) {
        let gate = self.lock().gates.remove(gate).expect("the gate is held");
        gate.0.close();
    }

    /// Holds loads up after the head of a source was read, on the thread that loads it: only for
    /// tests that hold a single source, and not for long.
    pub fn hold_recognition(&self) -> MutexGuard<'_, ()> {
        self.1.lock().unwrap()
    }

    /// Whether a task has come to a gate, held or not.
    pub fn reached(&self, gate: &str) -> bool {
        self.lock().log.iter().any(|line| line == gate)
    }

    /// The most items of a kind that were cooked at once.
    pub fn most(&self, kind: WorkKind) -> usize {
        self.lock().most.get(kind.0).copied().unwrap_or(0)
    }

    /// The script of a source, if there is one.
    pub(super) fn script_of(&self, file: &str) -> Option<Script> {
        self.lock().scripts.get(file).cloned()
    }

    /// Waits at a gate with the whole thread, if it is held.
    pub(super) fn block(&self, gate: &str) {
        let held = {
            let stage = self.lock();
            stage.gates.get(gate).map(|(_, receiver)| receiver.clone())
        };
        if let Some(held) = held {
            // An error: the gate was opened.
            let _ = held.recv_blocking();
        }
    }

    /// Waits at a gate, if it is held.
    pub async fn pass(&self, gate: String) {
        let held = {
            let mut stage = self.lock();
            let held = stage.gates.get(&gate).map(|(_, receiver)| receiver.clone());
            stage.log.push(gate);
            held
        };
        if let Some(held) = held {
            // An error: the gate was opened.
            let _ = held.recv().await;
        }
    }
}

/// What a step of a script, or making its plan, comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Act {
    #[default]
    Succeed,
    Fail,
    Panic,
    /// A result that breaks the rules of the container.
    Misshape,
}

/// A source, as it is imported.
#[derive(Clone, Debug, Default)]
pub struct Script {
    pub plan: Act,
    pub steps: Vec<Step>,
    /// Bytes of the source file.
    pub bytes: usize,
}

impl Script {
    pub fn of(steps: impl IntoIterator<Item = Step>) -> Self {
        Self {
            steps: steps.into_iter().collect(),
            ..Self::default()
        }
    }

    /// One texture.
    pub fn one(name: &str) -> Self {
        Self::of([Step::texture(name)])
    }

    pub fn plan(mut self, act: Act) -> Self {
        self.plan = act;
        self
    }

    pub fn bytes(mut self, bytes: usize) -> Self {
        self.bytes = bytes;
        self
    }

    pub fn source_bytes(&self) -> Vec<u8> {
        vec![b'.'; self.bytes]
    }
}

/// An item of a plan.
#[derive(Clone, Debug)]
pub struct Step {
    pub name: String,
    pub kind: WorkKind,
    /// What it is made of: equal content is equal output.
    pub content: String,
    /// Positions of its producers in the script.
    pub after: Vec<usize>,
    pub cook: Act,
    /// Whether it has a source to read, and what comes of that.
    pub read: Option<Act>,
    pub peak: u64,
    pub hashing: bool,
    /// A warning that comes with its result.
    pub warning: Option<String>,
}

impl Step {
    fn new(name: &str, kind: WorkKind) -> Self {
        Self {
            name: name.to_owned(),
            kind,
            content: name.to_owned(),
            after: Vec::new(),
            cook: Act::Succeed,
            read: None,
            peak: 1 << 10,
            hashing: true,
            warning: None,
        }
    }

    pub fn texture(name: &str) -> Self {
        Self::new(name, TEXTURES)
    }

    pub fn buffer(name: &str) -> Self {
        Self::new(name, BUFFERS)
    }

    pub fn of_kind(name: &str, kind: WorkKind) -> Self {
        Self::new(name, kind)
    }

    pub fn content(mut self, content: &str) -> Self {
        self.content = content.to_owned();
        self
    }

    pub fn after(mut self, producers: &[usize]) -> Self {
        self.after = producers.to_vec();
        self
    }

    pub fn cook(mut self, act: Act) -> Self {
        self.cook = act;
        self
    }

    pub fn read(mut self, act: Act) -> Self {
        self.read = Some(act);
        self
    }

    pub fn peak(mut self, bytes: u64) -> Self {
        self.peak = bytes;
        self
    }

    pub fn warning(mut self, text: &str) -> Self {
        self.warning = Some(text.to_owned());
        self
    }

    pub fn unhashed(mut self) -> Self {
        self.hashing = false;
        self
    }
}

/// Counts a cook as running as long as it lives, also when it panics.
pub(super) struct Running(Stage, &'static str);

impl Running {
    pub(super) fn new(stage: &Stage, kind: WorkKind) -> Self {
        let mut inner = stage.lock();
        let running = inner.running.entry(kind.0).or_default();
        *running += 1;
        let now = *running;
        let most = inner.most.entry(kind.0).or_default();
        *most = now.max(*most);
        Self(stage.clone(), kind.0)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(running) = self.0.lock().running.get_mut(self.1) {
            *running -= 1;
        }
    }
}
