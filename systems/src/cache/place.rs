//! Where the cache is, if nobody says.

use std::{ffi::OsString, path::PathBuf};

/// The folder of the cache of this user: `KILN_CACHE_DIR`, else `bevy_kiln` in the folder that the system
/// has for caches. `None` when the variable is there and empty, or when the system tells none.
pub fn default_folder() -> Option<PathBuf> {
    folder(|name| std::env::var_os(name))
}

fn folder(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    if let Some(given) = variable("KILN_CACHE_DIR") {
        return (!given.is_empty()).then(|| PathBuf::from(given));
    }
    let variable = |name| variable(name).filter(|value| !value.is_empty());
    let system = if cfg!(windows) {
        PathBuf::from(variable("LOCALAPPDATA")?)
    } else if cfg!(target_os = "macos") {
        PathBuf::from(variable("HOME")?).join("Library/Caches")
    } else {
        // The XDG base directory specification: a relative path is to be ignored.
        let given = variable("XDG_CACHE_HOME").map(PathBuf::from);
        match given.filter(|path| path.is_absolute()) {
            Some(path) => path,
            None => PathBuf::from(variable("HOME")?).join(".cache"),
        }
    };
    Some(system.join("bevy_kiln"))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_first_that_is_given_counts() {
        let place = |given: &[(&str, &str)]| {
            let find = |name: &str| {
                let found = given.iter().find(|(key, _)| *key == name);
                found.map(|(_, value)| OsString::from(value))
            };
            folder(find).map(|path| path.display().to_string())
        };
        let all = [
            ("KILN_CACHE_DIR", "here"),
            ("XDG_CACHE_HOME", "/xdg"),
            ("HOME", "/home/me"),
        ];
        assert_eq!(place(&all).as_deref(), Some("here"));
        assert_eq!(place(&all[1..]).as_deref(), Some("/xdg/bevy_kiln"));
        assert_eq!(
            place(&all[2..]).as_deref(),
            Some("/home/me/.cache/bevy_kiln")
        );
        let relative = [("XDG_CACHE_HOME", "xdg"), ("HOME", "/me")];
        assert_eq!(place(&relative).as_deref(), Some("/me/.cache/bevy_kiln"));
        assert_eq!(place(&[]), None);
        let none = [("KILN_CACHE_DIR", ""), ("HOME", "/home/me")];
        assert_eq!(place(&none), None, "an empty variable asks for no cache");
    }
}
