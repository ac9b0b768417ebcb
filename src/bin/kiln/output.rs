//! Text for people and for programs, and the log.

use bevy_kiln::assets::diagnostic::{Diagnostic, Severity};
use std::io::{self, IsTerminal, Write};

use crate::args::OutputArgs;

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

/// Whether text for people has colours.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    colors: bool,
}

impl Style {
    /// The style of standard error: colours on a terminal, unless the user or the environment
    /// (<https://no-color.org>) wants none.
    pub fn of_stderr(out: OutputArgs) -> Self {
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        Self {
            colors: !out.no_color && !set("NO_COLOR") && !dumb && io::stderr().is_terminal(),
        }
    }

    /// A diagnostic with its remedy.
    pub fn diagnostic(self, diagnostic: &Diagnostic) -> String {
        let (severity, text) = (diagnostic.severity, diagnostic.to_string());
        let word = severity.to_string();
        let rest = text.strip_prefix(&word).unwrap_or(&text);
        let text = format!("{}{rest}", self.paint(severity, &word));
        if severity == Severity::Info {
            text
        } else {
            format!("{text}\n  {}: {}", self.faint("help"), diagnostic.remedy())
        }
    }

    /// A word in the colour of a severity.
    pub fn paint(self, severity: Severity, word: &str) -> String {
        self.wrap(
            match severity {
                Severity::Info => "36",
                Severity::Warning => "33",
                Severity::Error => "1;31",
            },
            word,
        )
    }

    /// A word that matters less.
    pub fn faint(self, word: &str) -> String {
        self.wrap("2", word)
    }

    fn wrap(self, codes: &str, word: &str) -> String {
        if self.colors {
            format!("\x1b[{codes}m{word}\x1b[0m")
        } else {
            word.to_owned()
        }
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
    use super::*;
    use bevy_kiln::assets::diagnostic::codes;

    #[test]
    fn colours_only_where_they_are_wanted() {
        let canceled = Diagnostic::new(codes::import::CANCELED, "Import canceled").source("a.png");
        let plain = Style { colors: false };
        let text = "info[import.canceled] a.png: Import canceled";
        assert_eq!(plain.diagnostic(&canceled), text);
        let colored = Style { colors: true }.diagnostic(&canceled);
        assert_eq!(
            colored,
            "\x1b[36minfo\x1b[0m[import.canceled] a.png: Import canceled"
        );
        let error = canceled.severity(Severity::Error);
        assert!(
            plain
                .diagnostic(&error)
                .contains("\n  help: Submit it again")
        );
    }

    #[test]
    fn sizes_read_well() {
        assert_eq!(super::bytes(17), "17 B");
        assert_eq!(super::bytes(1536), "1.5 KiB");
        assert_eq!(super::bytes(3 << 30), "3.0 GiB");
    }
}
