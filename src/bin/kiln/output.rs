//! Text for people and for programs, and the log.

use bevy_kiln::assets::diagnostic::{Diagnostic, Severity};
use std::io::{self, IsTerminal, Write};

/// Sends `tracing` events to standard error, as far as `KILN_LOG` asks for them.
pub fn start_log() {
    let Ok(filter) = tracing_subscriber::EnvFilter::try_from_env("KILN_LOG") else {
        return;
    };
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_span_events(tracing_subscriber::fmt::format::FmtSpan::CLOSE)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .init();
}

/// Writes a line to standard output. A reader that went away is no error of ours.
pub fn line(text: &str) {
    let _ = writeln!(io::stdout().lock(), "{text}");
}

/// Writes a line to standard error.
pub fn error_line(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// A diagnostic with its remedy.
pub fn diagnostic(diagnostic: &Diagnostic) -> String {
    if diagnostic.severity == Severity::Info {
        diagnostic.to_string()
    } else {
        format!("{diagnostic}\n  help: {}", diagnostic.remedy())
    }
}

/// Writes a value as JSON.
pub fn json(value: &impl serde::Serialize) {
    match serde_json::to_string_pretty(value) {
        Ok(text) => line(&text),
        Err(error) => error_line(&format!(
            "error: the report cannot be written as JSON: {error}"
        )),
    }
}

/// A size in the unit that suits it.
pub fn bytes(bytes: u64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < units.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 {
        format!("{bytes} B")
    } else {
        format!("{value:.1} {}", units[unit])
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn sizes_read_well() {
        assert_eq!(super::bytes(17), "17 B");
        assert_eq!(super::bytes(1536), "1.5 KiB");
        assert_eq!(super::bytes(3 << 30), "3.0 GiB");
    }
}
