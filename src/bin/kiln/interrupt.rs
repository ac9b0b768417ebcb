//! Ctrl+C and termination signals: the first one cancels gracefully, the second one quits at once.

use std::{
    process,
    sync::{
        Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use bevy_kiln::assets::cook::pace::CancelFlag;

use crate::{exit, output};

/// What a signal does.
type Reaction = Box<dyn FnMut() + Send>;

/// Signals of the process, and who wants to know of them: the last one who came.
struct Interrupts {
    count: AtomicUsize,
    reactions: Mutex<Vec<Reaction>>,
}

/// There is one handler for the whole process, whatever runs in it.
static INTERRUPTS: Interrupts = Interrupts {
    count: AtomicUsize::new(0),
    reactions: Mutex::new(Vec::new()),
};

/// Whether the handler is there, or why not.
static INSTALLED: OnceLock<Result<(), String>> = OnceLock::new();

impl Interrupts {
    fn reactions(&self) -> MutexGuard<'_, Vec<Reaction>> {
        self.reactions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// As long as this is alive, a signal does what was asked for. Guards end in the reverse order.
pub struct Guard(());

impl Drop for Guard {
    fn drop(&mut self) {
        INTERRUPTS.reactions().pop();
    }
}

/// Lets the first signal do this, instead of ending the process. The second one ends it.
///
/// # Errors
/// Why signals cannot be caught.
pub fn on_signal(reaction: impl FnMut() + Send + 'static) -> Result<Guard, String> {
    INTERRUPTS.reactions().push(Box::new(reaction));
    let guard = Guard(());
    let installed = INSTALLED.get_or_init(|| {
        let handler = || {
            if INTERRUPTS.count.fetch_add(1, Ordering::AcqRel) > 0 {
                quit();
            }
            match INTERRUPTS.reactions().last_mut() {
                Some(reaction) => reaction(),
                None => quit(),
            }
        };
        ctrlc::set_handler(handler).map_err(|error| error.to_string())
    });
    installed.clone().map(|()| guard)
}

/// Lets the first signal raise a flag. If signals cannot be caught, they end the process.
pub fn cancels(flag: &CancelFlag) -> Option<Guard> {
    let flag = flag.clone();
    on_signal(move || {
        output::error_line("interrupted: canceling; once more to quit at once");
        flag.cancel();
    })
    .ok()
}

/// Whether there was a signal.
pub fn happened() -> bool {
    INTERRUPTS.count.load(Ordering::Acquire) > 0
}

fn quit() -> ! {
    process::exit(i32::from(exit::INTERRUPTED))
}
