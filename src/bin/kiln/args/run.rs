//! What a cook may use of the machine, and when it stops.

use super::CacheArgs;
use bevy_kiln::{
    components::pipeline::{PipelineLimit, PipelineLimits, WorkKind},
    plugin::HeadlessSettings,
};
use clap::Args;
use std::path::PathBuf;

/// What a cook may use of the machine, and when it stops.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Running")]
pub struct RunArgs {
    /// Threads that cook; 0 means one for each core [default: 0]
    #[arg(long, value_name = "N", visible_alias = "thread-pool-size")]
    pub threads: Option<usize>,
    /// Memory that admitted work may use at once, such as 512M or 2G
    #[arg(long, value_name = "SIZE", default_value = "1G", value_parser = size)]
    pub memory: u64,
    /// Jobs that may be loaded and cooked at once [default: 64]
    #[arg(short, long, value_name = "N", visible_alias = "max-in-flight-jobs",
          value_parser = clap::value_parser!(u32).range(1..))]
    pub jobs: Option<u32>,
    /// Workers and queue places by kind of work, such as texture:8/64,mesh:4; kinds that are not
    /// named keep their defaults
    #[arg(long, value_name = "SPEC", value_parser = concurrency)]
    pub concurrency: Option<Concurrency>,
    /// A folder whose files scenes may refer to, besides the files in their own folders and below; may
    /// be given several times
    #[arg(long = "source-root", value_name = "DIR")]
    pub source_roots: Vec<PathBuf>,
    /// Write a report: a page with a timeline if FILE ends in .html, else JSON; a relative FILE is
    /// relative to the container
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Cancel everything as soon as one import fails
    #[arg(long)]
    pub fail_fast: bool,
    /// Do not compute content hashes, nor deduplicate by them
    #[arg(long, visible_alias = "no-content-hashing")]
    pub no_hash: bool,
    #[command(flatten)]
    pub cache: CacheArgs,
}

impl RunArgs {
    /// The settings of the run that were asked for; the defaults for others.
    pub fn settings(&self) -> HeadlessSettings {
        let mut settings = HeadlessSettings {
            threads: self.threads.unwrap_or(0),
            ..HeadlessSettings::default()
        };
        let import = &mut settings.import;
        import.memory_budget = self.memory;
        import.allowed_roots.clone_from(&self.source_roots);
        import.content_hashing = !self.no_hash;
        import.cache = self.cache.settings();
        if let Some(jobs) = self.jobs {
            import.max_in_flight_jobs = jobs as usize;
        }
        if let Some(concurrency) = &self.concurrency {
            import.pipelines = concurrency.limits();
        }
        settings
    }
}

/// Limits of kinds of work, as the command line gives them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Concurrency(Vec<(WorkKind, usize, Option<usize>)>);

impl Concurrency {
    /// The limits; kinds that are not named keep their defaults.
    pub fn limits(&self) -> PipelineLimits {
        let mut limits = PipelineLimits::default();
        for &(kind, workers, queue) in &self.0 {
            let queue = queue.unwrap_or_else(|| limits.get(kind).queue);
            limits.set(kind, PipelineLimit { workers, queue });
        }
        limits
    }
}

/// The names of kinds of work, and their letters.
const KINDS: [(&str, &str, WorkKind); 6] = [
    ("t", "texture", WorkKind::TEXTURE),
    ("b", "buffer", WorkKind::BUFFER),
    ("m", "material", WorkKind::MATERIAL),
    ("h", "mesh_build", WorkKind::MESH_BUILD),
    ("g", "geometry", WorkKind::GEOMETRY),
    ("s", "scene", WorkKind::SCENE),
];

/// `KIND:WORKERS[/QUEUE]`, separated by commas. A kind is its letter, or its name or the beginning of
/// it. Later entries win.
fn concurrency(spec: &str) -> Result<Concurrency, String> {
    let mut all = Vec::new();
    for entry in spec
        .split(',')
        .map(str::trim)
        .filter(|entry| !entry.is_empty())
    {
        let wrong = |what: &str| Err(format!("`{entry}`: {what}, as in texture:8/64"));
        let Some((name, numbers)) = entry.split_once(':') else {
            return wrong("expected KIND:WORKERS[/QUEUE]");
        };
        let name = name.trim().to_ascii_lowercase().replace('-', "_");
        let letter = KINDS.iter().find(|(letter, ..)| *letter == name);
        let named = || {
            let begins = |long: &str| name.len() > 1 && long.starts_with(&name);
            KINDS.iter().find(|(_, long, _)| begins(long))
        };
        let Some(&(_, _, kind)) = letter.or_else(named) else {
            let known = KINDS.map(|(_, long, _)| long).join(", ");
            return wrong(&format!("the kinds of work are {known}"));
        };
        let (workers, queue) = match numbers.split_once('/') {
            Some((workers, queue)) => (workers, Some(queue)),
            None => (numbers, None),
        };
        let number = |text: &str| text.trim().parse().ok().filter(|number| *number > 0);
        let (Some(workers), Ok(queue)) = (
            number(workers),
            queue.map(|queue| number(queue).ok_or(())).transpose(),
        ) else {
            return wrong("expected numbers above 0");
        };
        all.push((kind, workers, queue));
    }
    Ok(Concurrency(all))
}

/// Bytes, with an optional unit of 1024: K, M, G or T.
pub(super) fn size(text: &str) -> Result<u64, String> {
    let split = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, unit) = text.split_at(split);
    let shift = match unit
        .trim_end_matches(['i', 'B', 'b'])
        .to_ascii_uppercase()
        .as_str()
    {
        "" => 0,
        "K" => 10,
        "M" => 20,
        "G" => 30,
        "T" => 40,
        _ => return Err(format!("`{unit}` is not a unit; allowed are K, M, G and T")),
    };
    let number: u64 = digits
        .parse()
        .map_err(|_| "expected a number of bytes, such as 512M".to_owned())?;
    number
        .checked_mul(1 << shift)
        .filter(|bytes| *bytes > 0)
        .ok_or_else(|| "the size must be between 1 byte and 16 EiB".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        assert_eq!(size("1G"), Ok(1 << 30));
        assert_eq!(size("512MiB"), Ok(512 << 20));
        assert_eq!(size("17"), Ok(17));
        assert!(
            size("0").is_err()
                && size("G").is_err()
                && size("1X").is_err()
                && size("99999999T").is_err()
        );
    }

    #[test]
    fn kinds_are_letters_or_names() {
        let one = |spec: &str| {
            let all = concurrency(spec).unwrap().0;
            assert_eq!(all.len(), 1, "{spec}");
            all[0]
        };
        assert_eq!(one("t:8/64"), (WorkKind::TEXTURE, 8, Some(64)));
        assert_eq!(one(" T : 8 "), (WorkKind::TEXTURE, 8, None));
        assert_eq!(one("texture:8"), (WorkKind::TEXTURE, 8, None));
        assert_eq!(one("m:3").0, WorkKind::MATERIAL);
        assert_eq!(one("h:3").0, WorkKind::MESH_BUILD);
        // The reference goes by the first letter, which makes materials of this.
        assert_eq!(one("mesh:3").0, WorkKind::MESH_BUILD);
        assert_eq!(one("mesh-build:3,").0, WorkKind::MESH_BUILD);
        assert_eq!(concurrency(""), Ok(Concurrency::default()));
        for wrong in [
            "t:0", "t:", ":3", "x:1", "t:1/", "t:a", "t", "t:1/0", "t:-1", "audio:1",
        ] {
            assert!(concurrency(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_not_named_keeps_its_default() {
        let limits = concurrency("t:1,t:2,scene:3").unwrap().limits();
        let (defaults, texture) = (PipelineLimits::default(), limits.get(WorkKind::TEXTURE));
        assert_eq!((texture.workers, texture.queue), (2, 64));
        let scene = limits.get(WorkKind::SCENE);
        assert_eq!((scene.workers, scene.queue), (3, 8));
        assert_eq!(limits.get(WorkKind::BUFFER), defaults.get(WorkKind::BUFFER));
    }
}
