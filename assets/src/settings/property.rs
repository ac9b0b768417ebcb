//! What every setting is called, what it may be, and what it means.
//!
//! One table says it for everybody: the checker of manifests, their JSON Schema and the command line
//! are all made from it, so that they cannot disagree. The tables of textures and scenes stand beside
//! their options; whoever adds an option adds a line there, and it can be written everywhere.

use serde_json::Value;
use std::fmt;
use thiserror::Error;

/// One setting that a user can write.
#[derive(Clone, Copy, Debug)]
pub struct Property {
    /// Its name in manifests; the command line writes hyphens for underscores.
    pub name: &'static str,
    /// What it may be.
    pub rule: Rule,
    /// What it means, for people.
    pub doc: &'static str,
}

/// What a value may be.
#[derive(Clone, Copy, Debug)]
pub enum Rule {
    /// True or false.
    Flag,
    /// One of these words.
    Token(&'static [&'static str]),
    /// Any text.
    Text,
    /// A whole number, both bounds included.
    Integer {
        /// The smallest.
        least: u32,
        /// The largest.
        most: u32,
    },
    /// A number that a 32-bit float can hold.
    Number {
        /// The lower bound.
        least: Bound,
        /// The upper bound.
        most: Bound,
    },
    /// A list of objects.
    List(&'static ObjectRule),
    /// An object.
    Object(&'static ObjectRule),
    /// An object whose keys are free and whose values are objects.
    Map(&'static ObjectRule),
}

/// One end of the range of a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// There is none but what a 32-bit float can hold.
    Open,
    /// This value is allowed.
    Included(f64),
    /// This value is not allowed any more.
    Excluded(f64),
}

/// What an object may have.
#[derive(Debug)]
pub struct ObjectRule {
    /// What it is, in a word: the name of its definition in the JSON Schema.
    pub name: &'static str,
    /// What it is for.
    pub doc: &'static str,
    /// Its properties, in groups that several objects share.
    pub groups: &'static [&'static [Property]],
    /// The properties that must be there.
    pub required: &'static [&'static str],
}

impl ObjectRule {
    /// All properties, in order.
    pub fn properties(&self) -> impl Iterator<Item = &'static Property> + '_ {
        self.groups.iter().flat_map(|group| group.iter())
    }

    /// A property by its name.
    pub fn property(&self, name: &str) -> Option<&'static Property> {
        self.properties().find(|property| property.name == name)
    }
}

impl Property {
    /// A setting that is on or off.
    pub const fn flag(name: &'static str, doc: &'static str) -> Self {
        Self::new(name, Rule::Flag, doc)
    }

    /// A setting that is one of a few words.
    pub const fn token(
        name: &'static str,
        words: &'static [&'static str],
        doc: &'static str,
    ) -> Self {
        Self::new(name, Rule::Token(words), doc)
    }

    /// A setting that is free text.
    pub const fn text(name: &'static str, doc: &'static str) -> Self {
        Self::new(name, Rule::Text, doc)
    }

    /// A setting that is a whole number.
    pub const fn integer(name: &'static str, least: u32, most: u32, doc: &'static str) -> Self {
        Self::new(name, Rule::Integer { least, most }, doc)
    }

    /// A setting that is a number.
    pub const fn number(name: &'static str, least: Bound, most: Bound, doc: &'static str) -> Self {
        Self::new(name, Rule::Number { least, most }, doc)
    }

    /// A setting of any kind.
    pub const fn new(name: &'static str, rule: Rule, doc: &'static str) -> Self {
        Self { name, rule, doc }
    }

    /// Reads a value as the command line writes it: text without quotes.
    ///
    /// # Errors
    /// [`Violation`] when the text is not of the kind that the rule asks for, or out of its bounds.
    pub fn parse(&self, text: &str) -> Result<Value, Violation> {
        let given = match self.rule {
            Rule::Flag => match text {
                "true" => Given::Flag(true),
                "false" => Given::Flag(false),
                _ => Given::Text(text),
            },
            Rule::Integer { .. } => text
                .parse()
                .map_or(Given::Text(text), |value| Given::Integer(Some(value))),
            Rule::Number { .. } => text.parse().map_or(Given::Text(text), Given::Number),
            _ => Given::Text(text),
        };
        self.rule.check(given)?;
        Ok(match given {
            Given::Flag(value) => value.into(),
            Given::Integer(value) => value.and_then(|value| u64::try_from(value).ok()).into(),
            Given::Number(value) => value.into(),
            _ => text.into(),
        })
    }
}

/// A value that somebody has written, as far as a rule looks at it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Given<'a> {
    /// Nothing at all, which is never a value.
    Null,
    /// True or false.
    Flag(bool),
    /// A number without fraction and exponent; `None` when it has more than 63 bits.
    Integer(Option<i64>),
    /// Any other number; not necessarily finite.
    Number(f64),
    /// A text.
    Text(&'a str),
    /// A list.
    List,
    /// An object.
    Object,
}

/// A value that breaks its rule. The text says what is allowed, as in "must be …".
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Violation {
    /// It is of another kind.
    #[error("must be {expected}")]
    Kind {
        /// What it must be.
        expected: &'static str,
    },
    /// It is of the right kind, but not one of the words.
    #[error("must be {}", list(.allowed))]
    Word {
        /// The words.
        allowed: &'static [&'static str],
    },
    /// It is of the right kind, but out of bounds.
    #[error("must be {bounds}")]
    Range {
        /// The bounds, in words.
        bounds: String,
    },
}

impl Rule {
    /// Checks one value, but not what is inside of a list or object.
    ///
    /// # Errors
    /// [`Violation`], which says what is allowed.
    pub fn check(&self, given: Given) -> Result<(), Violation> {
        match (*self, given) {
            (Self::Flag, Given::Flag(_))
            | (Self::Text, Given::Text(_))
            | (Self::List(_), Given::List)
            | (Self::Object(_) | Self::Map(_), Given::Object) => Ok(()),
            (Self::Token(allowed), Given::Text(word)) => {
                if allowed.contains(&word) {
                    Ok(())
                } else {
                    Err(Violation::Word { allowed })
                }
            }
            (Self::Integer { least, most }, Given::Integer(value)) => {
                let fits = value
                    .is_some_and(|value| (i64::from(least)..=i64::from(most)).contains(&value));
                if fits {
                    Ok(())
                } else {
                    Err(self.out_of_bounds())
                }
            }
            (Self::Number { least, most }, Given::Integer(_) | Given::Number(_)) => {
                let value = match given {
                    Given::Integer(Some(value)) => value as f64,
                    Given::Number(value) => value,
                    _ => f64::INFINITY,
                };
                let fits = (value as f32).is_finite()
                    && least.holds(value, |value, bound| value > bound)
                    && most.holds(value, |value, bound| value < bound);
                if fits {
                    Ok(())
                } else {
                    Err(self.out_of_bounds())
                }
            }
            _ => Err(Violation::Kind {
                expected: self.kind(),
            }),
        }
    }

    /// The kind of value, with its article.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Flag => "a boolean",
            Self::Token(_) | Self::Text => "a string",
            Self::Integer { .. } => "an integer",
            Self::Number { .. } => "a number",
            Self::List(_) => "an array",
            Self::Object(_) | Self::Map(_) => "an object",
        }
    }

    fn out_of_bounds(&self) -> Violation {
        Violation::Range {
            bounds: self.to_string(),
        }
    }
}

impl fmt::Display for Rule {
    /// What is allowed, in words, such as `an integer >= 1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Token(words) => f.write_str(&list(words)),
            Self::Integer {
                least,
                most: u32::MAX,
            } => write!(f, "an integer >= {least} and <= {}", u32::MAX),
            Self::Integer { least, most } => write!(f, "an integer from {least} to {most}"),
            Self::Number { least, most } => {
                f.write_str("a number")?;
                let bounds = [(least, ">"), (most, "<")];
                let mut words = bounds.iter().filter_map(|(bound, sign)| match bound {
                    Bound::Open => None,
                    Bound::Included(value) => Some(format!(" {sign}= {value}")),
                    Bound::Excluded(value) => Some(format!(" {sign} {value}")),
                });
                if let Some(first) = words.next() {
                    f.write_str(&first)?;
                }
                if let Some(second) = words.next() {
                    write!(f, " and{second}")?;
                }
                Ok(())
            }
            Self::Flag => f.write_str("true or false"),
            _ => f.write_str(self.kind()),
        }
    }
}

impl Bound {
    fn holds(self, value: f64, beyond: fn(f64, f64) -> bool) -> bool {
        match self {
            Self::Open => true,
            // Bounds are those of the 32-bit float that is stored: 0.0001 as a float is a little less.
            Self::Included(bound) => beyond(value, bound) || value as f32 == bound as f32,
            Self::Excluded(bound) => beyond(value, bound) && value as f32 != bound as f32,
        }
    }
}

/// The words of a message: `a, b or c`.
pub(crate) fn list(words: &[&str]) -> String {
    match words {
        [] => "nothing".to_owned(),
        [only] => (*only).to_owned(),
        [rest @ .., last] => format!("{} or {last}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_the_wrong_kind_hear_what_they_must_be() {
        let max_mips = Property::integer("max_mips", 1, u32::MAX, "");
        let error = |text: &str| max_mips.parse(text).unwrap_err().to_string();
        assert_eq!(max_mips.parse("3").unwrap(), 3);
        assert_eq!(error("three"), "must be an integer");
        assert_eq!(error("2.0"), "must be an integer");
        assert_eq!(error("0"), "must be an integer >= 1 and <= 4294967295");
        assert_eq!(error("-1"), "must be an integer >= 1 and <= 4294967295");
        assert_eq!(
            error("4294967296"),
            "must be an integer >= 1 and <= 4294967295"
        );
        let flag = Property::flag("flip_y", "");
        assert_eq!(flag.parse("false").unwrap(), false);
        assert_eq!(
            flag.parse("no").unwrap_err().to_string(),
            "must be a boolean"
        );
        let word = Property::token("mip_filter", &["box", "kaiser", "lanczos"], "");
        assert_eq!(
            word.parse("bicubic").unwrap_err().to_string(),
            "must be box, kaiser or lanczos"
        );
    }

    #[test]
    fn bounds_are_those_of_the_stored_float() {
        let scale = Rule::Number {
            least: Bound::Included(0.0001),
            most: Bound::Open,
        };
        let ok = |rule: &Rule, value| rule.check(Given::Number(value)).is_ok();
        assert!(ok(&scale, 0.0001) && ok(&scale, f64::from(0.0001_f32)) && ok(&scale, 1.0));
        assert!(!ok(&scale, 0.00005) && !ok(&scale, f64::NAN) && !ok(&scale, 1e39));
        assert!(scale.check(Given::Integer(Some(1))).is_ok());
        assert!(scale.check(Given::Integer(None)).is_err());
        assert_eq!(scale.to_string(), "a number >= 0.0001");
        let ratio = Rule::Number {
            least: Bound::Excluded(0.0),
            most: Bound::Excluded(1.0),
        };
        assert!(
            ok(&ratio, 0.5) && !ok(&ratio, 0.0) && !ok(&ratio, 1.0) && !ok(&ratio, 0.999_999_999)
        );
        assert_eq!(ratio.to_string(), "a number > 0 and < 1");
    }
}
