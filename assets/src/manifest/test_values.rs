//! Values of all kinds, for tests of the readers.

use super::tree::{Node, NodeValue};
use proptest::prelude::*;
use serde_json::Value;

/// A JSON value that is a RON value too, but for `null`.
pub fn json_value() -> impl Strategy<Value = Value> {
    let text = "[ !#-\\[a-m~é😀]{0,8}";
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e9..1e9).prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(text, inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Whether a node says what a value says.
pub fn same_value(node: &Node, value: &Value) -> bool {
    match (&node.value, value) {
        (NodeValue::Null, Value::Null) => true,
        (NodeValue::Flag(a), Value::Bool(b)) => a == b,
        (NodeValue::Integer(a), Value::Number(b)) => {
            b.as_i64() == Some(*a) || (*a == 0 && b.as_f64() == Some(0.0))
        }
        (NodeValue::HugeInteger(a), Value::Number(b)) => a.parse::<f64>().ok() == b.as_f64(),
        // The other reader rounds the last bit in its own way.
        (NodeValue::Number(a), Value::Number(b)) => {
            let near = |b: f64| (a - b).abs() <= a.abs() * 1e-15;
            b.is_f64() && b.as_f64().is_some_and(near)
        }
        (NodeValue::Text(a), Value::String(b)) => a == b,
        (NodeValue::List(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_value(a, b))
        }
        (NodeValue::Object(a), Value::Object(b)) => {
            // The last of several equal keys is the one that the other reader keeps.
            a.iter().all(|member| b.contains_key(&member.key))
                && b.iter().all(|(key, value)| {
                    let last = a.iter().rev().find(|member| member.key == *key);
                    last.is_some_and(|member| same_value(&member.value, value))
                })
        }
        _ => false,
    }
}
