//! A document as it was written: values with their places, keys in their order, duplicates kept.
//!
//! JSON and RON are read into the same tree, so that everything after the reading is the same for
//! both.

use crate::settings::property::Given;
use serde::de::{self, IntoDeserializer, Visitor};
use std::fmt::{self, Write};

/// One value, and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The value.
    pub value: NodeValue,
    /// Where it begins: bytes from the start of the document.
    pub at: u32,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub enum NodeValue {
    /// `null`, or `None` in RON.
    Null,
    /// True or false.
    Flag(bool),
    /// A number without fraction and exponent.
    Integer(i64),
    /// Such a number that does not fit into 64 bits, as it was written.
    HugeInteger(Box<str>),
    /// A number with fraction or exponent.
    Number(f64),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// An object; a key may occur more than once.
    Object(Vec<Member>),
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// The key.
    pub key: String,
    /// Where the key begins.
    pub at: u32,
    /// The value.
    pub value: Node,
}

impl Node {
    /// What a rule looks at.
    pub fn given(&self) -> Given<'_> {
        match &self.value {
            NodeValue::Null => Given::Null,
            NodeValue::Flag(value) => Given::Flag(*value),
            NodeValue::Integer(value) => Given::Integer(Some(*value)),
            NodeValue::HugeInteger(_) => Given::Integer(None),
            NodeValue::Number(value) => Given::Number(*value),
            NodeValue::Text(text) => Given::Text(text),
            NodeValue::List(_) => Given::List,
            NodeValue::Object(_) => Given::Object,
        }
    }

    /// The members of an object; none if it is none.
    pub fn members(&self) -> &[Member] {
        match &self.value {
            NodeValue::Object(members) => members,
            _ => &[],
        }
    }

    /// The values of a list; none if it is none.
    pub fn items(&self) -> &[Node] {
        match &self.value {
            NodeValue::List(items) => items,
            _ => &[],
        }
    }

    /// The value of a key of an object.
    pub fn get(&self, key: &str) -> Option<&Node> {
        let member = self.members().iter().find(|member| member.key == key);
        member.map(|member| &member.value)
    }

    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            NodeValue::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The integer, if it is one of 32 bits.
    pub fn integer(&self) -> Option<u32> {
        match self.value {
            NodeValue::Integer(value) => u32::try_from(value).ok(),
            _ => None,
        }
    }

    /// The flag, if it is one.
    pub fn flag(&self) -> Option<bool> {
        match self.value {
            NodeValue::Flag(value) => Some(value),
            _ => None,
        }
    }

    /// The node that an RFC 6901 pointer leads to.
    pub fn pointer(&self, pointer: &str) -> Option<&Node> {
        let mut steps = pointer.split('/');
        if steps.next() != Some("") {
            return None;
        }
        steps.try_fold(self, |node, step| {
            let step = step.replace("~1", "/").replace("~0", "~");
            match &node.value {
                NodeValue::Object(_) => node.get(&step),
                NodeValue::List(items) => items.get(step.parse::<usize>().ok()?),
                _ => None,
            }
        })
    }

    /// The value as compact JSON, cut after about `most` bytes.
    pub fn excerpt(&self, most: usize) -> String {
        let mut text = Excerpt {
            text: String::new(),
            most,
        };
        if text.node(self).is_err() {
            text.text.push('…');
        }
        text.text
    }
}

/// Compact JSON that ends when it is long enough.
struct Excerpt {
    text: String,
    most: usize,
}

impl Excerpt {
    fn node(&mut self, node: &Node) -> fmt::Result {
        match &node.value {
            NodeValue::Null => self.push("null"),
            NodeValue::Flag(value) => self.push(if *value { "true" } else { "false" }),
            NodeValue::Integer(value) => self.push(&value.to_string()),
            NodeValue::HugeInteger(text) => self.push(text),
            NodeValue::Number(value) => self.push(&format!("{value:?}")),
            NodeValue::Text(text) => self.quoted(text),
            NodeValue::List(items) => {
                self.push("[")?;
                for (i, item) in items.iter().enumerate() {
                    self.push(if i == 0 { "" } else { "," })?;
                    self.node(item)?;
                }
                self.push("]")
            }
            NodeValue::Object(members) => {
                self.push("{")?;
                for (i, member) in members.iter().enumerate() {
                    self.push(if i == 0 { "" } else { "," })?;
                    self.quoted(&member.key)?;
                    self.push(":")?;
                    self.node(&member.value)?;
                }
                self.push("}")
            }
        }
    }

    fn quoted(&mut self, text: &str) -> fmt::Result {
        self.push("\"")?;
        for c in text.chars() {
            match c {
                '"' | '\\' => write!(self.text, "\\{c}")?,
                '\n' => self.push("\\n")?,
                c if c.is_control() => write!(self.text, "\\u{:04x}", u32::from(c))?,
                c => self.text.push(c),
            }
            self.push("")?;
        }
        self.push("\"")
    }

    fn push(&mut self, text: &str) -> fmt::Result {
        self.text.push_str(text);
        if self.text.len() > self.most {
            return Err(fmt::Error);
        }
        Ok(())
    }
}

/// Why a node is not what a type wants. The tables let no such node through.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct NodeError(String);

impl de::Error for NodeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

impl<'de> de::Deserializer<'de> for &'de Node {
    type Error = NodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NodeError> {
        match &self.value {
            NodeValue::Null => visitor.visit_unit(),
            NodeValue::Flag(value) => visitor.visit_bool(*value),
            NodeValue::Integer(value) => visitor.visit_i64(*value),
            NodeValue::HugeInteger(text) => visitor.visit_str(text),
            NodeValue::Number(value) => visitor.visit_f64(*value),
            NodeValue::Text(text) => visitor.visit_borrowed_str(text),
            NodeValue::List(items) => {
                visitor.visit_seq(de::value::SeqDeserializer::new(items.iter()))
            }
            NodeValue::Object(members) => {
                let pairs = members
                    .iter()
                    .map(|member| (member.key.as_str(), &member.value));
                visitor.visit_map(de::value::MapDeserializer::new(pairs))
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NodeError> {
        match self.value {
            NodeValue::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, NodeError> {
        let text = self.text().unwrap_or_default();
        visitor.visit_enum(text.into_deserializer())
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NodeError> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct newtype_struct seq tuple tuple_struct map struct identifier
    }
}

impl<'de> IntoDeserializer<'de, NodeError> for &'de Node {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}
