//! Checking a document against the table: every problem of it, each with its place.

use crate::{
    diagnostic::codes,
    settings::property::{ObjectRule, Rule, Violation, list},
};
use std::collections::HashMap;

use super::{
    problem::{ManifestProblem, escaped},
    rules::{MANIFEST, SCENE_SETTINGS, TEXTURE_SETTINGS, VERSION},
    tree::{Member, Node, NodeValue},
};

/// Checks a whole document. A version that is not known is the only problem that is reported of a
/// document: what else it has may be right in its own version.
pub(super) fn check(document: &Node) -> Vec<ManifestProblem> {
    if let Some(version) = document.get("version")
        && let NodeValue::Integer(_) | NodeValue::HugeInteger(_) = version.value
        && version.integer() != Some(VERSION)
    {
        let message = format!("unsupported manifest version: {}", version.excerpt(40));
        let problem =
            ManifestProblem::new(codes::manifest::VERSION_UNSUPPORTED, "/version", message);
        return vec![problem.found(version).allowed(VERSION.to_string())];
    }
    let mut checker = Checker {
        path: Vec::new(),
        problems: Vec::new(),
    };
    checker.value("the manifest", &Rule::Object(&MANIFEST), document);
    checker.problems
}

struct Checker<'a> {
    path: Vec<Step<'a>>,
    problems: Vec<ManifestProblem>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

impl<'a> Checker<'a> {
    fn pointer(&self) -> String {
        let steps = self.path.iter().map(|step| match step {
            Step::Key(key) => format!("/{}", escaped(key)),
            Step::Index(index) => format!("/{index}"),
        });
        steps.collect()
    }

    /// Checks a value that `name` stands for in messages.
    fn value(&mut self, name: &'a str, rule: &Rule, node: &'a Node) {
        if let Err(violation) = rule.check(node.given()) {
            self.violation(name, rule, &violation, node);
            return;
        }
        match *rule {
            Rule::Object(object) => self.object(object, node),
            Rule::Map(object) => {
                self.duplicates(node);
                for Member { key, value, .. } in node.members() {
                    self.path.push(Step::Key(key));
                    self.value(key, &Rule::Object(object), value);
                    self.path.pop();
                }
            }
            Rule::List(object) => {
                for (index, item) in node.items().iter().enumerate() {
                    self.path.push(Step::Index(index));
                    self.value(object.name, &Rule::Object(object), item);
                    self.path.pop();
                }
            }
            _ => {}
        }
    }

    fn violation(&mut self, name: &str, rule: &Rule, violation: &Violation, node: &Node) {
        let mut message = format!("'{name}' {violation}, found {}", node.excerpt(60));
        if let (Violation::Word { allowed }, Some(word)) = (violation, node.text())
            && let Some(meant) = most_similar(word, allowed.iter().copied())
        {
            message += &format!("; did you mean \"{meant}\"?");
        }
        let problem = ManifestProblem::new(codes::manifest::SCHEMA, self.pointer(), message);
        self.problems
            .push(problem.found(node).allowed(rule.to_string()));
    }

    fn object(&mut self, object: &'static ObjectRule, node: &'a Node) {
        self.duplicates(node);
        for Member { key, at, value } in node.members() {
            let Some(property) = object.property(key) else {
                self.unknown(object, key, *at, node);
                continue;
            };
            self.path.push(Step::Key(key));
            self.value(key, &property.rule, value);
            self.path.pop();
        }
        for required in object.required {
            if node.get(required).is_none() {
                let message = format!("'{required}' is required in {}", article(object.name));
                let problem =
                    ManifestProblem::new(codes::manifest::SCHEMA, self.pointer(), message);
                let allowed = object
                    .property(required)
                    .map(|property| property.rule.to_string());
                self.problems
                    .push(problem.found(node).allowed(allowed.unwrap_or_default()));
            }
        }
    }

    fn unknown(&mut self, object: &'static ObjectRule, key: &str, at: u32, node: &Node) {
        let names: Vec<&str> = object.properties().map(|property| property.name).collect();
        let mut message = format!("unknown property '{key}' in {}", article(object.name));
        let elsewhere = [&TEXTURE_SETTINGS, &SCENE_SETTINGS]
            .into_iter()
            .find(|other| other.name != object.name && other.property(key).is_some());
        if let Some(other) = elsewhere {
            message += &format!("; it belongs to {}", article(other.name));
        } else if let Some(meant) = most_similar(key, names.iter().copied()) {
            message += &format!("; did you mean '{meant}'?");
        } else if names.len() <= 8 {
            message += &format!("; allowed are {}", list(&names));
        }
        let problem = ManifestProblem::new(codes::manifest::SCHEMA, self.pointer(), message);
        self.problems
            .push(problem.found(node).at(at).allowed(list(&names)));
    }

    fn duplicates(&mut self, node: &'a Node) {
        let members = node.members();
        // Most objects are small, and a set for each costs more than looking.
        let mut seen: HashMap<&str, usize> = HashMap::new();
        for (index, member) in members.iter().enumerate() {
            let known = if members.len() > 16 {
                seen.insert(&member.key, index).is_some()
            } else {
                members[..index].iter().any(|other| other.key == member.key)
            };
            if known {
                self.path.push(Step::Key(&member.key));
                let message = format!("'{}' is given twice", member.key);
                let problem =
                    ManifestProblem::new(codes::manifest::DUPLICATE_KEY, self.pointer(), message);
                self.problems.push(
                    problem
                        .found(&member.value)
                        .at(member.at)
                        .allowed("one value"),
                );
                self.path.pop();
            }
        }
    }
}

/// The name of an object with its article, for messages.
fn article(name: &str) -> String {
    let name = name.replace('_', " ");
    match name.as_str() {
        "manifest" | "concurrency" | "defaults" | "content flags" => format!("the {name}"),
        name if name.ends_with("settings") => name.to_owned(),
        name => format!("a {name}"),
    }
}

/// The word that was most likely meant, if one is near enough.
fn most_similar<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let word: Vec<char> = word.chars().take(64).collect();
    known
        .map(|candidate| (distance(&word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.len().max(4) / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Edits between two words: insertions, deletions, replacements (Levenshtein) and swaps of neighbours.
fn distance(a: &[char], b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut rows = [
        vec![0; b.len() + 1],
        (0..=b.len()).collect::<Vec<usize>>(),
        vec![0; b.len() + 1],
    ];
    for i in 1..=a.len() {
        let [before, last, row] = &mut rows;
        row[0] = i;
        for j in 1..=b.len() {
            let replaced = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        rows.rotate_left(1);
    }
    rows[1][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typing_errors_are_understood() {
        let names = ["mip_filter", "mip_filter_space", "mip_policy", "source"];
        let meant = |word: &str| most_similar(word, names.into_iter());
        assert_eq!(meant("mip_fitler"), Some("mip_filter"));
        assert_eq!(meant("sorce"), Some("source"));
        assert_eq!(meant("mip-policy"), Some("mip_policy"));
        assert_eq!(meant("quality"), None);
        let word: Vec<char> = "abcd".chars().collect();
        let table = [
            ("abcd", 0),
            ("acbd", 1),
            ("abc", 1),
            ("xbcd", 1),
            ("", 4),
            ("dcba", 3),
        ];
        for (other, expected) in table {
            assert_eq!(distance(&word, other), expected, "{other}");
        }
    }
}
