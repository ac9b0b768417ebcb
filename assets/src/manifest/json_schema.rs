//! The JSON Schema of manifests, made from the table that checks them.

use crate::settings::property::{Bound, ObjectRule, Property, Rule};
use serde_json::{Map, Value, json};

use super::rules::MANIFEST;

/// The schema (draft 7) as JSON. It allows what the checker allows, except that JSON Schema knows no
/// difference between `2` and `2.0`, and nothing of keys that are given twice.
pub fn json_schema() -> Value {
    let mut definitions = Map::new();
    let mut schema = object(&MANIFEST, &mut definitions);
    schema["$schema"] = "http://json-schema.org/draft-07/schema#".into();
    schema["title"] = "kiln manifest".into();
    schema["definitions"] = Value::Object(definitions);
    schema
}

fn object(rule: &'static ObjectRule, definitions: &mut Map<String, Value>) -> Value {
    let properties: Map<String, Value> = rule
        .properties()
        .map(|property| (property.name.to_owned(), schema_of(property, definitions)))
        .collect();
    let mut schema = json!({
        "type": "object",
        "description": rule.doc,
        "properties": properties,
        "additionalProperties": false,
    });
    if !rule.required.is_empty() {
        schema["required"] = rule.required.into();
    }
    schema
}

/// A reference to the definition of an object, which is made if it is not there.
fn reference(rule: &'static ObjectRule, definitions: &mut Map<String, Value>) -> Value {
    if !definitions.contains_key(rule.name) {
        // Known before it is made, should it ever contain itself.
        definitions.insert(rule.name.to_owned(), Value::Null);
        let schema = object(rule, definitions);
        definitions.insert(rule.name.to_owned(), schema);
    }
    json!({ "$ref": format!("#/definitions/{}", rule.name) })
}

fn schema_of(property: &Property, definitions: &mut Map<String, Value>) -> Value {
    let mut schema = match property.rule {
        Rule::Flag => json!({ "type": "boolean" }),
        Rule::Token(words) => json!({ "type": "string", "enum": words }),
        Rule::Text => json!({ "type": "string" }),
        Rule::Integer { least, most } => {
            json!({ "type": "integer", "minimum": least, "maximum": most })
        }
        Rule::Number { least, most } => number(least, most),
        Rule::List(items) => json!({ "type": "array", "items": reference(items, definitions) }),
        // A reference stands alone in draft 7: what is beside it is ignored.
        Rule::Object(object) => json!({ "allOf": [reference(object, definitions)] }),
        Rule::Map(values) => {
            json!({ "type": "object", "additionalProperties": reference(values, definitions) })
        }
    };
    schema["description"] = property.doc.into();
    schema
}

fn number(least: Bound, most: Bound) -> Value {
    let mut schema = json!({ "type": "number" });
    let largest = f64::from(f32::MAX);
    match least {
        Bound::Open => schema["minimum"] = (-largest).into(),
        Bound::Included(bound) => schema["minimum"] = bound.into(),
        Bound::Excluded(bound) => schema["exclusiveMinimum"] = bound.into(),
    }
    match most {
        Bound::Open => schema["maximum"] = largest.into(),
        Bound::Included(bound) => schema["maximum"] = bound.into(),
        Bound::Excluded(bound) => schema["exclusiveMaximum"] = bound.into(),
    }
    schema
}
